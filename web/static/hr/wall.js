// The wall: one card an interview, those that need a person first.

import { attention, lineOf } from "./attention.js";
import { h, keep } from "./dom.js";
import { helpBox } from "./help.js";
import { answerNow, apply, fromCard, questionOf, ownId, roundOf, totalOf, wordsOf } from "./interview.js";
import { showRecognition } from "./recognition.js";
import { confidence, provisional, withheldText } from "./scores.js";
import { follow } from "./stream.js";
import { duration, moment, percent, points, say, t } from "./text.js";
import { showWords, wordsPlace } from "./words.js";

const $ = (id) => document.getElementById(id);
const LAST_WORDS = 40;
const views = new Map();
const places = new Map();
const helps = new Map();
let flows = {};
const LIVE = ["running", "paused", "between_rounds", "checking"];

function takeSnapshot(snapshot) {
  const lines = new Map([...views.values()].map((view) => [view.interview_id, view]));
  views.clear();
  flows = snapshot.flows;
  for (const one of snapshot.interviews) add(one, lines.get(one.interview_id));
  showServer(snapshot.recognition);
  showAll();
}

/** What concerns all interviews: whether speech is recognised, and whether there is room for another. */
function showServer(recognition) {
  showRecognition($("recognition"), recognition);
  $("full").hidden = !recognition.full;
}

/** Adds an interview; what only signals tell is kept from its view before. */
function add(snapshot, before) {
  const view = fromCard(snapshot, flows);
  if (before) Object.assign(view, { line: before.line, packetLoss: before.packetLoss, heardAt: before.heardAt });
  views.set(view.interview_id, view);
}

async function askServer() {
  const answer = document.hidden ? null : await fetch("/api/hr/recognition").catch(() => null);
  if (answer?.ok) showServer(await answer.json());
}

/** Interviews being read again → what came for them meanwhile. */
const pending = new Map();

/** Reads one interview again: it is new to this page, or events were missed. */
async function read(interviewId) {
  const meanwhile = [];
  pending.set(interviewId, meanwhile);
  const answer = await fetch(`/api/hr/interviews/${interviewId}?card=1`).catch(() => null);
  const snapshot = answer?.ok ? await answer.json() : null;
  pending.delete(interviewId);
  const before = views.get(interviewId);
  // A finished one that speaks up again (feedback) belongs to the list below, not to the wall.
  if (!snapshot || (!before && snapshot.status === "completed")) return;
  add(snapshot, before);
  for (const [type, message] of meanwhile) take(type, message);
  showAll();
}

function take(type, message) {
  if (type === "snapshot") return takeSnapshot(message);
  const queue = pending.get(message.interview_id);
  if (queue) return queue.push([type, message]);
  const view = views.get(message.interview_id);
  const result = view ? apply(view, type, message) : "gap";
  if (result === "gap") return read(message.interview_id);
  if (result === "applied" && type === "transcript" && places.has(view.interview_id)) showCardWords(view);
  else if (result === "applied") showAll();
  return undefined;
}

function showAll() {
  const now = Date.now();
  const all = [...views.values()].map((view) => ({ view, need: attention(view, now) }));
  const order = (a, b) => b.need.rank - a.need.rank || (a.view.started_at ?? "").localeCompare(b.view.started_at ?? "");
  // Whoever waits for a person has not begun and never will by themselves: they are no part of the quiet list below.
  const live = all.filter(({ view }) => LIVE.includes(view.status) || view.person_instead).sort(order);
  const needing = live.filter(({ need }) => need.rank >= 3);
  show("needing", needing);
  show("running", live.filter(({ need }) => need.rank < 3));
  const quiet = ({ view }) => !view.person_instead && (view.status === "invited" || view.status === "ready");
  show("waiting", all.filter(quiet), makeWaiting, showWaiting);
  show("just-done", all.filter(({ view }) => view.status === "completed"));
  $("nothing").hidden = live.length > 0;
  const title = needing.length ? t("title_needing", { n: needing.length }) : t("wall_title");
  if (!document.title.startsWith(title)) document.title = `${title} · ${document.title.split(" · ").at(-1)}`;
}

function show(id, items, make = makeCard, update = showCard) {
  $(id).hidden = items.length === 0;
  say($(`${id}-count`), String(items.length));
  keep($(`${id}-list`), items, ({ view }) => view.interview_id, make, update);
}

function makeCard({ view }) {
  const place = wordsPlace(view.language, false);
  places.set(view.interview_id, place);
  const help = helpBox(view.interview_id);
  helps.set(view.interview_id, help);
  return h(
    "li",
    { class: "card wall-card", testid: `wall-card-${view.interview_id}` },
    h(
      "div",
      { class: "wall-card__head" },
      h("div", {}, h("h3", {}, h("a", { class: "wall-card__link", href: `/hr/interviews/${view.interview_id}`, text: view.candidate_name })), h("p", { class: "small soft", text: view.job })),
      h("span", { class: "badge wall-card__line" }, h("span", { class: "dot", "aria-hidden": "true" }), h("span", { "data-text": true })),
    ),
    h("p", { class: "wall-card__need small", hidden: true }),
    help.element,
    h("div", { class: "wall-card__progress" }, h("p", { class: "small soft" }), h("progress", { "aria-hidden": "true" })),
    h("div", { class: "wall-card__words" }, place.element),
    h(
      "div",
      { class: "wall-card__foot" },
      h("span", { class: "wall-card__total number" }),
      h("span", { class: "small soft wall-card__confidence" }),
    ),
  );
}

function showCard(card, { view, need }) {
  card.dataset.rank = need.rank;
  const line = view.status === "paused" && view.connected ? { kind: "", key: "status_paused" } : lineOf(view);
  const badge = card.querySelector(".wall-card__line");
  badge.className = `badge wall-card__line${line.kind && ` badge--${line.kind}`}`;
  say(badge.querySelector("[data-text]"), t(line.key, { share: percent(view.packetLoss) }));
  const why = card.querySelector(".wall-card__need");
  helps.get(view.interview_id).show(view);
  why.hidden = need.reason === null || need.reason === "needs_help"; // the box below says it with the message
  if (need.reason) say(why, `${t(need.reason)}${need.since ? ` ${t("for_time", { time: duration(Date.now() - new Date(need.since)) })}` : ""}`);
  const answer = answerNow(view);
  const total = totalOf(view);
  card.classList.toggle("wall-card--waiting", view.person_instead);
  say(card.querySelector(".wall-card__progress p"), progressText(view, answer, total));
  const bar = card.querySelector("progress");
  bar.max = total;
  bar.value = answer ? answer.index + (answer.phase === "submitted" ? 1 : 0.5) : 0;
  showCardWords(view);
  const score = view.score;
  const known = score?.total ?? null;
  say(card.querySelector(".wall-card__total"), known === null ? "–" : points(known));
  const sure = known === null ? withheldText(view, score?.withheld) : confidence(score.confidence).text;
  say(card.querySelector(".wall-card__confidence"), known !== null && provisional(view) ? `${t("provisional_short")} · ${sure}` : sure);
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

/** The last words only: their end is what is new. */
function showCardWords(view) {
  const place = places.get(view.interview_id);
  const answer = answerNow(view);
  if (!place) return;
  const { committed, tentative } = answer ? wordsOf(answer) : { committed: [], tentative: [] };
  const typed = committed.length + tentative.length === 0 && answer?.draft;
  showWords(place, typed ? { committed: [{ text: answer.draft.slice(-160), confidence: 1 }], tentative: [] } : { committed: committed.slice(-LAST_WORDS), tentative });
  place.element.parentElement.scrollTop = place.element.parentElement.scrollHeight;
}

function makeWaiting({ view }) {
  return h(
    "li",
    { class: "waiting", testid: `wall-card-${view.interview_id}` },
    h("a", { href: `/hr/interviews/${view.interview_id}`, text: view.candidate_name }),
    h("span", { class: "small soft", text: view.job }),
    h("span", { class: "small soft waiting__status" }),
  );
}

function showWaiting(element, { view }) {
  say(element.querySelector(".waiting__status"), t(view.status === "ready" ? "waiting_ready" : "waiting_invited"));
}

for (const element of document.querySelectorAll("time[datetime]")) say(element, moment(element.dateTime));
takeSnapshot(JSON.parse($("initial").textContent));
follow(
  () => "/api/hr/events",
  take,
  (open) => {
    $("own-line").hidden = open;
  },
);
setInterval(showAll, 5000);
setInterval(askServer, 5000);
