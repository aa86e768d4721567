// How the candidate answers: what they allowed and prefer, as far as it is possible now.

export class Wishes {
  lookingOver = null; // id of the question whose spoken and typed words are looked at together before they are sent
  #snapshot;

  /** snapshot(): what the server said last. */
  constructor(snapshot) {
    this.#snapshot = snapshot;
  }

  allows(purpose) {
    return this.#snapshot().consents?.[purpose] === true;
  }

  /** "voice" or "typed": what the candidate wants, as far as it is possible now. */
  get mode() {
    const here = this.lookingOver === this.#snapshot().question?.id ? "typed" : this.prefers;
    return this.canSpeak && here === "voice" ? "voice" : "typed";
  }

  get canSpeak() {
    return this.allows("voice") && !this.deaf && !this.onlyTyped;
  }

  /** The open question is not for speaking. */
  get onlyTyped() {
    const { question } = this.#snapshot();
    return Boolean(question?.only_typed) || question?.kind === "fact";
  }

  /** Speech cannot be recognised at all; while that only starts or fails, it is kept and recognised later. */
  get deaf() {
    const { available, loading, failing } = this.#snapshot().recognition;
    return !available && !loading && !failing;
  }

  /** "voice" or "typed": kept on this device, over refreshes and questions. */
  get prefers() {
    return localStorage.getItem(this.#key) ?? "voice";
  }

  set prefers(mode) {
    localStorage.setItem(this.#key, mode);
  }

  /** The camera's picture goes to the server: it is recorded, or looked at, or both. */
  get pictureSent() {
    return this.allows("voice") && (this.allows("recording") || this.allows("expression"));
  }

  get cameraWanted() {
    return this.pictureSent && sessionStorage.getItem("camera") !== "off";
  }

  get #key() {
    return `mode:${this.#snapshot().interview_id}`;
  }
}
