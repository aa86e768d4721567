// Consent: one yes or no for each purpose, nothing chosen beforehand.

import { el, fill, notice } from "./dom.js";
import { t } from "./i18n.js";

export function consentScreen(interview) {
  const { snapshot } = interview;
  const purposes = snapshot.policy.purposes.map((name) => purposeCard(name, snapshot.policy));
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button button--primary button--large", testid: "consent-continue" }, t("continue"));

  const form = el("form", { class: "stack stack--loose", novalidate: true, onsubmit: (event) => send(event) },
    el("header", { class: "stack stack--tight" },
      el("p", { class: "eyebrow" }, t("consent_greeting", { name: snapshot.candidate_name })),
      el("h1", { tabindex: -1 }, t("consent_title")),
      el("p", { class: "lead" }, t("consent_lead"))),
    el("div", { class: "stack" }, ...purposes.map((purpose) => purpose.node)),
    message,
    el("div", { class: "row" }, button));

  async function send(event) {
    event.preventDefault();
    const open = purposes.filter((purpose) => purpose.check() === null);
    if (open.length) return open[0].focus();
    button.disabled = true;
    try {
      const granted = Object.fromEntries(purposes.map((purpose) => [purpose.name, purpose.check()]));
      await interview.command("/consent", { granted, second_scorer: snapshot.policy.second_scorer });
    } catch (error) {
      fill(message, notice("danger", error.message));
      button.disabled = false;
    }
    return undefined;
  }

  return { node: form, update() {} };
}

function purposeCard(name, policy) {
  const choice = (value) =>
    el("label", { class: "choice" },
      el("input", { type: "radio", name, value, testid: `consent-${name}-${value}`, onchange: () => fill(error) }),
      t(`consent_${value}`));
  const error = el("p", { class: "field__error", "aria-live": "polite" });
  const node = el("fieldset", { class: "card purpose" },
    el("legend", { class: "visually-hidden" }, t(`consent_${name}_title`)),
    el("div", { class: "stack stack--tight" },
      el("h2", { "aria-hidden": "true" }, t(`consent_${name}_title`)),
      el("p", {}, t(`consent_${name}_text`)),
      name === "scoring" && policy.second_scorer ? el("p", { testid: "consent-second-scorer" }, t("consent_second_scorer")) : null,
      el("p", { class: "soft" }, t(`consent_${name}_no`))),
    el("div", { class: "choices" }, choice("yes"), choice("no")),
    error);
  return {
    name,
    node,
    focus: () => node.querySelector("input").focus(),
    /** true, false, or null (then it says that an answer is missing). */
    check() {
      const chosen = node.querySelector("input:checked");
      if (!chosen) fill(error, t("consent_missing"));
      return chosen ? chosen.value === "yes" : null;
    },
  };
}
