// When HR may step in how: each step's refusal in words, by where the interview stands.

export const STEPS = ["pause", "time", "hint", "ask", "mark", "hand_over", "end"];

/** The key of the text that says why not, or null. step: one of STEPS; resuming is part of "pause". */
export function refusal(step, view) {
  if (step === "mark") return UNMARKED[view.status] ?? null;
  if (view.status === "completed" || view.status === "cancelled") return "step_over";
  if (view.ended) return "step_ended";
  if (view.handed_over) return "step_handed_over";
  if (step === "hand_over" && view.status === "ready") return null;
  return NEVER[view.status] ?? WHEN[step]?.(view) ?? null;
}

const UNMARKED = { invited: "step_not_started", ready: "step_not_started", completed: "step_over" };
const NEVER = { invited: "step_not_started", ready: "step_not_started", checking: "step_checking" };

const WHEN = {
  pause: (view) => (isPausedByHr(view) ? null : open(view)),
  time: open,
  hint: open,
  ask: (view) => (view.status === "between_rounds" ? "step_resting" : view.answers.size === 0 ? "step_practising" : null),
};

/** Whether "pause" means going on: a pause of the candidate's own is theirs to end, and may be made HR's. */
export const isPausedByHr = (view) => view.status === "paused" && view.paused_by === "hr";

function open(view) {
  if (view.status === "between_rounds") return "step_resting";
  return view.question_id || view.practising ? null : "step_no_question";
}

/** The one reason for which nothing but marking is possible; null when there is none. */
export function commonRefusal(view) {
  const [first, ...others] = STEPS.filter((step) => step !== "mark").map((step) => refusal(step, view));
  return first && others.every((one) => one === first) ? first : null;
}
