// The end: thanks, what happens next, and what the candidate thought of it.

import { el, fill, icon, notice } from "./dom.js";
import { t } from "./i18n.js";

export function doneScreen(interview) {
  const { snapshot } = interview;
  const place = el("div", {});
  const node = el("section", { class: "stack stack--loose", testid: "done" },
    el("div", { class: "card card--calm" },
      el("span", { class: "done__mark" }, icon("check")),
      el("h1", { tabindex: -1 }, t("done_title", { name: snapshot.candidate_name })),
      el("p", { class: "lead" }, t("done_lead")),
      el("h2", {}, t("done_next_title")),
      el("ol", { class: "steps" }, ...[1, 2].map((step) => el("li", {}, t(`done_next_${step}`)))),
      el("p", {}, t("done_rights")),
      el("p", { class: "soft" }, t("done_close"))),
    place);
  fill(place, snapshot.feedback_given ? thanks() : feedbackForm(interview, place));
  return { node, update() {} };
}

const thanks = () => el("div", { testid: "feedback-thanks", role: "status" }, notice("ok", t("feedback_thanks")));

function feedbackForm(interview, place) {
  const comment = el("textarea", { id: "feedback-comment", maxlength: 2000, testid: "feedback-comment" });
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button", testid: "feedback-send" }, t("feedback_send"));
  const form = el("form", { class: "card", novalidate: true, onsubmit: send },
    el("div", { class: "stack stack--tight" },
      el("h2", { id: "feedback-title" }, t("feedback_title")),
      el("p", { class: "soft small" }, t("feedback_note"))),
    el("div", { class: "rating", role: "radiogroup", "aria-labelledby": "feedback-title" }, ...[1, 2, 3, 4, 5].map(rating)),
    el("div", { class: "field" }, el("label", { for: "feedback-comment" }, t("feedback_comment")), comment),
    message,
    el("div", { class: "row" }, button));

  async function send(event) {
    event.preventDefault();
    const chosen = form.querySelector("input:checked");
    if (!chosen) return fill(message, el("p", { class: "field__error" }, t("feedback_missing")));
    button.disabled = true;
    try {
      await interview.command("/feedback", { rating: Number(chosen.value), comment: comment.value });
      fill(place, thanks());
    } catch (error) {
      fill(message, notice("danger", error.message));
      button.disabled = false;
    }
    return undefined;
  }

  return form;
}

function rating(value) {
  return el("label", { class: "choice" },
    el("input", { type: "radio", name: "rating", value, testid: `feedback-${value}` }), t(`feedback_${value}`));
}
