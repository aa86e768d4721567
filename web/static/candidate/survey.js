// What the candidate thought of the interview: a short survey of which only the first question is needed.

import { el, fill, notice } from "./dom.js";
import { t } from "./i18n.js";

const OVERALL = [1, 2, 3, 4, 5];
const ITEMS = { clarity: "survey_clarity", fairness: "survey_fairness", technology: "survey_technology" };

/** The form, or thanks when it has been answered. */
export function survey(interview) {
  const place = el("div", {});
  fill(place, interview.snapshot.feedback_given ? thanks() : form(interview, place));
  return place;
}

const thanks = () => el("div", { testid: "feedback-thanks", role: "status" }, notice("ok", t("feedback_thanks")));

function form(interview, place) {
  const comment = el("textarea", { id: "feedback-comment", maxlength: 2000, testid: "feedback-comment" });
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button", testid: "feedback-send" }, t("feedback_send"));
  const node = el("form", { class: "card", novalidate: true, onsubmit: send },
    el("div", { class: "stack stack--tight" },
      el("h2", { id: "feedback-title" }, t("feedback_title")),
      el("p", { class: "soft small" }, t("feedback_note"))),
    el("div", { class: "rating", role: "radiogroup", "aria-labelledby": "feedback-title" }, ...OVERALL.map(rating)),
    el("div", { class: "survey" },
      el("p", { class: "soft small" }, t("survey_scale")),
      ...Object.entries(ITEMS).map(([item, key]) => scale(item, t(key)))),
    el("div", { class: "field" }, el("label", { for: "feedback-comment" }, t("feedback_comment")), comment),
    message,
    el("div", { class: "row" }, button));

  async function send(event) {
    event.preventDefault();
    const chosen = node.querySelector("input[name=rating]:checked");
    if (!chosen) return fill(message, el("p", { class: "field__error" }, t("feedback_missing")));
    const answered = Object.keys(ITEMS).flatMap((item) => [...node.querySelectorAll(`input[name=${item}]:checked`)]);
    button.disabled = true;
    try {
      await interview.command("/feedback", {
        rating: Number(chosen.value),
        comment: comment.value,
        answers: Object.fromEntries(answered.map(({ name, value }) => [name, Number(value)])),
      });
      fill(place, thanks());
    } catch (error) {
      fill(message, notice("danger", error.message));
      button.disabled = false;
    }
    return undefined;
  }

  return node;
}

function rating(value) {
  return el("label", { class: "choice" },
    el("input", { type: "radio", name: "rating", value, testid: `feedback-${value}` }), t(`feedback_${value}`));
}

function scale(item, text) {
  return el("fieldset", { class: "scale" },
    el("legend", {}, text),
    el("div", { class: "scale__steps" }, ...OVERALL.map((value) =>
      el("label", { class: "scale__step" }, el("input", { type: "radio", name: item, value, testid: `survey-${item}-${value}` }), el("span", {}, String(value))))));
}
