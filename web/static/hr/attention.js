// Which interview needs a person now, and why: the wall's order.

import { answerNow } from "./interview.js";

const PAUSED_LONG_MS = 5 * 60_000;
const SILENT_MS = 60_000;
const UNSTEADY = 0.05;
/** The candidate may rest or read wherever they like. */
export const RESTING = ["between_rounds", "checking"]; // nothing is heard then, and nothing should be
// Concerns every interview alike and stands in the page's banner: no reason to put one before another.
const NO_MODEL = "model_missing";

/** {rank, reason, since}: the higher the rank, the more urgent; reason: key of its text or null. now: milliseconds. */
export function attention(view, now) {
  if (view.status === "completed") return { rank: 0, reason: null };
  if (view.help && !view.help.acknowledged) return { rank: 7, reason: "needs_help", since: view.help.at };
  if (view.person_instead) return { rank: 3, reason: "needs_person", since: null };
  if (view.status === "invited" || view.status === "ready") return { rank: 0, reason: null };
  if (RESTING.includes(view.status)) return { rank: 1, reason: null };
  const open = (kind) => view.faults.find((fault) => fault.kind === kind && fault.lost_ms === null);
  const restart = open("restart");
  const outage = open("outage") ?? restart;
  if (!view.connected) return { rank: 6, reason: restart ? "needs_restart" : "needs_connection", since: outage?.at ?? view.at };
  if (view.recognition_failed && view.recognition_failed !== NO_MODEL) return { rank: 5, reason: "needs_recognition", since: open("recognition_failed")?.at };
  if (view.status === "paused") {
    const pause = open("pause")?.at ?? view.at;
    return now - new Date(pause) >= PAUSED_LONG_MS ? { rank: 4, reason: "needs_paused_long", since: pause } : { rank: 1, reason: null, since: pause };
  }
  if (view.line === "lost") return { rank: 5, reason: "needs_line", since: null };
  const answer = answerNow(view);
  if (answer?.phase === "answering" && now - view.heardAt >= SILENT_MS) {
    return { rank: 3, reason: "needs_silent", since: new Date(view.heardAt).toISOString() };
  }
  if (view.packetLoss > UNSTEADY) return { rank: 2, reason: "needs_unsteady", since: null };
  return { rank: 1, reason: null };
}

/** How the candidate's line stands: {kind: ok|warn|danger|"", key} for its text. */
export function lineOf(view) {
  if (view.status === "completed") return { kind: "", key: "line_over" };
  if (view.status === "invited" || view.status === "ready") return { kind: "", key: "line_not_yet" };
  if (RESTING.includes(view.status)) return { kind: "", key: `status_${view.status}` };
  if (!view.connected) return { kind: "danger", key: "line_away" };
  if (view.line === "lost") return { kind: "danger", key: "line_lost" };
  if (view.line === "connecting") return { kind: "warn", key: "line_connecting" };
  if (view.line === "connected") return view.packetLoss > UNSTEADY ? { kind: "warn", key: "line_unsteady" } : { kind: "ok", key: "line_connected" };
  return { kind: "ok", key: "line_page_only" };
}
