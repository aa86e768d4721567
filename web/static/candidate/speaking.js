// Speaking an answer: whether we hear it, and the words as they come.

import { devicePicker } from "./devicepicker.js";
import { el, fill, icon, notice } from "./dom.js";
import { separator } from "./heard.js";
import { interviewLanguage, t } from "./i18n.js";
import { problemText } from "./media.js";

const SILENT_MS = 9000;
const HEARD_MS = 900;

export function speakingPart(interview) {
  const { media, line, heard } = interview;
  const light = el("span", { class: "listening__light" }, icon("microphone"));
  const status = el("span", { testid: "listening" });
  const bar = el("div", { class: "level level--small", "aria-hidden": "true" });
  const trouble = el("div", { class: "stack stack--tight", "aria-live": "polite" });
  // Nothing here is read out by itself: a screen reader would speak into the open microphone. Who wants to, reads it.
  const solid = el("span", { role: "log", "aria-live": "off" });
  const tentative = el("span", { class: "captions__tentative", "aria-hidden": "true" });
  const captions = el("div", { class: "captions", lang: interviewLanguage, tabindex: 0, role: "group", "aria-label": t("captions_label"), testid: "captions" }, solid, tentative);
  const empty = el("p", { class: "captions captions--empty soft" }, t("captions_empty"));
  const mistakes = el("p", { class: "soft small" }, t("captions_note"));
  const picker = devicePicker(media, "audio", { testid: "microphone-choice" });
  const devices = el("details", { class: "small speaking__devices" }, el("summary", {}, t("devices")), picker.node);
  const announced = el("p", { class: "visually-hidden", role: "status" });
  const shownFinals = new Map();
  let heardAt = performance.now();
  let spoke = false;

  const node = el("div", { class: "stack" },
    trouble,
    el("div", { class: "listening" }, light, status, bar),
    captions, empty,
    el("div", { class: "row row--apart speaking__foot" }, mistakes, devices),
    announced);

  function words() {
    heardAt = performance.now();
    spoke = true;
    draw();
  }

  function draw() {
    const finals = heard.finals;
    if (finals.length < shownFinals.size) clear();
    for (const { number, text } of finals) {
      if (!shownFinals.has(number)) {
        const span = el("span", {}, `${shownFinals.size ? separator : ""}${text}`);
        shownFinals.set(number, span);
        solid.append(span);
      }
    }
    fill(tentative, ...liveWords());
    captions.hidden = heard.empty;
    mistakes.classList.toggle("unseen", heard.empty); // keeps its place: nothing below may move while somebody speaks
    empty.hidden = !heard.empty || !interview.snapshot.recognition.available;
    captions.scrollTop = captions.scrollHeight;
  }

  /** What is being spoken: words that stay, then words that may still change. */
  function liveWords() {
    if (!heard.live) return [];
    const { committed, tentative: open } = heard.live;
    const before = shownFinals.size ? separator : "";
    const between = committed && open ? separator : "";
    return [el("span", { class: "captions__committed" }, before + committed + between), el("span", {}, open)];
  }

  function clear() {
    shownFinals.clear();
    solid.replaceChildren();
  }

  function level({ level, heard: loud }) {
    bar.style.setProperty("--level", level.toFixed(3));
    if (loud) heardAt = performance.now();
    say();
  }

  function say() {
    const connected = line.state === "connected" && !interview.broken;
    const quiet = performance.now() - Math.max(heardAt, interview.restUntil); // nobody is reminded during a moment they asked for
    const key = interview.broken || line.state === "lost" ? "line_lost" : line.state !== "connected" ? "line_connecting"
      : quiet < HEARD_MS ? "hearing" : quiet > SILENT_MS && !spoke ? "not_hearing" : "listening";
    if (status.dataset.key !== key) status.textContent = t((status.dataset.key = key));
    // Who cannot see the light is told of the one thing that needs doing; the rest changes too often to be read out.
    const aloud = key === "not_hearing" ? t(key) : "";
    if (announced.textContent !== aloud) announced.textContent = aloud;
    light.classList.toggle("listening__light--on", connected && quiet < HEARD_MS);
    if (!connected) heardAt = performance.now();
  }

  function update() {
    picker.update();
    const problem = media.problems.audio;
    const off = !media.audio;
    fill(trouble,
      off ? notice("warn", t(problem ? problemText(problem, "microphone") : "microphone_off"), turnOn()) : null,
      media.audio && media.silent ? notice("warn", t("microphone_silent"), turnOn()) : null,
      media.replacement ? notice("", t("microphone_changed", { name: media.replacement })) : null,
      interview.resumed && (heard.lastWords || !interview.snapshot.question.waiting) ? resumedNotice() : null);
    status.parentElement.hidden = off;
    devices.hidden = off;
    draw();
    if (off) return;
    say();
  }

  function resumedNotice() {
    const words = heard.lastWords;
    const box = notice("accent", words ? t("heard_until", { words }) : t("heard_nothing"));
    box.dataset.testid = "heard-until";
    return box;
  }

  function turnOn() {
    return el("button", { class: "button", type: "button", testid: "microphone-on", onclick: () => (media.audio ? media.choose("audio", media.current("audio")) : interview.openMedia()) }, t("turn_on"));
  }

  return { node, update, words, level, leave() {} };
}
