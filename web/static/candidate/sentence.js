// Say a sentence in the interview's language, hear it again, and see what is understood of it. Optional; the server keeps nothing of it.

import { el, fill, icon, notice } from "./dom.js";
import { pageLanguage, interviewLanguage, t } from "./i18n.js";
import { play } from "./player.js";
import { beep, canRecord, record, wavOf } from "./recorder.js";

const LONGEST_MS = 5000;
const AFTER_TONE_MS = 150; // the tone's echo in the room
const PATIENCE_MS = 20_000;
const SURE = 0.6; // below this mean confidence the candidate gets advice

/** onSent({bytes, ms}): how long the way to the server took, without the server's own work. */
export function sentencePart(media, { onSent }) {
  const button = el("button", { class: "button", type: "button", testid: "check-sentence-record", onclick: () => pressed() });
  const again = el("button", { class: "button", type: "button", testid: "check-sentence-play", hidden: true, onclick: () => replay() }, icon("play"), t("sentence_play"));
  const bar = el("div", { class: "recording-bar", "aria-hidden": "true", hidden: true });
  const state = el("p", { class: "small", role: "status", testid: "check-sentence-state" });
  const result = el("div", { role: "status", testid: "check-sentence-result" });
  const node = el("section", { class: "check__part stack stack--tight" },
    el("h2", {}, t("sentence_title")),
    el("p", { class: "soft small" }, t("sentence_lead", { example: t(`sentence_example_${interviewLanguage}`) })),
    el("div", { class: "row" }, button, again),
    bar,
    state,
    result);
  let recording = null; // AbortController while it runs
  let wav = null;
  label("microphone", "sentence_record");

  function label(shape, key) {
    button.replaceChildren(icon(shape), t(key));
  }

  function pressed() {
    return recording ? recording.abort() : begin();
  }

  async function begin() {
    recording = new AbortController();
    again.disabled = true;
    fill(result);
    state.textContent = t("sentence_ready");
    try {
      const samples = await recorded();
      wav = wavOf(samples);
      again.hidden = false;
      state.textContent = t("sentence_sending");
      label("microphone", "sentence_again");
      button.disabled = true;
      show(await send());
    } catch (error) {
      fill(result, notice("warn", error.sentence ?? t("sentence_unsent")));
    }
    state.textContent = "";
    bar.hidden = true;
    recording = null;
    button.disabled = again.disabled = false;
    label("microphone", "sentence_again");
    // A button that was switched off has lost the focus of whoever pressed it.
    if (document.activeElement === document.body) button.focus({ preventScroll: true });
  }

  async function recorded() {
    // People who read with their ears would otherwise record their screen reader.
    await play(wavOf(beep()), media.speaker).catch(() => {});
    await new Promise((done) => setTimeout(done, AFTER_TONE_MS));
    state.textContent = t("sentence_recording");
    label("check", "sentence_stop");
    bar.hidden = false;
    const samples = await record(media.audio, LONGEST_MS, recording.signal);
    bar.hidden = true;
    return samples;
  }

  async function replay() {
    again.disabled = true;
    await play(wav, media.speaker).catch(() => fill(result, notice("warn", t("sound_failed"))));
    again.disabled = false;
    again.focus({ preventScroll: true });
  }

  async function send() {
    const began = performance.now();
    const response = await fetch("/api/interview/check/sentence", {
      method: "POST",
      headers: { "Content-Type": "audio/wav", "Accept-Language": pageLanguage },
      body: wav,
      signal: AbortSignal.timeout?.(PATIENCE_MS),
    });
    const answer = await response.json();
    if (!response.ok) throw Object.assign(new Error(answer.error.code), { sentence: answer.error.message });
    onSent({ bytes: wav.size, ms: Math.max(1, performance.now() - began - answer.took_ms) });
    return answer;
  }

  function show({ outcome, text, confidence }) {
    if (outcome !== "heard") {
      const kind = ["nothing", "unclear", "unavailable"].includes(outcome) ? "warn" : "accent";
      return fill(result, notice(kind, t(`sentence_${outcome}`)));
    }
    const advice = t(confidence >= SURE ? "sentence_heard" : "sentence_doubtful");
    return fill(result, el("div", { class: "notice notice--accent" }, el("div", { class: "stack stack--tight" },
      el("p", {}, t("sentence_understood")),
      el("blockquote", { class: "understood", lang: interviewLanguage, testid: "check-sentence-text" }, text),
      el("p", { class: "small" }, advice))));
  }

  function update() {
    node.hidden = !media.audio || !canRecord();
  }

  return { node, update, leave: () => recording?.abort() };
}
