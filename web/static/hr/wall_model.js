// What the wall knows: one lean view for each interview that runs or waits. Nothing of the page is touched here.

import { apply, fromCard } from "./interview.js";

/** How long a finished card stays before it leaves. */
export const LEAVES_AFTER_MS = 5 * 60_000;
/** An interview that is not for this wall is not asked for again with each of its events. */
const IGNORED_FOR_MS = 60_000;
const UTTERANCES_KEPT = 6;
const WORDS_KEPT = 60;
const OF_SIGNALS = ["line", "lineAt", "packetLoss", "faces"];
const SCORE = ["total", "withheld", "coverage", "confidence", "provisional"];

export class WallModel {
  /** read(id): the card of one interview from the server, null when there is none for this reader. changed(id, "all" |
   * "words"): its view is another; removed(id): it left. now(): milliseconds. */
  constructor({ read, changed, removed = () => {}, now = Date.now }) {
    this.views = new Map();
    this.#read = read;
    this.#changed = changed;
    this.#removed = removed;
    this.#now = now;
  }

  #read;
  #changed;
  #removed;
  #now;
  #flows = {};
  /** Interviews being read again → what came for them meanwhile. */
  #pending = new Map();
  #ignored = new Map();

  /** How many entries it holds, of all kinds: it must not grow. */
  get size() {
    return this.views.size + this.#pending.size + this.#ignored.size;
  }

  /** Begins anew; what finished a moment ago stays for its while, and so does what only signals tell. */
  replace(snapshot) {
    const before = new Map(this.views);
    this.views.clear();
    this.#ignored.clear();
    this.#flows = snapshot.flows;
    for (const card of snapshot.interviews) {
      const known = before.get(card.interview_id);
      if (known || !isOver(card)) this.#add(card, known);
    }
    for (const [id, view] of before) {
      if (this.views.has(id)) continue;
      if (isOver(view)) this.views.set(id, view);
      else this.#removed(id);
    }
  }

  take(type, message) {
    if (type === "snapshot") return this.replace(message);
    const id = message.interview_id;
    const queue = this.#pending.get(id);
    if (queue) return void queue.push([type, message]);
    const view = this.views.get(id);
    if (!view && this.#now() < (this.#ignored.get(id) ?? 0)) return undefined;
    const result = view ? apply(view, type, message) : "gap";
    if (result === "gap") return this.#readAgain(id);
    if (result === "applied") this.#settle(view, type);
    return undefined;
  }

  /** Lets finished interviews go, and forgets who was ignored. */
  expire() {
    const now = this.#now();
    for (const [id, view] of this.views) {
      if (isOver(view) && now - view.overAt >= LEAVES_AFTER_MS) {
        this.views.delete(id);
        this.#ignore(id);
        this.#removed(id);
      }
    }
    for (const [id, until] of this.#ignored) if (until <= now) this.#ignored.delete(id);
  }

  #ignore(id) {
    this.#ignored.set(id, this.#now() + IGNORED_FOR_MS);
  }

  #add(card, before) {
    const view = fromCard(card, this.#flows);
    view.heardAt = Math.min(this.#now(), Math.max(Date.parse(card.at), before?.heardAt ?? 0));
    if (before) for (const key of OF_SIGNALS) view[key] = before[key];
    if (before?.score && !view.score) view.score = before.score;
    view.overAt = isOver(view) ? (before?.overAt ?? this.#now()) : null;
    this.views.set(view.interview_id, view);
    this.#changed(view.interview_id, "all");
  }

  async #readAgain(id) {
    const meanwhile = [];
    this.#pending.set(id, meanwhile);
    const card = await this.#read(id).catch(() => null);
    this.#pending.delete(id);
    const before = this.views.get(id);
    // A finished one that speaks up again (feedback) belongs to the list below, not to the wall.
    if (!card || card.is_trial || (!before && card.status === "completed")) {
      if (before && card && this.views.delete(id)) this.#removed(id);
      this.#ignore(id);
      return;
    }
    if (card.flow) this.#flows[card.flow_id] = card.flow;
    this.#add(card, before);
    for (const [type, message] of meanwhile) this.take(type, message);
  }

  /** Keeps of a view what a card shows: it may run for hours. */
  #settle(view, type) {
    const words = type === "transcript";
    if (type === "scores" && view.score) view.score = Object.fromEntries(SCORE.map((key) => [key, view.score[key]]));
    if (!words && type !== "scores") prune(view);
    if (isOver(view)) view.overAt ??= this.#now();
    else view.overAt = null;
    this.#changed(view.interview_id, words ? "words" : "all");
  }
}

/** Whether nothing more happens on the wall: it is finished, or a person has taken the candidate over. */
export const isOver = (view) => view.status === "completed" || Boolean(view.handed_over);

function prune(view) {
  const kept = [...view.answers.values()].at(-1);
  if (view.answers.size > 1) view.answers = new Map([[kept.question_id, kept]]);
  view.faults = view.faults.filter(({ lost_ms: lost }) => lost === null);
  view.recording.gaps = [];
  view.interventions = [];
  if (!kept) return;
  if (kept.utterances.length > UTTERANCES_KEPT) kept.utterances = kept.utterances.slice(-UTTERANCES_KEPT);
  const said = kept.transcript?.words ?? [];
  if (said.length > WORDS_KEPT) kept.transcript = { ...kept.transcript, words: said.slice(-WORDS_KEPT) };
  Object.assign(kept, { score: null, observations: [], delivery: null, heard: null, earlier_attempts: "", draft: kept.draft?.slice(-200) ?? "" });
}
