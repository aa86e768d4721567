// The question now with its live words, and the answers before it.

import { h, keep } from "./dom.js";
import { answerNow, askedText, isWritten, questionOf, roundOf, totalOf, wordsOf } from "./interview.js";
import { percent, points, say, t } from "./text.js";
import { markWords, showWords, wordsPlace } from "./words.js";

/** Makes the list of answers, the open one first. Gives {show(view), showWords(view, questionId), mark(quote)}. */
export function answerList(root, language) {
  const places = new Map();

  function make(view, answer) {
    const question = questionOf(view, answer.question_id);
    const isCode = question?.kind === "code";
    const place = wordsPlace(language, false);
    const draft = h("div", { class: "draft", hidden: true }, h("span", { class: "small soft", text: t("typing") }), h(isCode ? "pre" : "p", { class: isCode ? "code" : "words", lang: language }));
    const element = h(
      "article",
      { class: `answer card${answer.question_id.includes("-") ? " answer--further" : ""}`, data: { question: answer.question_id } },
      h(
        "header",
        { class: "answer__head" },
        h("div", { class: "row row--apart" }, h("span", { class: "eyebrow answer__place" }), h("span", { class: "badge answer__phase" })),
        h("h2", { class: "answer__question", text: askedText(view, answer) }),
      ),
      place.element,
      h("pre", { class: "code answer__code", tabindex: 0, "aria-label": t("mode_code"), testid: "monitor-code", hidden: true }),
      draft,
      h("p", { class: "notice notice--warn small answer__open-point", text: t("open_point"), hidden: true }),
      h("p", { class: "small soft answer__note" }),
      h("p", { class: "small soft answer__extras" }),
      aside("answer__heard", t("heard_version")),
      aside("answer__earlier", t("earlier_version")),
      h("ul", { class: "described small soft", hidden: true }),
    );
    places.set(answer.question_id, { place, element });
    return element;
  }

  /** A version of the words that is not the answer, opened by who wants to read it. */
  function aside(name, title) {
    return h("details", { class: `${name} small`, hidden: true }, h("summary", { text: title }), h("p", { class: "words", lang: language }));
  }

  function update(view, element, answer) {
    const now = answerNow(view) === answer && view.status !== "completed";
    element.classList.toggle("answer--now", now && answer.phase !== "submitted");
    element.dataset.scored = answer.scorer ? "yes" : answer.provisional ? "provisional" : "no";
    say(element.querySelector(".answer__place"), placeText(view, answer));
    const phase = element.querySelector(".answer__phase");
    say(phase, phaseText(answer));
    phase.classList.toggle("badge--accent", now && answer.phase === "answering");
    mark(element, ".answer__question", now ? "question-now" : null);
    const { place } = places.get(answer.question_id);
    testid(place.element, now ? "live-words" : null);
    testid(place.certain, now ? "committed" : null);
    testid(place.changing, now ? "tentative" : null);
    showAnswerWords(answer);
    const draft = element.querySelector(".draft");
    draft.hidden = answer.phase === "submitted" || !answer.draft;
    say(draft.querySelector(".code, .words"), answer.draft);
    showCode(element, place, answer);
    element.querySelector(".answer__open-point").hidden = !isOpenPoint(view, answer);
    say(element.querySelector(".answer__extras"), extras(answer));
    showVersion(element.querySelector(".answer__heard"), answer.heard);
    showVersion(element.querySelector(".answer__earlier"), answer.earlier_attempts);
    say(element.querySelector(".answer__note"), note(view, answer, place));
    showDescribed(element.querySelector(".described"), answer.delivery);
  }

  function showAnswerWords(answer) {
    const { place } = places.get(answer.question_id);
    const words = wordsOf(answer);
    showWords(place, words);
    place.element.classList.toggle("words--none", words.committed.length + words.tentative.length === 0);
  }

  return {
    show(view) {
      const latestFirst = [...view.answers.values()].reverse(); // a follow-up has the index of its question
      keep(root, latestFirst, (answer) => answer.question_id, (answer) => make(view, answer), (element, answer) => update(view, element, answer));
    },
    showWords(view, questionId) {
      const answer = view.answers.get(questionId);
      if (!answer || !places.has(questionId)) return;
      const { element, place } = places.get(questionId);
      keepTailInSight(root.parentElement, place.element, () => showAnswerWords(answer));
      say(element.querySelector(".answer__note"), note(view, answer, place));
    },
    mark(quote) {
      const found = places.get(quote.question_id);
      const words = found ? markWords(found.element, quote.first_word, quote.last_word) : [];
      words[0]?.scrollIntoView({ block: "center", behavior: "smooth" });
      return words.length > 0;
    },
  };
}

/** When the last words were in sight before the change, they are after it; whoever reads elsewhere is left in peace. */
function keepTailInSight(pane, words, change) {
  const own = pane.scrollHeight > pane.clientHeight && getComputedStyle(pane).overflowY === "auto";
  const limit = () => (own ? pane.getBoundingClientRect().bottom : window.innerHeight) - 24;
  const seen = words.getBoundingClientRect().bottom <= limit() + 24;
  change();
  const hidden = words.getBoundingClientRect().bottom - limit();
  if (seen && hidden > 0) (own ? pane : window).scrollBy(0, hidden);
}

function placeText(view, { question_id: id, index }) {
  const place = isWritten(id) ? t("written_after", { n: index + 1 }) : id.includes("-") ? t("follow_up_to", { n: index + 1 }) : t("question_of", { n: index + 1, of: totalOf(view) });
  const round = roundOf(view, questionOf(view, id)?.round_id);
  return round ? `${round.title} · ${place}` : place;
}

/** Code with its lines; its words are the transcript's, so that a quote can be marked. */
function showCode(element, place, { code, transcript }) {
  const block = element.querySelector(".answer__code");
  block.hidden = !code;
  place.element.hidden = Boolean(code);
  if (!code || block.textContent === code) return;
  block.replaceChildren(...codePieces(code, transcript?.words ?? []));
}

function codePieces(code, words) {
  const pieces = [];
  let position = 0;
  for (const [index, { text }] of words.entries()) {
    // In Chinese a sign is part of the word before it, whatever space lies between.
    const wanted = new RegExp([...text].map((sign) => sign.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("\\s*"), "g");
    wanted.lastIndex = position;
    const found = wanted.exec(code);
    if (!found) break;
    pieces.push(code.slice(position, found.index), h("span", { text: found[0], data: { word: index } }));
    position = wanted.lastIndex;
  }
  return [...pieces, code.slice(position)];
}

function isOpenPoint(view, { question_id: id, option_id: chosen }) {
  return Boolean(chosen) && questionOf(view, id)?.options?.some((option) => option.id === chosen && option.open_point);
}

/** What the candidate made use of; none of it lowers a score. */
function extras({ hints, extra_ms: extra, restarts }) {
  const used = [hints.length && t("hints_opened", { n: hints.length }), extra && t("moments", { n: extra / 1000 }), restarts && t("restarts", { n: restarts })];
  return used.filter(Boolean).join(" ");
}

function showVersion(details, text) {
  details.hidden = !text;
  say(details.querySelector("p"), text ?? "");
}

function phaseText({ phase, mode, skipped }) {
  if (skipped) return t("phase_skipped");
  if (phase === "submitted" && mode === "typed") return t("phase_typed");
  return t(phase === "submitted" && mode === "choice" ? "phase_choice" : `phase_${phase}`);
}

function testid(element, value) {
  if (value) element.dataset.testid = value;
  else delete element.dataset.testid;
}

function mark(element, selector, value) {
  testid(element.querySelector(selector), value);
}

/** What stands below the words when they alone do not say it. */
function note(view, answer, place) {
  if (answer.phase === "thinking") return t("thinking_now");
  const waiting = view.waiting[answer.question_id];
  if (waiting) return t(answer.phase === "submitted" && answer.mode === "voice" ? "words_waiting_score" : "words_waiting", { n: waiting });
  if (answer.skipped) return t("answer_skipped");
  const empty = place.texts.length === 0 && !answer.draft;
  if (answer.phase === "answering") return empty ? t("nothing_heard_yet") : "";
  return empty ? t("answer_empty") : "";
}

function showDescribed(list, delivery) {
  const told = delivery
    ? [
        delivery.words_per_minute !== null && t("delivery_pace", { n: Math.round(delivery.words_per_minute) }),
        delivery.pause_share !== null && t("delivery_pauses", { share: percent(delivery.pause_share) }),
        delivery.loudness_range_db !== null && t("delivery_loudness", { n: points(delivery.loudness_range_db) }),
        delivery.pitch_range_semitones !== null && t("delivery_pitch", { n: points(delivery.pitch_range_semitones) }),
      ].filter(Boolean)
    : [];
  list.hidden = told.length === 0;
  keep(list, told, (line) => line, (line) => h("li", { text: line }));
}
