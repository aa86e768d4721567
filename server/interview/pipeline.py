"""One spoken answer: frames → speech or not → utterances → words. What is heard stays with its own question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
from server.interview.finals import Finals

CADENCE_FRAMES = 25
"""How often the engine's load is looked at, in frames of 20 ms: it looks through all that waits there."""


class Listener(Protocol):
    """Who wants to know what was said. number: the utterance's, counted over the whole answer."""

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        """Words, certain or not yet; an utterance's final ones come once and in order."""

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        """Speech without words, and never any. reason: an error's class name, or one of LostBecause."""


class AnswerPipeline:
    """Hears one answer until `close`, and after it whatever still waits for its words.

    Partials are dropped when newer ones come; finals never are. An utterance ends when its last words and the silence
    behind them say so. Words that come within 250 ms come in time for any pause, and then where utterances end depends
    on the sound alone. first_number: what the first utterance is called, higher than those heard before a reconnect.
    on_waiting: called with the question when the number of utterances that wait for their words is another.
    """

    def __init__(
        self,
        question_id: str,
        stream: AnswerStream,
        listener: Listener,
        group: asyncio.TaskGroup,
        first_number: int = 1,
        endpointing: Endpointing = Endpointing(),
        *,
        on_waiting: Callable[[str], None] = lambda question_id: None,
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
        self._frames = 0
        self.closed = False
        self._partials: set[asyncio.Task[None]] = set()
        self._finals = Finals(stream, self._tell, self._lose, lambda: on_waiting(question_id))
        self._finals.run(group)

    @property
    def waiting(self) -> int:
        """How many utterances wait for their words."""
        return self._finals.waiting

    def push(self, frame: AudioFrame) -> None:
        """Takes the next frame; ignored once the answer is closed."""
        if not self.closed:
            is_voice = self._arbiter.is_voice(frame, self._gate.is_open(frame))
            if self._frames % CADENCE_FRAMES == 0:
                self._segmenter.partial_every_ms = self._stream.cadence_ms
            self._frames += 1
            self._take(self._segmenter.push(frame, is_voice))

    async def caught_up(self) -> None:
        """Returns when the words of all partials are in: for whoever pushes sound faster than it was spoken."""
        while self._partials:
            await asyncio.wait(self._partials)

    def flush(self) -> None:
        """Ends the utterance being spoken: the candidate pauses, or comes back over another line."""
        self._take(self._segmenter.flush())

    def close(self) -> None:
        """Ends the answer: nothing more is listened to, and the utterance being spoken is whole."""
        if not self.closed:
            self.closed = True
            self.flush()
            self._finals.end()

    async def finish(self) -> None:
        """Ends the answer; returns when its last words, or their loss, are told."""
        self.close()
        await self._finals.told()

    def go_on(self, group: asyncio.TaskGroup) -> None:
        """Works in this group from now on: the former one has ended."""
        self._group = group
        self._finals.run(group)
        if self.closed:
            self._finals.end()

    def reopen(self) -> None:
        """The answer goes on after all."""
        self.closed = False
        self._finals.run(self._group)

    async def give_up(self, reason: str) -> None:
        """Ends the answer without waiting: returns when the loss of what waits is in the log."""
        self.close()
        await self._finals.give_up(reason)

    def stop(self) -> None:
        """Ends the tasks at once; what waits is neither heard nor told."""
        self._finals.stop()
        for task in self._partials:
            task.cancel()

    def _take(self, utterances: list[Utterance]) -> None:
        for utterance in utterances:
            if utterance.final:
                self._finals.add(utterance)
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

    async def _tell(self, utterance: Utterance, update: TranscriptUpdate) -> None:
        await self._listener.heard(self.question_id, self._offset + utterance.number, update, utterance)

    async def _lose(self, utterance: Utterance, reason: str) -> None:
        await self._listener.lost(self.question_id, utterance, reason)
