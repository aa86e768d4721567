// The monitor of one interview: everything so far stands in the page, what happens comes by the stream.

import { answerList } from "./answers.js";
import { attention, lineOf, RESTING } from "./attention.js";
import { h, keep } from "./dom.js";
import { helpBox } from "./help.js";
import { answerNow, apply, clockOf, fromSnapshot, questionOf, roundOf } from "./interview.js";
import { liveView } from "./liveview.js";
import { showRecognition } from "./recognition.js";
import { answerLabel, competencyPanel, totalPanel } from "./scores.js";
import { stepsBar } from "./steps.js";
import { follow } from "./stream.js";
import { clock, duration, percent, points, say, t, time } from "./text.js";
import { entryBy, entryLabel, timelineOf } from "./timeline.js";
import { timelineList } from "./timeline_list.js";
import { timelineStrip } from "./timeline_strip.js";
import { watchersList } from "./watchers.js";

const GIVEN_BACK = ["outage", "restart", "pause"];
const $ = (id) => document.getElementById(id);
const initial = JSON.parse($("initial").textContent);
const address = `/api/hr/interviews/${initial.interview.interview_id}`;
let view = { ...fromSnapshot(initial.interview), recognition: initial.recognition };

const answers = answerList($("answers"), view.language);
const help = helpBox(initial.interview.interview_id, initial.rights.intervene);
$("help").append(help.element);
const live = liveView($("live"), address);
const showTotal = totalPanel($("total"));
const showCompetencies = competencyPanel($("competencies"), showQuote);
const steps = stepsBar($("steps"), { address, rights: initial.rights, steps: initial.steps });
const watchers = watchersList($("watchers"), $("announce"), initial.me.id);
const list = timelineList($("entries"), initial.me.email);
const strip = timelineStrip($("strip"));
let timeline = { entries: [], people: {} };
const reading = timelineOf(`${address}/timeline`, (found) => {
  timeline = found;
  showTimeline();
  showRequested();
});
$("take-over").addEventListener("click", () => steps.open("hand_over"));

function showAll() {
  answers.show(view);
  showScores();
  showObservations();
  showFaults();
  showTimeline();
  showRequested();
  showHead();
  $("not-started").hidden = view.answers.size > 0;
  $("heard-legend").hidden = ![...view.answers.values()].some(({ utterances }) => utterances.length > 0);
}

function showScores() {
  showTotal(view);
  say($("head-total"), `${t("total")} ${view.score?.total === null || !view.score ? "–" : points(view.score.total)}`);
  showCompetencies(view);
}

function showHead() {
  const line = lineOf(view);
  const badge = $("connection");
  badge.className = `badge${line.kind && ` badge--${line.kind}`}`;
  badge.dataset.line = view.connected ? view.line : "away";
  badge.hidden = view.status === "completed" || view.status === "cancelled" || RESTING.includes(view.status); // the status beside it says so already
  say(badge.querySelector("[data-text]"), t(line.key, { share: percent(view.packetLoss) }));
  say($("status"), t(`status_${view.status}`));
  say($("clock"), clock(clockOf(view)));
  showRound();
  const stage = stageText();
  $("stage").hidden = stage === "";
  say($("stage-text"), stage);
  const need = attention(view, Date.now());
  // What fails for all interviews alike stands in the banner below, with what to do.
  help.show(view);
  $("attention").hidden = need.reason === null || need.reason === "needs_help" || (need.reason === "needs_recognition" && view.recognition?.failing);
  if (need.reason) {
    const since = need.since ? duration(Date.now() - new Date(need.since)) : "";
    say($("attention-text"), t(need.reason));
    say($("attention-time"), since && t("for_time", { time: since }));
    $("attention").className = `notice notice--${need.rank >= 4 ? "danger" : "warn"}`;
  }
  $("take-over").hidden = need.reason !== "needs_person" || !initial.rights.intervene || view.handed_over;
  steps.show(view);
  $("done").hidden = view.status !== "completed";
  showRecognition($("recognition"), view.recognition, view.status === "completed");
  live.update(view);
}

function showRound() {
  const now = answerNow(view);
  const round = view.status === "running" && now ? roundOf(view, questionOf(view, now.question_id.split("-")[0])?.round_id) : null;
  $("round").hidden = !round;
  if (round) say($("round"), t("round_of", { n: round.number, of: round.of, title: round.title }));
}

/** What goes on while no answer is given. */
function stageText() {
  if (view.status === "completed") return "";
  if (view.handed_over) return t("stage_handed_over");
  if (view.practising) return t("stage_practice");
  const next = view.status === "between_rounds" ? roundOf(view, view.next_round_id) : null;
  if (next) return t("stage_resting", { n: next.number, of: next.of, title: next.title });
  if (view.status === "checking") return t(view.confirmed ? "stage_scoring" : "stage_checking");
  return "";
}

function showObservations() {
  const now = answerNow(view);
  const shown = now?.observations?.length ? now : [...view.answers.values()].filter(({ observations }) => observations?.length).at(-1);
  const allowed = view.consents?.expression === true;
  say($("observations-note"), t(view.score?.competencies.some((one) => one.observed_weight) ? "observations_counting" : "observations_note"));
  const where = shown ? t("observations_in", { answer: answerLabel(view, shown.question_id) }) : t(allowed || !view.consents ? "observations_none_yet" : "observations_off");
  say($("observations-where"), where);
  keep(
    $("observations"),
    shown?.observations ?? [],
    (observation) => observation.kind,
    (observation) =>
      h("li", { class: "observation" }, h("span", { text: t(`observed_${observation.kind}`) }), h("span", { class: "number observation__share" }), h("span", { class: "small soft observation__coverage" })),
    (element, observation) => {
      say(element.querySelector(".observation__share"), observation.share === null ? t("not_measurable") : percent(observation.share));
      say(element.querySelector(".observation__coverage"), t("measurable_in", { share: percent(observation.coverage), n: observation.samples }));
    },
  );
}

function showFaults() {
  $("no-faults").hidden = view.faults.length > 0;
  keep(
    $("faults"),
    view.faults,
    (fault) => `${fault.kind}:${fault.at}:${fault.clock_ms}`,
    (fault) => h("li", { class: "fault" }, h("time", { class: "number soft", datetime: fault.at, text: time(fault.at) }), h("div", {}, h("span", { text: faultText(fault) }), h("span", { class: "small soft fault__lost" }))),
    (element, fault) => say(element.querySelector(".fault__lost"), fault.lost_ms === null && fault.kind === "recording_failed" ? "" : fault.lost_ms === null ? t(view.status === "completed" ? "fault_to_the_end" : "fault_lasts") : t(GIVEN_BACK.includes(fault.kind) ? "fault_given_back" : "fault_took", { time: duration(fault.lost_ms) })),
  );
}

const faultText = ({ kind, detail }) =>
  t(kind === "pause" ? `fault_pause_${detail}` : detail === "engine_failing" ? "fault_recognition_failing" : `fault_${kind}`);

function showTimeline() {
  list.show(timeline, view);
  strip.show(timeline.entries, view);
  $("no-entries").hidden = timeline.entries.length > 0;
  const last = timeline.entries.filter(({ lane, by }) => lane === "people" && by).at(-1);
  const who = last ? entryBy(last, timeline.people, initial.me.email) : "";
  $("last-step").hidden = !last;
  say($("last-step"), last ? t("step_last", { what: entryLabel(last, view), name: who, time: time(last.at) }) : "");
}

/** What is asked next because somebody of HR wants it, and who that is. */
function showRequested() {
  const requested = view.requested ?? [];
  $("requested").hidden = requested.length === 0;
  keep(
    $("requested-list"),
    requested,
    ({ question_id }) => question_id,
    () => h("li", { class: "requested__one" }, h("p", {}), h("p", { class: "small soft" })),
    (element, { text, by }) => {
      say(element.firstChild, text);
      say(element.lastChild, t("step_asked_by", { name: entryBy({ by }, timeline.people, initial.me.email) }));
    },
  );
}

function showQuote(quote) {
  const found = answers.mark(quote);
  say($("announce"), found ? t("quote_marked", { answer: answerLabel(view, quote.question_id) }) : t("quote_missing"));
}

/** What came while the interview is being read again; null while it is not. */
let meanwhile = null;

/** Events were missed: reads the interview again and goes on from there. */
async function newSnapshot() {
  meanwhile = [];
  const answer = await fetch(address).catch(() => null);
  const snapshot = answer?.ok ? await answer.json() : null;
  const { line, packetLoss, recognition, waiting, faces, watchers: here } = view;
  if (snapshot) view = { ...fromSnapshot(snapshot), line, packetLoss, recognition, waiting, faces, watchers: here };
  const messages = meanwhile;
  meanwhile = null;
  if (!snapshot) return;
  reading.again();
  for (const [type, message] of messages) take(type, message);
  showAll();
}

function take(type, message) {
  if (type === "reach") {
    $("limited").hidden = !message.limited;
    return;
  }
  if (meanwhile) {
    meanwhile.push([type, message]);
    return;
  }
  const result = apply(view, type, message);
  if (result === "gap") newSnapshot();
  if (result !== "applied") return;
  if (message.seq) reading.happened(type);
  // The path of each word is short: nothing but its own answer is drawn.
  if (type === "watchers") watchers.show(view.watchers);
  else if (type === "transcript") answers.showWords(view, message.question_id);
  else if (type === "scores") {
    if (message.answers?.length) answers.show(view); // each says that it is scored
    showScores();
  } else if (type === "observations") showObservations();
  else if (type === "connection" || type === "recognition") showHead();
  else showAll();
}

follow(
  initial.interview.interview_id,
  () => view.seq,
  take,
  (open) => {
    $("own-line").hidden = open;
  },
);
showAll();
setInterval(showHead, 1000);
setInterval(() => strip.show(timeline.entries, view), 2000); // it grows with the time
