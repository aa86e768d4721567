// The text field of an answer: prose, or code in a monospaced editor.

import { el } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";

const INDENT = "  ";

/** code: null for prose, else the name of the programming language ("" for any). */
export function typingPart({ onInput, code = null }) {
  const field = el("textarea", {
    id: "answer-text", testid: "answer-text", rows: code === null ? 6 : 10, maxlength: 20000,
    lang: code === null ? interviewLanguage : null, class: code === null ? null : "code", "aria-describedby": "answer-note answer-keys",
    ...(code === null ? {} : { spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", wrap: "off" }),
    oninput: () => onInput(field.value),
  });
  const note = el("p", { id: "answer-note", class: "field__hint", "aria-live": "polite" });
  const keys = el("p", { id: "answer-keys", class: "field__hint", hidden: code === null }, t("code_keys"));
  // Not announced: it changes with every pause in typing.
  const state = el("span", { class: "soft small", testid: "draft-state" });
  const label = code ? t("code_here", { language: code }) : t(code === null ? "type_here" : "code_here_any");
  const node = el("div", { class: "field" },
    el("div", { class: "row row--apart" }, el("label", { for: "answer-text", class: "label" }, label), state),
    field,
    keys,
    note);
  if (code !== null) indentByTab(field);

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

/** Tab indents; Escape, then Tab leaves the field, so that nobody with a keyboard alone is caught in it. */
function indentByTab(field) {
  let leaving = false;
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaving = true;
    else if (event.key === "Tab" && !event.shiftKey && !leaving && !field.readOnly) {
      event.preventDefault();
      insert(field, INDENT);
    } else if (!["Shift", "Tab"].includes(event.key)) leaving = false;
  });
  field.addEventListener("blur", () => (leaving = false));
}

function insert(field, text) {
  // The old command keeps the browser's undo; a field set by script would lose it.
  if (document.execCommand?.("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input"));
}
