// Keeps the screen on while the interview runs, where the browser can.

export class Awake {
  #lock = null;

  /** Keeps it on from now on; the browser lets go when the page is hidden, so this is asked again and again. */
  async hold() {
    if (this.#lock || !navigator.wakeLock || document.visibilityState !== "visible") return;
    this.#lock = navigator.wakeLock; // being asked for
    try {
      const lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", () => (this.#lock = null));
      this.#lock = lock;
    } catch {
      this.#lock = null; // low battery: the screen may sleep
    }
  }

  end() {
    this.#lock?.release?.();
    this.#lock = null;
  }
}
