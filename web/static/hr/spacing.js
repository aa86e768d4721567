// What stands between two words of a transcript.

const LATIN_END = /[A-Za-z0-9]$/;
const LATIN_START = /^[A-Za-z0-9]/;

/** What stands between two words: a space in English; in Chinese only between two Latin words. */
export function gap(before, word, language) {
  if (before === null) return "";
  if (language === "en") return " ";
  return LATIN_END.test(before) && LATIN_START.test(word) ? " " : "";
}

/** The words as a text. */
export const joined = (words, language) => words.map(({ text }, place) => gap(words[place - 1]?.text ?? null, text, language) + text).join("");
