// What happened in an interview, as the server tells it; read again whenever something of it changes.

import { isWritten } from "./interview.js";
import { answerLabel } from "./scores.js";
import { duration, t } from "./text.js";

const SOON_MS = 120;
const AGAIN_MS = 3000;
/** Events that are no part of the timeline: they come with every word. */
const WITHOUT_ENTRY = new Set(["UtteranceTranscribed", "AnswerDrafted", "AnswerScored", "AnswerObserved", "ProbeSought", "SecondOpinionGiven", "SecondOpinionFailed", "RecordingStarted", "ReportWritten"]);

/** Reads the timeline at this address and calls onChange({entries, people}). Gives `happened(type)` for each event. */
export function timelineOf(address, onChange) {
  let waiting = null;
  let reading = false;

  async function read() {
    waiting = null;
    if (reading) return later(SOON_MS);
    reading = true;
    const answer = await fetch(address).catch(() => null);
    const found = answer?.ok ? await answer.json().catch(() => null) : null;
    reading = false;
    if (found) onChange(found);
    else later(AGAIN_MS);
    return undefined;
  }

  function later(ms) {
    waiting ??= setTimeout(read, ms);
  }

  later(0);
  return {
    happened(type) {
      if (!WITHOUT_ENTRY.has(type)) later(SOON_MS);
    },
    again: () => later(0),
  };
}

/** What an entry says in one line, without who did it: "Question 2", "Paused by HR". */
export function entryLabel(entry, view) {
  const { kind, detail, question_id: id } = entry;
  if (kind === "question") return isWritten(id ?? "") ? t("entry_question_written") : id?.includes("-") ? t("follow_up_to", { n: number(view, id) }) : t("entry_question", { n: number(view, id) });
  if (kind === "pause") return t(`fault_pause_${detail}`);
  if (kind === "time_given") return t("entry_time_given", { time: duration(entry.length_ms) });
  if (kind === "recognition_failed" && detail === "engine_failing") return t("fault_recognition_failing");
  if (FAULTS.has(kind)) return t(`fault_${kind}`);
  if (kind === "confirmed") return t(`entry_confirmed_${detail}`);
  return t(`entry_${kind}`);
}

const FAULTS = new Set(["outage", "restart", "utterance_lost", "recognition_failed", "recording_gap", "recording_failed"]);

const number = (view, id) => (view.answers.get(id)?.index ?? 0) + 1;

/** What belongs to it: how long it took, or that it lasts, and in which answer it was. */
export function entryMore(entry, view) {
  const inAnswer = entry.question_id && entry.kind !== "question" ? answerLabel(view, entry.question_id) : "";
  const spans = entry.open ? t("fault_lasts") : entry.length_ms !== null && entry.kind !== "time_given" ? t(entry.kind === "moment" ? "entry_on_top" : "fault_took", { time: duration(entry.length_ms) }) : "";
  return [spans, inAnswer].filter(Boolean).join(" · ");
}

/** Who did it as the reader sees it: "you", a name, or "". */
export function entryBy(entry, people, me) {
  if (!entry.by) return "";
  return entry.by === me ? t("you") : (people[entry.by] ?? entry.by);
}
