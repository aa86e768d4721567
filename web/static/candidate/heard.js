// The words of the open answer as the server has heard them: utterances that are final, and the one being spoken.

import { interviewLanguage } from "./i18n.js";

/** Words as a reader writes them: Chinese without spaces, except between two Latin words. */
export function joinWords(words) {
  const texts = words.map((word) => (typeof word === "string" ? word : word.text));
  if (!interviewLanguage.startsWith("zh")) return texts.join(" ");
  return texts.reduce((line, text) => line + (/[\w]$/.test(line) && /^\w/.test(text) ? " " : "") + text, "");
}

/** What stands between two stretches of speech: nothing in Chinese. */
export const separator = interviewLanguage.startsWith("zh") ? "" : " ";

/** What was heard for one question. */
export class Heard {
  questionId = null;
  #finals = new Map(); // utterance number → text
  #live = null; // {number, committed, tentative}

  /** Starts from what the server has in its log. */
  reset(questionId, utterances) {
    this.questionId = questionId;
    this.#finals = new Map(utterances.map(({ number, words }) => [number, joinWords(words)]));
    this.#live = null;
  }

  /** Takes an utterance that will not change any more. */
  settle(number, words) {
    this.#finals.set(number, joinWords(words));
    if (this.#live && this.#live.number <= number) this.#live = null;
  }

  /** Takes what is known of the utterance being spoken. */
  listen({ utterance_number: number, committed, tentative }) {
    if (this.#finals.has(number)) return;
    const nothing = committed.length + tentative.length === 0;
    this.#live = nothing ? null : { number, committed: joinWords(committed), tentative: joinWords(tentative) };
  }

  /** {number, text} of every final utterance, in order. */
  get finals() {
    return [...this.#finals].sort(([one], [other]) => one - other).map(([number, text]) => ({ number, text }));
  }

  get live() {
    return this.#live;
  }

  get empty() {
    return this.#finals.size === 0 && !this.#live;
  }

  /** The last words that are safe with the server, to go on from; "" when there are none. */
  get lastWords() {
    const text = this.finals.map((utterance) => utterance.text).join(separator);
    const last = separator === "" ? text.slice(-16) : text.split(" ").slice(-8).join(" ");
    return last.replace(/[.,!?。，！？、]+$/, "");
  }
}

/** Text with more words behind it. */
export function appended(text, more) {
  if (!more) return text;
  return text.trim() ? text.replace(/\s+$/, "") + separator + more : more;
}
