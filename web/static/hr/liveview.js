// The live view: the candidate's sound and picture by WebRTC (WHEP), taken up again whenever it breaks.

import { say, t } from "./text.js";

const BACK_OFF_MS = [300, 1000, 2000, 4000, 8000];
const PATIENCE_MS = 3000; // how long a view may be disconnected before it is made anew
const CONNECTING_MS = 12_000;
const NO_PICTURE_S = 3;
const FINAL = ["live_not_consented", "live_not_running", "sign_in_first", "interview_unknown"];

/**
 * The panel `root`. `update(view)` says how the interview stands, and is called once a second at least.
 * data-state of the panel: off, connecting, live, sound-only, held (paused, away, nobody), lost, refused, none, ended.
 */
export function liveView(root, interview) {
  const part = (name) => root.querySelector(`[data-live=${name}]`);
  const video = part("video");
  const connection = new View(`${interview}/whep`, video);
  let view = null;
  let frames = 0;
  let still = 0; // seconds without a new picture

  part("watch").addEventListener("click", () => {
    connection.open();
    show();
    part("sound").focus();
  });
  part("stop").addEventListener("click", () => {
    connection.close();
    show();
    part("watch").focus();
  });
  part("sound").addEventListener("click", () => {
    video.muted = !video.muted;
    if (video.srcObject) video.play().catch(() => {});
    show();
  });
  connection.addEventListener("change", () => {
    still = 0;
    show();
  });
  window.addEventListener("pagehide", () => connection.close());
  // A page that comes out of the browser's memory is as it was, but its line is gone.
  window.addEventListener("pageshow", () => show());

  function show() {
    const { state, text } = stateOf(view, connection, still);
    const watching = connection.wanted;
    root.hidden = state === "none";
    root.dataset.state = state;
    part("stage").hidden = !watching;
    part("off").hidden = watching || state === "ended" || state === "refused";
    part("controls").hidden = !watching;
    part("badge").hidden = state !== "live" && state !== "sound-only";
    video.classList.toggle("live__video--stale", state !== "live");
    say(part("sound-text"), t(video.muted ? "live_sound_on" : "live_sound_off"));
    part("sound").dataset.muted = video.muted;
    say(part("text"), watching ? text : "");
    part("why").hidden = watching || !text;
    say(part("why"), watching ? "" : text);
  }

  return {
    update(newView) {
      view = newView;
      if (view.status === "completed" && connection.wanted) connection.close("ended");
      if (connection.refusal === "live_nobody" && view.connected && view.line === "connected") connection.again();
      const seen = video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
      still = seen === frames ? still + 1 : 0;
      frames = seen;
      show();
    },
  };
}

/** What the panel shows: {state, text}. */
function stateOf(view, connection, still) {
  if (connection.over) return { state: "ended", text: t("live_ended") };
  if (!view || ["invited", "ready", "completed", "cancelled"].includes(view.status)) return { state: "none", text: "" };
  if (view.consents?.recording !== true) return { state: "refused", text: t("live_not_consented") };
  if (!connection.wanted) return { state: connection.refusal ? "refused" : "off", text: connection.message };
  if (view.status === "paused") return { state: "held", text: t("live_paused") };
  if (!view.connected) return { state: "held", text: t("live_away") };
  if (connection.refusal === "live_nobody") return { state: "held", text: t("live_nobody") };
  if (connection.refusal) return { state: "lost", text: connection.message };
  if (connection.state === "lost") return { state: "lost", text: t("live_lost") };
  if (connection.state !== "connected") return { state: "connecting", text: t("live_connecting") };
  if (view.line === "lost") return { state: "held", text: t("live_away") };
  if (still > NO_PICTURE_S) return { state: "sound-only", text: t("live_sound_only") };
  return { state: "live", text: "" };
}

/** One view. Dispatches "change" when `state` (idle, connecting, connected, lost) or `refusal` does. */
class View extends EventTarget {
  state = "idle";
  wanted = false;
  over = false; // the interview ended while it was watched
  refusal = null; // the server's code, and its sentence:
  message = "";
  #address;
  #video;
  #peer = null;
  #location = null;
  #etag = "";
  #attempt = 0;
  #timer = 0;
  #round = 0; // every attempt has its own number, so that a late answer of an old one is let go

  constructor(address, video) {
    super();
    this.#address = address;
    this.#video = video;
  }

  open() {
    this.wanted = true;
    this.#attempt = 0;
    this.#connect();
  }

  /** Now rather than after the pause between two attempts. */
  again() {
    if (this.wanted && !this.#peer) this.#connect();
  }

  close(why = "") {
    this.wanted = false;
    this.over = why === "ended";
    this.#drop();
    this.#video.srcObject = null;
    this.#set("idle", null);
  }

  async #connect() {
    this.#drop();
    const round = this.#round;
    if (this.state !== "lost") this.#set("connecting", this.refusal);
    try {
      const peer = new RTCPeerConnection({ iceServers: await iceServers(), bundlePolicy: "max-bundle" });
      if (round !== this.#round) return peer.close();
      this.#peer = peer;
      for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
      peer.addEventListener("track", ({ track, streams }) => round === this.#round && this.#receive(track, streams));
      peer.addEventListener("connectionstatechange", () => round === this.#round && this.#stateChanged(peer));
      const found = [];
      peer.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.candidate) found.push(candidate);
        if (round === this.#round) this.#name(found);
      });
      await peer.setLocalDescription();
      const answer = await this.#post(peer.localDescription.sdp, round);
      if (round !== this.#round) return;
      await peer.setRemoteDescription({ type: "answer", sdp: answer });
      this.#name(found);
      this.#set(this.state, null);
      this.#watch(CONNECTING_MS);
    } catch (error) {
      if (round === this.#round) this.#failed(error);
    }
  }

  #failed({ code = null, message = "" }) {
    if (FINAL.includes(code)) {
      this.close();
      this.#set("idle", code, message);
    } else {
      this.#retry(code, message);
    }
  }

  #receive(track, [stream]) {
    // Both tracks are of one stream: the browser keeps lips and voice together.
    if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
    this.#video.play().catch(() => {});
  }

  #stateChanged(peer) {
    clearTimeout(this.#timer);
    if (peer.connectionState === "connected") {
      this.#attempt = 0;
      this.#set("connected", null);
    } else if (peer.connectionState === "disconnected") {
      this.#set("lost", null);
      this.#watch(PATIENCE_MS);
    } else if (peer.connectionState === "failed" || peer.connectionState === "closed") {
      this.#retry(null, "");
    } else {
      this.#watch(CONNECTING_MS);
    }
  }

  #watch(ms) {
    clearTimeout(this.#timer);
    if (this.#peer?.connectionState === "connected") return;
    this.#timer = setTimeout(() => this.#retry(null, ""), ms);
  }

  #retry(code, message) {
    this.#drop();
    this.#set("lost", code, message);
    const pause = BACK_OFF_MS[Math.min(this.#attempt, BACK_OFF_MS.length - 1)];
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), pause * (0.75 + Math.random() / 2));
  }

  async #post(sdp, round) {
    const response = await fetch(this.#address, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", "Accept-Language": document.documentElement.lang },
      body: sdp,
      signal: AbortSignal.timeout?.(10_000),
    });
    if (response.status !== 201) {
      const body = await response.json().catch(() => ({}));
      throw Object.assign(new Error(body.error?.message ?? ""), { code: body.error?.code ?? null });
    }
    const location = response.headers.get("Location");
    // Given up meanwhile: the server is told, so that nobody seems to watch.
    if (round !== this.#round) lookAway(location);
    else [this.#location, this.#etag] = [location, response.headers.get("ETag") ?? ""];
    return response.text();
  }

  /** Tells the server the addresses found so far (trickle ICE). */
  #name(found) {
    const peer = this.#peer;
    if (!this.#location || !peer?.remoteDescription || !found.length) return;
    fetch(this.#location, {
      method: "PATCH",
      headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": this.#etag },
      body: fragment(peer.localDescription.sdp, found.splice(0)),
    }).catch(() => {});
  }

  #drop() {
    this.#round += 1;
    clearTimeout(this.#timer);
    const [peer, location] = [this.#peer, this.#location];
    this.#peer = this.#location = null;
    peer?.close();
    if (location) lookAway(location);
  }

  #set(state, refusal, message = "") {
    if (state === this.state && refusal === this.refusal) return;
    Object.assign(this, { state, refusal, message });
    this.dispatchEvent(new Event("change"));
  }
}

const lookAway = (location) => fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});

async function iceServers() {
  const response = await fetch("/api/hr/ice", { signal: AbortSignal.timeout?.(10_000) });
  if (!response.ok) throw Object.assign(new Error(""), { code: response.status === 401 ? "sign_in_first" : null });
  return (await response.json()).iceServers;
}

/** The addresses as an SDP fragment (RFC 8840), which repeats whose they are. */
function fragment(sdp, candidates) {
  const line = (name) => sdp.match(new RegExp(`^a=${name}:.*$`, "m"))[0].trim();
  const media = sdp.match(/^m=.*$/m)[0].trim();
  return [line("ice-ufrag"), line("ice-pwd"), media, line("mid"), ...candidates.map(({ candidate }) => `a=${candidate}`), ""].join("\r\n");
}
