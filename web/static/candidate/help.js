// Calling a person: always in the top line. What was asked, and whether somebody has taken it up, stays in sight.

import { el, fill, icon, notice } from "./dom.js";
import { t } from "./i18n.js";

const LONGEST = 300;

/** {button, node, update}: the button for the top line, and what opens below it. */
export function helpCall(interview) {
  const button = el("button", { class: "button", type: "button", testid: "help-open", "aria-expanded": "false", onclick: toggle }, icon("help"), t("help"));
  const field = el("textarea", { id: "help-message", rows: 2, maxlength: LONGEST, testid: "help-message" });
  const send = el("button", { class: "button button--primary", testid: "help-send" }, t("help_send"));
  const failed = el("div", { "aria-live": "polite" });
  const form = el("form", { class: "card help", hidden: true, testid: "help-panel", onsubmit: call, onkeydown: (event) => event.key === "Escape" && close() },
    el("div", { class: "stack stack--tight" }, el("h2", {}, t("help_title")), el("p", { class: "soft small" }, t("help_lead"))),
    el("div", { class: "field" }, el("label", { for: "help-message" }, t("help_message")), field),
    failed,
    el("div", { class: "row" }, send, el("button", { class: "button button--quiet", type: "button", testid: "help-cancel", onclick: close }, t("not_now"))));
  const told = el("div", { role: "status", testid: "help-status" });
  const withdraw = el("button", { class: "button button--quiet", type: "button", testid: "help-withdraw", onclick: takeBack }, t("help_withdraw"));
  const standing = el("div", { class: "notice notice--accent help__standing", hidden: true }, told, withdraw);
  const node = el("div", {}, form, standing);

  function toggle() {
    if (interview.snapshot.help) return standing.scrollIntoView({ block: "nearest" });
    form.hidden = !form.hidden;
    button.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) field.focus();
    return undefined;
  }

  function close() {
    form.hidden = true;
    fill(failed);
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  async function call(event) {
    event.preventDefault();
    send.disabled = true;
    try {
      await interview.command("/help", { message: field.value.trim() });
      field.value = "";
      if (!form.hidden) close();
    } catch (error) {
      fill(failed, notice("danger", error.message));
    }
    send.disabled = false;
  }

  async function takeBack() {
    withdraw.disabled = true;
    await interview.command("/help", undefined, "DELETE").catch((error) => fill(told, error.message));
    withdraw.disabled = false;
    button.focus();
  }

  function update() {
    const { help } = interview.snapshot;
    standing.hidden = !help;
    if (help) form.hidden = true;
    const text = help ? t(help.acknowledged ? "help_acknowledged" : "help_told") : "";
    if (told.textContent !== text) told.textContent = text;
    standing.classList.toggle("notice--ok", Boolean(help?.acknowledged));
    standing.classList.toggle("notice--accent", !help?.acknowledged);
    button.setAttribute("aria-expanded", String(!form.hidden));
  }

  return { button, node, update };
}
