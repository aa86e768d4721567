// Microphone, camera and speaker: asking for them, choosing another one, noticing when one goes away.

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } };

const PROBLEMS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
  OverconstrainedError: "unfit",
};

/** Why a device did not start: denied, missing, busy, unfit, insecure, unsupported or other. */
export function problemOf(error) {
  return PROBLEMS[error.name] ?? "other";
}

/** The key of the sentence for a problem with a device ("microphone" or "camera"). */
export function problemText(problem, device) {
  const general = ["insecure", "unsupported", "other"].includes(problem);
  return general ? `media_${problem}` : `media_${problem}_${device}`;
}

/** Holds at most one microphone and one camera track. Dispatches "change" when tracks, devices or problems change. */
export class Media extends EventTarget {
  audio = null; // MediaStreamTrack
  video = null;
  problems = { audio: null, video: null };
  devices = { audio: [], video: [], output: [] };
  silent = false; // the microphone gives nothing at all, even after it was asked for anew
  #revived = false; // asked for anew since it last gave sound
  replacement = null; // name of the microphone that took the place of one that went away
  #chosen = { audio: localStorage.getItem("microphone"), video: localStorage.getItem("camera") };

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#devicesChanged());
  }

  /** Asks for the kinds wanted; never throws: what did not work stands in `problems`. */
  async open({ audio, video }) {
    const impossible = this.#impossible();
    if (impossible) {
      if (audio) this.problems.audio = impossible;
      if (video) this.problems.video = impossible;
      return this.#changed();
    }
    // Together first: the browser then asks once. Apart when that fails: a missing camera must not cost the voice.
    if (audio && video && (await this.#ask(["audio", "video"])) === null) return this.#listed();
    if (audio) this.problems.audio = await this.#ask(["audio"]);
    if (video) this.problems.video = await this.#ask(["video"]);
    return this.#listed();
  }

  /** The speaker to play by: its id, or "" for the standard one. */
  get speaker() {
    const chosen = localStorage.getItem("speaker");
    return this.devices.output.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  }

  chooseSpeaker(deviceId) {
    localStorage.setItem("speaker", deviceId);
    this.#changed();
  }

  /** Switches to another device; the old track goes on until the new one is there. */
  async choose(kind, deviceId) {
    this.#chosen[kind] = deviceId;
    this.replacement = null;
    localStorage.setItem(kind === "audio" ? "microphone" : "camera", deviceId);
    this.problems[kind] = await this.#ask([kind]);
    await this.#listed();
  }

  stop(kind) {
    this[kind]?.stop();
    this[kind] = null;
    this.problems[kind] = null;
    this.#changed();
  }

  /** Asks anew for what was on and looks dead: phones leave such tracks behind after a call. */
  async revive() {
    for (const kind of ["audio", "video"]) {
      const track = this[kind];
      if (track && (track.readyState === "ended" || track.muted)) this.problems[kind] = await this.#ask([kind]);
    }
    await this.#listed();
  }

  /** The microphone gives nothing but zeros (or sound again). Asked for anew once; after that the person is told. */
  async fellSilent(silent) {
    if (silent && !this.#revived) {
      this.#revived = true;
      this.problems.audio = await this.#ask(["audio"]);
      return this.#listed();
    }
    this.#revived = silent;
    if (silent === this.silent) return undefined;
    this.silent = silent;
    return this.#changed();
  }

  /** The device in use, or "". */
  current(kind) {
    return this[kind]?.getSettings().deviceId ?? "";
  }

  #impossible() {
    if (navigator.mediaDevices?.getUserMedia) return window.RTCPeerConnection ? null : "unsupported";
    return window.isSecureContext ? "unsupported" : "insecure";
  }

  async #ask(kinds) {
    const constraints = {};
    if (kinds.includes("audio")) constraints.audio = this.#with(AUDIO, this.#chosen.audio);
    if (kinds.includes("video")) constraints.video = this.#with(VIDEO, this.#chosen.video);
    try {
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      for (const track of stream.getTracks()) this.#take(track);
      for (const kind of kinds) this.problems[kind] = null;
      return null;
    } catch (error) {
      const remembered = kinds.filter((kind) => this.#chosen[kind]);
      if (error.name === "OverconstrainedError" && remembered.length) {
        // The device of last time is gone: take what the browser offers.
        for (const kind of remembered) this.#chosen[kind] = null;
        return this.#ask(kinds);
      }
      return problemOf(error);
    }
  }

  #with(constraints, deviceId) {
    return deviceId ? { ...constraints, deviceId: { exact: deviceId } } : constraints;
  }

  #take(track) {
    const kind = track.kind;
    track.contentHint = kind === "audio" ? "speech" : "motion";
    this[kind]?.stop();
    this[kind] = track;
    track.addEventListener("ended", () => this[kind] === track && this.#gone(kind));
    // After a phone call some phones leave a track that looks alive and is silent.
    track.addEventListener("mute", () => setTimeout(() => this[kind] === track && track.muted && this.#gone(kind), 3000));
    track.addEventListener("unmute", () => this[kind] === track && this.#ask([kind]).then(() => this.#listed()));
  }

  async #gone(kind) {
    this.#chosen[kind] = null;
    this.problems[kind] = await this.#ask([kind]);
    if (this.problems[kind]) {
      this[kind]?.stop();
      this[kind] = null;
    } else if (kind === "audio") {
      this.replacement = this.audio.label;
    }
    await this.#listed();
  }

  async #devicesChanged() {
    await this.#list();
    for (const kind of ["audio", "video"]) {
      if (this[kind] && !this.devices[kind].some((device) => device.deviceId === this.current(kind))) await this.#gone(kind);
    }
    this.#changed();
  }

  async #list() {
    const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    this.devices.audio = found.filter((device) => device.kind === "audioinput");
    this.devices.video = found.filter((device) => device.kind === "videoinput");
    // Without an id nothing can be chosen: the browser names speakers only to pages that may use the microphone.
    this.devices.output = found.filter((device) => device.kind === "audiooutput" && device.deviceId);
  }

  async #listed() {
    await this.#list();
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
