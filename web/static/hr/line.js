// One line to the server: a response that never ends, read as server-sent events; it comes back by itself.

const COME_BACK_MS = 1000;
const COME_BACK_SLOWLY_MS = 15_000;
const NOT_ALLOWED = { 401: "signed_out", 403: "rights" };

export class Line {
  /** onFrame({topic, seq, type, text}): seq: null unless the event is stored; text: its JSON. onOpen(open); onEnded(reason). */
  constructor({ onFrame, onOpen, onEnded }) {
    Object.assign(this, { onFrame, onOpen, onEnded });
  }

  #reading = null;
  #timer = 0;
  #failures = 0;

  /** Asks for this address; `address()` gives it each time a line is made anew. */
  open(address) {
    this.close();
    const reading = (this.#reading = new AbortController());
    this.#read(address, reading).catch(() => {}).finally(() => {
      if (this.#reading !== reading) return; // closed, or another has taken its place
      this.onOpen(false);
      const wait = Math.min(COME_BACK_SLOWLY_MS, COME_BACK_MS * 2 ** this.#failures);
      this.#failures += 1;
      this.#timer = setTimeout(() => this.open(address), wait * (0.75 + Math.random() / 2));
    });
  }

  close() {
    clearTimeout(this.#timer);
    this.#reading?.abort();
    this.#reading = null;
  }

  async #read(address, reading) {
    const answer = await fetch(address(), { signal: reading.signal, headers: { Accept: "text/event-stream" } });
    const reason = NOT_ALLOWED[answer.status];
    if (reason) {
      this.close();
      this.onEnded(reason, null);
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    this.#failures = 0;
    this.onOpen(true);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#reading !== reading) return;
      const frames = (rest + value).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) this.#take(frame);
    }
  }

  #take(frame) {
    const fields = {};
    for (const line of frame.split("\n")) {
      const at = line.indexOf(": ");
      if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
    }
    if (!fields.event) return; // a comment that keeps the line alive
    const [topic, seq] = (fields.id ?? "").split(":");
    if (fields.event === "ended") this.#ended(JSON.parse(fields.data).reason, topic || null);
    else this.onFrame({ topic, seq: seq ? Number(seq) : null, type: fields.event, text: fields.data });
  }

  #ended(reason, topic) {
    if (!topic) this.close();
    this.onEnded(reason, topic);
  }
}
