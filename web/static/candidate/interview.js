// The interview page's entry: holds what the server says, the devices and the line, and shows the right screen.
//
// The server's snapshot (GET /api/interview) is the truth; an event only says that it is time to read it again, except
// for words being spoken, which go straight to the captions. So a refresh, a closed tab, a dropped network and a killed
// server all end the same way: the snapshot is read again and the screen follows.
//
// data-testid of every control:
//   landing-begin · consent-{voice,scoring,recording,expression}-{yes,no} consent-continue · check-microphone check-camera
//   check-level check-camera-toggle check-retry check-continue check-type-instead · question-text progress scenario
//   replay mute hint-open hint-0… · thinking thinking-left answer-now · answer-panel listening captions answer-text
//   draft-state elapsed type-instead speak-instead finish-answer leave-empty microphone-on microphone-choice
//   heard-until recognition-notice · moment restart restart-ask-{yes,no} skip skip-ask-{yes,no} practice follow-up
//   exchanges option-{id} clock-note · pause pause-ask-{yes,no} pauses-left paused resume · between-rounds round-continue
//   help-open help-panel help-message help-send help-status help-withdraw · transcript-check correction-{question}
//   transcripts-confirm · done feedback-1…5 survey-{item}-{1…5} feedback-comment feedback-send
//   feedback-thanks · person-instead · elsewhere elsewhere-here · signed-out · banner banner-banner_reconnecting · language-en …

import { ApiError, insist } from "./api.js";
import * as banner from "./banner.js";
import { Clock } from "./clock.js";
import { ServerEvents } from "./events.js";
import { Heard } from "./heard.js";
import { interviewLanguage } from "./i18n.js";
import { LineWatch } from "./linewatch.js";
import { Media } from "./media.js";
import { Meter } from "./meter.js";
import { screenFor } from "./screens.js";
import { Sending } from "./sending.js";
import { Reader } from "./speech.js";
import { claimTab } from "./tab.js";
import { Awake } from "./wakelock.js";
import { showWatched } from "./watched.js";
import { Line } from "./whip.js";
import { Wishes } from "./wishes.js";

class Interview {
  snapshot = null;
  problem = null; // "elsewhere", "signed-out" or "unexpected"
  broken = false; // the server cannot be reached
  resumed = false; // the answer was broken off and goes on: tell until where it was heard
  restUntil = 0; // moment until which nobody is reminded: the candidate asked for one
  clock = new Clock();
  wishes = new Wishes(() => this.snapshot);
  media = new Media();
  line = new Line();
  #watch = new LineWatch(this, () => this.#resume());
  heard = new Heard();
  reader = new Reader(interviewLanguage);
  outgoing = new Sending(this);
  meter = new Meter((level) => this.screen?.level?.(level), (silent) => this.media.fellSilent(silent));
  screen = null;
  #events = new ServerEvents({
    onEvent: (name, data) => this.#happened(name, data),
    onOpen: () => this.#opened(),
    onLost: () => this.#broke(),
  });
  #refreshing = null;
  #again = false;
  #awake = new Awake();
  #resumedAt = 0;
  #brokeAt = 0;

  async begin() {
    this.media.addEventListener("change", () => this.changed());
    claimTab(() => this.#stop("elsewhere"));
    document.addEventListener("visibilitychange", () => this.#visible());
    window.addEventListener("online", () => !this.problem && this.#events.open());
    window.addEventListener("offline", () => this.#broke());
    window.addEventListener("pagehide", () => this.line.close());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    await this.refresh();
    if (this.problem) return;
    this.#resume();
    this.#events.open(this.snapshot.seq);
    if (this.live) await this.openMedia();
    this.outgoing.takeUp();
  }

  // What the screens ask

  get answering() {
    return this.snapshot?.status === "running" && this.snapshot.question?.phase === "answering";
  }

  /** The interview has begun and is not over: the line is held. */
  get live() {
    return ["running", "paused", "between_rounds"].includes(this.snapshot.status) && !this.over;
  }

  /** Nothing is asked any more: devices and line are let go, while the transcript is checked already. */
  get over() {
    const { status, all_submitted: all, person_instead: person } = this.snapshot;
    return ["completed", "checking"].includes(status) || person || (all && status !== "between_rounds");
  }

  /** The answer on its way to the server, or null. */
  get sending() {
    return this.outgoing.answer;
  }

  get slow() {
    return this.outgoing.slow;
  }

  submit(mode, text = null, option = null) {
    return this.outgoing.submit(mode, text, option);
  }

  allows(purpose) {
    return this.wishes.allows(purpose);
  }

  get mode() {
    return this.wishes.mode;
  }

  get canSpeak() {
    return this.wishes.canSpeak;
  }

  setMode(mode) {
    this.wishes.prefers = mode;
    this.wishes.lookingOver = null;
    if (mode === "voice" && !this.media.audio && this.live) this.openMedia();
    this.changed();
  }

  /** Shows the open answer as text, for this question only. */
  lookOver() {
    this.wishes.lookingOver = this.snapshot.question.id;
    this.changed();
  }

  async openMedia() {
    const audio = this.allows("voice") && this.wishes.prefers === "voice" && !this.media.audio;
    const video = this.wishes.cameraWanted && !this.media.video;
    if (audio || video) await this.media.open({ audio, video });
  }

  /** A command that is repeated until the server has it. Throws ApiError when it is refused. */
  async command(path, body, method = "POST") {
    try {
      this.#apply(await insist(method, path, body ?? {}, () => this.#broke()));
    } catch (error) {
      if (error.status === 401) return this.#stop("signed-out");
      if (error.status !== 409) throw error;
      // The interview stands elsewhere than this page thought: look, and show that.
      await this.refresh();
    }
    return undefined;
  }

  // What the server says

  /** Reads the snapshot; calls meanwhile end in one more reading. */
  async refresh() {
    if (this.#refreshing) {
      this.#again = true;
      return this.#refreshing;
    }
    this.#refreshing = this.#read();
    try {
      await this.#refreshing;
    } finally {
      this.#refreshing = null;
    }
    if (!this.#again) return undefined;
    this.#again = false;
    return this.refresh();
  }

  async #read() {
    try {
      this.#apply(await insist("GET", "", undefined, () => this.#broke()));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#stop(error.status === 401 ? "signed-out" : "unexpected");
    }
  }

  #apply(snapshot) {
    if (this.broken && this.#events.alive) {
      this.broken = false;
      banner.back();
    }
    if (this.snapshot && snapshot.seq < this.snapshot.seq) return;
    snapshot.received = performance.now();
    const before = this.snapshot?.question;
    this.snapshot = snapshot;
    this.clock.set(snapshot.clock_ms, snapshot.received);
    const question = snapshot.question;
    if (question?.id !== before?.id || question?.redos_left !== before?.redos_left) {
      this.resumed = false;
      this.restUntil = 0;
      this.heard.reset(question?.id ?? null, question?.utterances ?? []);
    }
    this.changed();
  }

  #happened(name, data) {
    if (name === "transcript") return this.#words(data, () => this.heard.listen(data));
    if (name === "UtteranceTranscribed" && this.snapshot.status !== "checking") return this.#words(data.data, () => this.heard.settle(data.data.number, data.data.words));
    if (name === "recognition") return this.#recognition(data);
    if (name === "viewers") return showWatched(data.count);
    if (name === "connection") return this.#watch.serverHears(data.line);
    // A line from before is dead, though this end may not know it yet.
    if (name === "ServerRestarted" && this.line.state === "connected" && this.line.since < this.#brokeAt) this.line.reconnect();
    return this.refresh();
  }

  #words(data, take) {
    if (data.question_id !== this.heard.questionId) return;
    take();
    // The last words from before the break are told again when the stream comes back: they are not new.
    if (this.resumed && performance.now() - this.#resumedAt > 1500) {
      this.resumed = false;
      this.changed();
    }
    this.screen?.words?.();
  }

  #recognition({ available, loading, failing, reason }) {
    this.snapshot.recognition = { available, loading, failing, reason };
    this.changed();
  }

  #resume() {
    this.resumed = this.answering && this.mode === "voice";
    this.#resumedAt = performance.now();
  }

  #broke() {
    if (!this.broken) this.#brokeAt = performance.now();
    this.broken = true;
    this.clock.run(false);
    banner.lost();
  }

  async #opened() {
    banner.back();
    if (!this.broken) return;
    this.broken = false;
    await this.refresh();
    // Words that were not final when the line broke are gone with it: show only what is safe.
    this.heard.reset(this.snapshot.question?.id ?? null, this.snapshot.question?.utterances ?? []);
    this.#resume();
    this.changed();
  }

  // What follows from it

  /** Brings devices, line and screen in step with what is known. */
  changed() {
    if (!this.snapshot) return;
    if (!this.problem) this.#devices();
    this.clock.run(this.snapshot.status === "running" && !this.snapshot.all_submitted && !this.broken && !this.#watch.down);
    const next = screenFor(this);
    if (next.key !== this.screen?.key) this.#show(next);
    this.screen.update();
  }

  #devices() {
    const { audio, video } = this.media;
    if (this.over) return this.#end();
    const checking = this.snapshot.status === "ready";
    if (audio) audio.enabled = checking || (this.answering && this.mode === "voice" && !this.sending);
    this.meter.follow(audio && (checking || this.live) ? audio : null);
    if (!this.live) return undefined;
    this.#awake.hold();
    const tracks = { audio, video: this.wishes.pictureSent ? video : null };
    if (this.allows("voice") && (tracks.audio || tracks.video)) this.line.send(tracks);
    return undefined;
  }

  #show(screen) {
    this.screen?.leave?.();
    this.screen = screen.make(this);
    this.screen.key = screen.key;
    document.getElementById("app").replaceChildren(this.screen.node);
    window.scrollTo(0, 0);
    // Screen readers go on at the new heading instead of the vanished button.
    this.screen.node.querySelector("h1")?.focus({ preventScroll: true });
  }

  #end() {
    showWatched(0);
    this.line.close();
    this.meter.stop();
    this.reader.stop();
    for (const kind of ["audio", "video"]) if (this.media[kind]) this.media.stop(kind);
    this.#awake.end();
    return undefined;
  }

  #stop(problem) {
    this.problem = problem;
    this.snapshot ??= { status: "completed", interview_id: "", consents: {}, seq: 0 };
    this.#events.close();
    this.#end();
    this.changed();
  }

  #visible() {
    if (document.visibilityState !== "visible" || !this.snapshot || this.problem) return;
    this.meter.wake();
    if (this.live) this.#awake.hold();
    // Phones take the microphone away while the page is in the background, and do not always say so.
    if (this.live && this.wishes.prefers === "voice") this.media.revive();
  }
}

new Interview().begin();
