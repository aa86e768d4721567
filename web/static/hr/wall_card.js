// One card of the wall. What has not changed is not touched.

import { lineOf, NEEDS } from "./attention.js";
import { h } from "./dom.js";
import { helpBox } from "./help.js";
import { answerNow, ownId, questionOf, roundOf, totalOf, wordsOf } from "./interview.js";
import { confidence, provisional, withheldText } from "./scores.js";
import { joined } from "./spacing.js";
import { duration, percent, points, say, t } from "./text.js";

const LAST_WORDS = 40;
const LAST_CHARACTERS = 200;

export class Card {
  /** wordsAt: when its words were painted, milliseconds; visible: whether it is on the screen. */
  wordsAt = 0;
  visible = true;
  #help = null;
  #parts;
  #rank = null;

  constructor(view) {
    const part = (tag, name, ...children) => h(tag, { class: name }, ...children);
    const link = h("a", { class: "wall-card__link", href: `/hr/interviews/${view.interview_id}`, text: view.candidate_name });
    const certain = part("span", "words__certain");
    const changing = h("span", { class: "words__changing", hidden: true });
    const parts = {
      link,
      about: part("p", "wall-card__about small soft"),
      line: h("span", { "data-text": true }),
      why: h("p", { class: "wall-card__need small", hidden: true }),
      place: part("p", "small soft"),
      bar: h("progress", { "aria-hidden": "true" }),
      certain,
      changing,
      total: part("span", "wall-card__total number"),
      sure: part("span", "small soft wall-card__confidence"),
    };
    parts.badge = h("span", { class: "badge wall-card__line" }, h("span", { class: "dot", "aria-hidden": "true" }), parts.line);
    this.#parts = parts;
    this.id = view.interview_id;
    this.element = h(
      "li",
      { class: "card wall-card", testid: `wall-card-${view.interview_id}` },
      part("div", "wall-card__head", h("h3", {}, link), parts.badge),
      parts.about,
      parts.why,
      part("div", "wall-card__progress", parts.place, parts.bar),
      part("div", "wall-card__words", h("p", { class: "words", lang: view.language }, certain, changing)),
      part("div", "wall-card__foot", parts.total, parts.sure),
    );
    this.element.dataset.key = view.interview_id;
  }

  focus() {
    this.#parts.link.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "center" });
  }

  /** standing: the card's place in the order, which lags behind its need. now: milliseconds. */
  show(view, need, standing, now) {
    const parts = this.#parts;
    say(parts.about, `${view.job} · ${t(`wall.spoken_${view.language}`)}`);
    this.#showState(view);
    this.#showHelp(view);
    this.showNeed(view, need, standing, now);
    const answer = answerNow(view);
    const total = totalOf(view);
    say(parts.place, progressText(view, answer, total));
    setNumber(parts.bar, "max", Math.max(1, total));
    setNumber(parts.bar, "value", answer ? answer.index + (answer.phase === "submitted" ? 1 : 0.5) : 0);
    this.#showScore(view);
    this.showWords(view, now);
  }

  /** Of its own: the time that a need has lasted goes on by itself. */
  showNeed(view, need, standing, now) {
    const rank = Math.max(need.rank, standing.rank);
    if (rank !== this.#rank) {
      this.#rank = rank;
      this.element.dataset.rank = rank;
      this.element.classList.toggle("wall-card--needs", rank >= NEEDS);
    }
    const why = this.#parts.why;
    const settled = need.rank < NEEDS && standing.rank >= NEEDS;
    const text = settled ? t("wall.settled") : needText(need, now);
    toggle(why, text === "" || need.reason === "needs_help"); // the box below says that with the message
    say(why, text);
    if (need.reason === "needs_help") this.#help?.showTime(sinceText(need, now));
    why.classList.toggle("wall-card__need--settled", settled);
  }

  showWords(view, now) {
    const { certain, changing } = lastWords(view);
    say(this.#parts.certain, certain);
    say(this.#parts.changing, changing);
    toggle(this.#parts.changing, changing === "");
    this.wordsAt = now;
  }

  #showState(view) {
    const line = stateOf(view);
    const name = `badge wall-card__line${line.kind && ` badge--${line.kind}`}`;
    if (this.#parts.badge.className !== name) this.#parts.badge.className = name;
    this.element.classList.toggle("wall-card--well", line.kind === "ok");
    say(this.#parts.line, t(line.key, { share: percent(view.packetLoss) }));
    this.element.classList.toggle("wall-card--waiting", view.person_instead && !view.handed_over);
  }

  #showHelp(view) {
    if (!this.#help && view.help) {
      this.#help = helpBox(view.interview_id);
      this.#parts.why.after(this.#help.element);
    }
    this.#help?.show(view);
  }

  #showScore(view) {
    const score = view.score;
    const known = score?.total ?? null;
    if (view.scores_hidden) {
      say(this.#parts.total, "–");
      return say(this.#parts.sure, t("wall.scores_hidden"));
    }
    say(this.#parts.total, known === null ? "–" : points(known));
    const sure = known === null ? withheldText(view, score?.withheld) : confidence(score.confidence).text;
    return say(this.#parts.sure, known !== null && provisional(view) ? `${t("provisional_short")} · ${sure}` : sure);
  }
}

/** Why a person is needed, and for how long already. */
export function needText(need, now) {
  if (!need.reason) return "";
  return `${t(need.reason)} ${sinceText(need, now)}`.trim();
}

const sinceText = ({ since }, now) => (since ? t("for_time", { time: duration(now - new Date(since)) }) : "");

function stateOf(view) {
  if (view.handed_over) return { kind: "", key: "wall.handed_over" };
  return view.status === "paused" && view.connected ? { kind: "", key: "status_paused" } : lineOf(view);
}

function progressText(view, answer, total) {
  if (view.practising) return t("practice");
  const next = view.status === "between_rounds" ? roundOf(view, view.next_round_id) : null;
  if (next) return t("next_round", { n: next.number, of: next.of, title: next.title });
  if (!answer) return t("before_first");
  const place = answer.question_id.includes("-") ? t("follow_up_to", { n: answer.index + 1 }) : t("question_of", { n: answer.index + 1, of: total });
  const phase = view.status === "completed" ? t("status_completed") : answer.skipped ? t("phase_skipped") : t(`phase_${answer.phase}`);
  const round = roundOf(view, questionOf(view, ownId(answer.question_id))?.round_id);
  return [round?.title, place, phase].filter(Boolean).join(" · ");
}

/** The end of what was said or typed: it is what is new. */
function lastWords(view) {
  const answer = answerNow(view);
  if (!answer) return { certain: "", changing: "" };
  const { committed, tentative } = wordsOf(answer);
  if (committed.length + tentative.length === 0) return { certain: answer.draft ?? "", changing: "" };
  const certain = joined(committed.slice(-LAST_WORDS), view.language).slice(-LAST_CHARACTERS);
  // Joined behind the last certain word, so that what stands between the two is right.
  const whole = joined([{ text: certain }, ...tentative], view.language);
  return { certain, changing: certain ? whole.slice(certain.length) : joined(tentative, view.language) };
}

function toggle(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

function setNumber(element, name, value) {
  if (element[name] !== value) element[name] = value;
}
