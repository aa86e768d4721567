// A role-play: its scene, what was said before, and the other side's line as speech.

import { el } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";

const wide = () => window.matchMedia("(min-width: 40rem)").matches;

/** The scene above a role-play's turns; on a phone it folds away once it is known. */
export function sceneCard({ title, setting }, exchanges) {
  const known = exchanges.length > 0;
  return el("details", { class: "card scenario", lang: interviewLanguage, testid: "scenario", open: wide() || !known },
    el("summary", {}, el("span", { class: "eyebrow" }, `${t("scenario_label")} · ${title}`)),
    el("p", {}, setting));
}

/** Earlier turns as a dialogue, or null; it folds away where it would push the question off the screen. */
export function dialogue(exchanges, counterpart) {
  if (!exchanges.length) return null;
  return el("details", { class: "dialogue", testid: "exchanges", open: wide() && exchanges.length === 1 },
    el("summary", { class: "small soft" }, t("dialogue", { n: exchanges.length })),
    el("ol", { class: "dialogue__turns", lang: interviewLanguage }, ...exchanges.flatMap(({ line, answer }) => [
      turn("theirs", counterpart, line),
      turn("mine", t("dialogue_you"), answer || t("dialogue_nothing")),
    ])));
}

function turn(side, who, words) {
  return el("li", { class: `bubble bubble--${side}` }, el("span", { class: "bubble__who small soft" }, who), el("p", {}, words));
}
