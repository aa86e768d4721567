// Tells the candidate when somebody at the company watches live: a line at the top, said once and never in the way.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

const slot = document.getElementById("watched");

/** viewers: how many watch now. */
export function showWatched(viewers) {
  if (viewers > 0 === slot.childElementCount > 0) return;
  fill(slot, ...(viewers > 0 ? [el("span", { class: "dot", "aria-hidden": "true" }), t("watched")] : []));
}
