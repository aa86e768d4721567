// Between two rounds: a rest of any length, and what comes next.

import { clockNote } from "./clock.js";
import { el, fill, icon, notice } from "./dom.js";
import { interviewLanguage, t } from "./i18n.js";
import { topLine } from "./topline.js";

export function restScreen(interview) {
  const round = interview.snapshot.next_round;
  const line = topLine(interview, { text: () => [t("round_done", { number: round.index, total: round.total })], value: () => ({ index: round.index, total: round.total }) });
  const note = el("p", { class: "soft small", testid: "clock-note" });
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button button--primary button--large", testid: "round-continue", onclick: go }, icon("play"), t("round_continue"));
  interview.reader.stop();
  const node = el("section", { class: "stack", testid: "between-rounds" },
    line.node,
    el("div", { class: "card card--calm" },
      el("div", { class: "stack stack--tight" },
        el("h1", { tabindex: -1 }, t("round_rest_title")),
        el("p", { class: "lead" }, t("round_rest_lead"))),
      el("div", { class: "next-round", testid: "next-round" },
        el("p", { class: "eyebrow" }, t("round_next", { number: round.index + 1, total: round.total })),
        el("h2", { lang: interviewLanguage }, round.title),
        el("p", { lang: interviewLanguage }, round.intro)),
      el("div", { class: "row" }, button),
      note,
      message));

  async function go() {
    button.disabled = true;
    interview.openMedia();
    try {
      await interview.command("/continue");
    } catch (error) {
      fill(message, notice("danger", error.message));
    }
    button.disabled = false;
  }

  return {
    node,
    update() {
      line.update();
      note.textContent = clockNote(interview);
    },
  };
}
