// What the company wrote to the candidate after the interview; it may come while the page is still open.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

/** {node, show(letter)}: letter: {text, at} of the snapshot, or null for none. */
export function letterPlace() {
  const node = el("div", { role: "status" });
  return {
    node,
    show(letter) {
      fill(node, ...(letter ? [card(letter)] : []));
    },
  };
}

const card = ({ text }) =>
  el("section", { class: "card letter", testid: "letter", "aria-labelledby": "letter-title" },
    el("h2", { id: "letter-title" }, t("letter_title")),
    ...text.split(/\n\s*\n/u).map((paragraph) => el("p", { class: "letter__part" }, paragraph)));
