// The server has no room for one more interview: the place is kept, and the page tries again by itself.

import { el } from "./dom.js";
import { t } from "./i18n.js";

const DEFAULT_WAIT_S = 60;

/** error: the refusal, with its sentence and its retryAfterS. retry(): tries again; `again` when it was in vain. */
export function fullNotice(error, retry) {
  const heading = el("p", { tabindex: -1 }, el("strong", {}, error.message), " ", t("full_kept"));
  const left = el("span", { class: "soft small number" });
  const button = el("button", { class: "button", type: "button", testid: "full-retry", onclick: () => now() }, t("full_retry"));
  const node = el("div", { class: "notice notice--accent", testid: "server-full" },
    heading,
    el("div", { class: "row" }, button, left));
  let timer = null;
  let until = 0;

  function again(waitS) {
    until = performance.now() + (waitS ?? DEFAULT_WAIT_S) * 1000;
    button.disabled = false;
    clearInterval(timer);
    timer = setInterval(tick, 1000);
    tick();
  }

  function tick() {
    const seconds = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    left.textContent = t("full_next", { seconds });
    if (seconds === 0) now();
  }

  function now() {
    clearInterval(timer);
    button.disabled = true;
    left.textContent = t("full_trying");
    retry();
  }

  again(error.retryAfterS);
  return { node, again, focus: () => heading.focus(), leave: () => clearInterval(timer) };
}
