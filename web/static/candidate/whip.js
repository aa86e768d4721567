// The line that carries voice (and picture) to the server: WebRTC by WHIP, taken up again whenever it breaks.
//
// First the same line is led over another way (ICE restart); when that does not help within four seconds, a new one is
// made, again and again with growing pauses. The server goes on with the same interview either way.

import { delayMs } from "./backoff.js";
import { pageLanguage } from "./i18n.js";
import { answerWith, fragmentOf } from "./fragment.js";

const PATIENCE_MS = 2500; // how long a line may be disconnected before it is led over another way
const RESTART_MS = 4000; // how long that may take before the line is made anew
const CONNECTING_MS = 12_000;
const TRICKLE_MS = 50; // addresses found within so much time go out together
const CALM_MS = 2000; // between two changes of the network: phones tell of one several times
const VIDEO_ENCODING = { maxBitrate: 800_000, maxFramerate: 15 };
const FRAGMENT = "application/trickle-ice-sdpfrag";

/** One sending line. Dispatches "change" when `state` (idle, connecting, connected, lost, refused) or `excuse` does. */
export class Line extends EventTarget {
  state = "idle";
  since = 0; // when it came about, by performance.now()
  excuse = null; // the server's sentence why it cannot take the line yet
  #tracks = { audio: null, video: null };
  #peer = null;
  #location = null;
  #etag = "";
  #found = []; // addresses that are not told yet
  #attempt = 0;
  #timer = 0;
  #trickle = 0;
  #restarted = false; // led over another way since it was last connected
  #changedAt = 0;
  #round = 0; // every attempt has its own number, so that a late answer of an old one is let go

  constructor() {
    super();
    window.addEventListener("online", () => this.#networkChanged());
    navigator.connection?.addEventListener?.("change", () => this.#networkChanged());
  }

  /** Sends these tracks from now on. A new device takes its predecessor's place without a new line. */
  async send({ audio, video }) {
    const before = this.#tracks;
    this.#tracks = { audio, video };
    if (this.state === "refused") return undefined;
    if (this.state === "idle") return this.#connect();
    const sameShape = !before.audio === !audio && !before.video === !video;
    if (!sameShape) return this.reconnect();
    for (const sender of this.#peer?.getSenders() ?? []) {
      const track = this.#tracks[sender.track?.kind ?? ""];
      if (track && sender.track !== track) await sender.replaceTrack(track);
    }
    return undefined;
  }

  /** Leads the line over another way, such as when the server says that nothing arrives; else makes it anew. */
  recover() {
    if (this.state === "idle" || this.state === "refused") return undefined;
    if (this.#restarted || !this.#peer || !this.#location) return this.#again();
    return this.#restart();
  }

  /** Makes the line anew. */
  reconnect() {
    if (this.state === "idle" || this.state === "refused") return;
    this.#attempt = 0;
    this.#again();
  }

  /** Ends the line for good (until `send` is called again). */
  close() {
    const [peer, location] = [this.#peer, this.#location];
    this.#peer = this.#location = null;
    this.#drop();
    this.#set("idle");
    if (!location) return peer?.close();
    // The server is told before the line itself goes dead.
    const told = fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});
    return told.then(() => peer?.close());
  }

  async #connect() {
    this.#drop();
    const round = this.#round;
    if (this.state !== "lost") this.#set("connecting");
    try {
      const peer = await this.#newPeer(round);
      await peer.setLocalDescription(await peer.createOffer());
      const answer = await this.#post(peer.localDescription.sdp, round);
      if (round !== this.#round) return;
      await peer.setRemoteDescription({ type: "answer", sdp: answer });
      this.#tellAddresses();
    } catch (error) {
      if (round !== this.#round) return;
      if (!error.refused) return this.#again(error.retryAfterMs);
      this.#drop();
      return this.#set("refused");
    }
    this.#watch(CONNECTING_MS);
  }

  async #newPeer(round) {
    const peer = new RTCPeerConnection({ iceServers: await iceServers(), bundlePolicy: "max-bundle" });
    if (round !== this.#round) throw new Error("superseded");
    this.#peer = peer;
    const { audio, video } = this.#tracks;
    if (audio) peer.addTransceiver(audio, { direction: "sendonly" });
    if (video) preferVp8(peer.addTransceiver(video, { direction: "sendonly", sendEncodings: [VIDEO_ENCODING] }));
    peer.addEventListener("connectionstatechange", () => peer === this.#peer && this.#stateChanged(peer));
    peer.addEventListener("icecandidate", ({ candidate }) => peer === this.#peer && this.#foundAddress(candidate));
    return peer;
  }

  #stateChanged(peer) {
    clearTimeout(this.#timer);
    if (peer.connectionState === "connected") {
      this.#attempt = 0;
      this.#restarted = false;
      this.#set("connected");
    } else if (peer.connectionState === "disconnected") {
      this.#set("lost");
      this.#watch(this.#restarted ? RESTART_MS : PATIENCE_MS);
    } else if (peer.connectionState === "failed" || peer.connectionState === "closed") {
      this.#set("lost");
      this.recover();
    } else {
      this.#watch(this.#restarted ? RESTART_MS : CONNECTING_MS);
    }
  }

  /** The same line over another way. Nothing is interrupted where the old way still works. */
  async #restart() {
    this.#restarted = true;
    clearTimeout(this.#timer);
    const [peer, location, round] = [this.#peer, this.#location, this.#round];
    this.#timer = setTimeout(() => peer.connectionState !== "connected" && this.#again(), RESTART_MS);
    try {
      peer.restartIce?.();
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
      const response = await this.#patch(location, "*", fragmentOf(peer.localDescription.sdp, []));
      const text = await response.text();
      if (round !== this.#round) return;
      if (response.status !== 200) return this.#again();
      this.#etag = response.headers.get("ETag");
      await peer.setRemoteDescription({ type: "answer", sdp: answerWith(peer.currentRemoteDescription.sdp, text) });
      this.#tellAddresses();
    } catch {
      // The server cannot be reached either: the timer makes the line anew, or the network's return does.
    }
  }

  #networkChanged() {
    if (this.state === "idle" || this.state === "refused") return;
    if (performance.now() - this.#changedAt < CALM_MS) return;
    this.#changedAt = performance.now();
    this.#attempt = 0;
    this.#restarted = false;
    this.recover();
  }

  #foundAddress(candidate) {
    if (!candidate?.candidate) return;
    this.#found.push(candidate);
    if (!this.#trickle) this.#trickle = setTimeout(() => this.#tellAddresses(), TRICKLE_MS);
  }

  /** Tells the server the addresses found so far, as soon as it knows the line. */
  async #tellAddresses() {
    clearTimeout(this.#trickle);
    this.#trickle = 0;
    const [peer, location] = [this.#peer, this.#location];
    if (!peer || !location || peer.signalingState !== "stable" || !this.#found.length) return;
    const sdp = peer.localDescription.sdp;
    const ours = this.#found.filter(({ usernameFragment }) => !usernameFragment || sdp.includes(`a=ice-ufrag:${usernameFragment}`));
    this.#found = [];
    if (!ours.length) return;
    // A refusal costs little: the browser's own checks reach the server, and show it the address.
    await this.#patch(location, this.#etag, fragmentOf(sdp, ours)).catch(() => {});
  }

  #patch(location, etag, body) {
    return fetch(location, {
      method: "PATCH",
      headers: { "Content-Type": FRAGMENT, "If-Match": etag, "Accept-Language": pageLanguage },
      body,
      signal: AbortSignal.timeout?.(RESTART_MS),
    });
  }

  #watch(ms) {
    clearTimeout(this.#timer);
    if (this.#peer?.connectionState === "connected") return;
    this.#timer = setTimeout(() => (this.state === "lost" ? this.recover() : this.#again()), ms);
  }

  #again(waitMs) {
    this.#drop();
    if (this.state === "connected") this.#set("lost");
    this.#timer = setTimeout(() => this.#connect(), waitMs ?? delayMs(this.#attempt));
    this.#attempt += 1;
  }

  async #post(sdp, round) {
    const response = await fetch("/api/interview/whip", {
      method: "POST",
      headers: { "Content-Type": "application/sdp", "Accept-Language": pageLanguage },
      body: sdp,
      signal: AbortSignal.timeout?.(10_000),
    });
    const text = await response.text();
    if (response.status !== 201) throw this.#refusal(response, text);
    this.#excuse(null);
    if (round === this.#round) {
      this.#location = response.headers.get("Location");
      this.#etag = response.headers.get("ETag");
    }
    return text;
  }

  #refusal(response, text) {
    const seconds = Number(response.headers.get("Retry-After"));
    if (response.status === 503) this.#excuse(sentenceOf(text));
    return Object.assign(new Error(`offer refused: ${response.status}`), {
      refused: [401, 403, 409].includes(response.status),
      retryAfterMs: seconds ? seconds * 1000 * (1 + 0.3 * Math.random()) : undefined,
    });
  }

  #drop() {
    this.#round += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#trickle);
    this.#trickle = 0;
    this.#found = [];
    this.#restarted = false;
    const peer = this.#peer;
    this.#peer = this.#location = null;
    peer?.close();
  }

  #excuse(sentence) {
    if (sentence === this.excuse) return;
    this.excuse = sentence;
    this.dispatchEvent(new Event("change"));
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.since = performance.now();
    this.dispatchEvent(new Event("change"));
  }
}

async function iceServers() {
  const response = await fetch("/api/interview/ice", { signal: AbortSignal.timeout?.(10_000) });
  if (!response.ok) throw Object.assign(new Error("no ICE servers"), { refused: response.status === 401 });
  return (await response.json()).iceServers;
}

function sentenceOf(text) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return null; // A proxy's page, not the server's words.
  }
}

/** VP8 first: what the server reads for the least. */
function preferVp8(transceiver) {
  const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const vp8 = codecs.filter((codec) => codec.mimeType === "video/VP8");
  transceiver.setCodecPreferences([...vp8, ...codecs.filter((codec) => !vp8.includes(codec))]);
}
