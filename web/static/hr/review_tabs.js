// Makes tabs of panels that stand one below the other without a script. Keys as in the ARIA practice for tabs.

/** list: the hidden element with role=tablist; each tab names its panel in aria-controls. Gives `show(panel id)`. */
export function tabs(list) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const panels = all.map((tab) => document.getElementById(tab.getAttribute("aria-controls")));

  function select(chosen, focus = false) {
    all.forEach((tab, place) => {
      const is = tab === chosen;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
      panels[place].hidden = !is;
    });
    if (focus) chosen.focus();
  }

  all.forEach((tab, place) => {
    panels[place].setAttribute("role", "tabpanel");
    panels[place].setAttribute("aria-labelledby", tab.id);
    panels[place].tabIndex = 0;
    tab.addEventListener("click", () => select(tab));
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    select(all.at(to % all.length), true);
  });
  list.hidden = false;
  select(all[0]);
  return { show: (id) => select(all[panels.findIndex((panel) => panel.id === id)]) };
}
