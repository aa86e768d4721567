// The interview clock as this page follows it between two snapshots, and the sentence that says when it stands still.

import { minutes, t } from "./i18n.js";

/** Milliseconds of interview time. The server's snapshot sets it; it goes on only while `run(true)`. */
export class Clock {
  #base = 0;
  #since = null; // moment from which it goes on, or null while it stands still

  set(ms, now = performance.now()) {
    this.#base = ms;
    if (this.#since !== null) this.#since = now;
  }

  run(yes, now = performance.now()) {
    if (yes === this.running) return;
    this.#base = this.ms(now);
    this.#since = yes ? now : null;
  }

  get running() {
    return this.#since !== null;
  }

  ms(now = performance.now()) {
    return this.#base + (this.#since === null ? 0 : now - this.#since);
  }
}

/** What stands beside the clock: that it stands still, and how much time has been given back; "" when neither. */
export function clockNote(interview) {
  const given = interview.snapshot.given_back_ms ?? 0;
  const back = given >= 1000 ? t("given_back", { time: minutes(given) }) : "";
  return [interview.clock.running ? "" : t("clock_still"), back].filter(Boolean).join(" · ");
}
