// A candidate's call for help: their message, and "I am on it", which the candidate sees at once.

import { h } from "./dom.js";
import { say, t } from "./text.js";

/** A box for the call of one interview; `show(view)` shows or hides it. mayAnswer: else it only tells. */
export function helpBox(interviewId, mayAnswer = true) {
  const message = h("p", { class: "help-call__message" });
  const time = h("span", { class: "number" });
  const failed = h("p", { class: "small", role: "status" });
  const button = h("button", { type: "button", class: "button button--primary", testid: `help-acknowledge-${interviewId}`, text: t("help_acknowledge"), on: { click: acknowledge } });
  const taken = h("p", { class: "small", text: t("help_taken") });
  const element = h("div", { class: "notice notice--danger help-call", hidden: true, testid: `help-call-${interviewId}` }, h("div", {}, h("p", { class: "help-call__title" }, t("needs_help"), " ", time), message, failed), button, taken);

  async function acknowledge() {
    button.disabled = true;
    const answer = await fetch(`/api/hr/interviews/${interviewId}/help/acknowledge`, { method: "POST" }).catch(() => null);
    say(failed, answer?.ok || answer?.status === 409 ? "" : t("help_not_sent"));
    button.disabled = false;
  }

  return {
    element,
    /** For how long they have called already, in words. */
    showTime: (text) => say(time, text),
    show({ help, status }) {
      element.hidden = !help || status === "completed";
      if (!help) return;
      say(message, help.message ? t("help_says", { message: help.message }) : t("help_no_message"));
      button.hidden = help.acknowledged || !mayAnswer;
      taken.hidden = !help.acknowledged;
      element.classList.toggle("notice--danger", !help.acknowledged);
    },
  };
}
