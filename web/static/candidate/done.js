// The end: thanks, what happens next, who decides, what rights there are, and a short survey.

import { el, icon, phrases } from "./dom.js";
import { t } from "./i18n.js";
import { letterPlace } from "./letter.js";
import { personNotice } from "./notices.js";
import { survey } from "./survey.js";

const NEXT = ["done_next_1", "done_next_2", "done_next_3"];
const RIGHTS = ["rights_see", "rights_correct", "rights_person", "rights_delete"];

export function doneScreen(interview) {
  const { snapshot } = interview;
  const letter = letterPlace();
  const update = () => letter.show(interview.snapshot.letter);
  const short = snapshot.handed_over || snapshot.ended;
  const node = el("section", { class: "stack stack--loose", testid: "done" },
    personNotice(snapshot),
    el("div", { class: "card card--calm done" },
      el("span", { class: "done__mark" }, icon("check")),
      el("div", { class: "stack stack--tight" },
        el("h1", { tabindex: -1 }, ...phrases(t(short ? "done_short_title" : "done_title", { name: snapshot.candidate_name }))),
        snapshot.begun === false ? null : el("p", { class: "lead" }, t("done_lead"))),
      part("done_next_title", el("ol", { class: "steps" }, ...NEXT.map((key) => el("li", {}, t(key))))),
      part("done_decides_title", el("p", {}, t("done_decides"))),
      part("rights_title", el("ul", { class: "steps" }, ...RIGHTS.map((key) => el("li", {}, t(key)))), el("p", {}, t("rights_how"))),
      el("p", { class: "soft" }, t("done_close"))),
    letter.node,
    snapshot.begun === false ? null : survey(interview));
  update();
  return { node, update };
}

const part = (title, ...content) => el("section", { class: "stack stack--tight" }, el("h2", {}, t(title)), ...content);
