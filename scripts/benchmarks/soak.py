"""Many minutes of paced interviews in one process: does memory stay, do threads, tasks or queues grow?

Each interview speaks as real ones do: answers of one to three minutes in its language, sentences with pauses between
them, handed in, and on to the next question with a new pipeline; all share one scheduler and the project's own voice
model. "flat" says: the median memory of the last quarter is at most 5 % above that of the first quarter behind the
warm-up; the last quarter's median of threads, tasks and waiting utterances is not above anything seen in that first
quarter; no final was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analyzers.results import TranscriptUpdate
from analyzers.transcription.models import load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream
from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame, Stage, Utterance
from question_flows.loader import shipped_flows
from question_flows.model import Language, QuestionKind
from scripts.benchmarks.flatness import Sample, courses, is_flat, warm_up_s
from scripts.voice_model.speak import RATE_HZ, resample, synthesise
from server.interview.pipeline import AnswerPipeline

MODEL = Path(__file__).resolve().parents[2] / "tests" / "data" / "voice_model"
SAMPLE_EVERY_S = 10.0
ANSWER_S = (60.0, 180.0)
BETWEEN_ANSWERS_S = 2.0
PAUSES_S = (0.3, 2.5)
SPOKEN = (QuestionKind.STRUCTURED, QuestionKind.SITUATIONAL, QuestionKind.ROLE_PLAY)
_FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000

Sound = NDArray[np.int16]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options; they are run's arguments."""
    parser.add_argument("--minutes", type=float, default=20.0, help="how long")
    parser.add_argument("--interviews", type=int, default=8, help="how many at once")


def run(minutes: float, interviews: int) -> dict[str, object]:
    """Run the interviews for so many minutes and judge the samples taken meanwhile."""
    return asyncio.run(_Soak(minutes, interviews).run())


class _CountedStream(AnswerStream):
    """An answer's stream that says how many of its utterances wait for their words."""

    def count_in(self, waiting: Counter[bool]) -> None:
        self._waiting = waiting

    async def hear(self, utterance: Utterance) -> TranscriptUpdate | None:
        partial = utterance.stage is Stage.PARTIAL
        self._waiting[partial] += 1
        try:
            return await super().hear(utterance)
        finally:
            self._waiting[partial] -= 1


class _Soak:
    """One run. It is also the listener of every pipeline: it counts, and keeps nothing."""

    def __init__(self, minutes: float, interviews: int) -> None:
        self._minutes = minutes
        self._interviews = interviews
        self._began = 0.0
        self._waiting: Counter[bool] = Counter()
        self._answers = self._finals = self._lost = self._words = 0
        self._late_s = 0.0

    async def run(self) -> dict[str, object]:
        speech = {language: await asyncio.to_thread(looped_speech, language) for language in Language}
        whisper = await asyncio.to_thread(load_model, str(MODEL), "cpu", "default", 1, MODEL, lambda done, total: None)
        samples: list[Sample] = []
        async with Scheduler(lambda: whisper) as scheduler:
            self._began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for number, language in zip(range(self._interviews), _alternating(), strict=False):
                    group.create_task(self._interview(number, language, speech[language], scheduler))
                group.create_task(self._watch(samples, scheduler))
        return self._figures(samples)

    async def _interview(self, number: int, language: Language, speech: Sound, scheduler: Scheduler) -> None:
        """Answers one question after the other until the time is over."""
        chance = random.Random(number)
        at = chance.randrange(len(speech) // _FRAME_SAMPLES) * _FRAME_SAMPLES
        for question in count(1):
            wanted_s = min(chance.uniform(*ANSWER_S), self._left_s(), self._minutes * 60 / 4)
            if wanted_s <= 0:
                return
            async with asyncio.TaskGroup() as group:
                stream = _CountedStream(scheduler, f"interview {number}", language)
                stream.count_in(self._waiting)
                pipeline = AnswerPipeline(f"question {question}", stream, self, group)
                at = await self._speak(pipeline, speech, at, round(wanted_s * 1000 / FRAME_MS))
                await pipeline.finish()
            self._answers += 1
            await asyncio.sleep(BETWEEN_ANSWERS_S)

    async def _speak(self, pipeline: AnswerPipeline, speech: Sound, at: int, frames: int) -> int:
        """Push so many frames of the looped speech in real time; gives where it stopped."""
        began = time.monotonic()
        started_ms = round((began - self._began) * 1000)
        for index in range(frames):
            late_s = time.monotonic() - (began + index * FRAME_MS / 1000)
            self._late_s = max(self._late_s, late_s)
            if late_s < 0:
                await asyncio.sleep(-late_s)
            pipeline.push(AudioFrame(speech[at : at + _FRAME_SAMPLES], started_ms + index * FRAME_MS))
            at = (at + _FRAME_SAMPLES) % len(speech)
        return at

    async def _watch(self, samples: list[Sample], scheduler: Scheduler) -> None:
        """Sample the process every ten seconds, oftener when the run is short."""
        every_s = min(SAMPLE_EVERY_S, self._minutes * 60 / 40)
        while self._left_s() > every_s:
            await asyncio.sleep(every_s)
            samples.append(self._sample(scheduler.queue_length))

    def _sample(self, queued: int) -> Sample:
        return Sample(
            at_s=time.monotonic() - self._began,
            rss_mb=resident_mb(),
            python_threads=threading.active_count(),
            os_threads=len(os.listdir("/proc/self/task")),
            tasks=len(asyncio.all_tasks()),
            queued=queued,
            waiting_partials=self._waiting[True],
            waiting_finals=self._waiting[False],
        )

    def _left_s(self) -> float:
        return self._minutes * 60 - (time.monotonic() - self._began)

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        """Counts what became final."""
        if update.final:
            self._finals += 1
            self._words += len(update.committed)

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        """Counts what never will."""
        self._lost += 1

    def _figures(self, samples: list[Sample]) -> dict[str, object]:
        by_name = courses(samples, self._minutes)
        memory = by_name["rss_mb"]
        return {
            "minutes": self._minutes,
            "interviews": self._interviews,
            "flat": is_flat(by_name) and self._lost == 0,
            "warm_up_s": warm_up_s(self._minutes),
            "samples": len(samples),
            "rss_mb": {
                "start": memory.start,
                "end": memory.end,
                "worst": memory.worst,
                "growth_percent": memory.growth_percent,
            },
            "threads": {"python": asdict(by_name["python_threads"]), "os": asdict(by_name["os_threads"])},
            "tasks": asdict(by_name["tasks"]),
            "queue": asdict(by_name["queued"]),
            "waiting": {name: asdict(by_name[f"waiting_{name}"]) for name in ("partials", "finals")},
            "answers": self._answers,
            "finals": self._finals,
            "lost_finals": self._lost,
            "words_per_minute": round(self._words / self._minutes, 1),
            "worst_frame_late_ms": round(self._late_s * 1000),
        }


def _alternating() -> Iterator[Language]:
    while True:
        yield from Language


def looped_speech(language: Language) -> Sound:
    """What the shipped flows' sample answers say in one language, with pauses between the sentences: int16, 16 kHz.

    Whole frames, so that it can be read round and round.
    """
    chance = random.Random(language.value)
    hiss = np.random.default_rng(0)
    pieces: list[Sound] = []
    for flow in shipped_flows().values():
        for question in flow.questions:
            if question.kind not in SPOKEN:
                continue
            for sentence in sentences(question.sample_answers[language][0]):
                pieces.append(resample(synthesise(sentence, language.value), RATE_HZ, SAMPLE_RATE))
                pause = round(chance.uniform(*PAUSES_S) * SAMPLE_RATE)
                pieces.append(hiss.normal(0, 15, pause).astype(np.int16))
    speech = np.concatenate(pieces)
    return speech[: len(speech) // _FRAME_SAMPLES * _FRAME_SAMPLES]


def sentences(text: str) -> list[str]:
    """The text cut behind its full stops."""
    for stop in "。！？":
        text = text.replace(stop, f"{stop} . ")
    return [part.strip() for part in text.replace("! ", ". ").replace("? ", ". ").split(". ") if part.strip()]


def resident_mb() -> float:
    """Memory of this process that is in RAM, megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
