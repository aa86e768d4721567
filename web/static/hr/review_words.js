// The words of the review room: elements made from the page's text, found by time, marked as a quote, in two versions.

import { markUnsure } from "./words.js";

const WORD_STAYS_MS = 900;

/** The last place in a sorted array whose value is not above `value`; -1 before the first. */
export function placeOf(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Cuts the text of an element into words, each an element of its own. numbers: for each word the gap before it, its
 * length, its beginning counted from the one before, how long it lasts. Gives {words, starts, ends}, milliseconds.
 */
function cut(element, { words: numbers, unsure, changed }, changedClass) {
  const text = element.textContent;
  const pieces = document.createDocumentFragment();
  const words = [];
  const starts = [];
  const ends = [];
  let position = 0;
  let start = 0;
  for (let index = 0; index < numbers.length; index += 4) {
    const [gap, length, later, lasts] = numbers.slice(index, index + 4);
    if (gap) pieces.append(text.slice(position, position + gap));
    position += gap + length;
    start += later;
    const word = document.createElement("span");
    word.className = "word";
    word.dataset.word = words.length;
    word.textContent = text.slice(position - length, position);
    pieces.append(word);
    words.push(word);
    starts.push(start);
    ends.push(start + lasts);
  }
  if (position < text.length) pieces.append(text.slice(position));
  for (const [place, confidence] of unsure) if (words[place]) markUnsure(words[place], confidence);
  for (const place of changed) words[place]?.classList.add(changedClass);
  element.replaceChildren(pieces);
  return { words, starts, ends };
}

/** All words of the page. answers: as the server tells them. */
export function wordsOf(answers) {
  const spoken = new Set(answers.filter((one) => one.spoken).map((one) => one.id));
  const versions = { shown: new Map(), heard: new Map() };
  const given = { shown: new Map(answers.map((one) => [one.id, one.shown])), heard: new Map(answers.map((one) => [one.id, one.heard])) };
  const elements = { shown: new Map(), heard: new Map() };
  for (const element of document.querySelectorAll("[data-words]")) elements[element.dataset.words].set(element.dataset.of, element);
  let version = "shown";
  let now = null;
  let marks = [];

  /** The cut words of an answer in a version; cut when they are first needed. */
  function of(id, kind) {
    if (!versions[kind].has(id)) {
      const element = elements[kind].get(id);
      versions[kind].set(id, element && given[kind].get(id) ? cut(element, given[kind].get(id), kind === "heard" ? "word--removed" : "word--added") : null);
    }
    return versions[kind].get(id);
  }

  /** Spoken words of what is on the page, sorted by time. */
  function timed(kind) {
    const found = [];
    for (const { id } of answers) {
      if (!spoken.has(id)) continue;
      const cutWords = (kind === "heard" && of(id, "heard")) || of(id, "shown");
      cutWords?.words.forEach((word, place) => found.push([cutWords.starts[place], cutWords.ends[place], word]));
    }
    found.sort((one, other) => one[0] - other[0]);
    return { starts: Float64Array.from(found, ([start]) => start), ends: Float64Array.from(found, ([, end]) => end), words: found.map(([, , word]) => word) };
  }

  for (const { id } of answers) of(id, "shown");
  const indexes = { shown: timed("shown"), heard: null };

  return {
    /** The moment of a word's element; null for one that was not spoken. */
    momentOf(word) {
      const { of: id, words: kind } = word.closest("[data-words]").dataset;
      return spoken.has(id) ? of(id, kind).starts[Number(word.dataset.word)] : null;
    },
    /** Marks the word that is said at this time, and gives its element when it is another than before. */
    say(ms) {
      const { starts, ends, words } = indexes[version];
      const place = placeOf(starts, ms);
      const word = place >= 0 && ms < ends[place] + WORD_STAYS_MS ? words[place] : null;
      if (word === now) return null;
      now?.classList.remove("word--now");
      word?.classList.add("word--now");
      now = word;
      return word;
    },
    /** Marks these words as quotes, instead of what was marked: [{id, first, last}]. Gives the first mark's element. */
    mark(quotes) {
      for (const mark of marks) mark.replaceWith(...mark.childNodes);
      marks = merged(quotes).flatMap(({ id, first, last }) => around(of(id, "shown")?.words, first, last));
      return marks[0] ?? null;
    },
    now: () => now,
    version: () => version,
    /** Shows the words as corrected ("shown") or as they were heard ("heard"). */
    show(kind) {
      version = kind;
      indexes.heard ??= timed("heard");
      for (const [id, element] of elements.heard) {
        element.hidden = kind !== "heard";
        elements.shown.get(id).hidden = kind === "heard";
      }
      now?.classList.remove("word--now");
      now = null;
    },
  };
}

/** Quotes that overlap as one. */
function merged(quotes) {
  const found = [];
  for (const quote of [...quotes].sort((one, other) => one.id.localeCompare(other.id) || one.first - other.first)) {
    const before = found.at(-1);
    if (before?.id === quote.id && quote.first <= before.last + 1) before.last = Math.max(before.last, quote.last);
    else found.push({ ...quote });
  }
  return found;
}

function around(words, first, last) {
  if (!words?.[first] || !words[last]) return [];
  const range = document.createRange();
  range.setStartBefore(words[first]);
  range.setEndAfter(words[last]);
  const mark = document.createElement("mark");
  mark.className = "review-quote";
  range.surroundContents(mark);
  return [mark];
}
