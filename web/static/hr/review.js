// The review room: a word, a quote, a question, a thing that happened, a place on the timeline lead to their moment.

import { bring, follower } from "./review_follow.js";
import { listen } from "./review_keys.js";
import { copier } from "./review_link.js";
import { playerOf } from "./review_player.js";
import { tabs } from "./review_tabs.js";
import { placeOf, wordsOf } from "./review_words.js";
import { moment, say } from "./text.js";

const { interview, answers, cue, gaps } = JSON.parse(document.getElementById("review-data").textContent);
const LOOK_AGAIN_MS = 15_000;
/** A question counts as begun this much before its moment: players round down. */
const EARLY_MS = 50;

const byId = new Map(answers.map((one) => [one.id, one]));
const words = wordsOf(answers);
const asked = answers.map((one) => one.asked);
const strip = document.getElementById("strip");
const stripNow = document.getElementById("strip-now");
const gapHere = document.getElementById("gap-here");
const links = new Map([...document.querySelectorAll("[data-go]")].map((link) => [link.dataset.go, link]));
const card = (id) => document.getElementById(`answer-${id}`);

let current = null;
let drawn = -1;

const player = playerOf(document.getElementById("player"), document.getElementById("speed"), (ms) => {
  const word = words.say(ms);
  if (word) follow.word(word);
  drawNow(ms);
  const place = placeOf(asked, ms + EARLY_MS);
  setCurrent(answers[place]?.id ?? answers[0]?.id ?? null);
});
const follow = follower(document.getElementById("follow"), document.getElementById("follow-again"), { isPlaying: player.isPlaying, now: words.now });
const copy = copier(document.getElementById("said"), `${location.origin}/hr/interviews/${interview}/review`);

/** Marks the question that is played or was gone to, in the list and at its answer. */
function setCurrent(id) {
  if (id === current) return;
  for (const [is, one] of [
    [false, current],
    [true, id],
  ]) {
    const link = links.get(one);
    if (!link) continue;
    if (is) {
      link.setAttribute("aria-current", "true");
      keepInSight(link);
    } else link.removeAttribute("aria-current");
    card(one).classList.toggle("review-answer--now", is);
  }
  current = id;
}

/** Scrolls the list alone, and the page not at all. */
function keepInSight(link) {
  const panel = link.closest("[data-panel]");
  if (panel.scrollHeight <= panel.clientHeight) return;
  const { top, bottom } = link.getBoundingClientRect();
  const frame = panel.getBoundingClientRect();
  if (top < frame.top) panel.scrollTop -= frame.top - top;
  else if (bottom > frame.bottom) panel.scrollTop += bottom - frame.bottom;
}

function drawNow(ms) {
  if (!stripNow) return;
  const place = Math.round((1000 * ms) / Number(strip.dataset.end)) / 10;
  if (place === drawn) return;
  drawn = place;
  for (const end of ["x1", "x2"]) stripNow.setAttribute(end, `${Math.min(100, place)}%`);
  gapHere.hidden = !gaps.some(([start, end]) => ms >= start && ms < end);
}

function play(ms) {
  follow.on();
  player.playFrom(ms);
}

/** Goes to an answer: scrolls there, and there is where the recording goes on. */
function go(id, { plays = player.isPlaying() } = {}) {
  const one = byId.get(id);
  if (!one) return;
  if (plays) play(one.start);
  else player.cue(one.start);
  setCurrent(id);
  bring(card(id), "start");
}

function nextQuestion(direction) {
  const place = answers.findIndex((one) => one.id === current);
  const to = answers[Math.min(answers.length - 1, Math.max(0, place + direction))];
  if (to) go(to.id);
}

const quoteOf = ({ quote, first, last }) => ({ id: quote, first: Number(first), last: Number(last) });

/** Shows a quote in its words, and plays it from its first. */
function showQuote(data) {
  if (words.version() === "heard") showVersion("shown");
  const mark = words.mark([quoteOf(data)]);
  setCurrent(data.quote);
  play(Number(data.at));
  bring(mark ?? card(data.quote));
}

function showVersion(version) {
  words.mark([]);
  words.show(version);
  for (const button of document.querySelectorAll("[data-version]")) button.setAttribute("aria-pressed", String(button.dataset.version === version));
  const note = document.getElementById("version-note");
  note.textContent = note.dataset[version];
}

/** An entry or a place of the timeline: the recording goes there, else the page does. */
function goToMoment(ms, id) {
  play(ms);
  const target = id ?? answers[placeOf(asked, ms + EARLY_MS)]?.id;
  if (!player.there && target) bring(card(target), "start");
  if (target) setCurrent(target);
}

const DOES = {
  previous: () => nextQuestion(-1),
  next: () => nextQuestion(1),
  back: () => player.step(-1),
  forward: () => player.step(1),
  copy: () => copy({ at: Math.round(player.ms()) }, document.querySelector("[data-do=copy]")),
};

document.querySelector(".review").addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const found = target?.closest("[data-word], [data-quote], [data-go], [data-play], [data-copy], [data-do], [data-version], [data-at], #strip");
  if (!found) return;
  const { dataset } = found;
  if ("word" in dataset) {
    const ms = words.momentOf(found);
    // Whoever selects words to copy them does not want to hear them.
    if (ms !== null && getSelection().isCollapsed) play(ms);
  } else if (dataset.quote) showQuote(dataset);
  else if (dataset.go) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the link in a tab of its own
    event.preventDefault();
    history.replaceState(null, "", `?question=${encodeURIComponent(dataset.go)}`);
    go(dataset.go);
  } else if (dataset.play) play(byId.get(dataset.play).start);
  else if (dataset.copy) copy({ question: dataset.copy }, found);
  else if (dataset.do) DOES[dataset.do]();
  else if (dataset.version) showVersion(dataset.version);
  else if (dataset.at) goToMoment(Number(dataset.at), dataset.question);
  else {
    const { left, width } = strip.getBoundingClientRect();
    goToMoment(((event.clientX - left) / width) * Number(strip.dataset.end));
  }
});

// An indicator that is opened shows all its quotes in the words.
document.querySelector(".review").addEventListener(
  "toggle",
  (event) => {
    if (!event.target.open || !event.target.matches(".review-indicator")) return;
    words.mark([...event.target.querySelectorAll("[data-quote]")].map(({ dataset }) => quoteOf(dataset)));
  },
  true,
);

listen(
  {
    " ": player.toggle,
    arrowleft: () => player.step(-1),
    arrowright: () => player.step(1),
    j: () => nextQuestion(1),
    k: () => nextQuestion(-1),
    "[": () => player.changeSpeed(-1),
    "]": () => player.changeSpeed(1),
  },
  document.getElementById("keys-on"),
);

const beside = tabs(document.getElementById("tabs"));

/** An address that ends in a part of a panel (a form that was sent) shows that panel. */
function showPanel() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const panel = target?.closest("[data-panel]");
  if (!panel) return false;
  beside.show(panel.id);
  target.scrollIntoView({ block: "nearest" });
  return true;
}
addEventListener("hashchange", showPanel);

/** What the link leads to: in sight and cued, not playing. */
function open() {
  const one = byId.get(cue.question);
  const mark = one && cue.first !== null ? words.mark([{ id: one.id, first: cue.first, last: cue.last }]) : null;
  const quoted = mark?.querySelector("[data-word]");
  const ms = cue.at ?? (quoted && words.momentOf(quoted)) ?? one?.start;
  if (ms === undefined) {
    setCurrent(answers[0]?.id ?? null);
    return;
  }
  player.cue(ms);
  const id = one?.id ?? answers[placeOf(asked, ms + EARLY_MS)]?.id ?? answers[0]?.id;
  setCurrent(id ?? null);
  const word = cue.at === null ? null : words.say(ms);
  if (mark ?? word) (mark ?? word).scrollIntoView({ block: "center" });
  else if (id) card(id).scrollIntoView({ block: "start" });
}
for (const element of document.querySelectorAll("time[datetime]")) say(element, moment(element.dateTime));
showPanel();
open();

const preparing = document.querySelector("[data-preparing]");
if (preparing) {
  const timer = setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(preparing.dataset.preparing, { method: "HEAD" }).catch(() => null);
    if (!answer?.ok) return;
    clearInterval(timer);
    // The reader may be in the middle of a sentence: they say when.
    document.getElementById("recording-ready").hidden = false;
  }, LOOK_AGAIN_MS);
}
