// The review room's keyboard: single keys that rest wherever a key has another meaning, and can be switched off.

const SWITCH_KEY = "review-keys";
const FIELDS = "input, textarea, select, [contenteditable], [role=tab]";
/** On these the space bar presses what has the focus. */
const PRESSED = "button, a, summary, label";

/** actions: what a key does, by `KeyboardEvent.key` in small letters. toggle: the checkbox that switches them. */
export function listen(actions, toggle) {
  try {
    toggle.checked = localStorage.getItem(SWITCH_KEY) !== "off";
  } catch {
    // They are on.
  }
  toggle.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH_KEY, toggle.checked ? "on" : "off");
    } catch {
      // For this page only.
    }
  });
  document.addEventListener("keydown", (event) => {
    const action = actions[event.key.toLowerCase()];
    if (!action || !toggle.checked || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(FIELDS) || (event.key === " " && target.closest(PRESSED))) return;
    // Code is scrolled sideways with the arrows.
    if (event.key.startsWith("Arrow") && target.closest("pre")) return;
    event.preventDefault();
    action();
  });
}
