// Texts of the page, in the language the server rendered it in.

const texts = JSON.parse(document.getElementById("messages").textContent);

export const pageLanguage = document.documentElement.lang;
export const interviewLanguage = document.getElementById("app").dataset.interviewLanguage;

/** The text of a key of candidate.json (or `common.…`), with its {placeholders} filled. */
export function t(key, params = {}) {
  const text = texts[key.includes(".") ? key : `candidate.${key}`];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

/** Milliseconds as m:ss. */
export function minutes(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
