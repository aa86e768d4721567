// Links to one question or one moment of an interview, for a colleague.

import { h } from "./dom.js";
import { say, t } from "./text.js";

const SHOWN_MS = 6000;

/** said: the element in which it is told; address: of the review room. Gives `copy(query, button)`. */
export function copier(said, address) {
  let timer = null;

  return async function copy(query, button) {
    const link = `${address}?${new URLSearchParams(query)}`;
    clearTimeout(timer);
    try {
      await navigator.clipboard.writeText(link);
      said.replaceChildren();
      say(said, t("review.link_copied"));
      timer = setTimeout(() => said.replaceChildren(), SHOWN_MS);
    } catch {
      // Plain HTTP beyond this machine has no clipboard interface: the link is there to be copied by hand.
      const field = h("input", { type: "text", readonly: true, value: link, "aria-label": t("review.link_by_hand") });
      const close = h("button", { type: "button", text: t("review.close"), on: { click: () => (said.replaceChildren(), button.focus()) } });
      said.replaceChildren(h("p", { text: t("review.link_by_hand") }), field, close);
      field.select();
    }
  };
}
