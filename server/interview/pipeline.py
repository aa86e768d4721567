"""One spoken answer: frames → speech or not → utterances → words. What is heard stays with its own question."""

from __future__ import annotations

import asyncio
from typing import Protocol

from analyzers.results import TranscriptUpdate
from analyzers.transcription.decoding import RecognitionError
from analyzers.transcription.stream import AnswerStream
from media.frames import AudioFrame, Utterance
from media.segmenter import Segmenter
from media.vad import VoiceGate

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

    first_number: what the first utterance is called, higher than those heard before a reconnect.
    """

    def __init__(
        self,
        question_id: str,
        stream: AnswerStream,
        listener: Listener,
        group: asyncio.TaskGroup,
        first_number: int = 1,
    ) -> None:
        self.question_id = question_id
        self._stream = stream
        self._listener = listener
        self._group = group
        self._offset = first_number - 1
        self._gate = VoiceGate()
        self._segmenter = Segmenter()
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
            self._take(self._segmenter.push(frame, self._gate.is_speech(frame)))

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
            await self._tell(utterance, update)

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
