// The panels behind the bar's buttons: what can be given, sent or asked, in the flow's words or in one's own.

import { h } from "./dom.js";
import { ownId } from "./interview.js";
import { duration, t } from "./text.js";

const SECONDS = [30, 60, 120];
const LONGEST = { hint: 300, ask: 500, mark: 300, hand_over: 500, end: 500 };

/** step → (view) → element. send(step, path, body); drafts: step → what is written and not sent. */
export function panels({ steps, send, drafts, keyIsOn, setKey }) {
  const group = (step, ...content) => h("div", { class: "step-panel", role: "group", "aria-label": t(`step_${step}_title`) }, h("h2", { class: "step-panel__title", text: t(`step_${step}_title`) }), ...content);

  /** A field for one's own words, and the button that sends them. */
  function own(step, path, bodyOf, { required = true, rows = 2 } = {}) {
    const id = `step-${step}-text`;
    const field = h(rows > 1 ? "textarea" : "input", { id, name: `${step}-text`, class: "step-panel__field", maxlength: LONGEST[step], rows: rows > 1 ? rows : null, type: rows > 1 ? null : "text", required, testid: id });
    field.value = drafts.get(step) ?? "";
    field.addEventListener("input", () => drafts.set(step, field.value));
    const submit = h("button", { class: "button--primary", testid: `step-${step}-send`, text: t(`step_${step}_send`) });
    return h(
      "form",
      {
        class: "step-panel__own",
        on: {
          submit: async (event) => {
            event.preventDefault();
            if (required && !field.value.trim()) return field.focus();
            submit.disabled = true;
            await send(step, path, bodyOf(field.value.trim()));
            submit.disabled = false;
            return undefined;
          },
        },
      },
      h("label", { class: "label small", for: id, text: t(`step_${step}_own`) }),
      h("div", { class: "step-panel__line" }, field, submit),
    );
  }

  /** A line of the flow's, in the candidate's language, with its meaning in the reader's, and a button. */
  function offered(view, { text, meaning }, button, more = {}) {
    return h("li", { class: "offered", ...more }, h("div", {}, h("p", { lang: view.language, text }), meaning && meaning !== text ? h("p", { class: "small soft", text: meaning }) : null), button);
  }

  function sendButton(label, name, onClick, refused) {
    const attributes = { type: "button", class: "offered__send", "aria-label": `${label}: ${name}`, text: label, disabled: Boolean(refused) };
    const element = h("button", { ...attributes, on: { click: async () => { element.disabled = true; await onClick(); element.disabled = false; } } });
    return element;
  }

  return {
    time: () =>
      group("time", h("div", { class: "row" }, ...SECONDS.map((seconds) => h("button", { type: "button", testid: `give-${seconds}`, text: t("step_give", { time: duration(seconds * 1000) }), on: { click: () => send("time", "give-time", { seconds }) } })))),

    hint(view) {
      const hints = steps[ownId(view.question_id ?? "")]?.hints ?? [];
      const list = hints.map((hint) => offered(view, hint, sendButton(t("step_send"), hint.text, () => send("hint", "hint", { text: hint.text }))));
      return group("hint", list.length > 0 && h("ul", { class: "offered-list" }, ...list), own("hint", "hint", (text) => ({ text })));
    },

    ask(view) {
      const evident = shownIndicators(view);
      const known = reached(view, steps).map((one) => ({ ...one, shown: evident.has(one.indicator_id), used: usedAs(view, one) }));
      const openFirst = [...known.filter(({ shown }) => !shown), ...known.filter(({ shown }) => shown)];
      const list = openFirst.map((one) =>
        h(
          "li",
          { class: "offered-group", testid: `probes-${one.indicator_id}` },
          h("p", { class: "row small" }, h("strong", { text: one.name }), h("span", { class: `badge${one.shown ? " badge--ok" : ""}`, text: t(one.used ?? (one.shown ? "step_has_evidence" : "step_no_evidence")) })),
          h("ul", { class: "offered-list" }, ...one.probes.map((probe, n) => offered(view, probe, sendButton(t("step_ask_next"), probe.text, () => send("ask", "ask", { indicator_id: one.indicator_id, probe: n }), one.used)))),
        ),
      );
      return group("ask", h("p", { class: "small soft", text: t("step_ask_note") }), list.length > 0 && h("ul", { class: "offered-groups" }, ...list), own("ask", "ask", (text) => ({ text })));
    },

    mark() {
      const key = h("input", { type: "checkbox", name: "mark-key", checked: keyIsOn() });
      key.addEventListener("change", () => setKey(key.checked));
      return group("mark", own("mark", "mark", (note) => ({ note }), { required: false, rows: 1 }), h("p", { class: "small soft row row--apart" }, h("span", { text: t("step_mark_note") }), h("label", { class: "step-panel__key" }, key, t("step_mark_key_on"))));
    },

    hand_over: () => group("hand_over", h("p", { class: "small", text: t("step_hand_over_note") }), own("hand_over", "hand-over", (message) => ({ message }))),
  };
}

/** The ids of the indicators that any answer so far holds evidence for. */
export function shownIndicators(view) {
  const scored = [...view.answers.values()].flatMap(({ score }) => score?.indicators ?? []);
  return new Set(scored.filter(({ evidence }) => evidence.length > 0).map(({ indicator_id: id }) => id));
}

/** The indicators of the questions asked so far, those of the latest first, each with the ids it may be probed under. */
function reached(view, steps) {
  const found = new Map();
  const asked = [...view.answers.keys()].filter((id) => steps[id]).reverse();
  for (const id of asked) {
    for (const one of steps[id].probes) {
      const known = found.get(one.indicator_id) ?? { ...one, ids: [] };
      known.ids.push(`${id}-${one.indicator_id}`);
      found.set(one.indicator_id, known);
    }
  }
  return [...found.values()];
}

function usedAs(view, { ids }) {
  if ((view.requested ?? []).some((one) => ids.includes(one.question_id))) return "step_is_next";
  return ids.every((id) => view.answers.has(id)) ? "step_was_asked" : null;
}

/** Asks before an interview is ended, and says what the candidate will see. onEnd(reason) → why not, or null. */
export function endDialog(onEnd) {
  const reason = h("textarea", { id: "end-reason", required: true, maxlength: LONGEST.end, rows: 3, testid: "end-reason" });
  const submit = h("button", { class: "button--danger", testid: "end-confirm", text: t("step_end_confirm") });
  const failed = h("p", { class: "field__error", role: "alert" });
  const back = h("button", { type: "button", class: "button--quiet", testid: "end-cancel", text: t("step_end_back"), on: { click: () => element.close() } });
  const form = h(
    "form",
    { class: "stack" },
    h("h2", { id: "end-title", text: t("step_end_title") }),
    h("p", { text: t("step_end_what") }),
    h("div", { class: "field" }, h("label", { for: "end-reason", text: t("step_end_reason") }), h("p", { class: "field__hint", text: t("step_end_reason_hint") }), reason),
    failed,
    h("div", { class: "row row--end" }, back, submit),
  );
  const element = h("dialog", { class: "dialog", "aria-labelledby": "end-title", testid: "end-dialog" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!reason.value.trim()) return reason.focus();
    submit.disabled = true;
    const refused = await onEnd(reason.value.trim());
    submit.disabled = false;
    failed.textContent = refused ?? "";
    if (!refused) element.close();
    return undefined;
  });
  return {
    element,
    open() {
      failed.textContent = "";
      element.showModal();
      reason.focus();
    },
  };
}
