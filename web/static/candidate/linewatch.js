// Whether the voice arrives: what this end and the server know of the line, told above everything, and a new try.

import * as banner from "./banner.js";

const DEAD_LINE_MS = 500;
const SECOND_TRY_MS = 5000;

export class LineWatch {
  down = false; // the voice does not arrive, so the interview clock stands still
  #interview;
  #unheard = false; // the server says that no sound arrives
  #wasLost = false;
  #deadLine = 0;

  /** onBack(): the line stands again after it was lost. */
  constructor(interview, onBack) {
    this.#interview = interview;
    interview.line.addEventListener("change", () => this.#changed(onBack));
  }

  /** The server says whether sound arrives. When not: first another way, then, if that did not help, a new line. */
  serverHears(state) {
    const { line, media } = this.#interview;
    clearTimeout(this.#deadLine);
    this.#unheard = state === "lost" || state === "closed";
    this.#tell();
    this.#interview.changed();
    if (!this.#unheard || !media.audio || media.audio.muted) return;
    this.#deadLine = setTimeout(() => {
      if (line.state === "connected") line.recover();
      this.#deadLine = setTimeout(() => line.state === "connected" && line.reconnect(), SECOND_TRY_MS);
    }, DEAD_LINE_MS);
  }

  #changed(onBack) {
    const { state } = this.#interview.line;
    this.#tell();
    if (state === "lost") this.#wasLost = true;
    if (state === "connected" && this.#wasLost) {
      this.#wasLost = false;
      onBack();
    }
    this.#interview.changed();
  }

  /** Says above everything that the voice does not arrive, and that it does again. */
  #tell() {
    const { line, live, media, mode } = this.#interview;
    const held = !["idle", "refused"].includes(line.state);
    const missed = held && (line.state === "lost" || this.#unheard || line.excuse);
    const listens = live && this.#interview.allows("voice") && mode === "voice" && media.audio;
    this.down = Boolean(missed && listens);
    if (missed && listens) banner.lost("line", line.excuse);
    else if (line.state === "connected" || !listens) banner.back("line");
  }
}
