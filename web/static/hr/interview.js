// What HR knows of one interview: a snapshot of the server, carried on by stored events and live signals.

import { events } from "./events.js";

/** Snapshot of the server → the view that pages show. The view is changed in place by `apply`. */
export function fromSnapshot(snapshot) {
  return {
    ...snapshot,
    answers: new Map(snapshot.answers.map((answer) => [answer.question_id, { ...answer, live: new Map() }])),
    faults: [...snapshot.faults],
    recording: { ...snapshot.recording, gaps: [...snapshot.recording.gaps] },
    line: "none",
    packetLoss: 0,
    faces: null, // {question_id, second_face, since}: whether more than one face is in the picture
    watchers: [], // who of HR has the monitor open
    waiting: {}, // question → utterances whose words are still to come
    heardAt: Date.now(),
    // How far this browser's clock is off from the server's cannot be known; elapsed time counts from arrival.
    clockSince: Date.now(),
  };
}

const UNKNOWN = {
  connected: false, consents: null, recording_required: false, person_instead: false, question_id: null, practising: false,
  handed_over: false, next_round_id: null, help: null, answers: [], score: null, faults: [], recognition_failed: null, started_at: null, completed_at: null,
};
const UNKNOWN_ANSWER = {
  wording: null, mode: null, draft: "", hints: [], utterances: [], transcript: null, extra_ms: 0, restarts: 0, restarted_ms: null,
  earlier_attempts: "", skipped: false, option_id: null, code: null, corrected: false, heard: null, score: null, scorer: null,
  observations: [], delivery: null,
};

/** A card of the server's wall, which lacks what is nothing → the same view; it knows of the last answer only. flows: id → flow, of cards without. */
export function fromCard(card, flows) {
  const flow = card.flow ?? flows[card.flow_id];
  const answers = (card.answers ?? []).map((answer) => ({ ...UNKNOWN_ANSWER, hints: [], ...answer }));
  const view = fromSnapshot({ ...UNKNOWN, ...card, flow, answers, recording: { started: false, stored: null, failed: null, gaps: [] } });
  return { ...view, job: card.job ?? flow.job };
}

/** The question with this id, one of the flow's own or a follow-up; undefined for another. */
export const questionOf = (view, id) => view.flow.questions.find((one) => one.id === id) ?? view.flow.follow_ups.find((one) => one.id === id);

/** What an answer's question asks, as the candidate saw it when it was worded for them. */
export function askedText(view, { question_id: id, wording, probe }) {
  const question = questionOf(view, id);
  return wording ?? question?.probes?.[probe ?? 0] ?? question?.text ?? id;
}

/** Whether HR worded this question themselves. */
export const isWritten = (id) => id.includes("-ask-");

/** The flow's own question that this one is, or that it probes further. */
export const ownId = (id) => id.split("-")[0];

/** How many questions there are at most, by what has been asked so far; follow-ups do not count. */
export function totalOf(view) {
  const last = [...view.answers.values()].at(-1);
  const rest = last && view.flow.questions.find(({ id }) => id === ownId(last.question_id))?.rest;
  return last ? last.index + 1 + (rest ?? 0) : view.flow.questions.length;
}

/** A round with its number among the flow's: {number, of, title}; null where there is none. */
export function roundOf(view, roundId) {
  const place = view.flow.rounds.findIndex(({ id }) => id === roundId);
  return place < 0 ? null : { number: place + 1, of: view.flow.rounds.length, title: view.flow.rounds[place].title };
}

/** The answer to the open question, or to the last one asked; null before the first. */
export function answerNow(view) {
  return view.answers.get(view.question_id) ?? [...view.answers.values()].at(-1) ?? null;
}

/**
 * The words of an answer: certain ones, then those that may still change; ends: [index of an utterance's last word, how
 * sure its recognition is].
 */
export function wordsOf(answer) {
  if (answer.transcript) return { committed: answer.transcript.words, tentative: [], ends: answer.mode === "voice" && !answer.corrected ? endsOf(answer.utterances) : [] };
  const utterances = new Map(answer.utterances.map((utterance) => [utterance.number, { committed: utterance.words, tentative: [] }]));
  for (const [number, live] of answer.live) utterances.set(number, live);
  const open = Math.min(...answer.live.keys()); // behind it, places in the list of words are not known yet
  const inOrder = [...utterances.entries()].sort(([a], [b]) => a - b).map(([, words]) => words);
  // Behind the first uncertain word nothing is certain: a later utterance may be known before an earlier one is final.
  const certain = inOrder.findIndex((words) => words.tentative.length > 0);
  const whole = certain === -1 ? inOrder : inOrder.slice(0, certain + 1);
  const rest = certain === -1 ? [] : inOrder.slice(certain + 1);
  return {
    committed: whole.flatMap((words) => words.committed),
    tentative: [...(whole.at(-1)?.tentative ?? []), ...rest.flatMap((words) => [...words.committed, ...words.tentative])],
    ends: endsOf(answer.utterances.filter(({ number }) => number < open)),
  };
}

function endsOf(utterances) {
  let last = -1;
  return [...utterances].sort((a, b) => a.number - b.number).map(({ words, confidence }) => [(last += words.length), confidence]);
}

/** Whether the interview clock runs. */
export const ticking = (view) => view.status === "running" && view.connected;

/** The interview clock now, milliseconds. */
export const clockOf = (view) => view.clock_ms + (ticking(view) ? Date.now() - view.clockSince : 0);

/**
 * Applies one message. Gives "applied", "old" for an event the view knows already, or "gap" when events are missing and
 * a new snapshot is needed.
 */
export function apply(view, type, message) {
  const signal = signals[type];
  if (signal) {
    signal(view, message);
    return "applied";
  }
  if (message.seq <= view.seq) return "old";
  if (message.seq !== view.seq + 1) return "gap";
  view.seq = message.seq;
  view.at = message.at;
  view.clock_ms = message.clock_ms;
  view.clockSince = Date.now();
  events[type]?.(view, message.data, message);
  return "applied";
}

const signals = {
  transcript(view, { question_id, utterance_number, committed, tentative, confidence }) {
    const answer = view.answers.get(question_id);
    if (!answer || answer.transcript || answer.utterances.some(({ number }) => number === utterance_number)) return;
    answer.live.set(utterance_number, { committed, tentative, confidence });
    view.heardAt = Date.now();
  },
  scores(view, { score, answer, answers = [] }) {
    view.score = score;
    for (const one of answers) {
      const scored = view.answers.get(one.question_id);
      if (scored && !scored.scorer) Object.assign(scored, { score: one, provisional: true }); // the score of record is stored
    }
    const running = answer && view.answers.get(answer.question_id);
    // A submitted answer has its own stored score; a running one may still be on its way.
    if (running && running.phase !== "submitted") running.score = answer;
  },
  observations(view, { question_id, observations }) {
    const answer = view.answers.get(question_id);
    if (answer) answer.observations = observations;
  },
  connection(view, { line, packet_loss }) {
    if (view.line !== line) view.lineAt = Date.now();
    view.line = line;
    view.packetLoss = packet_loss ?? 0;
  },
  recognition(view, { available, loading, failing, reason }) {
    view.recognition = { ...view.recognition, available, loading, failing, reason };
  },
  faces(view, seen) {
    view.faces = seen;
  },
  waiting(view, { questions }) {
    view.waiting = questions;
  },
  watchers(view, { users }) {
    view.watchers = users;
  },
};
