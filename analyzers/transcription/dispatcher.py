"""What the engine does next, and what becomes of jobs when it breaks. Pure: no clock, no thread; time is passed in.

The scheduler asks `next`, does what it says, and tells what came of it. A job leaves by its `settle`, once: with its
words, with None when it is a partial that is needless now, or with RecognitionError when it alone is what the engine
fails on. Whole utterances stay in line while there is no engine, so that no failure of it costs a word.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from enum import StrEnum

from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest, RecognitionError
from analyzers.transcription.measured_load import MeasuredLoad
from analyzers.transcription.queue import DecodeQueue, Job, Outcome
from media.frames import Stage

MOST_ATTEMPTS = 3
"""A job that was in a batch so many times when the engine broke is what breaks it."""


class EngineStatus(StrEnum):
    """Whether speech can be recognised now."""

    LOADING = "loading"
    AVAILABLE = "available"
    FAILING = "failing"
    """It broke and is being loaded again; what is said meanwhile is decoded afterwards."""
    UNAVAILABLE = "unavailable"
    """The model cannot be had; it is tried again from time to time."""


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """most_batch: utterances decoded together; 0 means as many as suit the engine's device. gather_s: how long a
    partial waits for company. most_queue_wait_s: when whole utterances wait longer, no further interview begins.
    partial_wait_s: a partial that has waited longer is not worth showing. hang_s: a batch that takes longer will never
    end. first_retry_s, longest_retry_s: pauses before a broken engine is loaded again, doubling.
    unavailable_retry_s: how often a model that could not be had is tried again.
    """

    most_batch: int = 0
    gather_s: float = 0.01
    most_queue_wait_s: float = 1.0
    partial_wait_s: float = 5.0
    hang_s: float = 60.0
    first_retry_s: float = 0.5
    longest_retry_s: float = 30.0
    unavailable_retry_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Decode:
    """Decode these jobs together."""

    jobs: list[Job]


@dataclass(frozen=True, slots=True)
class LoadEngine:
    """Give the engine up, if there is one, and load another."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something happens, or until this time."""

    until: float | None


class Dispatcher:
    """All times in seconds of one monotonic clock."""

    def __init__(self, settings: SchedulerSettings) -> None:
        self.status = EngineStatus.LOADING
        self.reason = ""
        """The operator's sentence when UNAVAILABLE, an error's class name when FAILING."""
        self.measured = MeasuredLoad(settings.most_queue_wait_s)
        self.queue = DecodeQueue()
        self._settings = settings
        self._most_batch = 1
        self._in_flight: list[Job] = []
        self._began_at = 0.0
        self._load_at: float | None = 0.0
        self._breaks_in_a_row = 0

    def push(self, job: Job, now: float) -> None:
        """Put in line; jobs that it makes needless are settled."""
        oldest_at = self.queue.oldest_at()
        if job.stage is Stage.PARTIAL and (
            self.status is not EngineStatus.AVAILABLE or self.measured.sheds_partials(oldest_at, now)
        ):
            self.measured.load.shed += 1
            job.settle(None)
            return
        for needless in self.queue.push(job):
            self.measured.load.superseded += 1
            needless.settle(None)

    def withdraw(self, job: Job) -> None:
        """Whoever asked has gone."""
        self.queue.remove(job)

    def next(self, key: Callable[[DecodeRequest], Hashable], now: float) -> Decode | LoadEngine | Wait:
        """What to do now. key: which requests can be decoded together; asked of an available engine only."""
        if self._in_flight:
            hangs_at = self._began_at + self._settings.hang_s
            if now < hangs_at:
                return Wait(hangs_at)
            self.broken("Hang", now)
        if self.status is not EngineStatus.AVAILABLE:
            return self._next_load(now)
        begin_at = self.queue.next_at(self._settings.gather_s)
        if begin_at is None or begin_at > now:
            return Wait(begin_at)
        batch = self._live(self.queue.take(key, self._most_batch), now)
        if not batch:
            return Wait(now)
        self._in_flight, self._began_at = batch, now
        return Decode(batch)

    def loaded(self, most_batch: int) -> None:
        """There is an engine, which decodes so many utterances together."""
        self.status, self.reason = EngineStatus.AVAILABLE, ""
        self._most_batch = self._settings.most_batch or most_batch

    def unavailable(self, reason: str, now: float) -> None:
        """There is none to be had. reason: a sentence for the operator."""
        self.status, self.reason = EngineStatus.UNAVAILABLE, reason
        self._load_at = now + self._settings.unavailable_retry_s

    def decoded(self, outcomes: list[DecodedSpeech | RecognitionError], now: float) -> None:
        """What came of the batch, in its order. An error concerns its job alone: the engine works."""
        batch, self._in_flight = self._in_flight, []
        self._breaks_in_a_row = 0
        compute_s = now - self._began_at
        waits_s = [max(0.0, self._began_at - job.queued_at) for job in batch]
        sound_s = sum(job.request.seconds for job in batch)
        self.measured.decoded(waits_s, compute_s, sound_s, whole=batch[0].request.whole, now=now)
        for job, wait_s, outcome in zip(batch, waits_s, outcomes, strict=True):
            if isinstance(outcome, DecodedSpeech):
                outcome = replace(outcome, queued_ms=wait_s * 1000, compute_ms=compute_s * 1000)
            job.settle(outcome)

    def broken(self, reason: str, now: float) -> None:
        """The engine broke or hangs. What it was decoding is decoded again by the next one."""
        batch, self._in_flight = self._in_flight, []
        self.status, self.reason = EngineStatus.FAILING, reason
        pause_s = self._settings.first_retry_s * 2.0**self._breaks_in_a_row
        self._load_at = now + min(pause_s, self._settings.longest_retry_s)
        self._breaks_in_a_row += 1
        again = []
        for job in batch:
            job.attempts += 1
            if job.stage is Stage.PARTIAL:
                job.settle(None)
            elif job.attempts >= MOST_ATTEMPTS:
                job.settle(RecognitionError(f"the engine broke {job.attempts} times on this utterance ({reason})"))
            else:
                again.append(job)
        self.queue.put_back(again)
        self._settle_all(self.queue.take_partials(), None)

    def close(self) -> None:
        """No more engine: what is in line fails."""
        self._settle_all(self.queue.take_all(), RecognitionError("speech recognition is shutting down"))

    def _next_load(self, now: float) -> LoadEngine | Wait:
        if self._load_at is None or self._load_at > now:
            return Wait(self._load_at)
        self._load_at = None
        return LoadEngine()

    def _live(self, batch: list[Job], now: float) -> list[Job]:
        """Without the partials that waited too long: newer ones are on their way."""
        live = []
        for job in batch:
            if job.stage is Stage.PARTIAL and now - job.queued_at > self._settings.partial_wait_s:
                self.measured.load.shed += 1
                job.settle(None)
            else:
                live.append(job)
        return live

    def _settle_all(self, jobs: list[Job], outcome: Outcome) -> None:
        for job in jobs:
            job.settle(outcome)
