// Elements from JavaScript. Texts are set as text, never as HTML.

/**
 * An element. attributes: `onclick` and the like are listeners, `testid` is data-testid, true and false set and leave
 * out; children: elements, strings, or null for nothing.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "testid") node.dataset.testid = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

const SHAPES = {
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  keyboard: "M3 6.5h18v11H3zM7 10h.01M11 10h.01M15 10h.01M17.5 10h.01M8 14h8",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.5v13l10-6.5z",
  speaker: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9.5a3.5 3.5 0 0 1 0 5M18 7a7 7 0 0 1 0 10",
  muted: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 10l5 5M21 10l-5 5",
  replay: "M4.5 12a7.5 7.5 0 1 0 2.4-5.5L4.5 8.8M4.5 4.5v4.3h4.3",
  help: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.6 9.6a2.4 2.4 0 1 1 3.5 2.1c-.7.4-1.1.9-1.1 1.8M12 16.6h.01",
  moment: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  skip: "M6 6.5v11l8-5.5zM17.5 6.5v11",
  undo: "M9 6.5L4.5 11 9 15.5M5 11h9a5 5 0 0 1 0 10h-2",
  check: "M5 12.5l4.5 4.5L19 7.5",
  bulb: "M9.5 18h5M10.5 21h3M12 3a6 6 0 0 0-3.8 10.6c.8.7 1.3 1.5 1.3 2.4h5c0-.9.5-1.7 1.3-2.4A6 6 0 0 0 12 3z",
};

/** A line drawing of 24 × 24, hidden from screen readers: its button carries the words. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A notice of one sentence and perhaps a button. kind: "", accent, ok, warn or danger. */
export function notice(kind, text, ...actions) {
  return el("div", { class: kind ? `notice notice--${kind}` : "notice" }, el("p", {}, text), ...actions);
}

/** A Chinese heading in parts that end with its punctuation, so that a line breaks there first; others stay whole. */
export function phrases(text) {
  return text.split(/(?<=[，。！？：])/u).map((part) => el("span", { class: "phrase" }, part));
}

/** Replaces what a slot holds; leaves it alone when it looks the same, so that nothing is announced or focused anew. */
export function fill(slot, ...nodes) {
  const wanted = el("div", {}, ...nodes);
  const same = slot.childNodes.length === wanted.childNodes.length
    && [...wanted.childNodes].every((node, index) => node.isEqualNode(slot.childNodes[index]));
  if (!same) slot.replaceChildren(...wanted.childNodes);
}
