"""One engine for all interviews of the process: the clock, the thread and the futures around the pure dispatcher."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self

from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest, RecognitionError, request_for
from analyzers.transcription.dispatcher import Decode, Dispatcher, EngineStatus, LoadEngine, SchedulerSettings
from analyzers.transcription.inference import InferenceThread
from analyzers.transcription.measured_load import Load
from analyzers.transcription.model_hub import ModelUnavailable
from analyzers.transcription.queue import Job, Outcome
from analyzers.transcription.whisper import BatchKey, Whisper
from media.frames import Utterance
from question_flows.model import Language

log = logging.getLogger(__name__)


class Scheduler:
    """`async with Scheduler(load)`: loads the engine beside what runs, and decodes off the event loop.

    load: blocks, called in a thread; raises ModelUnavailable. It is called again when the engine broke or hangs, and
    from time to time while the model cannot be had. Leaving waits for the running decode, which still answers, and
    fails what is in line.
    """

    def __init__(self, load: Callable[[], Whisper], settings: SchedulerSettings | None = None) -> None:
        self._load = load
        self._dispatcher = Dispatcher(settings or SchedulerSettings())
        self._listeners: list[Callable[[], None]] = []
        self._changed = asyncio.Event()
        self._thread: InferenceThread | None = None
        self._whisper: Whisper | None = None
        self._loading: asyncio.Future[Whisper] | None = None
        self._decoding: asyncio.Future[list[DecodedSpeech | RecognitionError]] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._closing = False
        self._told = EngineStatus.LOADING

    @property
    def status(self) -> EngineStatus:
        """Whether speech can be recognised now."""
        return self._dispatcher.status

    @property
    def reason(self) -> str:
        """Why not: a sentence for the operator when UNAVAILABLE, an error's class name when FAILING."""
        return self._dispatcher.reason

    @property
    def load(self) -> Load:
        """What the engine has done since the start."""
        return self._dispatcher.measured.load

    @property
    def cadence_ms(self) -> int:
        """How often a partial of one utterance is worth asking for, now."""
        queue = self._dispatcher.queue
        return self._dispatcher.measured.cadence_ms(queue.oldest_partial_at(), monotonic())

    @property
    def queue_wait_ms(self) -> float:
        """How long whole utterances wait for their decode; what admission is decided on."""
        return self._dispatcher.measured.wait_s(self._dispatcher.queue.oldest_at(), monotonic()) * 1000

    @property
    def queue_length(self) -> int:
        """How many utterances wait."""
        return len(self._dispatcher.queue)

    @property
    def admits(self) -> bool:
        """Whether one more interview may begin without harm to those that run."""
        return self._dispatcher.measured.admits(self._dispatcher.queue.oldest_at(), monotonic())

    def on_change(self, listener: Callable[[], None]) -> None:
        """Calls listener after every change of status."""
        self._listeners.append(listener)

    def on_wait(self, listener: Callable[[float], None]) -> None:
        """Calls listener with the seconds that each whole utterance waited before it was decoded."""
        self._dispatcher.measured.on_wait(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Calls listener no more."""
        self._listeners.remove(listener)

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work(), name="whisper-scheduler")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._dispatcher.close()
        self._changed.set()
        if self._worker is not None:
            # Its thread may be inside the model, which must not be freed under it.
            await self._worker

    async def decode(
        self, owner_id: str, utterance: Utterance, language: Language | None, terms: Sequence[str] = ()
    ) -> DecodedSpeech | None:
        """Decode in turn. None: a partial that is needless by now, or that the engine is too busy for.

        owner_id: whose partials replace one another, normally the interview's id. Word times are relative to the
        utterance. Waits as long as there is no engine. Raises RecognitionError when the engine works and fails on
        this utterance, or is shut down.
        """
        if self._worker is None or self._closing:
            raise RecognitionError("speech recognition is not running")
        done: asyncio.Future[DecodedSpeech | None] = asyncio.get_running_loop().create_future()
        request = request_for(utterance, language, tuple(terms))
        job = Job(owner_id, utterance.number, request, monotonic(), lambda outcome: _settle(done, outcome))
        self._dispatcher.push(job, job.queued_at)
        self._changed.set()
        try:
            return await done
        finally:
            self._dispatcher.withdraw(job)

    async def _work(self) -> None:
        while not self._closing:
            self._collect()
            action = self._dispatcher.next(self._batch_key, monotonic())
            self._tell()
            match action:
                case Decode(jobs):
                    self._begin([job.request for job in jobs])
                case LoadEngine():
                    self._begin_loading()
                case _:
                    await self._wait(action.until)
        if self._decoding is not None:
            await asyncio.wait([self._decoding])
            self._collect()
        if self._thread is not None:
            self._thread.leave()

    def _batch_key(self, request: DecodeRequest) -> BatchKey:
        assert self._whisper is not None
        return self._whisper.batch_key(request)

    def _begin(self, requests: list[DecodeRequest]) -> None:
        assert self._whisper is not None
        assert self._thread is not None
        whisper = self._whisper
        self._decoding = self._thread.call(lambda: decode_apart(whisper, requests))
        self._decoding.add_done_callback(self._wake)

    def _begin_loading(self) -> None:
        """In a thread of its own: the former one may hang for ever, and keeps what it holds until it returns."""
        if self._thread is not None:
            self._thread.leave()
        self._decoding, self._whisper = None, None
        self._thread = InferenceThread()
        self._loading = self._thread.call(self._load)
        self._loading.add_done_callback(self._wake)

    def _wake(self, _: object) -> None:
        self._changed.set()

    async def _wait(self, until: float | None) -> None:
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if until is None else max(0.0, until - monotonic())):
                await self._changed.wait()

    def _collect(self) -> None:
        """Takes what the thread has come to."""
        if self._loading is not None and self._loading.done():
            loading, self._loading = self._loading, None
            self._take_engine(loading)
        if self._decoding is not None and self._decoding.done():
            decoding, self._decoding = self._decoding, None
            if (error := decoding.exception()) is None:
                self._dispatcher.decoded(decoding.result(), monotonic())
            else:
                log.error("speech recognition broke (%s)", type(error).__name__)
                self._dispatcher.broken(type(error).__name__, monotonic())

    def _take_engine(self, loading: asyncio.Future[Whisper]) -> None:
        error = loading.exception()
        if error is None:
            self._whisper = loading.result()
            self._dispatcher.loaded(self._whisper.most_batch)
        elif isinstance(error, ModelUnavailable):
            self._dispatcher.unavailable(str(error), monotonic())
        else:
            log.error("the speech model could not be loaded (%s)", type(error).__name__)
            self._dispatcher.broken(type(error).__name__, monotonic())

    def _tell(self) -> None:
        """Tells of a new status. An engine that broke or hangs is not listened to any more."""
        if self.status is self._told:
            return
        self._told = self.status
        if self._told is EngineStatus.FAILING:
            self._decoding = None
        for listener in self._listeners:
            listener()


def decode_apart(whisper: Whisper, requests: list[DecodeRequest]) -> list[DecodedSpeech | RecognitionError]:
    """Decode together, and where that fails one by one, so that one utterance's fault is not its batch's.

    Raises RecognitionError when the engine fails on everything.
    """
    try:
        return list(whisper.decode(requests))
    except RecognitionError as error:
        outcomes = [error if len(requests) == 1 else _decode_alone(whisper, request) for request in requests]
    if any(isinstance(outcome, RecognitionError) for outcome in outcomes):
        whisper.check()
    return outcomes


def _decode_alone(whisper: Whisper, request: DecodeRequest) -> DecodedSpeech | RecognitionError:
    try:
        [decoded] = whisper.decode([request])
    except RecognitionError as error:
        return error
    return decoded


def _settle(done: asyncio.Future[DecodedSpeech | None], outcome: Outcome) -> None:
    if done.done():
        return  # Whoever asked has gone.
    if isinstance(outcome, RecognitionError):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
