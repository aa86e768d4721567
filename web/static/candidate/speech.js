// Reading questions aloud with the browser's own voices.

const STARTING_MS = 2500;

/** Reads one text at a time. `muted` is remembered on this device. */
export class Reader {
  muted = localStorage.getItem("reader") === "muted";
  #lang;
  #cancel = () => {};

  constructor(lang) {
    this.#lang = lang;
    window.speechSynthesis?.getVoices(); // some browsers load their voices only when asked once
  }

  /** A voice for the interview's language, or null. */
  get voice() {
    const [base] = this.#lang.toLowerCase().split("-");
    const normal = (voice) => voice.lang.toLowerCase().replace("_", "-");
    const voices = (window.speechSynthesis?.getVoices() ?? []).filter((voice) => normal(voice).split("-")[0] === base);
    // "zh-HK" voices speak Cantonese: take them last.
    const rank = (voice) => (normal(voice) === this.#lang.toLowerCase() ? 0 : voice.localService ? 1 : 2) + (normal(voice) === "zh-hk" ? 9 : 0);
    return voices.sort((one, other) => rank(one) - rank(other))[0] ?? null;
  }

  setMuted(muted) {
    this.muted = muted;
    localStorage.setItem("reader", muted ? "muted" : "on");
    if (muted) this.stop();
  }

  /** Reads; resolves true when it was read or stopped, false when this device cannot. */
  async say(text) {
    this.stop();
    const voice = await this.#readyVoice();
    if (!voice) return false;
    return new Promise((done) => {
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.voice = voice;
      utterance.lang = voice.lang;
      utterance.rate = 0.97;
      const silent = setTimeout(() => finish(false), STARTING_MS);
      // Browsers that never report the end must not hold the interview up.
      const endless = setTimeout(() => finish(true), STARTING_MS + text.length * 400);
      const finish = (read) => {
        clearTimeout(silent);
        clearTimeout(endless);
        done(read);
      };
      utterance.addEventListener("start", () => clearTimeout(silent));
      utterance.addEventListener("end", () => finish(true));
      utterance.addEventListener("error", (event) => finish(["interrupted", "canceled"].includes(event.error)));
      this.#cancel = () => finish(true);
      window.speechSynthesis.speak(utterance);
    });
  }

  stop() {
    this.#cancel();
    window.speechSynthesis?.cancel();
  }

  async #readyVoice() {
    if (!window.speechSynthesis) return null;
    if (!this.voice && window.speechSynthesis.getVoices().length === 0) {
      await new Promise((done) => {
        setTimeout(done, 500);
        window.speechSynthesis.addEventListener("voiceschanged", done, { once: true });
      });
    }
    return this.voice;
  }
}
