// HR steps in: pause, time, a hint, a question, a mark, handing over, ending. What is sent is said at once, then confirmed.

import { h } from "./dom.js";
import { endDialog, panels, shownIndicators } from "./steps_panels.js";
import { commonRefusal, isPausedByHr, refusal, STEPS } from "./steps_when.js";
import { say, t, time } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  pause: "M9 6v12M15 6v12",
  resume: "M8 5.5v13l10-6.5z",
  time: "M12 8v5l3 2M12 5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM9.5 2.5h5",
  hint: "M9.5 18h5M10.5 21h3M8.5 14.5a5.5 5.5 0 1 1 7 0c-.7.6-1 1.2-1 2h-5c0-.8-.3-1.4-1-2z",
  ask: "M4 5.5h16v10.5h-8l-4 3.5v-3.5H4zM10.2 9.2a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.5-.8 1M12 13.9v.1",
  mark: "M7 4h10v16l-5-4-5 4z",
  hand_over: "M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.5-4 3.2-6 7-6s6.5 2 7 6",
  end: "M6.5 6.5h11v11h-11z",
};
const OPENS = new Set(["time", "hint", "ask", "mark", "hand_over"]);
const KEY_OFF = "monitor-mark-key";

/** Makes the bar. rights: {intervene, mark}; steps: what the flow offers. Gives {show(view), open(step)}. */
export function stepsBar(root, { address, rights, steps }) {
  const shown = STEPS.filter((step) => (step === "mark" ? rights.mark : rights.intervene));
  const buttons = new Map(shown.map((step) => [step, button(step)]));
  const panel = h("div", { class: "steps__panel", hidden: true, id: "step-panel", testid: "step-panel" });
  const why = h("p", { class: "small soft steps__why", testid: "steps-why", hidden: true });
  const status = h("p", { class: "small steps__status", role: "status", testid: "step-status" });
  const note = h("p", { class: "small soft steps__note", text: t("step_departure"), hidden: !rights.intervene });
  const dialog = endDialog((reason) => send("end", "end", { reason }));
  let view = null;
  let openStep = null;
  let sent = 0;
  const drafts = new Map();
  const make = panels({ steps, send, drafts, keyIsOn, setKey });

  root.hidden = shown.length === 0;
  root.append(h("div", { class: "steps__bar" }, ...[...buttons.values()].map(({ element }) => element)), why, panel, h("div", { class: "steps__foot" }, status, note), dialog.element);
  document.addEventListener("keydown", keyed);

  function button(step) {
    const icon = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    icon.setAttribute("viewBox", "0 0 24 24");
    icon.setAttribute("class", "icon");
    icon.setAttribute("aria-hidden", "true");
    icon.append(path);
    const text = h("span", {});
    const reason = h("span", { class: "visually-hidden", id: `step-why-${step}` });
    const opens = OPENS.has(step);
    const element = h(
      "button",
      {
        type: "button", class: `step${step === "end" ? " step--end" : ""}`, testid: `step-${step}`, "aria-describedby": reason.id,
        "aria-expanded": opens ? "false" : null, "aria-controls": opens ? "step-panel" : null, "aria-keyshortcuts": step === "mark" ? "M" : null,
        on: { click: () => press(step) },
      },
      icon, text, reason,
    );
    return { element, path, text, reason };
  }

  function press(step) {
    const refused = refusal(step, view);
    if (refused) tell(t(refused), "");
    else if (step === "pause") send("pause", isPausedByHr(view) ? "resume" : "pause", {});
    else if (step === "end") dialog.open();
    else if (openStep === step) close();
    else open(step);
  }

  function open(step) {
    openStep = step;
    build();
    panel.querySelector("textarea, input[type=text], button:not([aria-disabled])")?.focus();
  }

  function build() {
    panel.replaceChildren(make[openStep](view));
    panel.dataset.of = keyOf();
    panel.hidden = false;
    for (const [step, { element }] of buttons) if (OPENS.has(step)) element.setAttribute("aria-expanded", String(step === openStep));
  }

  /** What the open panel is made of: another question, another probe used or evidence for more makes it anew. */
  function keyOf() {
    return [openStep, view.question_id, view.answers.size, view.requested?.length, shownIndicators(view).size].join(" ");
  }

  function close() {
    const focused = panel.contains(document.activeElement);
    const from = buttons.get(openStep);
    openStep = null;
    panel.hidden = true;
    panel.replaceChildren();
    for (const [step, { element }] of buttons) if (OPENS.has(step)) element.setAttribute("aria-expanded", "false");
    if (focused) from?.element.focus();
  }

  /** Sends a step. null when it was accepted, and so is in the log; else the sentence that says why not. */
  async function send(step, path, body) {
    const what = t(path === "resume" ? "step_resume" : `step_${step}`);
    const mine = ++sent;
    tell(t("step_sending", { what }), "sending");
    const answer = await fetch(`${address}/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).catch(() => null);
    const data = await answer?.json().catch(() => null);
    const accepted = answer?.ok === true;
    if (accepted && openStep === step) {
      drafts.delete(step);
      close();
    }
    const refused = accepted ? null : (data?.error?.message ?? t("step_not_sent", { what }));
    // An older answer must not cover a newer step's.
    if (mine === sent) tell(refused ?? t("step_confirmed", { what, time: time(new Date().toISOString()) }), accepted ? "ok" : "error");
    return refused;
  }

  function tell(text, kind) {
    say(status, text);
    status.dataset.kind = kind;
  }

  function keyed(event) {
    if (event.key === "Escape" && openStep && panel.contains(document.activeElement)) close();
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], dialog[open]");
    if (event.key?.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey || typing || !rights.mark || !keyIsOn()) return;
    if (refusal("mark", view) || openStep === "mark") return;
    event.preventDefault();
    open("mark");
  }

  function keyIsOn() {
    return localStorage.getItem(KEY_OFF) !== "off";
  }

  function setKey(on) {
    localStorage.setItem(KEY_OFF, on ? "on" : "off");
  }

  return {
    open(step) {
      if (buttons.has(step) && !refusal(step, view)) open(step);
    },
    show(now) {
      view = now;
      const common = commonRefusal(view);
      for (const [step, { element, path, text, reason }] of buttons) {
        const refused = refusal(step, view);
        const name = step === "pause" && isPausedByHr(view) ? "resume" : step;
        if (refused) element.setAttribute("aria-disabled", "true");
        else element.removeAttribute("aria-disabled");
        say(text, t(step === "hand_over" && view.person_instead ? "step_take_over" : `step_${name}`));
        say(reason, refused ? t(refused) : "");
        element.title = refused ? t(refused) : step === "mark" && keyIsOn() ? t("step_mark_key") : "";
        if (path.getAttribute("d") !== ICONS[name]) path.setAttribute("d", ICONS[name]);
      }
      why.hidden = !common;
      say(why, common ? t(common) : "");
      if (openStep && panel.dataset.of !== keyOf() && !refusal(openStep, view)) rebuild();
    },
  };

  /** Made anew under somebody's hands: what they have written stays, and so does their place. */
  function rebuild() {
    const field = document.activeElement?.getAttribute?.("name");
    const inside = panel.contains(document.activeElement);
    build();
    if (inside) (panel.querySelector(`[name="${field}"]`) ?? panel.querySelector("textarea, input, button"))?.focus();
  }
}
