// The scores of one interview: competencies with confidence, coverage and evidence, indicators behind them.

import { h, keep } from "./dom.js";
import { percent, points, say, t } from "./text.js";

const CONFIDENT = 0.75;
const UNSURE = 0.5;

/** A confidence in words and as a class, so that colour is never the only sign. */
export function confidence(value) {
  const level = value >= CONFIDENT ? "high" : value >= UNSURE ? "middle" : "low";
  return { level, text: t(`confidence_${level}`, { share: percent(value) }) };
}

/** Whether the scores still rest on what was heard: the candidate has not confirmed the words yet. */
export const provisional = (view) => Boolean(view.score?.provisional);

/** "Answer 2", or "Follow-up to answer 2". */
export const answerLabel = (view, id) => t(id.includes("-") ? "in_follow_up" : "in_answer", { n: (view.answers.get(id)?.index ?? 0) + 1 });

/** Why there is no score, in words. */
export function withheldText(view, reason) {
  const unscored = view.consents?.scoring === false ? "no_consent" : "not_answered";
  return t(`withheld_${reason ?? unscored}`);
}

/** Makes the total's panel. Gives `show(view)`. */
export function totalPanel(root) {
  const number = h("strong", { class: "score__number number", testid: "total-score" });
  const about = h("p", { class: "small soft" });
  const mark = h("span", { class: "badge badge--warn", text: t("provisional_short"), title: t("provisional"), testid: "provisional", hidden: true });
  const bar = h("progress", { max: 10, value: 0, "aria-hidden": "true" });
  root.append(h("div", { class: "score__line" }, h("span", { class: "score__name" }, t("total"), " ", mark), number), bar, about);
  return (view) => {
    const score = view.score;
    const known = score?.total ?? null;
    showNumber(number, known);
    bar.value = known ?? 0;
    bar.hidden = known === null;
    mark.hidden = known === null || !provisional(view);
    const sure = known === null ? withheldText(view, score?.withheld) : confidence(score.confidence).text;
    say(about, score ? `${sure} · ${t("covered_weight", { share: percent(score.coverage) })}` : sure);
  };
}

function showNumber(element, value) {
  const text = value === null ? "–" : points(value);
  if (element.dataset.shown === text) return;
  element.dataset.shown = text;
  element.classList.toggle("score__number--none", value === null);
  element.replaceChildren(
    value === null
      ? h("span", { class: "score__withheld", text: t("withheld") })
      : h("span", { text }),
    ...(value === null ? [] : [h("span", { class: "score__of", text: t("of_ten") })]),
  );
}

/** Makes the competencies' panel. onQuote(quote) is called for a quote that is clicked. Gives `show(view)`. */
export function competencyPanel(root, onQuote) {
  return (view) => {
    const scores = new Map((view.score?.competencies ?? []).map((score) => [score.competency_id, score]));
    keep(
      root,
      view.flow.competencies,
      (competency) => competency.id,
      (competency) => makeCompetency(competency),
      (element, competency) => showCompetency(element, competency, scores.get(competency.id), view, onQuote),
    );
  };
}

function makeCompetency(competency) {
  return h(
    "li",
    { class: "competency", testid: `competency-${competency.id}` },
    h(
      "div",
      { class: "score__line" },
      h("h3", { class: "score__name" }, competency.name, " ", h("span", { class: "score__weight", text: t("weight", { share: percent(competency.weight) }) })),
      h("span", { class: "score__number number", testid: `competency-score-${competency.id}` }),
    ),
    h("progress", { max: 10, value: 0, "aria-hidden": "true" }),
    h("p", { class: "score__about small" }),
    h("p", { class: "small soft report__observed score__observed", hidden: true }),
    h("ul", { class: "quotes", testid: "evidence" }),
    h("details", { class: "indicators" }, h("summary", { class: "small", text: t("indicators", { n: competency.indicators.length }) }), h("ul", { class: "indicators__list" })),
  );
}

function showCompetency(element, competency, score, view, onQuote) {
  const known = score?.points ?? null;
  showNumber(element.querySelector(".score__number"), known);
  const bar = element.querySelector("progress");
  bar.value = known ?? 0;
  bar.hidden = known === null;
  const about = element.querySelector(".score__about");
  const shown = Math.round((score?.coverage ?? 0) * competency.indicators.length);
  const covered = t("covered_indicators", { n: shown, of: competency.indicators.length });
  const sure = known === null ? null : confidence(score.confidence);
  say(about, `${sure ? sure.text : withheldText(view, score?.withheld)} · ${covered}`);
  about.dataset.level = sure?.level ?? "none";
  const observed = element.querySelector(".score__observed");
  observed.hidden = !score?.observed_weight;
  if (score?.observed_weight) say(observed, t("observed_counts_live", { share: percent(score.observed_weight) }));
  showQuotes(element.querySelector(":scope > .quotes"), score?.evidence ?? [], view, onQuote);
  showIndicators(element.querySelector(".indicators__list"), competency, view, onQuote);
}

/** Quotes as buttons that lead to their words. */
function showQuotes(list, quotes, view, onQuote) {
  keep(
    list,
    quotes,
    (quote) => `${quote.question_id}:${quote.first_word}:${quote.last_word}:${quote.text}`,
    (quote) => {
      const button = h(
        "button",
        { type: "button", class: "quote", on: { click: () => onQuote(quote) } },
        h("q", { lang: view.language, text: quote.text }),
        h("span", { class: "quote__where", text: answerLabel(view, quote.question_id) }),
      );
      return h("li", {}, button);
    },
  );
  list.hidden = quotes.length === 0;
}

function showIndicators(list, competency, view, onQuote) {
  const scored = [...view.answers.values()].flatMap((answer) =>
    (answer.score?.indicators ?? []).map((indicator) => ({ ...indicator, question_id: answer.question_id })),
  );
  keep(
    list,
    competency.indicators,
    (indicator) => indicator.id,
    (indicator) =>
      h(
        "li",
        { class: "indicator" },
        h("strong", { text: indicator.name }),
        h("p", { class: "small soft", text: indicator.description }),
        h("ul", { class: "indicator__answers" }),
        h("p", { class: "small soft indicator__none", text: t("indicator_not_asked") }),
      ),
    (element, indicator) => {
      const found = scored.filter((score) => score.indicator_id === indicator.id);
      element.querySelector(".indicator__none").hidden = found.length > 0;
      keep(element.querySelector(".indicator__answers"), found, (score) => score.question_id, (one) => makeAnswer(view, one), (item, score) => showAnswer(item, score, view, onQuote));
    },
  );
}

function makeAnswer(view, score) {
  return h(
    "li",
    { class: "indicator__answer" },
    h("div", { class: "row row--apart small" }, h("span", { class: "soft", text: answerLabel(view, score.question_id) }), h("span", { class: "number indicator__points" })),
    h("p", { class: "small indicator__why" }),
    h("ul", { class: "quotes" }),
  );
}

function showAnswer(element, score, view, onQuote) {
  const sure = score.points === null ? withheldText(view, score.withheld) : `${points(score.points)} · ${confidence(score.confidence).text}`;
  say(element.querySelector(".indicator__points"), sure);
  say(element.querySelector(".indicator__why"), score.explanation[document.documentElement.lang] ?? "");
  showQuotes(element.querySelector(".quotes"), score.evidence, view, onQuote);
}
