"""Drives our own path of sound, from AnswerPipeline to Scheduler, as an interview does: frames when they are due."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from analyzers.results import TranscriptUpdate, join_words
from analyzers.transcription.decoding import DecodedSpeech
from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.models import load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream
from analyzers.transcription.whisper import Whisper
from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame, Stage, Utterance
from question_flows.model import Language
from scripts.benchmarks.streaming.sound import PacedInterview
from scripts.benchmarks.streaming.timeline import Final, Heard, Round, Timeline, Watch
from server.interview.pipeline import AnswerPipeline

FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000


class NotingScheduler(Scheduler):
    """The scheduler itself; notes which partials came to nothing, by owner, and when nobody waits for a decode."""

    def __init__(self, load: Callable[[], Whisper]) -> None:
        super().__init__(load)
        self.dropped: Counter[str] = Counter()
        self.idle = asyncio.Event()
        self.idle.set()
        self._asked = 0

    async def decode(
        self, owner_id: str, utterance: Utterance, language: Language | None, terms: Sequence[str] = ()
    ) -> DecodedSpeech | None:
        """As the scheduler's own."""
        self._asked += 1
        self.idle.clear()
        try:
            decoded = await super().decode(owner_id, utterance, language, terms)
        finally:
            self._asked -= 1
            if not self._asked:
                self.idle.set()
        self.dropped[owner_id] += decoded is None and utterance.stage is Stage.PARTIAL
        return decoded

    async def ready(self) -> None:
        """Returns when the engine is there: before that, partials are dropped."""
        changed = asyncio.Event()
        self.on_change(changed.set)
        while self.status is not EngineStatus.AVAILABLE:
            changed.clear()
            await changed.wait()
        self.forget(changed.set)


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
        self._finals: list[tuple[Utterance, TranscriptUpdate, float]] = []
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
            self._finals.append((utterance, update, now))
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
        ended_at = self._pipeline.ended_at
        finals = [
            Final(
                speech_end_s=utterance.speech_end_ms / 1000,
                ended_at_s=ended_at[utterance.number] - self.start,
                received_at_s=at - self.start,
                compute_ms=update.compute_ms,
            )
            for utterance, update, at in self._finals
        ]
        return Timeline(
            tuple(self._watch.sights),
            tuple(finals),
            lost_finals=len(ended_at) - len(finals),
            dropped_partials=self._scheduler.dropped[self._owner_id],
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
        async with NotingScheduler(lambda: self._whisper) as scheduler, asyncio.TaskGroup() as group:
            await scheduler.ready()
            lines = [Line(said, f"interview-{index}", scheduler) for index, said in enumerate(interviews)]
            idle = await idle_share() if paced else 0.0
            cpu, began = time.process_time(), time.monotonic()
            for line in lines:
                line.open(group)
            late = await (pace(lines) if paced else hurry(lines, scheduler))
            await asyncio.gather(*(line.close() for line in lines))
            cpu = time.process_time() - cpu - idle * (time.monotonic() - began)
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


async def idle_share() -> float:
    """What waking up for each frame costs, CPU seconds a second: the line's work in a server, not recognition's."""
    began, cpu = time.monotonic(), time.process_time()
    for index in range(2 * 1000 // FRAME_MS):
        await asyncio.sleep(max(0.0, began + (index + 1) * FRAME_MS / 1000 - time.monotonic()))
    return (time.process_time() - cpu) / (time.monotonic() - began)


async def hurry(lines: Sequence[Line], scheduler: NotingScheduler) -> list[float]:
    """Pushes the frames as fast as they are decoded: no partial is dropped. Nothing is late."""
    for index in range(max(len(line.said.samples) for line in lines) // FRAME_SAMPLES):
        for line in lines:
            line.push(index)
        await asyncio.sleep(0)
        await scheduler.idle.wait()
    return []
