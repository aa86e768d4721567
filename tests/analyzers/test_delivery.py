"""Pace, pauses, loudness and pitch range, against sounds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzers.delivery import measure
from analyzers.results import Delivery, TranscriptWord
from media.frames import SAMPLE_RATE, Stage, Utterance
from question_flows.model import Language
from scripts.voice_model.speak import RATE_HZ, resample, synthesise

ENGLISH = Language.ENGLISH


def voice(pitch_hz: NDArray[np.float64], amplitude: float = 0.2) -> NDArray[np.int16]:
    """A buzz of ten harmonics with the given pitch at each sample."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE
    wave = sum(np.sin(number * phase) / number for number in range(1, 11)) / 2
    return np.asarray(wave * amplitude * 32767, np.int16)


def steady(pitch_hz: float, seconds: float, amplitude: float = 0.2) -> NDArray[np.int16]:
    return voice(np.full(int(seconds * SAMPLE_RATE), pitch_hz), amplitude)


def silent(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


def uttered(*parts: NDArray[np.int16], start_ms: int = 0, number: int = 1) -> Utterance:
    samples = np.concatenate(parts)
    end_ms = start_ms + len(samples) * 1000 // SAMPLE_RATE
    return Utterance(number, samples, start_ms, end_ms, start_ms, end_ms, Stage.FINAL)


def words(count: int) -> list[TranscriptWord]:
    return [TranscriptWord("word", 0, 0, 1.0)] * count


def test_pace_counts_speech_not_silence() -> None:
    heard = uttered(silent(0.3), steady(120, 6), silent(3), steady(120, 6), silent(0.7))
    delivery = measure([heard], words(30), ENGLISH)
    assert delivery.words_per_minute == pytest.approx(150, rel=0.03)


def test_pauses_within_and_between_utterances_count_but_not_the_silence_around() -> None:
    first = uttered(silent(0.3), steady(120, 3), silent(1), steady(120, 3), silent(0.7), start_ms=10_000)
    second = uttered(silent(0.3), steady(120, 4), silent(0.7), start_ms=10_000 + 300 + 7_000 + 5_000 - 300, number=2)
    assert measure([first, second], words(20), ENGLISH).pause_share == pytest.approx(6 / 16, abs=0.02)


def test_a_gap_between_words_is_no_pause() -> None:
    heard = uttered(*[part for _ in range(10) for part in (steady(120, 0.4), silent(0.15))])
    assert measure([heard], words(10), ENGLISH).pause_share == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("pitch_hz", [85.0, 120.0, 210.0, 330.0])
def test_a_monotone_has_no_pitch_range(pitch_hz: float) -> None:
    assert measure([uttered(steady(pitch_hz, 3))], words(5), ENGLISH).pitch_range_semitones == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("low_hz", [90.0, 150.0])
def test_an_even_glide_of_an_octave_ranges_over_its_middle_80_percent(low_hz: float) -> None:
    glide = low_hz * 2 ** np.linspace(0, 1, 4 * SAMPLE_RATE)
    delivery = measure([uttered(voice(glide))], words(5), ENGLISH)
    assert delivery.pitch_range_semitones == pytest.approx(0.8 * 12, abs=0.6)


def test_loudness_range_is_in_decibels() -> None:
    heard = uttered(steady(120, 3, 0.05), steady(120, 3, 0.2))
    assert measure([heard], words(10), ENGLISH).loudness_range_db == pytest.approx(12, abs=0.5)


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(3).normal(0, 3000, 4 * SAMPLE_RATE).astype(np.int16)
    assert measure([uttered(noise)], words(5), ENGLISH).pitch_range_semitones is None


@pytest.mark.parametrize("utterances", [[], [uttered(silent(5))], [uttered(steady(120, 1))], [uttered(silent(0.01))]])
def test_too_little_speech_is_not_measured(utterances: list[Utterance]) -> None:
    assert measure(utterances, [], ENGLISH) == Delivery(None, None, None, None)


def test_no_recognised_word_is_no_pace() -> None:
    delivery = measure([uttered(steady(120, 3))], [], ENGLISH)
    assert delivery.words_per_minute is None
    assert delivery.pause_share == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(
    ("language", "text", "count", "pace"),
    [
        (
            ENGLISH,
            "first I stay calm and let the customer finish. then I explain the rule in simple words.",
            17,
            (120, 230),
        ),
        (Language.CHINESE, "我会先听客户说完，然后解释规定的原因，最后给出解决的办法。", 26, (150, 330)),
    ],
)
def test_synthetic_speech_is_measured_in_both_languages(
    language: Language, text: str, count: int, pace: tuple[int, int]
) -> None:
    sound = resample(synthesise(text, language.value), RATE_HZ, SAMPLE_RATE)
    delivery = measure([uttered(sound)], words(count), language)
    assert delivery.words_per_minute is not None
    assert pace[0] < delivery.words_per_minute < pace[1]
    assert delivery.pause_share is not None
    assert delivery.pause_share < 0.4
    assert delivery.pitch_range_semitones is not None
    assert 1 < delivery.pitch_range_semitones < 15
