// The banner that says when speech is not recognised, or only by the test model.

import { say, t } from "./text.js";

function stateOf({ available = true, loading = false, failing = false, synthetic = false }) {
  if (loading) return { key: "recognition_loading", kind: "accent" };
  if (failing) return { key: "recognition_failing", kind: "danger" };
  if (!available) return { key: "recognition_unavailable", kind: "warn" };
  return synthetic ? { key: "recognition_synthetic", kind: "warn" } : null;
}

/** Shows it as the state asks; over: the interview has ended and it no longer matters. */
export function showRecognition(element, recognition, over = false) {
  const state = stateOf(recognition ?? {});
  element.hidden = state === null || over;
  if (state === null) return;
  element.className = `notice notice--${state.kind}`;
  say(element.querySelector("p"), t(state.key));
}
