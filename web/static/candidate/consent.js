// Consent: one yes or no for each purpose, nothing chosen beforehand.

import { el, fill, notice } from "./dom.js";
import { t } from "./i18n.js";

export function consentScreen(interview) {
  const { snapshot } = interview;
  const required = snapshot.policy.recording_required;
  const purposes = snapshot.policy.purposes.map((name) => purposeCard(name, {
    required: required && name === "recording",
    counts: snapshot.policy.expression_counts && name === "expression",
    second: snapshot.policy.second_scorer && name === "scoring",
  }));
  const message = el("div", { "aria-live": "polite" });
  const button = el("button", { class: "button button--primary button--large", testid: "consent-continue" }, t("continue"));

  const form = el("form", { class: "stack stack--loose", novalidate: true, onsubmit: (event) => send(event) },
    el("header", { class: "stack stack--tight" },
      el("p", { class: "eyebrow" }, t("consent_greeting", { name: snapshot.candidate_name })),
      el("h1", { tabindex: -1 }, t("consent_title")),
      el("p", { class: "lead" }, t(required ? "consent_lead_required" : "consent_lead")),
      required ? el("div", { testid: "consent-required" }, notice("accent", t("consent_required_note"))) : null),
    el("div", { class: "stack" }, ...purposes.map((purpose) => purpose.node)),
    message,
    el("div", { class: "stack stack--tight" },
      el("div", { class: "row" }, button),
      el("p", { class: "soft small" }, t("consent_later"), " ",
        el("a", { href: "/privacy", target: "_blank", rel: "noopener", testid: "consent-privacy" }, t("landing_privacy_link")))));

  async function send(event) {
    event.preventDefault();
    const open = purposes.filter((purpose) => purpose.check() === null);
    if (open.length) return open[0].focus();
    button.disabled = true;
    try {
      await interview.command("/consent", {
        granted: Object.fromEntries(purposes.map((purpose) => [purpose.name, purpose.check()])),
        // What was shown is in the log: without it no answer goes to a second scorer.
        second_scorer: snapshot.policy.second_scorer,
      });
    } catch (error) {
      fill(message, notice("danger", error.message));
      button.disabled = false;
    }
    return undefined;
  }

  return { node: form, update() {} };
}

/**
 * required: the interview is not held without it, and a no leads to a person instead.
 * counts: what is seen takes part in the rating of a skill, and that is said.
 * second: the words also go to a second scorer, and that is said.
 */
function purposeCard(name, { required, counts, second }) {
  const missing = `consent-${name}-missing`;
  const no = required ? "consent_recording_no_required" : counts ? "consent_expression_no_counts" : `consent_${name}_no`;
  const choice = (value) =>
    el("label", { class: "choice" },
      el("input", { type: "radio", name, value, testid: `consent-${name}-${value}`, "aria-describedby": missing, onchange: () => fill(error) }),
      t(`consent_${value}`));
  const error = el("p", { class: "field__error", id: missing, "aria-live": "polite" });
  const node = el("fieldset", { class: "card purpose" },
    el("legend", { class: "visually-hidden" }, t(`consent_${name}_title`)),
    el("div", { class: "stack stack--tight" },
      el("h2", { "aria-hidden": "true" }, t(`consent_${name}_title`)),
      el("p", {}, t(counts ? "consent_expression_text_counts" : `consent_${name}_text`)),
      second ? el("p", { testid: "consent-second-scorer" }, t("consent_second_scorer")) : null,
      el("p", { class: "soft" }, t(no))),
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
