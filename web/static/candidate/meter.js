// How loud the microphone is, for the level bar and for "we hear you".

const LOUD = 0.02; // root mean square of samples in -1…1: quiet speech into a laptop
const FAINT = 0.006;

/** Measures one track about 20 times a second and tells onLevel({level, heard, faint}); level: 0-1, logarithmic. */
export class Meter {
  #context = null;
  #timer = 0;
  #track = null;

  constructor(onLevel) {
    this.onLevel = onLevel;
  }

  /** Measures this track from now on (null: none). */
  follow(track) {
    if (track === this.#track) return this.wake();
    this.stop();
    this.#track = track;
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
    if (this.#context?.state === "suspended") this.#context.resume().catch(() => {});
  }

  stop() {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
    this.#track = null;
  }

  #measure(analyser, samples) {
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    const decibel = 20 * Math.log10(loudness + 1e-6);
    const level = Math.min(1, Math.max(0, (decibel + 60) / 50));
    this.onLevel({ level, heard: loudness > LOUD, faint: loudness > FAINT });
  }
}
