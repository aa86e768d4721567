// The interview stands still.

import { el, fill, icon, notice } from "./dom.js";
import { t } from "./i18n.js";

export function pausedScreen(interview) {
  interview.reader.stop();
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button button--primary button--large", testid: "resume", onclick: resume }, icon("play"), t("common.resume"));
  const node = el("section", { class: "card card--calm", testid: "paused" },
    el("h1", { tabindex: -1 }, t("paused_title")),
    el("p", { class: "lead" }, t("paused_lead")),
    el("div", { class: "row" }, button),
    message);

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

  return { node, update() {} };
}
