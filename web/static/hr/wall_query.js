// What of the wall is shown and how it is grouped, and how that stands in the address. Pure.

import { NEEDS } from "./attention.js";
import { answerNow, ownId, questionOf, roundOf } from "./interview.js";

export const GROUPINGS = ["need", "job", "stage", "none"];
export const STATES = ["ready", "running", "paused", "between_rounds", "checking"];
export const LANGUAGES = ["en", "zh-CN"];
export const EVERYTHING = Object.freeze({ q: "", job: "", state: "", spoken: "", needs: false, group: "need", compact: false });

/** From an address's query; what it does not know is left out. */
export function fromQuery(query) {
  const params = new URLSearchParams(query);
  const one = (name, allowed) => (allowed.includes(params.get(name)) ? params.get(name) : "");
  return {
    q: (params.get("q") ?? "").slice(0, 100),
    job: (params.get("job") ?? "").slice(0, 200),
    state: one("state", STATES),
    spoken: one("spoken", LANGUAGES),
    needs: params.get("needs") === "1",
    group: one("group", GROUPINGS) || EVERYTHING.group,
    compact: params.get("view") === "compact",
  };
}

/** The query for it, of `query`, whose other parts stay. */
export function toQuery(wanted, query = "") {
  const params = new URLSearchParams(query);
  const put = (name, value) => (value ? params.set(name, value) : params.delete(name));
  put("q", wanted.q.trim());
  for (const name of ["job", "state", "spoken"]) put(name, wanted[name]);
  put("needs", wanted.needs && "1");
  put("group", wanted.group !== EVERYTHING.group && wanted.group);
  put("view", wanted.compact && "compact");
  return params.size ? `?${params}` : "";
}

/** Whether anything is left out. */
export const isFiltered = ({ q, job, state, spoken, needs }) => Boolean(q.trim() || job || state || spoken || needs);

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** Whether this interview is to be shown. Each word of the search must be in the name; accents and case do not matter. */
export function matches(view, need, { q, job, state, spoken, needs }) {
  if (needs && need.rank < NEEDS) return false;
  if (job && view.job !== job) return false;
  if (state && view.status !== state) return false;
  if (spoken && view.language !== spoken) return false;
  const name = plain(view.candidate_name);
  return plain(q).split(/\s+/).every((word) => name.includes(word));
}

/**
 * The group of an interview: {key, place} with the smallest place first, and what its title is made of: `text` is that
 * itself, else key is a kind of group. needing: whether it stands with those who need a person.
 */
export function groupOf(view, needing, grouping) {
  if (grouping === "need") return needing ? { key: "needing", place: 0 } : { key: "running", place: 1 };
  if (grouping === "job") return { key: `job:${view.job}`, place: 0, text: view.job };
  if (grouping === "none") return { key: "all", place: 0 };
  if (view.status !== "running") return { key: `status_${view.status}`, place: { ready: 0, paused: 500, between_rounds: 501, checking: 502 }[view.status] ?? 503 };
  const answer = answerNow(view);
  if (view.practising || !answer) return { key: "practice", place: 1 };
  const round = roundOf(view, questionOf(view, ownId(answer.question_id))?.round_id);
  if (round) return { key: `round:${round.number}:${round.title}`, place: 100 + round.number, text: round.title };
  return { key: `question:${answer.index + 1}`, place: 10 + answer.index, number: answer.index + 1 };
}
