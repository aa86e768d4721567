"""Resampling, the timeline and voice detection."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media.audio import Resampler, Timeline, level_dbfs
from media.frames import AudioFrame
from media.sampler import VideoSampler
from media.vad import VoiceGate
from tests.media.peers import tone


class Clock:
    """An interview clock set by hand, milliseconds."""

    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


def decoded(samples: NDArray[np.int16], rate: int = 48_000, layout: str = "stereo") -> Iterator[av.AudioFrame]:
    """As a decoder gives them: 20 ms each, packed, with time stamps."""
    size = rate // 50
    channels = 2 if layout == "stereo" else 1
    for at in range(0, samples.size - size + 1, size):
        packed = np.repeat(samples[at : at + size], channels)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format="s16", layout=layout)
        frame.sample_rate = rate
        frame.pts = at
        frame.time_base = Fraction(1, rate)
        yield frame


def resampled(resampler: Resampler, clock: Clock, frames: list[av.AudioFrame]) -> list[AudioFrame]:
    made = []
    for frame in frames:
        clock.now += 20
        made += resampler.push(frame)
    return made


@pytest.mark.parametrize(("rate", "layout"), [(48_000, "stereo"), (48_000, "mono"), (8_000, "mono")])
def test_any_sound_becomes_16_khz_mono(rate: int, layout: str) -> None:
    samples = tone(2.0)[:: 48_000 // rate]
    clock = Clock()
    made = resampled(Resampler(Timeline(clock)), clock, list(decoded(samples, rate, layout)))
    assert 98 <= len(made) <= 100
    assert all(frame.samples.shape == (320,) and frame.samples.dtype == np.int16 for frame in made)
    assert all(after.start_ms - before.start_ms == 20 for before, after in pairwise(made))
    whole = np.concatenate([frame.samples for frame in made])
    assert np.argmax(np.abs(np.fft.rfft(whole))) * 16_000 / whole.size == pytest.approx(440, abs=3)
    assert level_dbfs(whole) == pytest.approx(-13.5, abs=0.5)


def test_a_changed_format_goes_on() -> None:
    clock = Clock()
    resampler = Resampler(Timeline(clock))
    made = resampled(resampler, clock, list(decoded(tone(0.5))))
    made += resampled(resampler, clock, list(decoded(tone(0.5)[::6], 8_000, "mono")))
    assert len(made) >= 46


def test_lost_packets_become_silence_of_the_same_length() -> None:
    clock = Clock()
    frames = [frame for at, frame in enumerate(decoded(tone(2.0))) if at not in (30, 31, 60)]
    made = resampled(Resampler(Timeline(clock)), clock, frames)
    assert 98 <= len(made) <= 100
    silent = np.concatenate([frame.samples for frame in made]) == 0
    assert np.sum(silent[1:] & silent[:-1]) == pytest.approx(3 * 320, abs=5)
    assert all(after.start_ms - before.start_ms == 20 for before, after in pairwise(made))


def test_after_a_long_gap_the_time_is_the_clocks() -> None:
    clock = Clock()
    resampler = Resampler(Timeline(clock))
    frames = list(decoded(tone(6.0)))
    before = resampled(resampler, clock, frames[:50])
    clock.now += 4_000
    after = resampled(resampler, clock, frames[250:])
    assert after[0].start_ms - before[-1].start_ms == pytest.approx(4_020, abs=40)


def test_a_pause_stops_the_time_and_it_goes_on_without_a_jump() -> None:
    clock = Clock()
    timeline = Timeline(clock)

    def spoken(count: int, step: int) -> list[int]:
        starts = []
        for _ in range(count):
            clock.now += step
            starts.append(timeline.next_start_ms())
        return starts

    before, paused, after = spoken(50, 20), spoken(500, 0), spoken(50, 20)
    assert paused[-1] == pytest.approx(before[-1], abs=20)
    assert after[0] - before[-1] in range(41)
    assert after[-1] - after[0] == 49 * 20


def test_a_short_stall_and_its_burst_leave_the_time_alone() -> None:
    clock = Clock()
    timeline = Timeline(clock)
    starts = []
    for at in range(200):
        # Frames 100 to 119 come 400 ms late, all within a few milliseconds.
        clock.now = 1_000 + at * 20 if not 100 <= at < 120 else 1_000 + 120 * 20 + (at - 100) // 4
        starts.append(timeline.next_start_ms())
    assert [after - before for before, after in pairwise(starts)] == [20] * 199


def test_a_count_that_stays_off_is_taken_back_to_the_clock() -> None:
    clock = Clock()
    timeline = Timeline(clock)
    timeline.next_start_ms()
    clock.now += 1_000
    starts = []
    for _ in range(60):
        clock.now += 20
        starts.append(timeline.next_start_ms())
    assert starts[-1] == clock.now - 20


def frames_of(samples: NDArray[np.int16]) -> list[AudioFrame]:
    return [AudioFrame(samples[at : at + 320], at // 16) for at in range(0, samples.size - 319, 320)]


def test_digital_silence_and_faint_noise_do_not_open_the_gate() -> None:
    noise = np.random.default_rng(1).normal(0, 8, 16_000 * 3).astype(np.int16)
    for quiet in (np.zeros(16_000 * 3, np.int16), noise):
        gate = VoiceGate()
        assert not any(gate.is_open(frame) for frame in frames_of(quiet))


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
def test_the_gate_opens_soon_for_a_voice_however_quiet_and_shuts_behind_it(gain: float) -> None:
    gate = VoiceGate()
    sound = (np.pad(voice(1.0), (16_000, 16_000)) * gain).astype(np.int16)
    opened = [gate.is_open(frame) for frame in frames_of(sound)]
    assert any(opened[50:55])
    assert not any(opened[:50])
    assert not any(opened[110:])


def test_a_quiet_room_leaves_the_gate_shut() -> None:
    noise = np.random.default_rng(1).normal(0, 30, 16_000 * 10).astype(np.int16)
    gate = VoiceGate()
    assert sum(gate.is_open(frame) for frame in frames_of(noise)) < 25


def voice(seconds: float) -> NDArray[np.int16]:
    """A buzz of 120 Hz through three formants, in syllables: what the detector takes for a vowel."""
    at = np.arange(int(seconds * 16_000)) / 16_000
    sound = np.zeros_like(at)
    for harmonic in range(1, 40):
        hz = 120 * harmonic
        gain = sum(1 / (1 + ((hz - formant) / 90) ** 2) for formant in (700, 1200, 2600))
        sound += gain * np.sin(2 * np.pi * hz * at)
    sound *= 0.6 + 0.4 * np.sin(2 * np.pi * 4 * at)
    scaled: NDArray[np.int16] = (sound / np.abs(sound).max() * 12_000).astype(np.int16)
    return scaled


def test_the_level_of_a_full_scale_sine_is_minus_three_decibels() -> None:
    assert level_dbfs(tone(1.0, amplitude=1.0)) == pytest.approx(-3.01, abs=0.02)
    assert level_dbfs(np.zeros(320, np.int16)) == -100.0
    assert level_dbfs(np.zeros(0, np.int16)) == -100.0


def test_the_sampler_takes_one_a_second_and_none_in_a_pause() -> None:
    sampler = VideoSampler()
    assert [at for at in range(0, 3_200, 66) if sampler.takes(at)] == [0, 1056, 2112, 3168]
    assert not any(sampler.takes(3_168) for _ in range(50))
