// Whether the reader is in the list, with the mouse or by keys: then no card changes its place.

/** A mouse left lying must not hold the wall for the day. */
const MOUSE_MS = 20_000;
const KEYS_MS = 60_000;

export class Hold {
  /** released(): nothing holds the order any more. */
  constructor(root, released) {
    this.#root = root;
    root.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.#mouse());
    root.addEventListener("wheel", () => this.#mouse(), { passive: true });
    root.addEventListener("pointerleave", () => {
      this.#mouseAt = 0;
      released();
    });
    root.addEventListener("focusin", ({ target }) => target.matches(":focus-visible") && this.touch());
    root.addEventListener("keydown", () => this.touch());
    root.addEventListener("focusout", ({ relatedTarget }) => {
      if (root.contains(relatedTarget)) return;
      this.#keysAt = 0;
      released();
    });
  }

  #root;
  #mouseAt = 0;
  #keysAt = 0;

  get held() {
    const now = Date.now();
    const keys = this.#root.contains(document.activeElement) && now - this.#keysAt < KEYS_MS;
    return keys || now - this.#mouseAt < MOUSE_MS;
  }

  /** A card was given the focus. */
  touch() {
    this.#keysAt = Date.now();
  }

  /** Lets go, until the reader moves again. */
  release() {
    this.#mouseAt = 0;
    this.#keysAt = 0;
  }

  #mouse() {
    this.#mouseAt = Date.now();
  }
}
