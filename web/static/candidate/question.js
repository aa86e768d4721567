// One question: its setting and text, shown and read aloud; hints; then thinking, then the answer.

import { answerPanel } from "./answer.js";
import { choicePanel } from "./choice.js";
import { el, fill, icon } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";
import { dialogue, sceneCard } from "./scene.js";
import { thinkingPanel } from "./thinking.js";
import { answerTools } from "./tools.js";
import { topLine } from "./topline.js";

export function questionScreen(interview) {
  const { question } = interview.snapshot;
  const { scenario, exchanges = [] } = question;
  const aloud = readingAloud(interview, question);
  const hints = hintList(interview, question);
  const line = topLine(interview, { text: () => progressParts(question), value: () => (question.practice ? null : question), pausing: true });
  const tools = answerTools(interview, question, () => panel);
  const slot = el("div", {});
  const announced = el("p", { class: "visually-hidden", role: "status" });
  let panel = null;

  const text = el("h1", { tabindex: -1, class: "ask__text", lang: interviewLanguage, testid: "question-text" }, question.text);
  const node = el("article", { class: "stack question" },
    line.node,
    scenario ? sceneCard(scenario, exchanges) : null,
    scenario ? dialogue(exchanges, scenario.counterpart) : null,
    el("section", { class: "card card--calm ask" },
      aboutQuestion(question),
      scenario ? el("p", { class: "eyebrow" }, t("scenario_with", { counterpart: scenario.counterpart })) : null,
      scenario && !question.follow_up ? el("div", { class: "bubble bubble--theirs bubble--now" }, text) : text,
      aloud.node,
      hints.node),
    slot,
    announced,
    tools.node);

  function update() {
    const now = interview.snapshot.question;
    const phase = now.phase;
    let fresh = false;
    if (panel?.phase !== phase) {
      const pressed = panel?.pressed?.();
      panel?.leave?.();
      if (phase === "answering") interview.reader.stop();
      panel = panelFor(interview, now, aloud);
      panel.phase = phase;
      fresh = true;
      slot.replaceChildren(panel.node);
      // Who pressed a button that is gone now goes on in what took its place.
      if (pressed) panel.node.focus({ preventScroll: true });
      announced.textContent = phase === "answering" && now.kind !== "fact" ? t(interview.mode === "voice" ? "open_voice" : "open_typed") : "";
    }
    line.update();
    aloud.update();
    hints.update(now);
    tools.update(now);
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

function panelFor(interview, now, aloud) {
  if (now.phase === "thinking") return thinkingPanel(interview, now, aloud);
  return now.kind === "fact" ? choicePanel(interview, now) : answerPanel(interview, now);
}

function progressParts({ index, total, practice, round }) {
  if (practice) return [t("practice_short")];
  const text = t("question_progress", { number: index + 1, total });
  return round && round.total > 1 ? [t("round_progress", { number: round.index + 1, total: round.total }), text] : [text];
}

/** What kind of question this is, where that is not plain from its text. */
function aboutQuestion(question) {
  if (question.practice) {
    return el("div", { class: "practice", testid: "practice" },
      el("p", {}, el("span", { class: "badge badge--accent" }, t("practice_mark"))),
      el("p", { class: "soft small" }, t("practice_lead")));
  }
  if (question.from_person) return el("p", { class: "eyebrow", testid: "from-person" }, t("from_person"));
  if (question.follow_up) return el("p", { class: "eyebrow", testid: "follow-up" }, t("follow_up_to", { number: question.index + 1 }));
  const note = { text: "kind_text", code: "kind_code", fact: "kind_fact" }[question.kind];
  return note ? el("p", { class: "eyebrow", testid: "kind" }, t(note, { language: question.code_language ?? "" })) : null;
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
    node.hidden = answering && interview.mode === "voice"; // the microphone would hear it
    replay.hidden = unavailable || reader.muted;
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
