// The line that carries voice (and picture) to the server: WebRTC by WHIP, taken up again whenever it breaks.

import { delayMs } from "./backoff.js";
import { pageLanguage } from "./i18n.js";

const GATHERING_MS = 1500;
const PATIENCE_MS = 3000; // how long a line may be disconnected before it is made anew
const CONNECTING_MS = 12_000;
const VIDEO_ENCODING = { maxBitrate: 800_000, maxFramerate: 15 };

/** One sending line. Dispatches "change" when `state` (idle, connecting, connected, lost, refused) does. */
export class Line extends EventTarget {
  state = "idle";
  since = 0; // when it came about, by performance.now()
  #tracks = { audio: null, video: null };
  #peer = null;
  #location = null;
  #attempt = 0;
  #timer = 0;
  #round = 0; // every attempt has its own number, so that a late answer of an old one is let go

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

  /** Makes the line anew, such as when the server says that nothing arrives. */
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
      const offer = await peer.createOffer();
      await peer.setLocalDescription(offer);
      await gathered(peer);
      const answer = await this.#post(peer.localDescription.sdp);
      if (round !== this.#round) return;
      await peer.setRemoteDescription({ type: "answer", sdp: answer });
    } catch (error) {
      if (round !== this.#round) return;
      if (!error.refused) return this.#again();
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
    return peer;
  }

  #stateChanged(peer) {
    clearTimeout(this.#timer);
    if (peer.connectionState === "connected") {
      this.#attempt = 0;
      this.#set("connected");
    } else if (peer.connectionState === "disconnected") {
      this.#set("lost");
      this.#watch(PATIENCE_MS);
    } else if (peer.connectionState === "failed" || peer.connectionState === "closed") {
      this.#again();
    } else {
      this.#watch(CONNECTING_MS);
    }
  }

  #watch(ms) {
    clearTimeout(this.#timer);
    if (this.#peer?.connectionState === "connected") return;
    this.#timer = setTimeout(() => this.#again(), ms);
  }

  #again() {
    this.#drop();
    if (this.state === "connected") this.#set("lost");
    this.#timer = setTimeout(() => this.#connect(), delayMs(this.#attempt));
    this.#attempt += 1;
  }

  async #post(sdp) {
    const response = await fetch("/api/interview/whip", {
      method: "POST",
      headers: { "Content-Type": "application/sdp", "Accept-Language": pageLanguage },
      body: sdp,
      signal: AbortSignal.timeout?.(10_000),
    });
    const text = await response.text();
    if (response.status !== 201) {
      throw Object.assign(new Error(`offer refused: ${response.status}`), { refused: [401, 403, 409].includes(response.status) });
    }
    this.#location = response.headers.get("Location");
    return text;
  }

  #drop() {
    this.#round += 1;
    clearTimeout(this.#timer);
    const peer = this.#peer;
    this.#peer = null;
    peer?.close();
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

/** VP8 first: what the server reads for the least. */
function preferVp8(transceiver) {
  const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const vp8 = codecs.filter((codec) => codec.mimeType === "video/VP8");
  transceiver.setCodecPreferences([...vp8, ...codecs.filter((codec) => !vp8.includes(codec))]);
}

/** Until every address is known, or a little while: the offer carries what there is. */
function gathered(peer) {
  if (peer.iceGatheringState === "complete") return undefined;
  return new Promise((done) => {
    setTimeout(done, GATHERING_MS);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done());
  });
}
