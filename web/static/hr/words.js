// An answer's words: certain ones never move, those that may still change are marked for the eye and for the ear.

import { h } from "./dom.js";
import { gap } from "./spacing.js";
import { percent, t } from "./text.js";

/** Makes the place where an answer's words stand. live: it is the open answer. */
export function wordsPlace(language, live) {
  const certain = h("span", { testid: live ? "committed" : null, class: "words__certain" });
  const changing = h("span", { testid: live ? "tentative" : null });
  const marked = h(
    "span",
    { class: "words__changing", hidden: true, title: t("still_changing") },
    h("span", { class: "visually-hidden", text: ` ${t("still_changing_sr")} ` }),
    changing,
  );
  const element = h("p", { class: "words", lang: language, testid: live ? "live-words" : null }, certain, marked);
  return { element, certain, marked, changing, language, texts: [] };
}

const SURE = 0.75;
const UNSURE = 0.5;

/** How sure recognition of an utterance is, in words where a person should look twice. */
function heardText(confidence) {
  const level = confidence >= SURE ? "high" : confidence >= UNSURE ? "middle" : "low";
  return t(`heard_${level}`, { share: percent(confidence) });
}

/** Marks a word that recognition is not sure of. What marks it is drawn by CSS, so that the text stays the transcript. */
export function markUnsure(word, confidence) {
  word.classList.add("word--unsure");
  word.title = t("word_unsure", { share: percent(confidence) });
  word.dataset.unsure = t("word_unsure_sr");
}

/**
 * Shows these words. Elements of certain words stay as long as their text does. ends: [index of a word, confidence of
 * the utterance that ends with it].
 */
export function showWords(place, { committed, tentative, ends = [] }) {
  const texts = committed.map((word) => word.text);
  let same = 0;
  while (same < place.texts.length && same < texts.length && place.texts[same] === texts[same]) same += 1;
  while (place.certain.children.length > same) place.certain.lastElementChild.remove();
  const added = document.createDocumentFragment();
  for (let index = same; index < texts.length; index += 1) {
    const word = h("span", { class: "word", text: gap(texts[index - 1] ?? null, texts[index], place.language) + texts[index] });
    word.dataset.word = index;
    if (committed[index].confidence < UNSURE) markUnsure(word, committed[index].confidence);
    added.append(word);
  }
  place.certain.append(added);
  for (const [index, confidence] of ends) {
    const word = place.certain.children[index];
    if (word && !word.dataset.heard) word.dataset.heard = heardText(confidence);
  }
  place.texts = texts;
  let before = texts.at(-1) ?? null;
  let line = "";
  for (const word of tentative) {
    line += gap(before, word.text, place.language) + word.text;
    before = word.text;
  }
  if (place.changing.textContent !== line) place.changing.textContent = line;
  place.marked.hidden = line === "";
}

/** Marks words[first..last] of a shown answer, and only those on the page. */
export function markWords(element, first, last) {
  for (const marked of document.querySelectorAll(".word--quoted")) marked.classList.remove("word--quoted");
  const words = [...element.querySelectorAll("[data-word]")].filter(({ dataset }) => dataset.word >= first && dataset.word <= last);
  for (const word of words) word.classList.add("word--quoted");
  return words;
}
