// The text field's content: kept on this device at once and on the server a moment later.

import { ApiError, call, insist } from "./api.js";
import { delayMs } from "./backoff.js";

const QUIET_MS = 700;

/** The draft of one question. onState("saving" | "saved" | "local"). kind: its address, draft or correction. */
export class Draft {
  #key;
  #path;
  #timer = 0;
  #busy = false;
  #savedText;
  #attempt = 0;
  #closed = false;

  constructor(interviewId, question, onState, kind = "draft") {
    this.#key = `${kind}:${interviewId}:${question.id}`;
    this.#path = `/questions/${encodeURIComponent(question.id)}/${kind}`;
    this.onState = onState;
    const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null");
    this.#savedText = question.draft ?? "";
    this.text = kept?.text ?? this.#savedText;
    /** Whether somebody typed in it; else it holds spoken words only. */
    this.edited = kept?.edited ?? this.text !== "";
    /** Numbers of the utterances that are in the text already. */
    this.merged = new Set(kept?.merged ?? []);
    if (this.text !== this.#savedText) this.#later(0);
  }

  set(text) {
    this.text = text;
    localStorage.setItem(this.#key, JSON.stringify({ text, edited: this.edited, merged: [...this.merged] }));
    if (text === this.#savedText) return;
    this.onState("saving");
    this.#later(QUIET_MS);
  }

  /** Forgets it on this device: the answer has arrived. */
  forget() {
    this.close();
    localStorage.removeItem(this.#key);
  }

  /** Takes over what the server has got by itself. */
  settled(text) {
    this.text = this.#savedText = text;
    localStorage.removeItem(this.#key);
  }

  /** Saves what is not saved yet; resolves when the server has it. Throws ApiError when it is refused. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.text === this.#savedText) return;
    const text = this.text;
    await insist("PUT", this.#path, { text, cleared: text === "" });
    this.#savedText = text;
    this.onState("saved");
  }

  /** Lets everything go, on this device too, because the answer starts again. Gives a way back for when it does not. */
  drop() {
    const kept = localStorage.getItem(this.#key);
    this.forget();
    return () => {
      this.#closed = false;
      if (kept !== null) localStorage.setItem(this.#key, kept);
    };
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), ms);
  }

  async #save() {
    if (this.#closed || this.text === this.#savedText) return;
    if (this.#busy) return this.#later(QUIET_MS);
    const text = this.text;
    this.#busy = true;
    try {
      await call("PUT", this.#path, { text, cleared: text === "" });
      this.#savedText = text;
      this.#attempt = 0;
      if (!this.#closed) this.onState(this.text === text ? "saved" : "saving");
    } catch (error) {
      if (!this.#closed) this.onState("local");
      if (!(error instanceof ApiError)) this.#later(delayMs((this.#attempt += 1)));
    } finally {
      this.#busy = false;
    }
    return undefined;
  }
}
