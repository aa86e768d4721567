// What each stored event changes in HR's view of an interview; as the server's fold does.

import { joined } from "./spacing.js";

const PRACTICE = "-practice";

export const events = {
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
  QuestionAsked(view, { question_id, index, wording, probe, asked_by }) {
    view.status = "running"; // a round may have begun with it
    view.next_round_id = null;
    view.practising = question_id === PRACTICE;
    view.question_id = view.practising ? null : question_id;
    view.heardAt = Date.now();
    view.requested = (view.requested ?? []).filter((one) => one.question_id !== question_id);
    if (view.practising) return; // nothing of it is kept, nor shown
    view.answers.set(question_id, {
      question_id, index, wording, probe, asked_by, phase: "thinking", mode: null, draft: "", hints: [], utterances: [], transcript: null,
      extra_ms: 0, given_thinking_ms: 0, given_answering_ms: 0, restarts: 0, restarted_ms: null, earlier_attempts: "", skipped: false, option_id: null, code: null, corrected: false,
      heard: null, score: null, scorer: null, observations: [], delivery: null, live: new Map(),
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
    if (utterance.words[0]?.start_ms < answer.restarted_ms) return addEarlier(view, answer, utterance.words);
    answer.utterances.push(utterance);
    if (utterance.question_id === view.question_id) view.heardAt = Date.now();
    else if (answer.mode === "voice" && answer.transcript) addLateWords(answer);
    return undefined;
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
  AnswerSubmitted(view, { question_id, mode, transcript, option_id, code }) {
    close(view, question_id, { mode, transcript, option_id, code });
  },
  AnswerSkipped(view, { question_id }) {
    close(view, question_id, { skipped: true, transcript: { language: view.language, words: [] } });
  },
  AnswerRestarted(view, { question_id }, { clock_ms }) {
    const answer = view.answers.get(question_id);
    if (!answer) return;
    addEarlier(view, answer, spokenWords(answer));
    Object.assign(answer, { utterances: [], live: new Map(), draft: "", restarts: answer.restarts + 1, restarted_ms: clock_ms });
    view.heardAt = Date.now();
  },
  MomentTaken(view, { question_id, extra_ms }) {
    const answer = view.answers.get(question_id);
    if (answer) answer.extra_ms += extra_ms;
    view.heardAt = Date.now() + extra_ms; // they asked for quiet: nobody needs to be called
  },
  RoundEnded(view, { next_round_id }) {
    view.status = "between_rounds";
    view.next_round_id = next_round_id;
  },
  TranscriptCheckBegan(view) {
    view.status = "checking";
  },
  TranscriptCorrected(view, { question_id, transcript }) {
    const answer = view.answers.get(question_id);
    if (!answer) return;
    const corrected = JSON.stringify(transcript.words) !== JSON.stringify(spokenWords(answer));
    Object.assign(answer, { transcript, corrected, heard: corrected ? joined(spokenWords(answer), view.language) : null });
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
  InterviewPaused(view, { by, user }, { at, clock_ms }) {
    over(view, since(view, "pause", at), "pause"); // HR may pause while the candidate does
    view.status = "paused";
    view.paused_by = by;
    fault(view, "pause", at, clock_ms, { detail: by });
    if (by === "hr") step(view, "pause", { at, clock_ms }, { by: user });
  },
  InterviewResumed(view, { by, user }, { at, clock_ms }) {
    view.status = "running";
    view.paused_by = null;
    if (by === "hr") step(view, "resume", { at, clock_ms }, { by: user });
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
  TimeGiven(view, { question_id, extra_ms, by }, place) {
    const answer = view.answers.get(question_id);
    const kind = answer?.phase === "thinking" ? "given_thinking_ms" : "given_answering_ms";
    if (answer) answer[kind] += extra_ms;
    if (answer?.phase === "thinking") view.heardAt = Date.now() + extra_ms; // they were given time to be quiet
    step(view, "time", place, { question_id, extra_ms, by });
  },
  HintSent(view, { question_id, text, by }, place) {
    step(view, "hint", place, { question_id, text, by });
  },
  QuestionRequested(view, { question_id, wording, probe, by }, place) {
    const text = wording ?? view.flow.follow_ups.find(({ id }) => id === question_id)?.probes?.[probe] ?? "";
    view.requested = [...(view.requested ?? []), { question_id, text, by }];
    step(view, "question", place, { question_id, text, by, probe });
  },
  MomentMarked(view, { note, by }, place) {
    step(view, "mark", place, { text: note, by });
  },
  HandedOver(view, { message, by }, place) {
    view.handed_over = true;
    step(view, "hand_over", place, { text: message, by });
    cutShort(view, place);
  },
  InterviewEnded(view, { reason, by }, place) {
    view.ended = { reason, by };
    step(view, "end", place, { text: reason, by });
    cutShort(view, place);
  },
  InterviewCancelled(view, { reason, by }, place) {
    view.status = "cancelled";
    step(view, "end", place, { text: reason, by });
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

/** The answer is given or passed over; nothing is asked until the next question. */
function close(view, questionId, values) {
  change(view, questionId, { phase: "submitted", live: new Map(), ...values });
  if (view.question_id === questionId) view.question_id = null;
  if (questionId === PRACTICE) view.practising = false;
}

/** What was said before the answer was begun again is no part of it, and is kept beside it. */
function addEarlier(view, answer, words) {
  const before = answer.earlier_attempts ? [{ text: answer.earlier_attempts }] : [];
  answer.earlier_attempts = joined([...before, ...words], view.language);
}

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

/** Nothing more is asked, and no pause goes on; what is open stays as far as it got, and may be handed in behind this. */
function cutShort(view, { at }) {
  over(view, since(view, "pause", at), "pause");
  if (view.question_id) close(view, view.question_id, { transcript: { language: view.language, words: [] } });
  if (["running", "paused", "between_rounds", "checking"].includes(view.status)) view.status = "running";
  Object.assign(view, { paused_by: null, next_round_id: null, practising: false, requested: [] });
}

/** What a person of HR did, as the snapshot has it. */
function step(view, kind, { at, clock_ms }, { question_id = view.question_id, by = "", text = "", extra_ms = 0, probe = 0 }) {
  view.interventions = [...(view.interventions ?? []), { kind, at, clock_ms, question_id, by, text, extra_ms, probe }];
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
