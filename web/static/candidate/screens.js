// Which screen shows what the interview is at.

import { checkScreen } from "./check.js";
import { consentScreen } from "./consent.js";
import { doneScreen } from "./done.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { pausedScreen } from "./paused.js";
import { questionScreen } from "./question.js";

/** The screen of this state: a key (a new one makes a new screen) and how to make it. */
export function screenFor({ problem, snapshot }) {
  if (problem) return { key: problem, make: () => problemScreen(problem) };
  // The last words and scores may still be on their way: nobody has to wait for them.
  if (snapshot.status === "completed" || snapshot.all_submitted) return { key: "done", make: doneScreen };
  if (snapshot.status === "invited") return { key: "consent", make: consentScreen };
  if (snapshot.status === "ready") return { key: "check", make: checkScreen };
  if (snapshot.status === "paused") return { key: "paused", make: pausedScreen };
  return { key: `question ${snapshot.question.id}`, make: questionScreen };
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
