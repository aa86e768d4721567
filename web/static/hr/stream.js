// Follows a stream of server-sent events for as long as the page is open.

export const STORED_EVENTS = [
  "InterviewInvited",
  "ConsentRecorded",
  "InterviewStarted",
  "QuestionAsked",
  "HintOpened",
  "AnswerStarted",
  "UtteranceTranscribed",
  "UtteranceLost",
  "AnswerDrafted",
  "AnswerSubmitted",
  "AnswerScored",
  "AnswerObserved",
  "ConnectionLost",
  "ConnectionRestored",
  "ServerRestarted",
  "InterviewPaused",
  "InterviewResumed",
  "RecognitionFailed",
  "RecognitionRestored",
  "InterviewCompleted",
  "FeedbackGiven",
  "ReportWritten",
];

export const SIGNALS = ["transcript", "scores", "observations", "connection", "recognition", "snapshot"];

/**
 * Calls `onMessage(type, data)` for each message and `onLine(open)` when the line opens or breaks. `address()` gives the
 * URL each time a new line is made. The browser comes back by itself after a network error, naming the last event; after
 * an answer that is no stream (the server restarting behind a proxy, the session over) this does.
 */
export function follow(address, onMessage, onLine) {
  const source = new EventSource(address());
  source.onopen = () => onLine(true);
  source.onerror = () => {
    onLine(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => comeBack(address, onMessage, onLine), 1500);
  };
  for (const type of [...STORED_EVENTS, ...SIGNALS]) {
    source.addEventListener(type, (message) => onMessage(type, JSON.parse(message.data)));
  }
}

async function comeBack(address, onMessage, onLine) {
  const answer = await fetch("/api/hr/interviews", { method: "GET" }).catch(() => null);
  if (answer?.status === 401) location.reload();
  else follow(address, onMessage, onLine);
}
