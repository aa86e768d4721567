"""Frames get their places in interview time: no jitter, pictures in step with sound, nothing runs backwards."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frames import Codec, EncodedFrame
from media.recording_timeline import RecordingTimeline
from tests.media.encoded import Sender


@dataclass(frozen=True, slots=True)
class Placed:
    """A frame, when it was captured (ms since its sender began) and where it was placed."""

    frame: EncodedFrame
    captured_ms: float
    at_ms: int

    @property
    def is_sound(self) -> bool:
        return self.frame.codec is Codec.OPUS


def delayed(
    sender: Sender, seconds: float, *, sound_ms: float = 40, picture_ms: float = 40, jitter_ms: float = 0, seed: int = 1
) -> Iterator[tuple[EncodedFrame, float]]:
    """(frame as it arrives, when it was captured) in the order of arrival; a stream's own order is kept."""
    dice = random.Random(seed)
    arrivals = []
    last = {True: 0.0, False: 0.0}
    for frame in sender.frames(seconds):
        is_sound = frame.codec is Codec.OPUS
        base_ms = sound_ms if is_sound else picture_ms
        last[is_sound] = max(last[is_sound], frame.arrived_s + (base_ms + dice.expovariate(1) * jitter_ms) / 1000)
        arrivals.append((last[is_sound], frame))
    for arrived_s, frame in sorted(arrivals, key=lambda pair: pair[0]):
        yield replace(frame, arrived_s=arrived_s), (frame.arrived_s - sender.began_s) * 1000


def place(
    arrivals: Iterator[tuple[EncodedFrame, float]], began_s: float, timeline: RecordingTimeline | None = None
) -> list[Placed]:
    """Place frames on an interview clock that is at 0 when the sender begins."""
    timeline = timeline or RecordingTimeline()
    return [
        Placed(frame, captured_ms, timeline.place(frame, int((frame.arrived_s - began_s) * 1000)))
        for frame, captured_ms in arrivals
    ]


def skews_ms(placed: list[Placed]) -> list[float]:
    """How much later each picture is placed than the sound of its instant."""
    sound = [one.at_ms - one.captured_ms for one in placed if one.is_sound]
    middle = sorted(sound)[len(sound) // 2]
    return [one.at_ms - one.captured_ms - middle for one in placed if not one.is_sound]


def test_sound_has_no_jitter() -> None:
    placed = place(delayed(Sender(100.0), 10, jitter_ms=30), 100.0)
    sound = [one.at_ms for one in placed if one.is_sound]
    assert {later - earlier for earlier, later in itertools.pairwise(sound)} == {20}


@pytest.mark.parametrize("seed", range(10))
def test_pictures_are_in_step_with_sound_by_sender_reports_whatever_their_delay(seed: int) -> None:
    arrivals = delayed(Sender(100.0, reports_s=0.0), 20, sound_ms=30, picture_ms=180, jitter_ms=20, seed=seed)
    assert max(map(abs, skews_ms(place(arrivals, 100.0)))) <= 2


@pytest.mark.parametrize("seed", range(10))
def test_pictures_are_in_step_before_the_first_report_in_spite_of_jitter(seed: int) -> None:
    arrivals = delayed(Sender(100.0, reports_s=99.0), 20, sound_ms=60, picture_ms=40, jitter_ms=15, seed=seed)
    skews = skews_ms(place(arrivals, 100.0))
    assert max(map(abs, skews[5:])) <= 40
    assert max(map(abs, skews[30:])) <= 30


def test_a_report_that_is_nonsense_is_not_believed() -> None:
    frames = delayed(Sender(100.0, reports_s=0.0), 5)
    wrong = (
        (replace(frame, captured_s=0.0) if frame.codec is Codec.VP8 else frame, captured_ms)
        for frame, captured_ms in frames
    )
    assert max(map(abs, skews_ms(place(wrong, 100.0)))) <= 2


def test_after_a_pause_recording_goes_on_at_the_interview_clock() -> None:
    timeline = RecordingTimeline()
    place(delayed(Sender(100.0), 2), 100.0, timeline)
    timeline.restart()
    # 60 s of pause, in which the interview clock stood still and the browser went on sending.
    later = Sender(162.0, sound_ticks=1_000_000 + 62 * 48_000, picture_ticks=77_000_000 + 62 * 90_000)
    placed = place(delayed(later, 2), 160.0, timeline)
    first = next(one for one in placed if one.is_sound)
    assert first.at_ms == pytest.approx(2_040, abs=25)
    assert max(map(abs, skews_ms(placed))) <= 2


def test_sound_that_was_held_up_keeps_its_place() -> None:
    frames = list(delayed(Sender(100.0, codec=None), 6))
    stalled = [
        (replace(frame, arrived_s=104.0) if 102.0 < frame.arrived_s < 104.0 else frame, captured_ms)
        for frame, captured_ms in frames
    ]
    placed = place(iter(stalled), 100.0)
    assert {one.at_ms - int(one.captured_ms) for one in placed} <= {19, 20, 21}


def test_sound_whose_place_is_lost_is_anchored_anew() -> None:
    # The sender's own clock runs 5 % slow: after 6 s it is 300 ms behind.
    slow = (
        (replace(frame, ticks=1_000_000 + int((frame.ticks - 1_000_000) * 0.95)), captured_ms)
        for frame, captured_ms in delayed(Sender(100.0, codec=None), 60)
    )
    placed = place(slow, 100.0)
    assert max(abs(one.at_ms - one.captured_ms - 20) for one in placed) <= 300


@pytest.mark.parametrize("jump", [-5_000_000, 5_000_000])
def test_a_jump_of_the_ticks_moves_nothing(jump: int) -> None:
    jumped = (
        (replace(frame, ticks=frame.ticks + jump) if frame.arrived_s > 103.0 else frame, captured_ms)
        for frame, captured_ms in delayed(Sender(100.0, reports_s=99.0), 6)
    )
    placed = place(jumped, 100.0)
    assert max(abs(one.at_ms - one.captured_ms - 20) for one in placed if one.is_sound) <= 25
    assert max(map(abs, skews_ms(placed))) <= 40


def test_without_sound_pictures_follow_the_interview_clock() -> None:
    pictures = ((f, at) for f, at in delayed(Sender(100.0), 5, jitter_ms=10) if f.codec is Codec.VP8)
    assert max(abs(one.at_ms - one.captured_ms - 40) for one in place(pictures, 100.0)) <= 40


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 2**34), st.floats(0, 1e5), st.integers(-5, 10**7)), max_size=40)
)
def test_places_never_run_backwards_nor_below_zero(steps: list[tuple[bool, int, float, int]]) -> None:
    timeline = RecordingTimeline()
    last = {True: -1, False: -1}
    for is_sound, ticks, arrived_s, clock_ms in steps:
        codec, rate, data = (Codec.OPUS, 48_000, b"\xfc\xff\xfe") if is_sound else (Codec.VP8, 90_000, b"")
        at_ms = timeline.place(EncodedFrame(codec, data, ticks, rate, arrived_s, None, True), clock_ms)
        assert at_ms > last[is_sound]
        last[is_sound] = at_ms
