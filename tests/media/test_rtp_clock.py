"""The time of RTP streams: never backwards, through wraps, restarts and outages; mapped by sender reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp_clock import NTP_TO_UNIX_S, RtpClock

RATE = 90_000
WRAP = 2**32


def ntp(unix_s: float) -> int:
    return round((unix_s + NTP_TO_UNIX_S) * 2**32)


@given(
    first=st.integers(0, WRAP - 1),
    steps=st.lists(st.floats(0.001, 60.0), max_size=40),
    jitter=st.lists(st.floats(0.0, 0.5), min_size=41, max_size=41),
)
def test_a_stream_is_counted_on_through_wraps_and_outages(first: int, steps: list[float], jitter: list[float]) -> None:
    clock = RtpClock(RATE)
    at, sent = 0.0, [0]
    ticks = [clock.ticks(1, first, jitter[0])]
    for step, late in zip(steps, jitter[1:], strict=False):
        at += step
        sent.append(round(at * RATE))
        ticks.append(clock.ticks(1, (first + sent[-1]) % WRAP, at + late))
    assert ticks == sent


@given(
    frames=st.lists(st.tuples(st.integers(0, 3), st.integers(0, WRAP - 1), st.floats(0, 1e6)), min_size=1, max_size=50)
)
def test_ticks_never_run_backwards_whatever_comes(frames: list[tuple[int, int, float]]) -> None:
    clock = RtpClock(RATE)
    ticks = [clock.ticks(*frame) for frame in frames]
    assert ticks == sorted(ticks)


@pytest.mark.parametrize(("ssrc", "timestamp"), [(2, 77), (1, 0), (1, 90_000 * 3_600)])
def test_a_stream_that_starts_anew_is_counted_on_by_arrivals(ssrc: int, timestamp: int) -> None:
    clock = RtpClock(RATE)
    clock.report(1, ntp(1000.0), 1_000_000)
    clock.ticks(1, 1_000_000, 10.0)
    clock.ticks(1, 1_003_000, 10.033)
    assert clock.captured_s == pytest.approx(1000.0 + 1 / 30)
    assert clock.ticks(ssrc, timestamp, 12.033) == 3000 + 2 * RATE
    assert clock.captured_s is None
    assert clock.ticks(ssrc, timestamp + 3000, 12.066) == 6000 + 2 * RATE


def test_the_report_of_a_new_stream_may_come_before_its_first_frame() -> None:
    clock = RtpClock(RATE)
    clock.ticks(1, 0, 0.0)
    clock.report(2, ntp(500.0), 4_000_000)
    assert clock.captured_s is None
    clock.ticks(2, 4_000_000 + RATE, 1.0)
    assert clock.captured_s == pytest.approx(501.0)


@given(
    sent=st.floats(1.6e9, 2.0e9),
    report_at=st.integers(0, WRAP - 1),
    seconds=st.floats(-3600, 3600),
)
def test_captured_is_the_senders_clock_before_and_behind_a_report(sent: float, report_at: int, seconds: float) -> None:
    clock = RtpClock(RATE)
    clock.report(1, ntp(sent), report_at)
    clock.ticks(1, (report_at + round(seconds * RATE)) % WRAP, 0.0)
    assert clock.captured_s == pytest.approx(sent + seconds, abs=1e-4)


def test_sound_and_picture_meet_on_the_senders_clock() -> None:
    sound, picture = RtpClock(48_000), RtpClock(90_000)
    sound.report(1, ntp(100.0), WRAP - 48_000)
    picture.report(2, ntp(102.5), 5)
    sound.ticks(1, 48_000 * 4, 0.0)
    picture.ticks(2, 5 + 90_000 * 5 // 2, 0.0)
    assert sound.captured_s == pytest.approx(105.0)
    assert picture.captured_s == pytest.approx(105.0)


def test_a_report_without_a_clock_says_nothing_and_many_are_not_kept() -> None:
    clock = RtpClock(RATE)
    clock.ticks(1, 0, 0.0)
    clock.report(1, 0, 0)
    assert clock.captured_s is None
    for ssrc in range(10_000):
        clock.report(ssrc, ntp(1.0), 0)
    assert len(clock._reports) <= 8


def test_a_busy_senders_late_reports_move_nothing() -> None:
    clock = RtpClock(RATE)
    clock.ticks(1, 0, 0.0)
    for second, late_s in enumerate((0.0, 0.08, 0.11, 0.03, 0.2)):
        clock.report(1, ntp(1000.0 + second + late_s), second * RATE)
        assert clock.captured_s == pytest.approx(1000.0)


def test_a_senders_clock_that_is_set_or_drifts_is_followed() -> None:
    clock = RtpClock(RATE)
    clock.ticks(1, 0, 0.0)
    clock.report(1, ntp(1000.0), 0)
    clock.report(1, ntp(1061.0), RATE)
    assert clock.captured_s == pytest.approx(1060.0)
    for second in range(2, 12):
        clock.report(1, ntp(1060.0 + second * 1.001), second * RATE)
    assert clock.captured_s == pytest.approx(1060.0, abs=0.011)
    assert (clock.captured_s or 0.0) > 1060.003
