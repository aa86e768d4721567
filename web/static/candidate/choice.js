// A question of fact, answered by choosing: nothing is spoken, and no choice ends anything.

import { el, fill, notice } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";

export function choicePanel(interview, question) {
  const message = el("div", { "aria-live": "polite" });
  const finish = el("button", { class: "button button--primary button--large", testid: "finish-answer" });
  const key = `choice:${interview.snapshot.interview_id}:${question.id}`;
  const node = el("form", { class: "card answer", tabindex: -1, novalidate: true, testid: "answer-panel", onsubmit: send, onchange: remember },
    el("fieldset", {}, el("legend", {}, t("choose_one")),
      el("div", { class: "choices choices--list", lang: interviewLanguage }, ...question.options.map(option))),
    el("p", { class: "soft small" }, t("choice_note")),
    message,
    el("div", { class: "answer__actions row" }, finish));

  function option({ id, text }) {
    const checked = localStorage.getItem(key) === id;
    return el("label", { class: "choice" }, el("input", { type: "radio", name: "option", value: id, checked, testid: `option-${id}` }), text);
  }

  function remember(event) {
    localStorage.setItem(key, event.target.value);
    fill(message);
  }

  async function send(event) {
    event.preventDefault();
    const chosen = node.querySelector("input:checked");
    if (!chosen) return fill(message, notice("warn", t("choice_missing")));
    try {
      await interview.submit("choice", null, chosen.value);
      localStorage.removeItem(key);
    } catch (error) {
      fill(message, notice("danger", error.message));
    }
    return undefined;
  }

  function update() {
    finish.disabled = Boolean(interview.sending);
    finish.textContent = t(interview.sending ? "sending_answer" : "choice_send");
  }

  update();
  return { node, update };
}
