"""Where one spoken answer's utterances end: by the words before a pause, live as offline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzers.results import TranscriptUpdate, join_words
from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.models import load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream
from analyzers.transcription.whisper import Whisper
from media.frames import SAMPLE_RATE, AudioFrame, Utterance
from question_flows.model import Endpointing, Language
from scripts.benchmarks.streaming.sound import sounds_without_words
from scripts.voice_model.speak import RATE_HZ, resample, synthesise
from server.interview.pipeline import AnswerPipeline
from tests.analyzers.transcription.conftest import MODEL
from tests.analyzers.transcription.speech import until

FRAME = 320
COMPLETE = "I am very sorry, I understand that you are angry."
UNFINISHED = "I checked the order, and"
NEXT = "I sent a new phone in three days."


@dataclass
class Listening:
    """Keeps what was heard for certain."""

    finals: list[tuple[Utterance, str]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        if update.final:
            self.finals.append((utterance, join_words([word.text for word in update.committed], update.language)))

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        self.losses.append(reason)


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    return load_model(str(MODEL), "cpu", "default", 1, MODEL, print)


def spoken(*parts: str | float) -> NDArray[np.int16]:
    """Texts, and silences in seconds."""
    return np.concatenate(
        [
            np.zeros(int(part * SAMPLE_RATE), np.int16)
            if isinstance(part, float)
            else resample(synthesise(part, "en"), RATE_HZ, SAMPLE_RATE)
            for part in parts
        ]
    )


async def answer(
    whisper: Whisper, sound: NDArray[np.int16], late_ms: int = 20, endpointing: Endpointing = Endpointing()
) -> Listening:
    """Hears the sound as fast as it can; the words of partials come up to late_ms of it late."""
    listening = Listening()
    async with Scheduler(lambda: whisper) as scheduler, asyncio.TaskGroup() as group:
        await until(scheduler, EngineStatus.AVAILABLE)
        stream = AnswerStream(scheduler, "interview", Language.ENGLISH)
        pipeline = AnswerPipeline("question", stream, listening, group, endpointing=endpointing)
        for at in range(0, sound.size - FRAME + 1, FRAME):
            pipeline.push(AudioFrame(sound[at : at + FRAME], at // 16))
            if at // 16 % late_ms == 0:
                await pipeline.caught_up()
        await pipeline.finish()
    assert listening.losses == []
    return listening


async def test_a_complete_sentence_ends_its_utterance_sooner(whisper: Whisper) -> None:
    heard = await answer(whisper, spoken(0.5, COMPLETE, 0.8, NEXT, 1.0))
    assert [text for _, text in heard.finals] == [COMPLETE, NEXT]


async def test_an_unfinished_one_waits_for_its_rest(whisper: Whisper) -> None:
    heard = await answer(whisper, spoken(0.5, UNFINISHED, 1.5, NEXT, 1.0))
    assert len(heard.finals) == 1
    assert "new phone" in heard.finals[0][1]


async def test_the_flow_says_how_long(whisper: Whisper) -> None:
    sound = spoken(0.5, COMPLETE, 0.8, NEXT, 1.0)
    patient = Endpointing(complete_ms=1_000, normal_ms=1_000, unfinished_ms=1_000)
    assert len((await answer(whisper, sound, endpointing=patient)).finals) == 1


@pytest.mark.parametrize(("pause_s", "count"), [(0.4, 1), (0.7, 2), (1.2, 2), (2.5, 3)])
async def test_words_that_come_within_240_ms_leave_utterances_to_the_sound_alone(
    whisper: Whisper, pause_s: float, count: int
) -> None:
    sound = spoken(0.3, COMPLETE, pause_s, UNFINISHED, pause_s, NEXT, 0.3)
    at_once, late = await answer(whisper, sound), await answer(whisper, sound, late_ms=240)
    assert len(at_once.finals) == count
    assert [(u.start_ms, u.end_ms, u.speech_end_ms) for u, _ in at_once.finals] == [
        (u.start_ms, u.end_ms, u.speech_end_ms) for u, _ in late.finals
    ]
    assert all(np.array_equal(a.samples, b.samples) for (a, _), (b, _) in zip(at_once.finals, late.finals, strict=True))


async def test_words_that_come_too_late_still_end_the_utterance(whisper: Whisper) -> None:
    heard = await answer(whisper, spoken(0.5, COMPLETE, 2.0, NEXT, 1.0), late_ms=100_000)
    assert [text for _, text in heard.finals] == [COMPLETE, NEXT]


async def test_finishing_waits_for_no_verdict(whisper: Whisper) -> None:
    heard = await answer(whisper, spoken(0.5, UNFINISHED))
    assert [utterance.final for utterance, _ in heard.finals] == [True]
    assert heard.finals[0][0].end_ms <= 500 + spoken(UNFINISHED).size // 16 + 20


async def test_many_voices_at_once_are_told_as_unintelligible_and_no_word_is_written(whisper: Whisper) -> None:
    """The silence between the words of the one who is interviewed is not silent in an office."""
    listening = Listening()
    babble = dict(sounds_without_words(12.0))["babble"]
    async with Scheduler(lambda: whisper) as scheduler, asyncio.TaskGroup() as group:
        await until(scheduler, EngineStatus.AVAILABLE)
        pipeline = AnswerPipeline("q", AnswerStream(scheduler, "anna", Language.ENGLISH), listening, group)
        for index in range(len(babble) // FRAME):
            pipeline.push(AudioFrame(babble[index * FRAME : (index + 1) * FRAME], index * 20))
        await pipeline.finish()
    assert [text for _, text in listening.finals if text] == []
    assert set(listening.losses) == {"unintelligible"}


class CountedStream(AnswerStream):
    """Counts how often it is asked for the engine's load."""

    asked = 0

    @property
    def cadence_ms(self) -> int:
        self.asked += 1
        return super().cadence_ms


async def test_the_engines_load_is_looked_at_twice_a_second_not_with_every_frame(whisper: Whisper) -> None:
    async with Scheduler(lambda: whisper) as scheduler, asyncio.TaskGroup() as group:
        stream = CountedStream(scheduler, "interview", Language.ENGLISH)
        pipeline = AnswerPipeline("question", stream, Listening(), group)
        for at in range(500):
            pipeline.push(AudioFrame(np.zeros(FRAME, np.int16), at * 20))
        assert stream.asked == 20
        await pipeline.finish()
