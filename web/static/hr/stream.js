// What happens, for as long as a page is open: one line to the server for all tabs of this browser, held by one of them.
//
// A browser opens six connections to one server at most, and a line takes one. So the tabs choose a holder (a lock that
// the browser gives to the next when its tab goes), tell it what they wait for, and hear from it what comes. Where there
// are no locks (a page not served over HTTPS) each tab has a line of its own.

import { Line } from "./line.js";

const HOLDER = "hr-line";
const REOPEN_MS = 30;
const canShare = Boolean(navigator.locks && window.BroadcastChannel);

/** Where a page goes whose reader was signed out ("signed_out") or has lost the right to it ("rights"). */
export function ended(reason) {
  if (reason === "signed_out") location.replace(`/hr/sign-in?ended=1&next=${encodeURIComponent(location.pathname)}`);
  else location.reload();
}

/**
 * Calls `onMessage(type, data)` for each message of a topic, the wall's ("wall") or an interview's (its id), and
 * `onLine(open)` when the line opens or breaks. `seq()`: the last event that the page has; what is behind it comes.
 */
export function follow(topic, seq, onMessage, onLine) {
  const me = `${HOLDER} ${crypto.randomUUID?.() ?? Math.random()}`;
  let open = null;

  function show(now) {
    document.documentElement.dataset.line = now ? "open" : "lost";
    if (now !== open) onLine((open = now));
  }

  function hear(frame) {
    // Another tab of the same interview may have asked for what this page has already.
    if (frame.topic === topic && !(frame.seq !== null && topic !== "wall" && frame.seq <= seq())) onMessage(frame.type, JSON.parse(frame.text));
  }

  function end(reason, whose) {
    if (!whose || whose === topic) ended(reason);
  }

  const tell = { frame: hear, line: show, ended: ({ reason, whose }) => end(reason, whose) };
  if (!canShare) {
    const line = new Holder({ frame: hear, line: show, ended: end });
    line.join(me, topic, seq());
    return;
  }
  const channel = new BroadcastChannel(HOLDER);
  const join = () => channel.postMessage({ join: { id: me, topic, seq: seq() } });
  channel.addEventListener("message", ({ data }) => {
    if (data.who) join();
    else for (const [what, take] of Object.entries(tell)) if (what in data) take(data[what]);
  });
  // Held as long as this tab lives: the holder waits for it, and knows then that nobody is here any more. So it must be
  // held before the holder knows of this tab.
  navigator.locks.request(me, () => {
    join();
    return new Promise(() => {});
  });
  navigator.locks.request(HOLDER, () => {
    const others = (what, value) => channel.postMessage({ [what]: value });
    const holder = new Holder({
      frame: (frame) => (others("frame", frame), hear(frame)),
      line: (now) => (others("line", now), show(now)),
      ended: (reason, whose) => (others("ended", { reason, whose }), end(reason, whose)),
    });
    channel.addEventListener("message", ({ data }) => {
      if (!data.join) return;
      holder.join(data.join.id, data.join.topic, data.join.seq);
      navigator.locks.request(data.join.id, () => holder.leave(data.join.id));
    });
    holder.join(me, topic, seq());
    others("who", true);
    return new Promise(() => {});
  });
}

/** Holds the line for every tab that joins. */
class Holder {
  #tabs = new Map();
  #seqs = new Map();
  #line;
  #timer = 0;

  constructor({ frame, line, ended: end }) {
    this.#line = new Line({
      onFrame: (one) => {
        if (one.seq !== null && one.topic !== "wall") this.#seqs.set(one.topic, one.seq);
        frame(one);
      },
      onOpen: line,
      onEnded: end,
    });
  }

  /** seq: the last event that the tab has. */
  join(id, topic, seq) {
    if (this.#tabs.get(id)?.topic === topic) return;
    this.#tabs.set(id, { topic });
    const known = this.#seqs.get(topic);
    this.#seqs.set(topic, known === undefined ? seq : Math.min(known, seq));
    this.#reopen();
  }

  leave(id) {
    const gone = this.#tabs.get(id);
    this.#tabs.delete(id);
    if (!gone || [...this.#tabs.values()].some(({ topic }) => topic === gone.topic)) return;
    this.#seqs.delete(gone.topic);
    this.#reopen();
  }

  /** A new line with what all wait for now; several tabs that open at once cause one. */
  #reopen() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#line.open(() => this.#address()), REOPEN_MS);
  }

  #address() {
    const query = new URLSearchParams();
    for (const topic of new Set([...this.#tabs.values()].map((one) => one.topic))) {
      if (topic === "wall") query.append("wall", "1");
      else query.append("follow", `${topic}:${this.#seqs.get(topic) ?? 0}`);
    }
    return `/api/hr/events?${query}`;
  }
}
