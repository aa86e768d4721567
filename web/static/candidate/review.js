// Check my transcript: what was recognised may be put right before anything is rated; both versions are kept.

import { el, fill, icon, notice } from "./dom.js";
import { Draft } from "./draft.js";
import { interviewLanguage, t } from "./i18n.js";
import { personNotice } from "./notices.js";
import { topLine } from "./topline.js";

export function reviewScreen(interview) {
  const { answers } = interview.snapshot.check;
  const line = topLine(interview, { text: () => [t("review_short")] });
  const waiting = el("div", { "aria-live": "polite", testid: "words-waiting" });
  const message = el("div", { "aria-live": "polite" });
  const confirm = el("button", { class: "button button--primary button--large", testid: "transcripts-confirm", onclick: done }, icon("check"), t("review_confirm"));
  const parts = answers.map((answer) => part(interview, answer));
  const node = el("section", { class: "stack", testid: "transcript-check" },
    line.node,
    personNotice(interview.snapshot),
    el("div", { class: "card card--calm" },
      el("h1", { tabindex: -1 }, t("review_title")),
      el("p", { class: "lead" }, t("review_lead")),
      el("p", {}, t("review_both")),
      el("p", { testid: "check-lasts" }, t("review_lasts", { time: inWords(interview.snapshot.check.minutes) }))),
    waiting,
    el("ol", { class: "review stack" }, ...parts.map((one) => one.node)),
    el("div", { class: "stack stack--tight" },
      el("p", { class: "soft" }, t("review_confirm_note")),
      message,
      el("div", { class: "row" }, confirm)));

  async function done() {
    confirm.disabled = true;
    fill(message);
    try {
      await Promise.all(parts.map((one) => one.flush()));
      await interview.command("/confirm-transcripts");
      for (const one of parts) one.forget();
    } catch (error) {
      fill(message, notice("danger", error.message));
    }
    confirm.disabled = false;
  }

  return {
    node,
    update() {
      line.update();
      const now = interview.snapshot.check?.answers ?? [];
      for (const one of parts) one.update(now.find(({ question_id: id }) => id === one.id));
      const late = now.filter((answer) => answer.waiting).length;
      fill(waiting, late ? notice("accent", t(late === 1 ? "review_waiting_one" : "review_waiting", { n: late })) : null);
    },
    leave: () => parts.forEach((one) => one.close()),
  };
}

/** So many minutes as people say it: in seconds under two minutes, in hours from two on. */
function inWords(minutes) {
  if (minutes < 2 && minutes !== 1) return t("time_seconds", { n: Math.round(minutes * 60) });
  if (minutes === 1) return t("time_minute");
  return minutes < 120 ? t("time_minutes", { n: Math.round(minutes) }) : t("time_hours", { n: Math.round(minutes / 60) });
}

/** One answer with its question: a text field for what was spoken, plain words for what was typed. */
function part(interview, answer) {
  const spoken = answer.mode === "voice";
  const id = `correction-${answer.question_id}`;
  const head = [
    answer.from_person || answer.follow_up ? el("p", { class: "eyebrow" }, t(answer.from_person ? "from_person" : "follow_up_short")) : null,
    el("h2", { id: `${id}-question`, class: "review__question", lang: interviewLanguage }, answer.question),
  ];
  if (!spoken) {
    const said = answer.text ? el("p", { class: answer.code ? "words words--code" : "words", lang: interviewLanguage, testid: `typed-${answer.question_id}` }, answer.text) : el("p", { class: "soft" }, t("review_nothing"));
    const node = el("li", { class: "card" }, ...head, said, el("p", { class: "soft small" }, t("review_typed")));
    return { id: answer.question_id, node, update() {}, flush: async () => {}, forget() {}, close() {} };
  }
  return spokenPart(interview, answer, id, head);
}

function spokenPart(interview, answer, id, head) {
  let heard = answer.heard;
  const state = el("span", { class: "soft small", testid: `${id}-state` });
  const draft = new Draft(interview.snapshot.interview_id, { id: answer.question_id, draft: answer.text }, (name) => (state.textContent = t(`draft_${name}`)), "correction");
  const field = el("textarea", { id, testid: id, rows: 4, maxlength: 20000, lang: interviewLanguage, "aria-describedby": `${id}-question`, oninput: edited });
  const undo = el("button", { class: "button button--quiet", type: "button", testid: `${id}-undo`, onclick: takeBack }, icon("undo"), t("review_undo"));
  const was = el("p", { class: "words", lang: interviewLanguage, testid: `${id}-heard` });
  const before = el("div", { class: "review__heard" }, el("p", { class: "small soft" }, t("review_heard")), was, undo);
  const late = el("p", { class: "soft small" }, t("review_waiting_here"));
  const node = el("li", { class: "card" }, ...head,
    late,
    el("div", { class: "field" }, el("div", { class: "row row--apart" }, el("label", { for: id, class: "label" }, t("review_words")), state), field),
    before);
  field.value = draft.text;

  function edited() {
    draft.set(field.value);
    show();
  }

  function takeBack() {
    field.value = heard;
    edited();
    field.focus();
  }

  function show() {
    before.hidden = field.value.trim() === heard.trim();
    was.textContent = heard || t("review_nothing");
  }

  function update(now) {
    late.hidden = !now?.waiting;
    field.readOnly = Boolean(now?.waiting);
    // Words that came late: taken over as long as nobody has changed what stood there.
    if (now && now.heard !== heard) {
      if (field.value.trim() === heard.trim()) {
        draft.settled(now.text);
        field.value = now.text;
      }
      heard = now.heard;
    }
    show();
  }

  show();
  return { id: answer.question_id, node, update, flush: () => draft.flush(), forget: () => draft.forget(), close: () => draft.close() };
}
