// The wall's groups and cards on the page: placed as the order says, painted once a frame, words not more often than read.

import { h } from "./dom.js";
import { say, t } from "./text.js";
import { Card } from "./wall_card.js";

const WORDS_EVERY_MS = 200;
const UNSEEN_WORDS_EVERY_MS = 2_000;
const NEAR_SCREEN = "300px";

export class CardList {
  /** state(id): {view, need, standing}, null when it is not there any more. */
  constructor(root, state) {
    this.#root = root;
    this.#state = state;
    this.#onScreen = new IntersectionObserver((seen) => this.#see(seen), { rootMargin: NEAR_SCREEN });
  }

  #root;
  #state;
  #onScreen;
  #cards = new Map();
  #sections = new Map();
  #count = 0;
  #marks = new Map();
  #frame = 0;
  #timer = 0;

  /** How many cards it holds. */
  get size() {
    return this.#cards.size;
  }

  card(id) {
    return this.#cards.get(id) ?? null;
  }

  /** The cards as they stand on the page. */
  inOrder() {
    return [...this.#root.querySelectorAll(".wall-card")].map((element) => this.#cards.get(element.dataset.key));
  }

  /** what: "all" or "words" of this card is to be painted. */
  mark(id, what) {
    if (!this.#cards.has(id)) return;
    if (what === "all" || !this.#marks.has(id)) this.#marks.set(id, what);
    this.#ask();
  }

  /** Lets the page have these groups, and nothing else. */
  place(groups) {
    const focused = document.activeElement;
    const wanted = new Set(groups.flatMap(({ items }) => items.map(({ view }) => view.interview_id)));
    for (const [id, card] of this.#cards) if (!wanted.has(id)) this.#drop(id, card);
    const sections = groups.map((group) => this.#section(group));
    arrange(this.#root, sections.map(({ element }) => element));
    groups.forEach((group, at) => {
      arrange(sections[at].list, group.items.map(({ view }) => this.#cardOf(view).element));
      say(sections[at].title, titleOf(group));
      say(sections[at].count, String(group.items.length));
    });
    const keys = new Set(groups.map(({ key }) => key));
    for (const key of this.#sections.keys()) if (!keys.has(key)) this.#sections.delete(key);
    // Moving an element takes its focus away.
    if (focused !== document.activeElement && this.#root.contains(focused)) focused.focus({ preventScroll: true });
  }

  #section(group) {
    const there = this.#sections.get(group.key);
    if (there) return there;
    const titleId = `group-${(this.#count += 1)}`;
    const title = h("span", {});
    const count = h("span", { class: "badge" });
    const list = h("ul", { class: "wall-list wall-grid", role: "list" });
    const id = ["needing", "running", "just-done"].includes(group.key) ? group.key : null;
    const element = h("section", { id, class: `wall-section wall-section--${id ?? "group"}`, "aria-labelledby": titleId }, h("h2", { id: titleId }, title, " ", count), list);
    const section = { element, title, count, list };
    this.#sections.set(group.key, section);
    return section;
  }

  #cardOf(view) {
    const there = this.#cards.get(view.interview_id);
    if (there) return there;
    const card = new Card(view);
    this.#cards.set(card.id, card);
    this.#onScreen.observe(card.element);
    this.#paint(card, "all", Date.now());
    return card;
  }

  #drop(id, card) {
    this.#cards.delete(id);
    this.#marks.delete(id);
    this.#onScreen.unobserve(card.element);
    card.element.remove();
  }

  #see(seen) {
    for (const { target, isIntersecting } of seen) {
      const card = this.#cards.get(target.dataset.key);
      if (!card) continue;
      card.visible = isIntersecting;
      if (isIntersecting && this.#marks.has(card.id)) this.#ask();
    }
  }

  #ask() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#frame = 0;
    const now = Date.now();
    let rest = Infinity;
    for (const [id, what] of this.#marks) {
      const card = this.#cards.get(id);
      const wait = what === "all" ? 0 : card.wordsAt + (card.visible ? WORDS_EVERY_MS : UNSEEN_WORDS_EVERY_MS) - now;
      if (wait > 0) {
        rest = Math.min(rest, wait);
        continue;
      }
      this.#marks.delete(id);
      this.#paint(card, what, now);
    }
    clearTimeout(this.#timer);
    if (rest < Infinity) this.#timer = setTimeout(() => this.#ask(), rest);
  }

  #paint(card, what, now) {
    const state = this.#state(card.id);
    if (!state) return;
    if (what === "words") card.showWords(state.view, now);
    else card.show(state.view, state.need, state.standing, now);
  }

  /** Lets the times that needs have lasted go on. */
  tick(now) {
    for (const card of this.#cards.values()) {
      const state = card.visible ? this.#state(card.id) : null;
      if (state?.need.since || state?.standing.rank) card.showNeed(state.view, state.need, state.standing, now);
    }
  }
}

function titleOf({ key, text, number }) {
  if (text) return text;
  if (number) return t("wall.group_question", { n: number });
  return { needing: t("section_needing"), running: t("section_running"), "just-done": t("section_just_done"), all: t("wall.group_all"), practice: t("wall.group_practice") }[key] ?? t(key);
}

/** Makes these the parent's children, in order, and moves as few as it can. */
function arrange(parent, elements) {
  let at = parent.firstElementChild;
  for (const element of elements) {
    if (at !== element && at?.nextElementSibling === element) {
      const gone = at; // stands elsewhere from now on, or nowhere
      at = element;
      gone.remove();
    }
    if (at === element) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  while (at) {
    const gone = at;
    at = at.nextElementSibling;
    gone.remove();
  }
}
