// Keeps the word that is being said in sight, until the reader scrolls themselves.

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const ROOM = 0.2;

/** Scrolls an element to the middle of what the page shows. */
export function bring(element, block = "center") {
  element.scrollIntoView({ block, behavior: calm.matches ? "auto" : "smooth" });
}

/** wanted: checkbox "follow the words", or null; again: the button that leads back. Gives `word(element)` and `on()`. */
export function follower(wanted, again, { isPlaying, now }) {
  let away = false;

  function leave({ target }) {
    if (!wanted?.checked || !isPlaying()) return;
    // The lists beside the words scroll by themselves.
    if (target instanceof Element && target.closest("[data-panel]")) return;
    away = true;
    again.hidden = false;
  }

  function back() {
    away = false;
    again.hidden = true;
  }

  // Only what a reader does: a scroll event would also come from our own scrolling.
  document.addEventListener("wheel", leave, { passive: true });
  document.addEventListener("touchmove", leave, { passive: true });
  document.addEventListener("keydown", (event) => {
    if (["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"].includes(event.key)) leave(event);
  });
  again.addEventListener("click", () => {
    back();
    if (now()) bring(now());
  });
  wanted?.addEventListener("change", back);

  return {
    /** A new word is said. */
    word(element) {
      if (!wanted?.checked || away || !isPlaying()) return;
      const { top, bottom } = element.getBoundingClientRect();
      // Below a player that covers the top of a phone's screen: the page says how far that reaches.
      const covered = Number.parseFloat(getComputedStyle(element).scrollMarginTop) || 0;
      const room = innerHeight * ROOM;
      if (top < covered + 20 || bottom > innerHeight - room) bring(element);
    },
    /** The reader asked for a moment: what is said there is followed again. */
    on: back,
  };
}
