"""One candidate of many: redeems the link, consents, joins, says every answer, hands it in, and goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import aiohttp

from question_flows.loader import shipped_flows
from question_flows.model import Flow, Language
from scripts.candidate_api import CandidateApi, Refused
from scripts.load_generator.encoding import MARGIN_S, Packets, room, speech
from scripts.load_generator.line import CandidateLine, LineFigures, Sight, Way
from scripts.load_generator.tracks import Lateness, Microphone
from scripts.sample_answers import ANYTHING, sample_answer
from scripts.simulated_candidate import SILENCE_AFTER_SPEECH_S, shows_face, tokens
from scripts.voice_model.speak import word_times

BETWEEN_SAYINGS_S = 1.0
COME_BACK_S = 1.0
"""After the event stream has ended, before it is read again; the page's first wait."""
MOST_REFUSALS = 20
"""So often a candidate asks again when the server is full; then it gives up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What every candidate does. seconds: how long its interview is to last; every answer is said once at least.

    sight: what its camera shows, None to leave that off.
    """

    seconds: float
    sight: Sight | None
    way: Way


@dataclass(slots=True)
class CandidateFigures:
    """What one candidate went through; times in milliseconds.

    refused_ms: how soon each 503 came, of the line and of everything else. first_word_ms: from the true end of an
    answer's first word to the first caption. handed_in_ms: how long the server took to have every word of an answer.
    words_said, words_heard: of the answers; heard are those that came as final captions. completed: all was answered.
    """

    joined: bool = False
    completed: bool = False
    line: LineFigures = field(default_factory=LineFigures)
    refused_ms: list[float] = field(default_factory=list)
    refused_without_retry_after: int = 0
    first_word_ms: list[float] = field(default_factory=list)
    handed_in_ms: list[float] = field(default_factory=list)
    words_said: int = 0
    words_heard: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Answering:
    """The answer under way. due, captioned: when its first word had been said, and shown; time.monotonic()."""

    question_id: str
    due: float | None = None
    captioned: float | None = None


class LoadCandidate:
    """One candidate; `attend` does it all and never raises for what the server does."""

    def __init__(self, link: str, plan: Plan, lateness: Lateness, seed: int) -> None:
        self.figures = CandidateFigures()
        self._link = link
        self._plan = plan
        self._lateness = lateness
        self._seed = seed
        self._microphone = Microphone(room())
        self._line: CandidateLine | None = None
        self._answering: _Answering | None = None
        self._finals: dict[tuple[str, int], int] = {}

    async def attend(self) -> None:
        """The whole interview."""
        try:
            async with CandidateApi(self._link) as api:
                await self._attend(api)
        except* (Refused, aiohttp.ClientError, TimeoutError, ValueError, KeyError) as failures:
            self.figures.errors += [_described(failure) for failure in _leaves(failures)]
        self.figures.words_heard = sum(self._finals.values())

    async def _attend(self, api: CandidateApi) -> None:
        await self._until_admitted(api.redeem)
        granted = await api.consent()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(api))
            await self._until_admitted(api.start)
            sight = self._plan.sight if shows_face(granted) else None
            line = CandidateLine(api, self._microphone, sight, self._plan.way, self._lateness, self._seed)
            self._line, self.figures.line = line, line.figures
            holding = group.create_task(line.run())
            await line.up.wait()
            self.figures.joined = True
            await self._answer_all(api, line)
            await line.end()
            holding.cancel()
            listening.cancel()

    async def _until_admitted(self, ask: Callable[[], Awaitable[None]]) -> None:
        """Asks again when the server is full, as late as it says."""
        for _ in range(MOST_REFUSALS):
            began = time.monotonic()
            try:
                await ask()
            except Refused as refusal:
                if refusal.status != 503:
                    raise
                self.figures.refused_ms.append((time.monotonic() - began) * 1000)
                self.figures.refused_without_retry_after += refusal.retry_after_s is None
                await asyncio.sleep(refusal.retry_after_s or COME_BACK_S)
            else:
                return
        raise TimeoutError("the server stayed full")

    async def _answer_all(self, api: CandidateApi, line: CandidateLine) -> None:
        began = time.monotonic()
        async for now in api.questions():
            question = now["question"]
            left_s = self._plan.seconds - (time.monotonic() - began)
            share_s = left_s / max(1, question["total"] - question["index"])
            if question["practice"]:
                await api.skip(question["id"])
            elif question["options"]:
                await api.choose(question["id"], question["options"][0]["id"])
            elif question["only_typed"]:
                await api.start_answer(question["id"])
                await api.hand_in_text(question["id"], answer_to(question["id"], now["language"]))
            else:
                await self._answer(api, line, question["id"], now["language"], share_s)
        self.figures.completed = True

    async def _answer(
        self, api: CandidateApi, line: CandidateLine, question: str, language: str, seconds: float
    ) -> None:
        """Says the answer, again and again while the question's time lasts, and hands it in."""
        text = answer_to(question, language)
        packets, words = await asyncio.to_thread(spoken, text, language)
        self._answering = answering = _Answering(question)
        await api.start_answer(question)
        began = time.monotonic()
        while True:
            said = await self._microphone.say(packets)
            self.figures.words_said += len(words)
            if answering.due is None:
                answering.due = said.first_sent + MARGIN_S + words[0][2]
            if time.monotonic() - began + len(packets) / 50 > seconds:
                break
            await asyncio.sleep(BETWEEN_SAYINGS_S)
        await asyncio.sleep(SILENCE_AFTER_SPEECH_S)
        await line.up.wait()
        asked = time.monotonic()
        await api.hand_in_voice(question)
        self.figures.handed_in_ms.append((time.monotonic() - asked) * 1000)
        if answering.captioned is not None:
            self.figures.first_word_ms.append((answering.captioned - answering.due) * 1000)

    async def _listen(self, api: CandidateApi) -> None:
        """Reads the event stream, again when it has ended, until it is cancelled."""
        while True:
            try:
                async for name, data in api.events():
                    self._happened(name, data)
                self.figures.errors.append("the event stream ended")
            except aiohttp.ClientError as error:
                self.figures.errors.append(f"the event stream: {type(error).__name__}")
            await asyncio.sleep(COME_BACK_S)

    def _happened(self, name: str, data: Mapping[str, Any]) -> None:
        if name == "connection" and self._line is not None:
            self._line.server_says(data["line"])
        elif name == "transcript":
            self._caption(data["question_id"], bool(data["committed"] or data["tentative"]))
        elif name == "UtteranceTranscribed":
            heard = data["data"]
            self._caption(heard["question_id"], bool(heard["words"]))
            self._finals[heard["question_id"], heard["number"]] = len(
                tokens(" ".join(word["text"] for word in heard["words"]))
            )

    def _caption(self, question_id: str, has_words: bool) -> None:
        answering = self._answering
        if has_words and answering is not None and answering.question_id == question_id:
            answering.captioned = answering.captioned or time.monotonic()


def answer_to(question_id: str, language: str) -> str:
    """A sample answer of the shipped flow that has this question; for others something that fits many."""
    for flow in _flows():
        with suppress(KeyError):
            return sample_answer(flow, question_id, Language(language))
    return ANYTHING[Language(language)]


@cache
def _flows() -> tuple[Flow, ...]:
    return tuple(shipped_flows().values())


def spoken(text: str, language: str) -> tuple[Packets, Sequence[tuple[str, float, float]]]:
    """(Opus packets, words with their times in seconds behind the margin)."""
    return speech(text, language), word_times(text, language)


def _leaves(failures: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for failure in failures.exceptions:
        yield from _leaves(failure) if isinstance(failure, BaseExceptionGroup) else (failure,)


def _described(failure: BaseException) -> str:
    """For the figures: never a link, which would open the interview."""
    return str(failure) if isinstance(failure, Refused) else type(failure).__name__
