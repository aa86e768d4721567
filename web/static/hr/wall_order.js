// Which card stands where: those that need a person first, and nothing that jumps about under the reader. Pure.

import { NEEDS } from "./attention.js";
import { groupOf } from "./wall_query.js";

/** A need must be gone this long before its card goes back: a line that flickers must not make cards dance. */
export const SETTLES_AFTER_MS = 8_000;

export class Order {
  /** id → {rank, since, reason, lowerSince}, times in milliseconds: where the card stands, which lags behind when its need is over. */
  #standing = new Map();
  #shown = [];

  /** How many interviews it remembers. */
  get size() {
    return this.#standing.size;
  }

  /**
   * items: [{view, need}] → {groups: [{key, place, …, items}], moved}. held: the reader is in the list; every card
   * that is there stays in its place, and what is new comes behind; moved: whether cards would stand elsewhere.
   */
  arrange(items, { grouping, held, now }) {
    const byId = new Map(items.map((item) => [item.view.interview_id, item]));
    for (const id of this.#standing.keys()) if (!byId.has(id)) this.#standing.delete(id);
    for (const { view, need } of items) this.#stand(view.interview_id, need, now);
    const best = this.#best(items, grouping);
    const groups = held ? this.#keep(best, byId) : best;
    this.#shown = groups.map(({ items: inside, ...group }) => ({ ...group, ids: inside.map(({ view }) => view.interview_id) }));
    return { groups, moved: held && line(groups) !== line(best) };
  }

  /** How this card stands in the order: {rank, since}, which may lag behind its need. */
  standing(id) {
    return this.#standing.get(id) ?? { rank: 0, since: 0 };
  }

  #stand(id, { rank, since, reason }, now) {
    const before = this.#standing.get(id);
    const falls = before && rank < before.rank && before.rank >= NEEDS;
    const lowerSince = falls ? (before.lowerSince ?? now) : null;
    if (falls && now - lowerSince < SETTLES_AFTER_MS) before.lowerSince = lowerSince;
    else if (before?.reason === reason && before.rank === rank) before.lowerSince = null; // the moment it began stays
    else this.#standing.set(id, { rank, reason, since: since ? Date.parse(since) : now, lowerSince: null });
  }

  #best(items, grouping) {
    const groups = new Map();
    for (const item of [...items].sort((a, b) => this.#compare(a, b))) {
      const group = groupOf(item.view, this.standing(item.view.interview_id).rank >= NEEDS, grouping);
      if (!groups.has(group.key)) groups.set(group.key, { ...group, items: [] });
      groups.get(group.key).items.push(item);
    }
    return [...groups.values()].sort((a, b) => a.place - b.place || a.key.localeCompare(b.key));
  }

  /** The more urgent first, then who has waited longest; where nobody is needed, by when they began. */
  #compare(a, b) {
    const [one, other] = [this.standing(a.view.interview_id), this.standing(b.view.interview_id)];
    const [rank, otherRank] = [one, other].map(({ rank: its }) => (its >= NEEDS ? its : 0));
    const waiting = rank > 0 ? one.since - other.since : 0;
    const began = ({ view }) => view.started_at ?? "";
    return otherRank - rank || (rank === otherRank ? waiting : 0) || began(a).localeCompare(began(b)) || a.view.interview_id.localeCompare(b.view.interview_id);
  }

  #keep(best, byId) {
    const placed = new Set();
    const groups = this.#shown.map(({ ids, ...group }) => {
      const there = ids.filter((id) => byId.has(id));
      for (const id of there) placed.add(id);
      return { ...group, items: there.map((id) => byId.get(id)) };
    });
    for (const { items, ...group } of best) {
      const fresh = items.filter(({ view }) => !placed.has(view.interview_id));
      const there = groups.find(({ key }) => key === group.key);
      if (there) there.items.push(...fresh);
      else if (fresh.length > 0) groups.push({ ...group, items: fresh });
    }
    return groups.filter(({ items }) => items.length > 0);
  }
}

const line = (groups) => groups.map(({ key, items }) => `${key}\n${items.map(({ view }) => view.interview_id)}`).join("\n\n");
