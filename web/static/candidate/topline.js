// The line that stays in sight: where the interview stands, help, and pause.

import { askFirst } from "./confirm.js";
import { el, fill, icon, notice } from "./dom.js";
import { helpCall } from "./help.js";
import { t } from "./i18n.js";
import { noticesPlace } from "./notices.js";
import { watchedMark } from "./watched.js";

/** pausing: whether a question is open, to which the pause and what people tell belong; text(): the progress, in parts; value(): {index, total} or null. */
export function topLine(interview, { text, value = () => null, pausing = false }) {
  const help = helpCall(interview);
  const about = el("span", { class: "number", testid: "progress" });
  const recorded = el("span", { class: "recorded", testid: "being-recorded" }, t("being_recorded"));
  const left = el("span", { testid: "pauses-left" });
  const bar = el("progress", { "aria-hidden": "true" });
  const pause = pausing ? pauseButton(interview) : null;
  const notices = pausing ? noticesPlace(interview) : null;
  const node = el("header", { class: "topline" },
    el("div", { class: "topline__line" },
      el("div", { class: "topline__progress" },
        el("div", { class: "topline__texts small soft" },
          el("p", { class: "topline__about" }, about, left, recorded),
          watchedMark()),
        bar),
      help.button, pause?.button),
    notices?.node, pause?.node, help.node);

  function update() {
    fill(about, ...text().flatMap((part, index) => [index ? " · " : "", el("span", { class: "together" }, part)]));
    const place = value();
    bar.hidden = place === null;
    if (place) Object.assign(bar, { max: place.total, value: place.index });
    recorded.hidden = !(interview.allows("recording") && interview.line.state === "connected" && interview.snapshot.status === "running");
    left.hidden = !pausing || interview.snapshot.pauses_left == null;
    if (!left.hidden) left.textContent = pausesText(interview.snapshot.pauses_left);
    pause?.update();
    notices?.update();
    help.update();
  }

  return { node, update };
}

/** How many pauses are left, in words. */
export function pausesText(left) {
  if (left === 0) return t("pauses_none");
  return left === 1 ? t("pauses_one") : t("pauses_left", { n: left });
}

/** Pauses at once while there is no limit; else says first what is left of it. */
function pauseButton(interview) {
  const button = el("button", { class: "button", type: "button", testid: "pause" }, icon("pause"), t("common.pause"));
  const failed = el("div", { "aria-live": "polite" });
  const limited = () => interview.snapshot.pauses_left != null;
  const asking = askFirst({
    button,
    text: () => t(interview.snapshot.pauses_left === 1 ? "pause_last" : "pause_counts", { n: interview.snapshot.pauses_left }),
    yes: () => t("pause_now"),
    act: () => interview.command("/pause"),
    testid: "pause-ask",
  });
  button.addEventListener("click", press);

  async function press() {
    if (interview.snapshot.pauses_left === 0) return fill(failed, el("div", { testid: "no-pause-left" }, notice("", t("pauses_none_help"))));
    if (limited()) return asking.toggle();
    button.disabled = true;
    try {
      await interview.command("/pause");
    } catch (error) {
      fill(failed, notice("danger", error.message));
    }
    button.disabled = false;
    return undefined;
  }

  return { button, node: el("div", {}, asking.node, failed), update: () => button.setAttribute("aria-disabled", String(interview.snapshot.pauses_left === 0)) };
}
