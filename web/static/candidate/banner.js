// The line at the top that tells when the connection is gone and when it is back.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

const CALM_MS = 1200; // shorter breaks are not worth a word
const BACK_MS = 3500;

const slot = document.getElementById("banner");
let timer = 0;
let shown = false;
let waiting = false;

function show(kind, key) {
  fill(slot, el("p", { class: `notice notice--${kind}`, testid: `banner-${key}` }, t(key)));
}

/** The connection is gone; told again and again until it is back. */
export function lost() {
  if (waiting) return;
  clearTimeout(timer);
  waiting = true;
  timer = setTimeout(() => {
    [waiting, shown] = [false, true];
    show("warn", navigator.onLine ? "banner_reconnecting" : "banner_offline");
  }, shown ? 0 : CALM_MS);
}

/** The connection is back. */
export function back() {
  if (!waiting && !shown) return;
  clearTimeout(timer);
  waiting = false;
  if (!shown) return;
  shown = false;
  show("ok", "banner_back");
  timer = setTimeout(() => fill(slot), BACK_MS);
}
