// What a candidate may do besides answering: take a moment, start the answer again, skip the question.

import { askFirst } from "./confirm.js";
import { el, fill, icon, notice } from "./dom.js";
import { t } from "./i18n.js";

const MOMENT_MS = 60_000; // reminders wait at least so long, whatever the server adds to the thinking time

/** panel(): what is open now; its `dropDraft` is told before an answer is started again. */
export function answerTools(interview, question, panel) {
  const path = `/questions/${encodeURIComponent(question.id)}`;
  const moment = quiet("moment", "moment", t("moment"), take);
  const restart = quiet("restart", "undo", t(question.practice ? "restart_practice" : "restart"), () => (question.practice ? again() : againFirst.toggle()));
  const skip = quiet("skip", "skip", t(question.practice ? "skip_practice" : "skip"), () => (question.practice ? leaveOut() : skipFirst.toggle()));
  const calm = el("div", { "aria-live": "polite", testid: "moment-note" });
  const againFirst = askFirst({
    button: restart,
    text: () => t(interview.snapshot.question.redos_left === 1 ? "restart_last" : "restart_text", { n: interview.snapshot.question.redos_left }),
    yes: () => t("restart_yes"),
    act: again,
    testid: "restart-ask",
  });
  const skipFirst = askFirst({
    button: skip,
    text: () => t(question.kind === "fact" ? "skip_text_fact" : "skip_text"),
    yes: () => t("skip_yes"),
    act: leaveOut,
    testid: "skip-ask",
  });
  const node = el("div", { class: "stack stack--tight tools" }, el("div", { class: "row tools__row" }, moment, restart, skip), calm, againFirst.node, skipFirst.node);
  let phase = question.phase;

  async function take() {
    moment.disabled = true;
    interview.restUntil = performance.now() + MOMENT_MS;
    try {
      await interview.command(`${path}/moment`);
      fill(calm, notice("ok", t(interview.snapshot.question?.phase === "thinking" ? "moment_thinking" : "moment_answering")));
    } catch (error) {
      fill(calm, notice("danger", error.message));
    }
    moment.disabled = false;
  }

  async function again() {
    const keep = panel()?.dropDraft?.();
    try {
      await interview.command(`${path}/restart`);
    } catch (error) {
      keep?.();
      if (question.practice) fill(calm, notice("danger", error.message));
      else throw error;
    }
  }

  async function leaveOut() {
    try {
      await interview.command(`${path}/skip`);
    } catch (error) {
      if (!question.practice) throw error;
      fill(calm, notice("danger", error.message));
    }
  }

  function update(now) {
    const busy = Boolean(interview.sending);
    if (now.phase !== phase) fill(calm); // it spoke of the thinking time
    phase = now.phase;
    moment.hidden = question.kind === "fact";
    restart.hidden = !(now.phase === "answering" && now.redos_left > 0 && question.kind !== "fact");
    skip.hidden = !now.may_skip;
    for (const button of [restart, skip]) button.disabled = busy;
  }

  return { node, update };
}

function quiet(testid, shape, text, onclick) {
  return el("button", { class: "button button--quiet", type: "button", testid, onclick }, icon(shape), text);
}
