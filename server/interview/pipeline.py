"""One spoken answer: frames → speech or not → utterances → words. What is heard stays with its own question."""

from __future__ import annotations

import asyncio
from typing import Protocol

from analyzers.results import TranscriptUpdate
from analyzers.transcription.decoding import RecognitionError
from analyzers.transcription.endpointing import silence_to_wait_ms
from analyzers.transcription.stream import AnswerStream
from analyzers.transcription.voice import VoiceArbiter
from media.frames import AudioFrame, Stage, Utterance
from media.segmenter import Segmenter, SegmenterSettings
from media.vad import VoiceGate
from question_flows.model import Endpointing

TAIL_SECONDS = 20.0
"""How long a submitted answer waits for its last words."""


class Listener(Protocol):
    """Who wants to know what was said. number: the utterance's, counted over the whole answer."""

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        """Words, certain or not yet; an utterance's final ones come once and in order."""

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        """Speech without words, and never any. reason: an error's class name."""


class AnswerPipeline:
    """Hears one answer until `finish`. Partials are dropped when newer ones come; finals never are.

    An utterance ends when its last words and the silence behind them say so. Words that come within 250 ms come in
    time for any pause, and then where utterances end depends on the sound alone.
    first_number: what the first utterance is called, higher than those heard before a reconnect.
    """

    def __init__(
        self,
        question_id: str,
        stream: AnswerStream,
        listener: Listener,
        group: asyncio.TaskGroup,
        first_number: int = 1,
        endpointing: Endpointing = Endpointing(),
    ) -> None:
        self.question_id = question_id
        self._stream = stream
        self._listener = listener
        self._group = group
        self._offset = first_number - 1
        self._gate = VoiceGate()
        self._arbiter = VoiceArbiter()
        self._endpointing = endpointing
        self._segmenter = Segmenter(SegmenterSettings(endpoint_ms=endpointing.normal_ms))
        self.closed = False
        self._pending: dict[int, Utterance] = {}
        self._finals: asyncio.Queue[Utterance] = asyncio.Queue()
        self._telling = asyncio.Lock()
        self._finishing = asyncio.Lock()
        self._partials: set[asyncio.Task[None]] = set()
        self._worker = group.create_task(self._hear_finals())

    def push(self, frame: AudioFrame) -> None:
        """Takes the next frame; ignored once the answer is being finished."""
        if not self.closed:
            is_voice = self._arbiter.is_voice(frame, self._gate.is_open(frame))
            self._segmenter.partial_every_ms = self._stream.cadence_ms
            self._take(self._segmenter.push(frame, is_voice))

    async def caught_up(self) -> None:
        """Returns when the words of all partials are in: for whoever pushes sound faster than it was spoken."""
        while self._partials:
            await asyncio.wait(self._partials)

    def flush(self) -> None:
        """Ends the utterance being spoken: the candidate pauses, or comes back over another line."""
        self._take(self._segmenter.flush())

    async def finish(self, seconds: float = TAIL_SECONDS) -> None:
        """Ends the answer: returns when the last words are told, or reported lost after `seconds`."""
        async with self._finishing:
            if not self.closed:
                self.closed = True
                self.flush()
            try:
                async with asyncio.timeout(seconds):
                    await self._finals.join()
            except TimeoutError:
                await self._give_up()
            self._worker.cancel()

    def stop(self) -> None:
        """Ends at once; what is pending is neither heard nor reported."""
        self.closed = True
        for task in (self._worker, *self._partials):
            task.cancel()

    def _take(self, utterances: list[Utterance]) -> None:
        for utterance in utterances:
            if utterance.final:
                self._pending[utterance.number] = utterance
                self._finals.put_nowait(utterance)
            else:
                partial = self._group.create_task(self._hear_partial(utterance))
                self._partials.add(partial)
                partial.add_done_callback(self._partials.discard)

    async def _hear_partial(self, utterance: Utterance) -> None:
        try:
            update = await self._stream.hear(utterance)
        except RecognitionError:
            return  # Its final will tell: there the loss is recorded.
        if update is not None and not self.closed:
            if utterance.stage is Stage.PROVISIONAL:
                self._judge_pause(utterance, update)
            await self._tell(utterance, update)

    def _judge_pause(self, utterance: Utterance, update: TranscriptUpdate) -> None:
        """Its speaker has paused behind these words: how long before they are taken for finished."""
        words = update.committed + update.tentative
        silence_ms = silence_to_wait_ms(words, update.language, self._endpointing)
        self._segmenter.end_after(utterance.number, utterance.speech_end_ms, silence_ms)

    async def _hear_finals(self) -> None:
        while True:
            utterance = await self._finals.get()
            try:
                update, reason = await self._recognise(utterance)
                async with self._telling:
                    if self._pending.pop(utterance.number, None) is None:
                        continue  # Given up meanwhile, and reported as lost.
                    if update is None:
                        await self._listener.lost(self.question_id, utterance, reason)
                    else:
                        await self._tell(utterance, update)
            finally:
                self._finals.task_done()

    async def _recognise(self, utterance: Utterance) -> tuple[TranscriptUpdate | None, str]:
        """The final words, with a second try; else None and why."""
        reason = ""
        for _ in range(2):
            try:
                return await self._stream.hear(utterance), "Superseded"
            except RecognitionError as error:
                reason = type(error).__name__
        return None, reason

    async def _tell(self, utterance: Utterance, update: TranscriptUpdate) -> None:
        number = self._offset + utterance.number
        await self._listener.heard(self.question_id, number, update, utterance)

    async def _give_up(self) -> None:
        async with self._telling:
            pending, self._pending = self._pending, {}
            for utterance in pending.values():
                await self._listener.lost(self.question_id, utterance, TimeoutError.__name__)
