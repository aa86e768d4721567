// The banner that says when speech is not recognised, or only by the test model.

import { say, t } from "./text.js";

/** Shows it as the state asks; over: the interview has ended and it no longer matters. */
export function showRecognition(element, recognition, over = false) {
  const { available = true, loading = false, synthetic = false } = recognition ?? {};
  const key = loading ? "recognition_loading" : !available ? "recognition_unavailable" : synthetic ? "recognition_synthetic" : null;
  element.hidden = key === null || over;
  if (key === null) return;
  element.className = `notice notice--${loading ? "accent" : "warn"}`;
  say(element.querySelector("p"), t(key));
}
