// The line at the top that tells when something is gone and when it is back: the server, or the line for the voice.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

const CALM_MS = 1200; // shorter breaks are not worth a word
const BACK_MS = 3500;

const slot = document.getElementById("banner");
const gone = new Set(); // "server" and "line"
let timer = 0;
let shown = false;
let excuse = null;

function show(kind, key, text = t(key)) {
  fill(slot, el("p", { class: `notice notice--${kind}`, testid: `banner-${key}` }, text));
}

function tell() {
  shown = true;
  // Without the server nothing is known of the line.
  if (gone.has("server")) return show("warn", navigator.onLine ? "banner_reconnecting" : "banner_offline");
  return excuse ? show("warn", "banner_line_excused", excuse) : show("warn", "banner_line_lost");
}

/** The server or the line is gone; told again and again until it is back. why: the server's own sentence. */
export function lost(what = "server", why = null) {
  const known = gone.has(what) && (what !== "line" || why === excuse);
  if (known) return;
  if (what === "line") excuse = why;
  gone.add(what);
  clearTimeout(timer);
  timer = setTimeout(tell, shown ? 0 : CALM_MS);
}

/** It is back. */
export function back(what = "server") {
  if (!gone.delete(what)) return;
  if (what === "line") excuse = null;
  clearTimeout(timer);
  if (gone.size) {
    timer = setTimeout(tell, shown ? 0 : CALM_MS);
    return;
  }
  if (!shown) return;
  shown = false;
  show("ok", what === "line" ? "banner_line_back" : "banner_back");
  timer = setTimeout(() => fill(slot), BACK_MS);
}
