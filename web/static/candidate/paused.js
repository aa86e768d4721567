// The interview stands still. What HR paused, HR lets go on: then there is nothing to press.

import { clockNote } from "./clock.js";
import { el, fill, icon, notice } from "./dom.js";
import { t } from "./i18n.js";
import { pausesText, topLine } from "./topline.js";

export function pausedScreen(interview) {
  interview.reader.stop();
  const byHr = interview.snapshot.paused_by === "hr";
  const line = topLine(interview, { text: () => [t("paused_short")] });
  const note = el("p", { class: "soft", testid: "clock-note" });
  const left = el("p", { class: "soft", testid: "pauses-left-now" });
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button button--primary button--large", testid: "resume", onclick: resume }, icon("play"), t("common.resume"));
  const node = el("section", { class: "stack" },
    line.node,
    el("div", { class: "card card--calm", testid: "paused" },
      el("div", { class: "stack stack--tight" },
        el("h1", { tabindex: -1 }, t(byHr ? "paused_hr_title" : "paused_title")),
        el("p", { class: "lead", role: "status", testid: "paused-lead" }, t(byHr ? "paused_hr_lead" : "paused_lead"))),
      byHr ? null : el("div", { class: "row" }, button),
      el("div", { class: "small" }, note, left),
      message));

  async function resume() {
    button.disabled = true;
    fill(message, el("p", { class: "soft" }, t("resuming")));
    interview.openMedia();
    try {
      await interview.command("/resume");
    } catch (error) {
      fill(message, notice("danger", error.message));
      button.disabled = false;
    }
  }

  return {
    node,
    update() {
      line.update();
      note.textContent = clockNote(interview);
      left.hidden = byHr || interview.snapshot.pauses_left == null;
      if (!left.hidden) left.textContent = pausesText(interview.snapshot.pauses_left);
    },
  };
}
