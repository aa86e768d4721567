// Which interview needs a person now, and why: the wall's order.

import { answerNow } from "./interview.js";

const PAUSED_LONG_MS = 5 * 60_000;
const SILENT_MS = 60_000;
const UNSTEADY = 0.05;
/** The candidate may rest or read wherever they like. */
export const RESTING = ["between_rounds", "checking"]; // nothing is heard then, and nothing should be
// Concerns every interview alike and stands in the page's banner: no reason to put one before another.
const NO_MODEL = "model_missing";

/** From this rank on a person is needed. What is merely seen, a second face, stands lowest: it may be anything. */
export const NEEDS = 3;
export const RANKS = {
  needs_help: 9,
  needs_connection: 8,
  needs_restart: 8,
  needs_line: 7,
  needs_recognition: 6,
  needs_silent: 5,
  needs_paused_long: 4,
  needs_paused_by_hr: 4,
  needs_second_face: 3,
  needs_person: 3,
  needs_unsteady: 2,
};
const NOTHING = { rank: 1, reason: null, since: null };
const OVER = { rank: 0, reason: null, since: null };

const need = (reason, since = null) => ({ rank: RANKS[reason], reason, since });

/**
 * {rank, reason, since}: the higher the rank, the more urgent; reason: key of its text or null; since: ISO 8601 moment or
 * null. now: milliseconds.
 */
export function attention(view, now) {
  if (view.status === "completed") return OVER;
  if (view.help && !view.help.acknowledged) return need("needs_help", view.help.at);
  if (view.handed_over) return NOTHING; // a person has them already
  if (view.person_instead) return need("needs_person", view.at);
  if (["invited", "ready", "cancelled"].includes(view.status)) return OVER;
  if (RESTING.includes(view.status)) return NOTHING;
  const open = (kind) => view.faults.find((fault) => fault.kind === kind && fault.lost_ms === null);
  const restart = open("restart");
  const outage = open("outage") ?? restart;
  if (!view.connected) return need(restart ? "needs_restart" : "needs_connection", outage?.at ?? view.at);
  if (view.status === "paused") return paused(view, open, now);
  if (view.line === "lost") return need("needs_line", moment(view.lineAt));
  // While recognition fails nobody is heard, however much they say.
  if (failing(view)) return need("needs_recognition", open("recognition_failed")?.at);
  const answering = answerNow(view)?.phase === "answering";
  if (answering && now - view.heardAt >= SILENT_MS) return need("needs_silent", moment(view.heardAt));
  if (answering && secondFace(view)) return need("needs_second_face", view.faces.since);
  if (view.packetLoss > UNSTEADY) return need("needs_unsteady");
  return NOTHING;
}

function paused(view, open, now) {
  const pause = open("pause");
  const since = pause?.at ?? view.at;
  if (failing(view)) return need("needs_recognition", open("recognition_failed")?.at);
  if (now - new Date(since) < PAUSED_LONG_MS) return { ...NOTHING, since };
  return need(pause?.detail === "hr" ? "needs_paused_by_hr" : "needs_paused_long", since);
}

const failing = (view) => Boolean(view.recognition_failed && view.recognition_failed !== NO_MODEL);

/** Pictures are looked at while an answer is given; what was seen in an earlier one says nothing of now. */
const secondFace = (view) => Boolean(view.faces?.second_face && view.faces.question_id === view.question_id);

const moment = (ms) => (ms ? new Date(ms).toISOString() : null);

/** How the candidate's line stands: {kind: ok|warn|danger|"", key} for its text. */
export function lineOf(view) {
  if (view.status === "completed" || view.status === "cancelled") return { kind: "", key: "line_over" };
  if (view.status === "invited" || view.status === "ready") return { kind: "", key: "line_not_yet" };
  if (RESTING.includes(view.status)) return { kind: "", key: `status_${view.status}` };
  if (!view.connected) return { kind: "danger", key: "line_away" };
  if (view.line === "lost") return { kind: "danger", key: "line_lost" };
  if (view.line === "connecting") return { kind: "warn", key: "line_connecting" };
  if (view.line === "connected") return view.packetLoss > UNSTEADY ? { kind: "warn", key: "line_unsteady" } : { kind: "ok", key: "line_connected" };
  return { kind: "ok", key: "line_page_only" };
}
