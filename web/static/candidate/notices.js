// What a person of HR does during the interview, told calmly: it stays in sight under the top line until the question
// is over. Only what is new is announced.

import { el } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";

/** {node, update}: the notices of the open question. */
export function noticesPlace(interview) {
  const list = el("div", { class: "told__list", role: "status", "aria-atomic": "false", "aria-relevant": "additions" });
  const node = el("div", { class: "notice notice--accent told", tabindex: 0, role: "group", "aria-label": t("told_label"), hidden: true, testid: "notices" }, list);
  const shown = new Map();

  function update() {
    const now = new Map((interview.snapshot.notices ?? []).filter(({ kind }) => kind in SAID).map((one) => [`${one.kind} ${one.at}`, one]));
    for (const [key, line] of shown) {
      if (now.has(key)) continue;
      line.remove();
      shown.delete(key);
    }
    // First seen, then filled: what is added to a hidden place is not announced.
    node.hidden = now.size === 0;
    for (const [key, one] of now) {
      if (shown.has(key)) continue;
      const line = el("p", { testid: `notice-${one.kind}` }, ...SAID[one.kind](one));
      shown.set(key, line);
      list.append(line);
      node.scrollTop = node.scrollHeight;
    }
  }

  return { node, update };
}

/** What is told; a pause is none, as it has its own screen. */
const SAID = {
  time: ({ extra_ms: extraMs }) => [moreTime(extraMs / 1000)],
  hint: ({ text }) => hint(text),
  question: () => [t("told_question")],
  resume: () => [t("told_resume")],
};

function hint(text) {
  const [before, after] = t("told_hint").split("{text}");
  return [before, el("span", { lang: interviewLanguage }, text), after];
}

/** So much more time, as people say it. */
function moreTime(seconds) {
  if (seconds === 60) return t("told_time_minute");
  return seconds % 60 ? t("told_time_seconds", { n: seconds }) : t("told_time_minutes", { n: seconds / 60 });
}

/** A person goes on, or has ended the questions: what stands above the check and at the end; null where neither. */
export function personNotice(snapshot) {
  if (snapshot.handed_over) {
    return el("section", { class: "card told__message", role: "status", testid: "handed-over" },
      el("h2", {}, t("handed_over_title")),
      el("p", { class: "told__words", testid: "handed-over-message" }, ...linked(snapshot.handed_over.message)),
      el("p", { class: "soft small" }, t("handed_over_note")));
  }
  if (!snapshot.ended) return null;
  return el("section", { class: "card told__message", role: "status", testid: "ended" },
    el("h2", {}, t("ended_title")),
    el("p", {}, t("ended_lead")));
}

/** The words with their web addresses as links. */
function linked(text) {
  return text.split(/(https:\/\/[^\s<>"，。；！？、）)]+)/u).map((part, index) =>
    index % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
}
