// Asking once more, right where the button is: no dialog that covers the question.

import { el, fill, notice } from "./dom.js";
import { t } from "./i18n.js";

/**
 * A box below its button, opened and closed by `toggle()`. text() and yes(): its words; act(): what is done on yes, and
 * what that throws is shown. Escape and "no" close it and give the focus back.
 */
export function askFirst({ button, text, yes, act, testid }) {
  const message = el("div", { "aria-live": "polite" });
  const words = el("p", {});
  const sure = el("button", { class: "button", type: "button", testid: `${testid}-yes`, onclick: go });
  const no = el("button", { class: "button button--quiet", type: "button", testid: `${testid}-no`, onclick: close }, t("not_now"));
  const node = el("div", { class: "notice notice--accent ask-first", role: "group", tabindex: -1, hidden: true, testid, onkeydown: (event) => event.key === "Escape" && close() },
    words, el("div", { class: "row" }, sure, no), message);
  button.setAttribute("aria-expanded", "false");

  const toggle = () => (node.hidden ? open() : close());

  function open() {
    words.textContent = text();
    sure.textContent = yes();
    node.hidden = false;
    button.setAttribute("aria-expanded", "true");
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
  }

  function close() {
    if (node.hidden) return;
    node.hidden = true;
    fill(message);
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  async function go() {
    sure.disabled = true;
    try {
      await act();
      node.hidden = true;
      button.setAttribute("aria-expanded", "false");
    } catch (error) {
      fill(message, notice("danger", error.message));
    }
    sure.disabled = false;
  }

  return { node, toggle };
}
