// Thinking time: a calm countdown that waits for the reading aloud, and a way to begin at once.

import { clockNote } from "./clock.js";
import { el, fill, notice } from "./dom.js";
import { minutes, t } from "./i18n.js";

const TICK_MS = 250;

/** aloud.busy: the question is still being read, so the time has not begun. */
export function thinkingPanel(interview, question, aloud) {
  let left = question.thinking_left_ms;
  let last = performance.now();
  let extra = added(question); // what has been added so far
  let begun = false;
  let pressed = false;

  const timed = question.thinking_seconds > 0;
  const time = el("span", { class: "number", testid: "thinking-left" });
  const bar = el("progress", { max: Math.max(1, question.thinking_seconds * 1000), "aria-hidden": "true" });
  const failed = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button button--primary button--large", testid: "answer-now", onclick: () => press() }, t("answer_now"));
  const node = el("section", { class: "card answer", tabindex: -1, testid: "thinking" },
    el("div", { class: "row row--apart" }, el("h2", {}, t(timed ? "thinking_title" : "thinking_listen")), el("p", { class: "soft" }, time)),
    bar,
    el("p", { class: "soft small clock-note", testid: "clock-note" }),
    el("p", { class: "soft", testid: "thinking-note" }),
    el("div", { class: "answer__actions row" }, button),
    failed);

  const timer = setInterval(tick, TICK_MS);

  function tick() {
    const now = performance.now();
    if (!aloud.busy && interview.clock.running) left -= now - last;
    last = now;
    show();
    if (left <= 0) begin();
  }

  function show() {
    time.hidden = bar.hidden = question.thinking_seconds === 0 && extra === 0;
    bar.max = Math.max(1, question.thinking_seconds * 1000 + extra);
    node.querySelector("[data-testid=clock-note]").textContent = clockNote(interview);
    time.textContent = t("thinking_left", { time: minutes(Math.max(0, left)) });
    bar.value = Math.max(0, left);
  }

  function press() {
    pressed = true;
    return begin();
  }

  async function begin() {
    if (begun) return;
    begun = true;
    button.disabled = true;
    clearInterval(timer);
    interview.reader.stop();
    interview.meter.wake();
    try {
      await interview.command(`/questions/${encodeURIComponent(question.id)}/start-answer`);
    } catch (error) {
      fill(failed, notice("danger", error.message));
      begun = false;
      button.disabled = false;
    }
  }

  function update() {
    const now = interview.snapshot.question;
    if (now && added(now) > extra) {
      left += added(now) - extra;
      extra = added(now);
      show();
    }
    node.querySelector("[data-testid=thinking-note]").textContent = t(noteKey());
  }

  function noteKey() {
    if (question.kind === "fact") return "thinking_fact";
    return interview.mode === "voice" ? "thinking_voice" : "thinking_typed";
  }

  show();
  /** pressed(): the candidate began by the button, not the time by itself. */
  return { node, update, pressed: () => pressed, leave: () => clearInterval(timer) };
}

/** By asking for a moment, and by people, milliseconds. */
const added = ({ extra_ms: taken = 0, given_thinking_ms: given = 0 }) => taken + given;
