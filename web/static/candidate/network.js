// Is the connection good enough for speaking? In words, never as a hurdle.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

const PINGS = 5;
const LOST_MS = 4000; // a ping that takes longer counts as lost
const GATHER_MS = 3000;

/** All from measured milliseconds and bits a second; null: not known yet. */
export function verdict({ roundTripMs, jitterMs, lost, uploadBits, reachable }) {
  if (!reachable || lost > 1 || roundTripMs > 800 || (uploadBits !== null && uploadBits < 80_000)) return "poor";
  if (lost || roundTripMs > 300 || jitterMs > 150 || (uploadBits !== null && uploadBits < 300_000)) return "choppy";
  return "good";
}

export function networkPart() {
  const badge = el("span", { class: "badge" });
  const words = el("p", { class: "small" });
  const again = el("button", { class: "button button--quiet", type: "button", testid: "check-network-again", onclick: () => measure() }, t("network_again"));
  const result = el("div", { class: "stack stack--tight", role: "status", testid: "check-network" }, badge, words);
  const node = el("section", { class: "check__part stack stack--tight" },
    el("div", { class: "row row--apart check__head" }, el("h2", {}, t("network_title")), again),
    result);
  let measured = null;
  let uploadBits = null;

  async function measure() {
    again.hidden = true;
    badge.hidden = true;
    words.textContent = t("network_measuring");
    const [pings, reachable] = [await roundTrips(), await hasWayOut()];
    measured = { ...pings, reachable };
    again.hidden = false;
    show();
  }

  function show() {
    const found = verdict({ ...measured, uploadBits });
    node.dataset.verdict = found;
    badge.className = `badge badge--${{ good: "ok", choppy: "warn", poor: "danger" }[found]}`;
    badge.hidden = false;
    fill(badge, el("span", { class: "dot", "aria-hidden": "true" }), t(`network_${found}`));
    words.textContent = t(`network_${found}_text`);
  }

  /** What a sentence on its way to the server has shown. */
  function sent({ bytes, ms }) {
    // The request's own way here and back is no matter of its size.
    uploadBits = (bytes * 8 * 1000) / Math.max(1, ms - (measured?.roundTripMs ?? 0));
    if (measured) show();
  }

  return { node, measure, sent };
}

async function roundTrips() {
  const times = [];
  // The first one may have to open a connection.
  await ping();
  for (let count = 0; count < PINGS; count += 1) times.push(await ping());
  const came = times.filter((ms) => ms !== null).sort((one, other) => one - other);
  const median = came.length ? came[Math.floor(came.length / 2)] : Infinity;
  return { roundTripMs: median, jitterMs: came.length ? came.at(-1) - median : 0, lost: PINGS - came.length };
}

async function ping() {
  const began = performance.now();
  try {
    const response = await fetch("/api/interview/check/ping", { cache: "no-store", signal: AbortSignal.timeout?.(LOST_MS) });
    return response.ok ? performance.now() - began : null;
  } catch {
    return null;
  }
}

/** Whether the browser finds any address to send a call from: some networks and settings leave none. No line is made. */
async function hasWayOut() {
  let peer = null;
  try {
    const response = await fetch("/api/interview/ice", { signal: AbortSignal.timeout?.(LOST_MS) });
    const { iceServers } = response.ok ? await response.json() : { iceServers: [] };
    peer = new RTCPeerConnection({ iceServers });
    peer.createDataChannel("check");
    const found = new Promise((done) => {
      peer.addEventListener("icecandidate", ({ candidate }) => candidate?.candidate && done(true));
      setTimeout(() => done(false), GATHER_MS);
    });
    await peer.setLocalDescription(await peer.createOffer());
    return await found;
  } catch {
    return false;
  } finally {
    peer?.close();
  }
}
