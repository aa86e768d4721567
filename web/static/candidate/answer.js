// The answer: spoken with live captions or typed, switched at any time, sent when the candidate says so.

import { clockNote } from "./clock.js";
import { el, fill, notice } from "./dom.js";
import { Draft } from "./draft.js";
import { appended } from "./heard.js";
import { minutes, t } from "./i18n.js";
import { recognitionNotice } from "./recognition.js";
import { speakingPart } from "./speaking.js";
import { typingPart } from "./typing.js";

export function answerPanel(interview, question) {
  const typing = typingPart({ onInput: (text) => edited(text), code: question.kind === "code" ? question.code_language ?? "" : null });
  const draft = new Draft(interview.snapshot.interview_id, question, (state) => typing.state(state));
  const speaking = speakingPart(interview);
  const recognition = el("div", { "aria-live": "polite", testid: "recognition-notice" });
  const message = el("div", { class: "stack", "aria-live": "polite" });
  const elapsed = el("span", { class: "number", testid: "elapsed" });
  const hurry = el("p", { class: "soft small", "aria-live": "polite" });
  const still = el("span", { testid: "clock-note" });
  const finishText = question.practice ? "finish_practice" : question.index + 1 === question.total ? "finish_last" : "finish";
  const finish = el("button", { class: "button button--primary button--large", testid: "finish-answer", onclick: () => finished() });
  const toTyping = el("button", { class: "button", type: "button", testid: "type-instead", onclick: () => typeInstead() }, t("type_instead"));
  const toSpeaking = el("button", { class: "button", type: "button", testid: "speak-instead", onclick: () => interview.setMode("voice") }, t("speak_instead"));
  let mode = null;
  let wasDeaf = false;

  const node = el("section", { class: "card answer", tabindex: -1, testid: "answer-panel", "aria-label": t("your_answer") },
    el("div", { class: "row row--apart" }, el("h2", {}, t("your_answer")), el("p", { class: "soft small" }, t("elapsed"), " ", elapsed, " ", still)),
    recognition,
    speaking.node,
    typing.node,
    hurry,
    message,
    el("div", { class: "answer__actions row" }, finish, toTyping, toSpeaking));

  typing.set(draft.text);
  const timer = setInterval(tick, 1000);

  function tick() {
    const now = interview.snapshot.question;
    const ms = Math.max(0, interview.clock.ms() - question.started_ms);
    const note = clockNote(interview);
    elapsed.textContent = minutes(ms);
    still.textContent = note && `· ${note}`;
    const suggested = question.answer_seconds * 1000 + (now?.extra_ms ?? 0) + (now?.given_answering_ms ?? 0);
    const reminded = ms > suggested && performance.now() > interview.restUntil;
    if (reminded && !hurry.textContent) hurry.textContent = t("no_hurry");
    if (ms < suggested) hurry.textContent = ""; // a person gave time
  }

  function edited(text) {
    draft.edited = true;
    draft.set(text);
    fill(message);
  }

  function typeInstead() {
    interview.setMode("typed");
    typing.focus();
  }

  /** Puts what was said and is final into the text, once. */
  function mergeHeard() {
    const fresh = interview.heard.finals.filter(({ number }) => !draft.merged.has(number));
    if (!fresh.length) return;
    const text = fresh.reduce((whole, utterance) => appended(whole, utterance.text), draft.text);
    for (const { number } of fresh) draft.merged.add(number);
    draft.set(text);
    typing.set(text);
    typing.note(t("typed_from_voice"));
  }

  async function finished({ empty = false } = {}) {
    fill(message);
    if (mode === "voice" && draft.edited && draft.text.trim()) {
      // Something was typed before: bring both together and let them look at it.
      interview.lookOver();
      typing.note(t("look_over"));
      return typing.focus();
    }
    const nothing = mode === "voice" ? heardNothing() : !draft.text.trim();
    if (nothing && !empty) return fill(message, emptyNotice());
    try {
      // An answer left empty is one of voice without words: a typed one is refused when nothing is in it.
      await interview.submit(nothing ? "voice" : mode, nothing || mode === "voice" ? null : draft.text);
      if (interview.snapshot.question?.id !== question.id) draft.forget();
    } catch (error) {
      fill(message, notice("danger", error.message));
    }
    return undefined;
  }

  /** Whether there is no spoken answer; while words do not appear nobody can tell, and they are believed. */
  function heardNothing() {
    return interview.heard.empty && !interview.snapshot.question.waiting && interview.snapshot.recognition.available;
  }

  function emptyNotice() {
    if (mode === "typed" && !interview.canSpeak) return notice("warn", t("empty_only_typed"));
    const leave = el("button", { class: "button", type: "button", testid: "leave-empty", onclick: () => finished({ empty: true }) }, t("leave_empty"));
    return notice("warn", t(mode === "voice" ? "empty_voice" : "empty_typed"), leave);
  }

  function update() {
    const next = interview.mode;
    if (next === "typed") mergeHeard();
    if (next !== mode) switched(next);
    const { sending, slow, snapshot } = interview;
    const voice = interview.allows("voice") && !interview.wishes.onlyTyped;
    if (voice && interview.wishes.deaf) stayTyped();
    fill(recognition, (voice && recognitionNotice(snapshot.recognition))
      || (wasDeaf && next === "typed" && voice ? notice("ok", t("recognition_back")) : null));
    finish.disabled = toTyping.disabled = toSpeaking.disabled = Boolean(sending);
    finish.textContent = t(sending ? "sending_answer" : finishText);
    if (sending) fill(message, slow ? notice("", t("sending_slow")) : null);
    typing.readOnly(Boolean(sending));
    speaking.update();
  }

  /** When speech works again while somebody is typing, they say when to switch. */
  function stayTyped() {
    wasDeaf = true;
    interview.wishes.lookingOver = question.id;
  }

  function switched(next) {
    mode = next;
    speaking.node.hidden = mode !== "voice";
    typing.node.hidden = mode !== "typed";
    toTyping.hidden = mode !== "voice";
    toSpeaking.hidden = mode !== "typed" || !interview.canSpeak;
    fill(message);
  }

  tick();
  return {
    node,
    update() {
      update();
      toSpeaking.hidden = mode !== "typed" || !interview.canSpeak;
    },
    words() {
      speaking.words();
      if (mode === "typed") mergeHeard();
      else if (!interview.heard.empty) fill(message);
    },
    /** Before the answer starts again: forgets what was typed; gives a way back. */
    dropDraft: () => draft.drop(),
    level: (level) => mode === "voice" && speaking.level(level),
    leave() {
      clearInterval(timer);
      draft.close();
      speaking.leave();
    },
  };
}
