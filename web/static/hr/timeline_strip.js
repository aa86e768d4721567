// The timeline as a narrow picture: three lanes over the wall clock, growing while the interview goes on.

import { clock, time } from "./text.js";
import { entryLabel, entryMore } from "./timeline.js";

const SVG = "http://www.w3.org/2000/svg";
const LANES = ["course", "faults", "people"];
const LANE_PX = 18;
const GAP_PX = 4;
const AXIS_PX = 16;
const SHORTEST_MS = 60_000;
/** Of the course only what takes time is drawn, and what the candidate asked for; the list has the rest. */
const IN_COURSE = new Set(["practice", "question", "answer", "round", "check", "hint", "moment", "correction"]);

function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Draws into an svg element. Gives `show(entries, view)`. */
export function timelineStrip(svg) {
  const height = LANES.length * (LANE_PX + GAP_PX) + AXIS_PX;
  svg.setAttribute("height", height);

  return {
    show(entries, view) {
      const begin = entries.find(({ kind }) => kind === "started") ?? entries[0];
      svg.replaceChildren();
      if (!begin) return;
      const from = Date.parse(begin.at);
      const last = entries.find(({ kind }) => kind === "completed");
      const to = Math.max(from + SHORTEST_MS, last ? Date.parse(last.at) : Date.now());
      const x = (at) => (100 * Math.min(to - from, Math.max(0, at - from))) / (to - from);
      for (const lane of LANES.keys()) svg.append(s("rect", { class: "strip__lane", x: 0, y: top(lane), width: "100%", height: LANE_PX, rx: 4 }));
      for (const entry of entries) {
        if (entry.lane === "course" && !IN_COURSE.has(entry.kind)) continue;
        svg.append(drawn(entry, view, x, to));
      }
      svg.append(...ticks(from, to, x));
    },
  };
}

const top = (lane) => lane * (LANE_PX + GAP_PX);

function drawn(entry, view, x, to) {
  const lane = LANES.indexOf(entry.lane);
  const start = Date.parse(entry.at);
  const end = entry.until ? Date.parse(entry.until) : entry.open ? to : null;
  const group = s("g", { class: `strip__entry strip__entry--${entry.lane} strip__entry--${entry.kind}` }, s("title"));
  const more = entryMore(entry, view);
  group.firstChild.textContent = [time(entry.at), entryLabel(entry, view), more].filter(Boolean).join(" · ");
  const inset = entry.kind === "answer" ? 5 : 0;
  if (end !== null) {
    const width = Math.max(0.25, x(end) - x(start));
    group.append(s("rect", { x: `${x(start)}%`, y: top(lane) + inset, width: `${width}%`, height: LANE_PX - 2 * inset, rx: 3 }));
    const label = entry.kind === "question" && !entry.question_id.includes("-") ? String((view.answers.get(entry.question_id)?.index ?? 0) + 1) : "";
    if (label && width > 2.5) group.append(at(s("text", { x: `${x(start)}%`, dx: 5, y: top(lane) + 13 }), label));
  } else {
    group.append(s("circle", { cx: `${Math.min(99.4, Math.max(0.6, x(start)))}%`, cy: top(lane) + LANE_PX / 2, r: 5 }));
  }
  return group;
}

/** Minutes since the start, as many as can be read. */
function ticks(from, to, x) {
  const minutes = (to - from) / 60_000;
  const step = [1, 2, 5, 10, 15, 30, 60].find((one) => minutes / one <= 7) ?? 120;
  const found = [];
  for (let minute = 0; minute <= minutes - step * 0.25 || minute === 0; minute += step) {
    const place = x(from + minute * 60_000);
    found.push(at(s("text", { class: "strip__tick", x: `${place}%`, y: top(LANES.length) + 12, dx: minute === 0 ? 0 : -10 }), clock(minute * 60_000)));
  }
  return found;
}

function at(element, text) {
  element.textContent = text;
  return element;
}
