"""An answer's utterances that have ended: decoded in order, and kept until their words are told, or their loss."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from analyzers.results import TranscriptUpdate
from analyzers.transcription.decoding import RecognitionError
from analyzers.transcription.stream import AnswerStream
from media.frames import SAMPLE_RATE, Utterance
from server.interview.writing_down import LostBecause

MOST_WAITING_S = 600
"""How much sound of one answer waits for recognition to come back; beyond it the oldest is given up, and told."""


class Finals:
    """Lives in a task group; what waits survives the group and goes on in the next (`run`).

    tell, lose: end when the words, or the loss with its reason, are in the log. changed: called when the number
    of those waiting is another.
    """

    def __init__(
        self,
        stream: AnswerStream,
        tell: Callable[[Utterance, TranscriptUpdate], Awaitable[None]],
        lose: Callable[[Utterance, str], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._tell = tell
        self._lose = lose
        self._changed = changed
        self._pending: dict[int, Utterance] = {}
        self._given_up: dict[int, tuple[Utterance, str]] = {}
        self._arrived = asyncio.Event()
        self._nothing_waits = asyncio.Event()
        self._nothing_waits.set()
        self._telling = asyncio.Lock()
        self._ended = False
        self._group: asyncio.TaskGroup | None = None
        self._worker: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many utterances have neither words nor a loss in the log."""
        return len(self._pending) + len(self._given_up)

    def run(self, group: asyncio.TaskGroup) -> None:
        """Works in this group from now on, until `end` and nothing waits."""
        self._group, self._ended = group, False
        if self._worker is None or self._worker.done():
            self._worker = group.create_task(self._work())

    def add(self, utterance: Utterance) -> None:
        """One more that has ended."""
        self._pending[utterance.number] = utterance
        while len(self._pending) > 1 and self._sound_s() > MOST_WAITING_S:
            self._set_aside(next(iter(self._pending)), LostBecause.TOO_MUCH_WAITING)
        self._note()
        self._arrived.set()
        if self._given_up and self._group is not None:
            self._group.create_task(self._tell_losses())

    async def told(self) -> None:
        """Returns when nothing waits."""
        await self._nothing_waits.wait()

    async def give_up(self, reason: str) -> None:
        """Nothing is waited for any more: returns when the loss of all that waited is in the log."""
        async with self._telling:
            for number in list(self._pending):
                self._set_aside(number, reason)
        await self._tell_losses()

    def end(self) -> None:
        """Nothing will be added: the task ends when nothing waits."""
        self._ended = True
        self._arrived.set()

    def stop(self) -> None:
        """Ends the task at once; what waits stays for the next `run`."""
        if self._worker is not None:
            self._worker.cancel()

    async def _work(self) -> None:
        await self._tell_losses()
        while True:
            while self._pending:
                await self._decode(next(iter(self._pending.values())))
            if self._ended:
                return
            self._arrived.clear()
            await self._arrived.wait()

    async def _decode(self, utterance: Utterance) -> None:
        reason, update = "Superseded", None
        try:
            update = await self._stream.hear(utterance)
        except RecognitionError as error:
            reason = type(error).__name__
        async with self._telling:
            if utterance.number not in self._pending:
                return  # Given up meanwhile, and told as lost.
            if update is None:
                self._set_aside(utterance.number, reason)
            elif update.unintelligible and not update.committed:
                self._set_aside(utterance.number, LostBecause.UNINTELLIGIBLE)
            else:
                await self._tell(utterance, update)
                del self._pending[utterance.number]
                self._note()
        await self._tell_losses()

    async def _tell_losses(self) -> None:
        async with self._telling:
            while self._given_up:
                number, (utterance, reason) = next(iter(self._given_up.items()))
                await self._lose(utterance, reason)
                del self._given_up[number]
                self._note()

    def _set_aside(self, number: int, reason: str) -> None:
        self._given_up[number] = (self._pending.pop(number), reason)

    def _sound_s(self) -> float:
        return sum(len(utterance.samples) for utterance in self._pending.values()) / SAMPLE_RATE

    def _note(self) -> None:
        if self.waiting:
            self._nothing_waits.clear()
        else:
            self._nothing_waits.set()
        self._changed()
