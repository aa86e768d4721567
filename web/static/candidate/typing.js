// The text field of an answer.

import { el } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";

export function typingPart({ onInput }) {
  const field = el("textarea", {
    id: "answer-text", testid: "answer-text", rows: 7, maxlength: 20000, lang: interviewLanguage, "aria-describedby": "answer-note",
    oninput: () => onInput(field.value),
  });
  const note = el("p", { id: "answer-note", class: "field__hint", "aria-live": "polite" });
  const state = el("span", { class: "soft small", role: "status", testid: "draft-state" });
  const node = el("div", { class: "field" },
    el("div", { class: "row row--apart" }, el("label", { for: "answer-text", class: "label" }, t("type_here")), state),
    field,
    note);

  return {
    node,
    set: (text) => (field.value = text),
    note: (text) => (note.textContent = text),
    focus: () => field.focus(),
    readOnly: (yes) => (field.readOnly = yes),
    /** saving, saved or local */
    state: (name) => (state.textContent = t(`draft_${name}`)),
  };
}
