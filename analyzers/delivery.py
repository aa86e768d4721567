"""How an answer was spoken: pace, pauses, loudness and pitch range. Described, never weighed. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analyzers.results import Delivery, TranscriptWord
from media.frames import SAMPLE_RATE, Utterance
from question_flows.model import Language

_HOP = SAMPLE_RATE // 100
_WINDOW = SAMPLE_RATE // 25
"""40 ms: three periods of the lowest pitch looked for, as Boersma (1993) asks of a Hann window."""
_PAUSE_HOPS = 25
"""A silence of 250 ms or more is a pause (de Jong & Bosker 2013); a shorter one belongs to the speech."""
_LOUDEST_TO_SPEECH_DB = 30.0
_FAINTEST_SPEECH_DB = -60.0
_LOWEST_HZ, _HIGHEST_HZ = 75.0, 400.0
_VOICED_ABOVE = 0.5
_OCTAVE_COST = 0.02
_SHORTEST_SPEECH_S = 2.0
_FEWEST_VOICED_FRAMES = 50

Frames = NDArray[np.float32]


def measure(utterances: Sequence[Utterance], words: Sequence[TranscriptWord], language: Language) -> Delivery:
    """Describe the final utterances of one answer, in order, and the words recognised in them.

    words are those of the transcript: English words or Chinese characters, whatever the language calls a word.
    Pauses are the silences within utterances and between them, from the first speech to the last. A value is None
    under two seconds of speech, pitch also under half a second of voiced sound. Blocks: about 0.1 s a minute of sound.
    """
    sounds = [utterance.samples.astype(np.float32) / 32768.0 for utterance in utterances]
    levels = [_levels_db(sound) for sound in sounds]
    if not sum(map(len, levels)):
        return Delivery(None, None, None, None)
    floor_db = max(_FAINTEST_SPEECH_DB, float(np.percentile(np.concatenate(levels), 95)) - _LOUDEST_TO_SPEECH_DB)
    spoken = [_without_short_gaps(level > floor_db) for level in levels]
    speech_s = sum(int(part.sum()) for part in spoken) * _HOP / SAMPLE_RATE
    if speech_s < _SHORTEST_SPEECH_S:
        return Delivery(None, None, None, None)
    loud = np.concatenate([level[level > floor_db] for level in levels])
    counted = sum(1 for word in words if any(letter.isalnum() for letter in word.text))
    return Delivery(
        words_per_minute=round(counted * 60 / speech_s, 1) if counted else None,
        pause_share=_pause_share(utterances, spoken),
        loudness_range_db=round(float(np.percentile(loud, 90) - np.percentile(loud, 10)), 1),
        pitch_range_semitones=_pitch_range(np.concatenate([_pitches_hz(sound, floor_db) for sound in sounds])),
    )


def _pause_share(utterances: Sequence[Utterance], spoken: Sequence[NDArray[np.bool_]]) -> float:
    """Share of the time from the first to the last spoken moment in which nothing was said, 0-1."""
    hop_ms = _HOP * 1000 // SAMPLE_RATE
    starts = [utterance.start_ms + int(np.argmax(part)) * hop_ms for utterance, part in _speaking(utterances, spoken)]
    ends = [
        utterance.start_ms + (len(part) - int(np.argmax(part[::-1]))) * hop_ms
        for utterance, part in _speaking(utterances, spoken)
    ]
    whole_ms = max(ends) - min(starts)
    return round(min(1.0, max(0.0, 1 - sum(int(part.sum()) for part in spoken) * hop_ms / whole_ms)), 3)


def _speaking(
    utterances: Sequence[Utterance], spoken: Sequence[NDArray[np.bool_]]
) -> list[tuple[Utterance, NDArray[np.bool_]]]:
    return [(utterance, part) for utterance, part in zip(utterances, spoken, strict=True) if part.any()]


def _levels_db(sound: Frames) -> Frames:
    """Level of each 40 ms window, every 10 ms, in dB of full scale."""
    windows = _windows(sound)
    return np.asarray(10 * np.log10(np.mean(windows**2, axis=1) + 1e-10), np.float32)


def _windows(sound: Frames) -> Frames:
    """Overlapping windows of 40 ms, every 10 ms, shape (n, 640)."""
    if len(sound) < _WINDOW:
        return np.empty((0, _WINDOW), np.float32)
    return np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]


def _without_short_gaps(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The activity with silences shorter than a pause between two sounds filled."""
    filled = active.copy()
    sounding = np.flatnonzero(active)
    for before, after in pairwise(sounding):
        if after - before <= _PAUSE_HOPS:
            filled[before:after] = True
    return filled


def _pitches_hz(sound: Frames, floor_db: float) -> Frames:
    """Fundamental frequency of each voiced window, Hz.

    Autocorrelation of the Hann-windowed sound divided by that of the window (P. Boersma, "Accurate short-term
    analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", Proc. Institute
    of Phonetic Sciences 17, 1993), without his path finder.
    """
    windows = _windows(sound)
    windows = windows[_levels_db(sound) > floor_db] if len(windows) else windows
    if not len(windows):
        return np.empty(0, np.float32)
    shape = np.hanning(_WINDOW).astype(np.float32)
    centred = (windows - windows.mean(axis=1, keepdims=True)) * shape
    correlation = _autocorrelation(centred) / np.maximum(_autocorrelation(shape[np.newaxis]), 1e-6)
    lags = np.arange(int(SAMPLE_RATE / _HIGHEST_HZ), int(SAMPLE_RATE / _LOWEST_HZ) + 1)
    strength = correlation[:, lags]
    # Of equally strong periods the shortest: every multiple of a period is a period too.
    best = np.argmax(strength - _OCTAVE_COST * np.log2(lags / lags[0]), axis=1)
    voiced = np.take_along_axis(strength, best[:, np.newaxis], axis=1)[:, 0] > _VOICED_ABOVE
    inside = (best > 0) & (best < len(lags) - 1)
    return np.asarray(SAMPLE_RATE / lags[best[voiced & inside]], np.float32)


def _autocorrelation(windows: Frames) -> Frames:
    """Of each row, scaled to 1 at lag 0; lags 0 to the row's length."""
    spectrum = np.fft.rfft(windows, n=2 * windows.shape[1], axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, : windows.shape[1]]
    return np.asarray(correlation / np.maximum(correlation[:, :1], 1e-12), np.float32)


def _pitch_range(pitches_hz: Frames) -> float | None:
    """10th to 90th percentile in semitones."""
    if len(pitches_hz) < _FEWEST_VOICED_FRAMES:
        return None
    low, high = np.percentile(pitches_hz, [10, 90])
    return round(float(12 * np.log2(high / low)), 1)
