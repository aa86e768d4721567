// Who else has this monitor open.

import { h, keep } from "./dom.js";
import { say, t } from "./text.js";

/** The list of the others, and a sentence when somebody comes or goes. me: this account's id. Gives `show(users)`. */
export function watchersList(root, announce, me) {
  const list = h("ul", { class: "watchers__list" });
  root.append(h("span", { class: "small soft", text: t("watchers") }), list);
  let known = null;

  function show(users) {
    const others = users.filter(({ id }) => id !== me);
    root.hidden = others.length === 0;
    keep(
      list,
      others,
      ({ id }) => id,
      () => h("li", { class: "watcher" }, h("span", { class: "watcher__face", "aria-hidden": "true" }), h("span", { class: "watcher__name" })),
      (element, { name }) => {
        say(element.querySelector(".watcher__face"), initials(name));
        say(element.querySelector(".watcher__name"), name);
        element.title = t("watcher_here", { name });
      },
    );
    const names = new Map(others.map(({ id, name }) => [id, name]));
    if (known) {
      const came = [...names].filter(([id]) => !known.has(id)).map(([, name]) => t("watcher_came", { name }));
      const left = [...known].filter(([id]) => !names.has(id)).map(([, name]) => t("watcher_left", { name }));
      if (came.length + left.length > 0) say(announce, [...came, ...left].join(" "));
    }
    known = names;
  }

  return { show };
}

/** One or two letters that stand for a name: AL for "Ada Lovelace", 林 for "林小雨". */
function initials(name) {
  const words = name.split("@")[0].split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...(words[0] ?? "?")].slice(0, 1);
  return letters.join("").toUpperCase();
}
