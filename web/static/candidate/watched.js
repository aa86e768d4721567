// Tells the candidate when somebody at the company watches live: said once to who listens, and a mark in the top line,
// which stays in view and never moves anything.

import { el } from "./dom.js";
import { t } from "./i18n.js";

const announcement = document.getElementById("watched");

/** viewers: how many watch now. */
export function showWatched(viewers) {
  const text = viewers > 0 ? t("watched") : "";
  if (announcement.textContent !== text) announcement.textContent = text;
  document.body.classList.toggle("is-watched", viewers > 0);
}

/** The mark; seen while somebody watches. */
export const watchedMark = () =>
  el("span", { class: "watched", title: t("watched"), "aria-hidden": "true", testid: "watched-mark" }, el("span", { class: "dot" }), t("watched_mark"));
