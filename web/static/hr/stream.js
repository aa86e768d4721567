// Follows a stream of server-sent events for as long as the page is open.

export const STORED_EVENTS = [
  "InterviewInvited",
  "ConsentRecorded",
  "InterviewStarted",
  "QuestionAsked",
  "ProbeSought",
  "HintOpened",
  "MomentTaken",
  "AnswerStarted",
  "UtteranceTranscribed",
  "UtteranceLost",
  "AnswerDrafted",
  "AnswerSubmitted",
  "AnswerSkipped",
  "AnswerRestarted",
  "RoundEnded",
  "TranscriptCheckBegan",
  "TranscriptCorrected",
  "TranscriptsConfirmed",
  "AnswerScored",
  "SecondOpinionGiven",
  "SecondOpinionFailed",
  "AnswerObserved",
  "ConnectionLost",
  "ConnectionRestored",
  "ServerRestarted",
  "InterviewPaused",
  "InterviewResumed",
  "RecognitionFailed",
  "RecognitionRestored",
  "RecordingStarted",
  "RecordingGap",
  "RecordingStored",
  "RecordingFailed",
  "InterviewCompleted",
  "HelpRequested",
  "HelpAcknowledged",
  "HelpWithdrawn",
  "FeedbackGiven",
  "DimensionRated",
  "ReportWritten",
  "TimeGiven",
  "HintSent",
  "QuestionRequested",
  "MomentMarked",
  "HandedOver",
  "InterviewEnded",
  "CompetencyRated",
  "ScoreOverridden",
  "ReviewFinished",
  "Decided",
  "CandidateFeedbackReleased",
];

export const SIGNALS = [
  "transcript",
  "scores",
  "observations",
  "connection",
  "recognition",
  "waiting",
  "watchers",
  "faces",
  "snapshot",
];

/** Where a page goes whose reader was signed out ("signed_out") or has lost the right to it ("rights"). */
export function ended(reason) {
  if (reason === "signed_out") location.replace(`/hr/sign-in?ended=1&next=${encodeURIComponent(location.pathname)}`);
  else location.reload();
}

const COME_BACK_MS = 1500;
const REST_MS = 30_000;

/**
 * Calls `onMessage(type, data)` for each message and `onLine(open)` when the line opens or breaks. `address()` gives the
 * URL each time a new line is made. The browser comes back by itself after a network error, naming the last event; after
 * an answer that is no stream (the server restarting behind a proxy, the session over) this does. rests: a page that
 * nobody looks at gives its line up after a while, since browsers keep only six to one server open at once.
 */
export function follow(address, onMessage, onLine, { rests = false } = {}) {
  let source = null;
  let resting = null;

  function open() {
    source = new EventSource(address());
    source.onopen = () => onLine(true);
    source.onerror = () => {
      onLine(false);
      if (source?.readyState === EventSource.CLOSED) setTimeout(comeBack, COME_BACK_MS);
    };
    source.addEventListener("ended", (message) => leave(JSON.parse(message.data).reason));
    for (const type of [...STORED_EVENTS, ...SIGNALS]) {
      source.addEventListener(type, (message) => onMessage(type, JSON.parse(message.data)));
    }
  }

  async function comeBack() {
    if (source?.readyState !== EventSource.CLOSED) return;
    const answer = await fetch(address(), { method: "HEAD" }).catch(() => null);
    if ([401, 403, 404].includes(answer?.status)) location.reload();
    else if (source) open();
  }

  /** Whoever reads this may not any more: nothing of it stays on the screen. */
  function leave(reason) {
    source?.close();
    source = null;
    ended(reason);
  }

  function rest() {
    source?.close();
    source = null;
  }

  open();
  if (!rests) return;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(rest, REST_MS);
    else if (!source) open();
  });
}
