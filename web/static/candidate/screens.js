// Which screen shows what the interview is at.

import { checkScreen } from "./check.js";
import { consentScreen } from "./consent.js";
import { doneScreen } from "./done.js";
import { el, phrases } from "./dom.js";
import { t } from "./i18n.js";
import { pausedScreen } from "./paused.js";
import { questionScreen } from "./question.js";
import { restScreen } from "./rest.js";
import { reviewScreen } from "./review.js";

/** The screen of this state: a key (a new one makes a new screen) and how to make it. */
export function screenFor({ problem, snapshot }) {
  if (problem) return { key: problem, make: () => problemScreen(problem) };
  if (snapshot.status === "cancelled") return { key: "cancelled", make: cancelledScreen };
  if (snapshot.person_instead && !snapshot.handed_over) return { key: "person", make: personScreen };
  if (snapshot.status === "checking" && snapshot.check) return { key: "review", make: reviewScreen };
  if (snapshot.status === "between_rounds") return { key: "rest", make: restScreen };
  // The last words and scores may still be on their way: nobody has to wait for them.
  if (snapshot.status === "completed" || snapshot.all_submitted) return { key: "done", make: doneScreen };
  if (snapshot.status === "invited") return { key: "consent", make: consentScreen };
  if (snapshot.status === "ready") return { key: "check", make: checkScreen };
  if (snapshot.status === "paused") return { key: `paused by ${snapshot.paused_by}`, make: pausedScreen };
  // A follow-up is being chosen, which takes a second or two.
  if (!snapshot.question) return { key: "next", make: nextScreen };
  // An answer that is started again gets a fresh screen.
  return { key: `question ${snapshot.question.id} ${snapshot.question.redos_left}`, make: questionScreen };
}

/** Where recording is required and was refused: a person talks with the candidate, and nothing is lost by it. */
function personScreen({ snapshot }) {
  const node = el("section", { class: "card card--calm done", testid: "person-instead" },
    el("div", { class: "stack stack--tight" },
      el("h1", { tabindex: -1 }, ...phrases(t("person_title", { name: snapshot.candidate_name }))),
      el("p", { class: "lead" }, t("person_lead"))),
    el("div", { class: "stack stack--tight" },
      el("h2", {}, t("done_next_title")),
      el("ol", { class: "steps" }, el("li", {}, t("person_next_1")), el("li", {}, t("person_next_2")))),
    el("p", { class: "soft" }, t("done_close")));
  return { node, update() {} };
}

/** The company called the interview off before it began: nothing the candidate did. */
function cancelledScreen({ snapshot }) {
  const node = el("section", { class: "card card--calm done", testid: "cancelled" },
    el("h1", { tabindex: -1 }, ...phrases(t("cancelled_title", { name: snapshot.candidate_name }))),
    el("p", { class: "lead" }, t("cancelled_lead")),
    el("p", { class: "soft" }, t("done_close")));
  return { node, update() {} };
}

function nextScreen() {
  const node = el("section", { class: "card card--calm", testid: "next-question" },
    el("h1", { tabindex: -1 }, t("next_question_title")),
    el("p", { class: "lead", role: "status" }, t("next_question_lead")));
  return { node, update() {} };
}

function problemScreen(problem) {
  const key = problem.replace("-", "_");
  const here = el("button", { class: "button button--primary", testid: "elsewhere-here", onclick: () => location.reload() },
    t(problem === "elsewhere" ? "elsewhere_here" : "common.reload"));
  const node = el(
    "section",
    { class: "card card--calm", testid: problem },
    el("h1", { tabindex: -1 }, t(`${key}_title`)),
    el("p", { class: "lead" }, t(`${key}_lead`)),
    problem === "signed-out" ? null : el("div", { class: "row" }, here),
  );
  return { node, update() {} };
}
