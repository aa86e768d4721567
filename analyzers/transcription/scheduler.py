"""One inference thread for all interviews of the process: who waits, how long, and what a failure costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self

from analyzers.transcription.queue import DecodeQueue
from analyzers.transcription.whisper import DecodedSpeech, RecognitionError, Whisper
from media.frames import SAMPLE_RATE, Utterance
from question_flows.model import Language

PARTIAL_WAIT_S = 5.0
"""A partial that is older than this is not worth showing; a newer one is on its way."""
FINAL_WAIT_S = 120.0
"""A final is given up (RecognitionError) after this time: the engine hangs."""
_SMOOTHING = 0.2


@dataclass(slots=True, eq=False)
class _Job:
    decode: Callable[[], DecodedSpeech]
    sound_s: float
    queued_at: float
    done: asyncio.Future[DecodedSpeech | None]


@dataclass(slots=True)
class Load:
    """What the engine has done since the start. sound_s ÷ compute_s is how many times real time it runs."""

    decodes: int = 0
    superseded: int = 0
    sound_s: float = 0.0
    compute_s: float = 0.0


class Scheduler:
    """`async with Scheduler(whisper)`: decodes utterances one at a time, off the event loop.

    Leaving waits for the running decode, which still answers, and fails what is in line.
    """

    def __init__(self, whisper: Whisper) -> None:
        self.whisper = whisper
        self.load = Load()
        self.queue_wait_ms = 0.0
        """Smoothed time between asking and the beginning of a decode; what admission is decided on."""
        self._queue: DecodeQueue[_Job] = DecodeQueue()
        self._arrived = asyncio.Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._worker: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work(), name="whisper-scheduler")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        while (job := self._queue.pop()) is not None:
            if not job.done.done():
                job.done.set_exception(RecognitionError("speech recognition is shutting down"))
        self._arrived.set()
        if self._worker is not None:
            # Its thread may be inside the model, which must not be freed under it.
            await self._worker
        self._executor.shutdown(wait=False)

    async def decode(
        self, owner_id: str, utterance: Utterance, language: Language, prompt: str = "", *, final: bool
    ) -> DecodedSpeech | None:
        """Decode in turn. None: a partial that a newer utterance of the owner made needless, or that waited too long.

        Word times are relative to the utterance. Raises RecognitionError when the engine fails, hangs or closes.
        """
        if self._worker is None or self._closing:
            raise RecognitionError("speech recognition is not running")
        job = _Job(
            decode=lambda: self.whisper.decode(utterance.samples, language, prompt=prompt, final=final),
            sound_s=len(utterance.samples) / SAMPLE_RATE,
            queued_at=monotonic(),
            done=asyncio.get_running_loop().create_future(),
        )
        replaced = self._queue.push(owner_id, job, final=final)
        if replaced is not None and not replaced.done.done():
            self.load.superseded += 1
            replaced.done.set_result(None)
        self._arrived.set()
        try:
            async with asyncio.timeout(FINAL_WAIT_S if final else PARTIAL_WAIT_S):
                return await job.done
        except TimeoutError as error:
            if final:
                raise RecognitionError(f"no result within {FINAL_WAIT_S:.0f} s") from error
            return None

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closing:
            if (job := self._queue.pop()) is None:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if job.done.done():
                continue  # Whoever asked has gone.
            started = monotonic()
            self.queue_wait_ms += _SMOOTHING * ((started - job.queued_at) * 1000 - self.queue_wait_ms)
            running = loop.run_in_executor(self._executor, job.decode)
            await asyncio.wait([running])
            self._account(job, monotonic() - started)
            self._hand_over(job, running)

    def _account(self, job: _Job, compute_s: float) -> None:
        self.load.decodes += 1
        self.load.sound_s += job.sound_s
        self.load.compute_s += compute_s

    def _hand_over(self, job: _Job, running: asyncio.Future[DecodedSpeech]) -> None:
        error = running.exception()
        if job.done.done():
            return
        if error is None:
            job.done.set_result(running.result())
        elif isinstance(error, RecognitionError):
            job.done.set_exception(error)
        else:
            failure = RecognitionError(f"speech recognition failed: {type(error).__name__}")
            failure.__cause__ = error
            job.done.set_exception(failure)
