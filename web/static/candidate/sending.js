// The answer on its way: kept on this device until the server has it, and taken up again after a refresh.

import { sleep } from "./backoff.js";

const TAIL_MS = 250; // sound still on its way when "finish" is pressed
const SLOW_MS = 8000;

/** Sends one answer at a time through the interview's commands. */
export class Sending {
  answer = null; // {question_id, mode, text, option}
  slow = false;
  #interview;

  constructor(interview) {
    this.#interview = interview;
  }

  /** Sends the open question's answer. Throws ApiError when it is refused. */
  async submit(mode, text, option = null) {
    const answer = { question_id: this.#interview.snapshot.question.id, mode, text, option };
    localStorage.setItem(this.#key, JSON.stringify(answer));
    if (mode === "voice") await sleep(TAIL_MS);
    await this.#send(answer);
  }

  /** Sends what was on its way when the page was closed, if its question is still open. */
  takeUp() {
    const interview = this.#interview;
    const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null");
    if (!kept) return;
    const open = interview.answering && interview.snapshot.question.id === kept.question_id;
    if (open) this.#send(kept).catch(() => interview.changed());
    else localStorage.removeItem(this.#key);
  }

  async #send(answer) {
    this.answer = answer;
    this.#interview.changed();
    const slowly = setTimeout(() => this.#setSlow(true), SLOW_MS);
    const path = `/questions/${encodeURIComponent(answer.question_id)}/answer`;
    try {
      await this.#interview.command(path, { mode: answer.mode, text: answer.text, option: answer.option ?? null });
    } finally {
      clearTimeout(slowly);
      localStorage.removeItem(this.#key);
      this.answer = null;
      this.#setSlow(false);
    }
  }

  #setSlow(slow) {
    this.slow = slow;
    this.#interview.changed();
  }

  get #key() {
    return `answer:${this.#interview.snapshot.interview_id}`;
  }
}
