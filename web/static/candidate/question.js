// One question: its setting and text, shown and read aloud; hints; then thinking, then the answer.

import { answerPanel } from "./answer.js";
import { el, fill, icon, notice } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";
import { thinkingPanel } from "./thinking.js";
import { watchedMark } from "./watched.js";

export function questionScreen(interview) {
  const { question } = interview.snapshot;
  const aloud = readingAloud(interview, question);
  const hints = hintList(interview, question);
  const recorded = el("span", { class: "recorded", testid: "being-recorded" }, t("being_recorded"));
  const slot = el("div", {});
  const failed = el("div", { "aria-live": "polite" });
  let panel = null;

  const node = el("article", { class: "stack question" },
    topLine(interview, question, recorded, failed),
    failed,
    question.scenario ? scenarioNote(question.scenario) : null,
    el("section", { class: "card card--calm ask" },
      question.scenario ? el("p", { class: "eyebrow" }, t("scenario_with", { counterpart: question.scenario.counterpart })) : null,
      el("h1", { tabindex: -1, class: "ask__text", lang: interviewLanguage, testid: "question-text" }, question.text),
      aloud.node,
      hints.node),
    slot);

  function update() {
    const now = interview.snapshot.question;
    const phase = now.phase;
    let fresh = false;
    if (panel?.phase !== phase) {
      panel?.leave?.();
      if (phase === "answering") interview.reader.stop();
      panel = phase === "thinking" ? thinkingPanel(interview, now, aloud) : answerPanel(interview, now);
      panel.phase = phase;
      slot.replaceChildren(panel.node);
      fresh = true;
    }
    recorded.hidden = !(interview.allows("recording") && interview.line.state === "connected");
    aloud.update();
    hints.update(now);
    panel.update();
    // On a phone the buttons would lie below the edge.
    if (fresh && phase === "answering") panel.node.scrollIntoView({ block: "nearest" });
  }

  return {
    node,
    update,
    words: () => panel?.words?.(),
    level: (level) => panel?.level?.(level),
    leave() {
      panel?.leave?.();
      aloud.leave();
    },
  };
}

function topLine(interview, { index, total }, recorded, failed) {
  const text = t("question_progress", { number: index + 1, total });
  const pause = el("button", { class: "button", testid: "pause", onclick: stop }, icon("pause"), t("common.pause"));

  async function stop() {
    pause.disabled = true;
    try {
      await interview.command("/pause");
    } catch (error) {
      fill(failed, notice("danger", error.message));
    }
    pause.disabled = false;
  }

  return el("header", { class: "topline" },
    el("div", { class: "topline__progress" },
      el("div", { class: "topline__texts small soft" },
        el("p", { class: "topline__about" }, el("span", { class: "number", testid: "progress" }, text), recorded),
        watchedMark()),
      el("progress", { value: index, max: total, "aria-hidden": "true" })),
    pause);
}

function scenarioNote({ title, setting }) {
  return el("aside", { class: "card scenario", lang: interviewLanguage, testid: "scenario" },
    el("p", { class: "eyebrow" }, `${t("scenario_label")} · ${title}`),
    el("p", {}, setting));
}

/** Reads the question once by itself; `busy` while it does, so that thinking time waits for it. */
function readingAloud(interview, question) {
  const { reader } = interview;
  const replay = el("button", { class: "button button--quiet", type: "button", testid: "replay", onclick: () => read() }, icon("replay"), t("replay"));
  const mute = el("button", { class: "button button--quiet", type: "button", testid: "mute", onclick: () => toggle() });
  const status = el("span", { class: "soft small" }, t("speech_unavailable"));
  const node = el("div", { class: "row ask__tools" }, replay, mute, status);
  const key = `read:${interview.snapshot.interview_id}:${question.id}`;
  const aloud = { node, busy: false, update, leave: () => reader.stop() };
  let unavailable = false;

  async function read() {
    sessionStorage.setItem(key, "yes");
    aloud.busy = true;
    update();
    const done = await reader.say(question.text);
    aloud.busy = false;
    unavailable = !done;
    update();
  }

  function toggle() {
    reader.setMuted(!reader.muted);
    update();
  }

  function update() {
    const answering = interview.answering;
    replay.hidden = unavailable || reader.muted || (answering && interview.mode === "voice"); // the microphone would hear it
    mute.hidden = unavailable;
    replay.disabled = aloud.busy;
    fill(replay, icon(aloud.busy ? "speaker" : "replay"), t(aloud.busy ? "speaking" : "replay"));
    fill(mute, icon(reader.muted ? "muted" : "speaker"), t(reader.muted ? "unmute" : "mute"));
    status.hidden = !unavailable;
  }

  // Once: after a refresh nobody is spoken to again from the start.
  if (!reader.muted && question.phase === "thinking" && sessionStorage.getItem(key) === null) read();
  return aloud;
}

function hintList(interview, question) {
  const list = el("ol", { class: "hints", "aria-live": "polite" });
  const more = el("button", { class: "button button--quiet", type: "button", testid: "hint-open", onclick: open });
  const free = el("span", { class: "soft small" }, t("hint_free"));
  const node = el("div", { class: "stack stack--tight" }, list, el("div", { class: "row" }, more, free));
  const shown = new Set();
  node.hidden = question.hints.length === 0;

  async function open() {
    const next = question.hints.findIndex((_, index) => !shown.has(index));
    show(next);
    buttons();
    await interview.command(`/questions/${encodeURIComponent(question.id)}/hints/${next}`).catch(() => {});
  }

  function show(index) {
    if (shown.has(index)) return;
    shown.add(index);
    list.append(el("li", { lang: interviewLanguage, testid: `hint-${index}` }, icon("bulb"), el("span", { class: "visually-hidden" }, t("hint")), el("span", {}, question.hints[index])));
  }

  function buttons() {
    list.hidden = shown.size === 0;
    more.hidden = free.hidden = shown.size === question.hints.length;
    fill(more, icon("bulb"), t(shown.size ? "hint_open_more" : "hint_open"));
  }

  function update(now) {
    for (const index of now.hints_opened ?? []) show(index);
    buttons();
  }

  return { node, update };
}
