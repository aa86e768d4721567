// The wall's search, filters, grouping and density: what is set stands in the address.

import { h } from "./dom.js";
import { say, t } from "./text.js";
import { EVERYTHING, fromQuery, isFiltered, toQuery } from "./wall_query.js";

const WIDE = matchMedia("(min-width: 48rem)");

export class Toolbar {
  /** form: its fields are named as the query's. changed(): something else is to be shown. */
  constructor(form, changed) {
    this.#form = form;
    this.#changed = changed;
    this.wanted = fromQuery(location.search);
    this.#fill();
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.#read());
    document.getElementById("wall-clear").addEventListener("click", () => this.clear());
    document.getElementById("no-match-clear").addEventListener("click", () => this.clear());
    addEventListener("popstate", () => {
      this.wanted = fromQuery(location.search);
      this.#fill();
      changed();
    });
    const open = () => (form.querySelector("details").open = WIDE.matches || isFiltered({ ...this.wanted, q: "" }));
    WIDE.addEventListener("change", open);
    open();
  }

  #form;
  #changed;
  #jobs = "";

  clear() {
    this.wanted = { ...EVERYTHING, group: this.wanted.group, compact: this.wanted.compact };
    this.#fill();
    this.#write();
    this.#form.elements.q.focus();
  }

  /** The jobs there are to choose from; one that was chosen stays, if it has no interview any more. */
  offer(jobs) {
    const all = [...new Set([...jobs, this.wanted.job])].filter(Boolean).sort((a, b) => a.localeCompare(b));
    if (all.join("\n") === this.#jobs) return;
    this.#jobs = all.join("\n");
    const select = this.#form.elements.job;
    select.replaceChildren(h("option", { value: "", text: t("wall.any_job") }), ...all.map((job) => h("option", { value: job, text: job })));
    select.value = this.wanted.job;
  }

  /** How many of the running interviews are shown. */
  count(shown, all) {
    const filtered = isFiltered(this.wanted);
    say(document.getElementById("wall-count"), filtered ? t("wall.shown_of", { n: shown, of: all }) : t("wall.running_count", { n: all }));
    document.getElementById("wall-clear").hidden = !filtered;
  }

  #fill() {
    const { elements } = this.#form;
    this.#jobs = null;
    this.offer([]);
    for (const name of ["q", "job", "state", "spoken", "group"]) elements[name].value = this.wanted[name];
    elements.needs.checked = this.wanted.needs;
    elements.compact.checked = this.wanted.compact;
  }

  #read() {
    const { q, job, state, spoken, group, needs, compact } = this.#form.elements;
    this.wanted = { q: q.value, job: job.value, state: state.value, spoken: spoken.value, group: group.value, needs: needs.checked, compact: compact.checked };
    this.#write();
  }

  #write() {
    history.replaceState(null, "", `${location.pathname}${toQuery(this.wanted, location.search)}`);
    // Whoever changes the language keeps what they see.
    for (const link of document.querySelectorAll(".languages a")) {
      const address = new URL(link.href);
      const lang = address.searchParams.get("lang");
      const query = new URLSearchParams(toQuery(this.wanted));
      if (lang) query.set("lang", lang);
      link.href = `${address.pathname}?${query}`;
    }
    this.#changed();
  }
}
