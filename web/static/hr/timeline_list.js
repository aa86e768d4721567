// The timeline as a list for everybody, the latest on top.

import { h, keep } from "./dom.js";
import { clock, say, t, time } from "./text.js";
import { entryBy, entryLabel, entryMore } from "./timeline.js";

/** Gives `show({entries, people}, view)`. me: this account's e-mail address. */
export function timelineList(root, me) {
  function make(entry) {
    return h(
      "li",
      { class: `entry entry--${entry.lane}`, data: { kind: entry.kind }, testid: "entry" },
      h("span", { class: "entry__mark", "aria-hidden": "true" }),
      h("time", { class: "number soft entry__time", datetime: entry.at, title: t("entry_clock", { clock: clock(entry.clock_ms) }), text: time(entry.at) }),
      h("div", { class: "entry__what" }, h("p", {}, h("span", { class: "entry__label" }), h("span", { class: "entry__by" })), h("p", { class: "small entry__text" }), h("p", { class: "small soft entry__more" })),
    );
  }

  return {
    show({ entries, people }, view) {
      keep(
        root,
        [...entries].reverse(),
        ({ seq, kind }) => `${seq}:${kind}`,
        make,
        (element, entry) => {
          say(element.querySelector(".entry__label"), entryLabel(entry, view));
          const by = entryBy(entry, people, me);
          say(element.querySelector(".entry__by"), by && t("entry_by", { name: by }));
          say(element.querySelector(".entry__text"), entry.text && entry.kind !== "question" ? t("help_says", { message: entry.text }) : entry.text);
          say(element.querySelector(".entry__more"), entryMore(entry, view));
        },
      );
    },
  };
}
