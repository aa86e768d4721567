"""Drives our own path of sound, from AnswerPipeline to Scheduler, as an interview does: frames when they are due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analyzers.results import TranscriptUpdate, join_words
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream
from analyzers.transcription.whisper import DecodedSpeech, Whisper, load_model
from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame, Stage, Utterance
from question_flows.model import Language
from scripts.benchmarks.streaming.sound import PacedInterview
from scripts.benchmarks.streaming.timeline import Final, Heard, Round, Timeline, Watch
from server.interview.pipeline import AnswerPipeline

FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000


@dataclass(frozen=True, slots=True)
class _Noted:
    """One call of decode. left_at: when its result came; dropped: it gave none."""

    number: int
    stage: Stage
    left_at: float
    compute_ms: float
    dropped: bool


class NotingScheduler(Scheduler):
    """The scheduler itself; notes what each decode took, by owner."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.noted: dict[str, list[_Noted]] = {}
        self.idle = asyncio.Event()
        self.idle.set()
        self._running = 0

    async def decode(
        self, owner_id: str, utterance: Utterance, language: Language, *arguments: Any, **options: Any
    ) -> DecodedSpeech | None:
        """As the scheduler's own."""
        self._running += 1
        self.idle.clear()
        try:
            decoded = await super().decode(owner_id, utterance, language, *arguments, **options)
        finally:
            self._running -= 1
            if not self._running:
                self.idle.set()
        noted = _Noted(
            utterance.number,
            utterance.stage,
            time.monotonic(),
            0.0 if decoded is None else getattr(decoded, "compute_ms", 0.0),
            decoded is None,
        )
        self.noted.setdefault(owner_id, []).append(noted)
        return decoded


class NotingPipeline(AnswerPipeline):
    """The pipeline itself; notes when the endpoint of each utterance was decided."""

    ended_at: dict[int, float]

    def _take(self, utterances: list[Utterance]) -> None:
        for utterance in utterances:
            if utterance.final:
                self.ended_at[utterance.number] = time.monotonic()
        super()._take(utterances)


class Line:
    """One candidate's frames and the listener at the other end."""

    def __init__(self, said: PacedInterview, owner_id: str, scheduler: NotingScheduler) -> None:
        self.said = said
        self._owner_id = owner_id
        self._scheduler = scheduler
        self._watch = Watch()
        self._shown: dict[int, TranscriptUpdate] = {}
        self._finals: list[tuple[Utterance, float]] = []
        self._pipeline: NotingPipeline | None = None
        self.start = 0.0

    def open(self, group: asyncio.TaskGroup) -> None:
        """The answer begins; the first sample is due now."""
        self.start = time.monotonic()
        stream = AnswerStream(self._scheduler, self._owner_id, self.said.language)
        self._pipeline = NotingPipeline("bench", stream, self, group)
        self._pipeline.ended_at = {}

    def push(self, index: int) -> None:
        """Gives the frame with this number, if there is one."""
        samples = self.said.samples[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]
        if len(samples):
            assert self._pipeline is not None
            self._pipeline.push(AudioFrame(samples, index * FRAME_MS))

    async def close(self) -> None:
        """Hands the answer in."""
        assert self._pipeline is not None
        await self._pipeline.finish()

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        """Notes what the candidate and HR would see from now on."""
        now = time.monotonic()
        self._shown[number] = update
        if update.final:
            self._finals.append((utterance, now))
        updates = [self._shown[shown] for shown in sorted(self._shown)]
        committed = [word.text for each in updates for word in each.committed]
        tentative = [word.text for each in updates for word in each.tentative]
        language = self.said.language
        self._watch.see(now - self.start, join_words(committed, language), join_words(tentative, language))

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        """A final without words."""

    def timeline(self) -> Timeline:
        """What was seen, and what became of the finals and partials."""
        assert self._pipeline is not None
        decodes = self._scheduler.noted.get(self._owner_id, [])
        ended_at = self._pipeline.ended_at
        finals = [self._final(utterance, at, ended_at[utterance.number], decodes) for utterance, at in self._finals]
        return Timeline(
            tuple(self._watch.sights),
            tuple(finals),
            lost_finals=len(ended_at) - len(self._finals),
            dropped_partials=sum(each.dropped and each.stage is Stage.PARTIAL for each in decodes),
        )

    def _final(self, utterance: Utterance, at: float, ended_at: float, decodes: Sequence[_Noted]) -> Final:
        waited_for = [
            each
            for each in decodes
            if each.number == utterance.number and each.stage is not Stage.PARTIAL and ended_at < each.left_at <= at
        ]
        return Final(
            speech_end_s=utterance.speech_end_ms / 1000,
            ended_at_s=ended_at - self.start,
            received_at_s=at - self.start,
            compute_ms=sum(each.compute_ms for each in waited_for),
        )


class Ours:
    """Our engine in this process, loaded once for all rounds."""

    name = "ours"

    def __init__(self, model: Path, threads: int) -> None:
        self._whisper: Whisper = load_model(str(model), "cpu", "default", threads, model, lambda done, total: None)

    def play(self, interviews: Sequence[PacedInterview], *, paced: bool = True) -> Round:
        """Hear all of them at once. paced: as they are spoken; else each frame as soon as nothing is being decoded."""
        return asyncio.run(self._play(interviews, paced))

    async def _play(self, interviews: Sequence[PacedInterview], paced: bool) -> Round:
        async with NotingScheduler(self._whisper) as scheduler, asyncio.TaskGroup() as group:
            lines = [Line(said, f"interview-{index}", scheduler) for index, said in enumerate(interviews)]
            cpu = time.process_time()
            for line in lines:
                line.open(group)
            late = await (pace(lines) if paced else hurry(lines, scheduler))
            await asyncio.gather(*(line.close() for line in lines))
            cpu = time.process_time() - cpu
        heard = tuple(Heard(line.said, line.timeline()) for line in lines)
        return Round(heard, cpu, float(np.percentile(late, 95)) if late else 0.0, scheduler.load.compute_s)


async def pace(lines: Sequence[Line]) -> list[float]:
    """Pushes each frame of every line when its last sample has been spoken; returns how late each round of them was."""
    late: list[float] = []
    for index in range(max(len(line.said.samples) for line in lines) // FRAME_SAMPLES):
        due = lines[0].start + (index + 1) * FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        for line in lines:
            line.push(index)
        late.append(time.monotonic() - due)
    return late


async def hurry(lines: Sequence[Line], scheduler: NotingScheduler) -> list[float]:
    """Pushes the frames as fast as they are decoded: no partial is dropped. Nothing is late."""
    for index in range(max(len(line.said.samples) for line in lines) // FRAME_SAMPLES):
        for line in lines:
            line.push(index)
        await asyncio.sleep(0)
        await scheduler.idle.wait()
    return []
