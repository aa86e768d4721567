"""The benchmark's interviews: true times in sound, by seed."""

from __future__ import annotations

import numpy as np
import pytest

from media.frames import FRAME_MS, SAMPLE_RATE
from question_flows.model import Language
from scripts.benchmarks.streaming.sound import TAIL_S, PacedInterview, Speakers, sounds_without_words


@pytest.fixture(scope="module")
def speakers() -> Speakers:
    return Speakers()


@pytest.mark.parametrize("language", list(Language))
def test_words_are_where_they_are_said_to_be(speakers: Speakers, language: Language) -> None:
    said = speakers.interview(language, 12, seed=3)
    inside = [level(said, word.start_s, word.end_s) for word in said.words]
    before = level(said, 0.0, said.words[0].start_s)
    behind = level(said, said.words[-1].end_s + 0.1, said.seconds)
    assert np.median(inside) > 10 * max(before, behind)
    assert said.seconds > said.words[-1].end_s + TAIL_S
    assert len(said.samples) % (SAMPLE_RATE * FRAME_MS // 1000) == 0


def level(said: PacedInterview, begin_s: float, end_s: float) -> float:
    part = said.samples[round(begin_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)].astype(np.float64)
    return float(np.sqrt(np.mean(part**2)))


def test_a_seed_gives_the_same_interview_and_another_another(speakers: Speakers) -> None:
    one, again, other = (speakers.interview(Language.ENGLISH, 12, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.samples, again.samples)
    assert one.words == again.words
    assert one.words != other.words


def test_utterances_are_apart_by_pauses(speakers: Speakers) -> None:
    said = speakers.interview(Language.ENGLISH, 30, seed=5)
    ends = [utterance.words[-1].end_s for utterance in said.utterances]
    starts = [utterance.words[0].start_s for utterance in said.utterances]
    pauses = [start - end for start, end in zip(starts[1:], ends, strict=False)]
    assert all(0.55 < pause < 3.2 for pause in pauses)


def test_sounds_without_words_are_four_of_the_length_asked_for() -> None:
    sounds = dict(sounds_without_words(2.0))
    assert list(sounds) == ["silence", "keyboard", "breath", "babble"]
    assert all(len(sound) == 2 * SAMPLE_RATE and np.any(sound) for sound in sounds.values())
