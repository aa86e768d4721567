// What the server tells the page, by server-sent events, from the last one seen on.

import { delayMs } from "./backoff.js";

const NAMES = [
  "InterviewStarted", "QuestionAsked", "HintOpened", "AnswerStarted", "UtteranceTranscribed", "UtteranceLost",
  "AnswerSubmitted", "ConnectionLost", "ConnectionRestored", "ServerRestarted", "InterviewPaused", "InterviewResumed",
  "RecognitionFailed", "RecognitionRestored", "InterviewCompleted", "AnswerSkipped", "AnswerRestarted", "MomentTaken",
  "RoundEnded", "TranscriptCheckBegan", "TranscriptCorrected", "TranscriptsConfirmed", "HelpRequested", "HelpAcknowledged", "HelpWithdrawn",
  "CandidateFeedbackReleased", "TimeGiven", "HintSent", "QuestionRequested", "HandedOver", "InterviewEnded", "InterviewCancelled", "transcript", "connection", "recognition", "viewers",
];

/** A stream of events that comes back by itself. */
export class ServerEvents {
  #source = null;
  #attempt = 0;
  #seq = 0;
  #timer = 0;

  /** onEvent(name, data); onOpen(); onLost(): the stream broke off and is being taken up again. */
  constructor({ onEvent, onOpen, onLost }) {
    Object.assign(this, { onEvent, onOpen, onLost });
  }

  /** Opens the stream behind event `seq`; closes the one before. */
  open(seq = this.#seq) {
    this.close();
    this.#seq = seq;
    const source = new EventSource(`/api/interview/events?after=${seq}`);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#attempt = 0;
      this.onOpen();
    });
    source.addEventListener("error", () => {
      this.onLost();
      // The browser tries again by itself unless the server answered with an error.
      if (source.readyState === EventSource.CLOSED) this.#later();
    });
    for (const name of NAMES) source.addEventListener(name, (message) => this.#receive(name, message));
  }

  get alive() {
    return this.#source?.readyState === EventSource.OPEN;
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #receive(name, message) {
    if (message.lastEventId) this.#seq = Math.max(this.#seq, Number(message.lastEventId));
    this.onEvent(name, JSON.parse(message.data));
  }

  #later() {
    clearTimeout(this.#timer);
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.open(), delayMs(this.#attempt));
  }
}
