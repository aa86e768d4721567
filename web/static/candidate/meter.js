// How loud the microphone is, for the level bar and for "we hear you".

const LOUD = 0.02; // root mean square of samples in -1…1: quiet speech into a laptop
const FAINT = 0.006;
const DEAD_MS = 4000; // no microphone gives nothing but zeros for so long, unless it is muted or taken away

/** Measures one track about 20 times a second and tells onLevel({level, heard, faint}); level: 0-1, logarithmic. */
export class Meter {
  #context = null;
  #timer = 0;
  #track = null;
  #soundAt = 0;
  #silent = false;

  /** onSilent(true): a track that should be heard gives nothing but zeros; onSilent(false): it gives sound again. */
  constructor(onLevel, onSilent = () => {}) {
    Object.assign(this, { onLevel, onSilent });
  }

  /** Measures this track from now on (null: none). */
  follow(track) {
    if (track === this.#track) return this.wake();
    this.stop();
    this.#track = track;
    this.#soundAt = performance.now();
    if (!track) return undefined;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => this.#measure(analyser, samples), 50);
    return this.wake();
  }

  /** Browsers hold sound back until somebody has touched the page, and after phone calls. */
  wake() {
    const asleep = this.#context && !["running", "closed"].includes(this.#context.state); // also iOS's "interrupted"
    if (asleep) this.#context.resume().catch(() => {});
  }

  stop() {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
    this.#track = null;
  }

  #measure(analyser, samples) {
    analyser.getFloatTimeDomainData(samples);
    this.#watch(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    const decibel = 20 * Math.log10(loudness + 1e-6);
    const level = Math.min(1, Math.max(0, (decibel + 60) / 50));
    this.onLevel({ level, heard: loudness > LOUD, faint: loudness > FAINT });
  }

  /** Tells of a dead microphone every four seconds until it gives sound. */
  #watch(samples) {
    const now = performance.now();
    const expected = this.#track.enabled && this.#context.state === "running";
    const sounds = samples.some((sample) => sample !== 0);
    if (sounds || !expected) this.#soundAt = now;
    if (sounds && this.#silent) this.onSilent((this.#silent = false));
    if (now - this.#soundAt <= DEAD_MS) return;
    this.#soundAt = now;
    this.onSilent((this.#silent = true));
  }
}
