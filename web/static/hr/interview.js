// What HR knows of one interview: a snapshot of the server, carried on by stored events and live signals.

/** Snapshot of the server → the view that pages show. The view is changed in place by `apply`. */
export function fromSnapshot(snapshot) {
  return {
    ...snapshot,
    answers: new Map(snapshot.answers.map((answer) => [answer.question_id, { ...answer, live: new Map() }])),
    faults: [...snapshot.faults],
    recording: { ...snapshot.recording, gaps: [...snapshot.recording.gaps] },
    line: "none",
    packetLoss: 0,
    waiting: {}, // question → utterances whose words are still to come
    heardAt: Date.now(),
    // How far this browser's clock is off from the server's cannot be known; elapsed time counts from arrival.
    clockSince: Date.now(),
  };
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
      if (scored && !scored.scorer) scored.score = one; // provisional: the score of record is stored
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
    view.line = line;
    view.packetLoss = packet_loss ?? 0;
  },
  recognition(view, { available, loading, failing, reason }) {
    view.recognition = { ...view.recognition, available, loading, failing, reason };
  },
  waiting(view, { questions }) {
    view.waiting = questions;
  },
};

const events = {
  ConsentRecorded(view, { granted }) {
    view.status = "ready";
    view.consents = granted;
    view.person_instead = view.recording_required && !granted.recording;
  },
  InterviewStarted(view, _, { at }) {
    view.status = "running";
    view.person_instead = false;
    view.connected = true;
    view.started_at = at;
  },
  QuestionAsked(view, { question_id, index, wording }) {
    view.status = "running"; // a round may have begun with it
    view.question_id = question_id;
    view.heardAt = Date.now();
    view.answers.set(question_id, {
      question_id, index, wording, phase: "thinking", mode: null, draft: "", hints: [], utterances: [], transcript: null,
      score: null, scorer: null, observations: [], delivery: null, live: new Map(),
    });
  },
  HintOpened(view, { question_id, hint }) {
    view.answers.get(question_id)?.hints.push(hint);
  },
  AnswerStarted(view, { question_id }) {
    change(view, question_id, { phase: "answering" });
    view.heardAt = Date.now();
  },
  UtteranceTranscribed(view, utterance) {
    const answer = view.answers.get(utterance.question_id);
    if (!answer) return;
    answer.live.delete(utterance.number);
    answer.utterances.push(utterance);
    if (utterance.question_id === view.question_id) view.heardAt = Date.now();
    else if (answer.mode === "voice" && answer.transcript) addLateWords(answer);
  },
  UtteranceLost(view, { question_id, start_ms, end_ms, reason }, { at }) {
    const answer = view.answers.get(question_id);
    for (const [number, { committed, tentative }] of answer?.live ?? []) {
      if ([...committed, ...tentative].some((word) => word.start_ms >= start_ms && word.start_ms <= end_ms)) answer.live.delete(number);
    }
    fault(view, "utterance_lost", at, start_ms, { lost_ms: end_ms - start_ms, detail: reason, question_id });
  },
  AnswerDrafted(view, { question_id, text }) {
    change(view, question_id, { draft: text });
    view.heardAt = Date.now();
  },
  AnswerSubmitted(view, { question_id, mode, transcript }) {
    change(view, question_id, { phase: "submitted", mode, transcript, live: new Map() });
    if (view.question_id === question_id) view.question_id = null;
  },
  AnswerSkipped(view, { question_id }) {
    change(view, question_id, { phase: "submitted", skipped: true, live: new Map() });
    if (view.question_id === question_id) view.question_id = null;
  },
  AnswerRestarted(view, { question_id }) {
    const restarts = (view.answers.get(question_id)?.restarts ?? 0) + 1;
    change(view, question_id, { utterances: [], live: new Map(), draft: "", restarts });
    view.heardAt = Date.now();
  },
  MomentTaken(view, { extra_ms }) {
    view.heardAt = Date.now() + extra_ms; // they asked for quiet: nobody needs to be called
  },
  RoundEnded(view) {
    view.status = "between_rounds";
  },
  TranscriptCheckBegan(view) {
    view.status = "checking";
  },
  TranscriptCorrected(view, { question_id, transcript }) {
    const answer = view.answers.get(question_id);
    if (!answer) return;
    const corrected = JSON.stringify(transcript.words) !== JSON.stringify(spokenWords(answer));
    Object.assign(answer, { transcript, corrected });
  },
  TranscriptsConfirmed(view, { by }) {
    view.confirmed = by;
  },
  HelpRequested(view, { message }, { at }) {
    view.help = { at, message, acknowledged: false };
  },
  HelpAcknowledged(view) {
    if (view.help) view.help = { ...view.help, acknowledged: true };
  },
  HelpWithdrawn(view) {
    view.help = null;
  },
  AnswerScored(view, { score, scorer }) {
    change(view, score.question_id, { score, scorer });
  },
  AnswerObserved(view, { question_id, observations, delivery }) {
    change(view, question_id, { observations, delivery });
  },
  ConnectionLost(view, _, { at, clock_ms }) {
    view.connected = false;
    fault(view, "outage", at, clock_ms);
  },
  ServerRestarted(view, _, { at, clock_ms }) {
    view.connected = false;
    fault(view, "restart", at, clock_ms);
  },
  ConnectionRestored(view, { lost_ms }) {
    view.connected = true;
    view.heardAt = Date.now();
    over(view, lost_ms, "outage", "restart");
  },
  InterviewPaused(view, { by }, { at, clock_ms }) {
    view.status = "paused";
    fault(view, "pause", at, clock_ms, { detail: by });
  },
  InterviewResumed(view, _, { at }) {
    view.status = "running";
    view.heardAt = Date.now();
    over(view, since(view, "pause", at), "pause");
  },
  RecognitionFailed(view, { reason }, { at, clock_ms }) {
    // It may fail in another way while it fails: that ends the one and begins the other.
    over(view, since(view, "recognition_failed", at), "recognition_failed");
    view.recognition_failed = reason;
    fault(view, "recognition_failed", at, clock_ms, { detail: reason });
  },
  RecognitionRestored(view, _, { at }) {
    view.recognition_failed = null;
    over(view, since(view, "recognition_failed", at), "recognition_failed");
  },
  RecordingStarted(view) {
    view.recording.started = true;
  },
  RecordingGap(view, gap, { at }) {
    view.recording.gaps.push(gap);
    fault(view, "recording_gap", at, gap.start_ms, { lost_ms: gap.end_ms - gap.start_ms, detail: gap.reason });
  },
  RecordingFailed(view, { reason }, { at, clock_ms }) {
    if (view.recording.failed === null) fault(view, "recording_failed", at, clock_ms, { detail: reason });
    view.recording.failed = reason;
  },
  RecordingStored(view, stored, { at }) {
    Object.assign(view.recording, { started: true, stored, failed: null });
    over(view, since(view, "recording_failed", at), "recording_failed");
  },
  InterviewCompleted(view, _, { at }) {
    view.status = "completed";
    view.completed_at = at;
    view.question_id = null;
  },
  ReportWritten(view, { report_id }) {
    view.report_id = report_id;
  },
};

/** The words of a submitted answer that came late stand where they were spoken. */
function addLateWords(answer) {
  if (!answer.corrected) answer.transcript = { ...answer.transcript, words: spokenWords(answer) };
}

function spokenWords({ utterances }) {
  return [...utterances].sort((a, b) => a.number - b.number).flatMap(({ words }) => words);
}

function change(view, questionId, values) {
  const answer = view.answers.get(questionId);
  if (answer) Object.assign(answer, values);
}

function fault(view, kind, at, clockMs, more = {}) {
  view.faults.push({ kind, at, clock_ms: clockMs, lost_ms: null, detail: "", question_id: view.question_id, ...more });
}

function over(view, lostMs, ...kinds) {
  for (const one of view.faults) if (kinds.includes(one.kind) && one.lost_ms === null) one.lost_ms = lostMs;
}

function since(view, kind, at) {
  const open = view.faults.find((one) => one.kind === kind && one.lost_ms === null);
  return open ? Math.max(0, new Date(at) - new Date(open.at)) : 0;
}
