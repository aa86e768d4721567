"""Where each encoded frame belongs in a recording: interview milliseconds, sound and pictures in step."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from media.frames import FRAME_MS, Codec, EncodedFrame
from media.opus_packets import TICKS_PER_MS, duration_ticks

DRIFT_MS = 250
PATIENCE_S = 0.5
"""Sound that is late by more than DRIFT_MS for so long has lost its place; less may be a burst after a stall."""
STALE_S = 1.0
"""Sound that is older says no longer where pictures belong."""
WINDOW_S = 5.0
"""Over how long the quickest arrival is looked for: it had the least delay."""
MOST_DISAGREEMENT_MS = 500
"""Sender reports that are further than this from what arrival says are not believed."""


@dataclass(slots=True)
class _Arrivals:
    """When a stream's ticks would have arrived had none been delayed: its quickest arrival of late.

    Network and jitter only ever delay. Two streams compared by it are in step to within the difference of their
    least delays, from their first second on and without sender reports.
    """

    _ahead: deque[tuple[float, float]] = field(default_factory=deque)
    """(arrived_s, delay_s), later and larger; the first has the least delay of the window."""

    def put(self, frame: EncodedFrame) -> float:
        """The undelayed arrival of `frame`, seconds of time.monotonic()."""
        sent_s = frame.ticks / frame.clock_rate
        delay_s = frame.arrived_s - sent_s
        ahead = self._ahead
        if ahead and abs(delay_s - ahead[0][1]) > 2 * WINDOW_S:
            ahead.clear()  # Its ticks began anew: another encoder, or another sender.
        while ahead and ahead[-1][1] >= delay_s:
            ahead.pop()
        ahead.append((frame.arrived_s, delay_s))
        while ahead[0][0] < frame.arrived_s - WINDOW_S:
            ahead.popleft()
        return sent_s + ahead[0][1]


@dataclass(frozen=True, slots=True)
class _Sound:
    """The last sound: where it was placed, and when it was sent by three clocks."""

    at_ms: float
    arrived_s: float
    undelayed_s: float
    captured_s: float | None


class RecordingTimeline:
    """Gives the frames of one line their places, milliseconds of interview clock; time is passed in.

    Sound is anchored at the interview clock and then counted by its own ticks, which have no jitter; it is anchored
    anew by `restart`, by a jump of its ticks, and when it has been off by more than 250 ms for half a second.
    Pictures follow the sound: by the sender's clock once both have it (RTCP sender reports), else by the quickest
    arrivals of both. Without sound they follow the interview clock. Places of one stream never decrease, nor are
    they ever negative.
    """

    def __init__(self) -> None:
        self._arrivals: dict[bool, _Arrivals] = {True: _Arrivals(), False: _Arrivals()}
        """Of sound, and of pictures."""
        self._sound: _Sound | None = None
        self._anchor: tuple[float, int] | None = None
        self._off_since: float | None = None
        self._least: dict[bool, float] = {True: 0.0, False: 0.0}

    def restart(self) -> None:
        """Take the next place from the interview clock: after a pause, or when something was left out."""
        self._anchor = self._sound = self._off_since = None

    def place(self, frame: EncodedFrame, clock_ms: int) -> int:
        """The frame's place. clock_ms: the interview clock when it arrived."""
        is_sound = frame.codec is Codec.OPUS
        undelayed_s = self._arrivals[is_sound].put(frame)
        at_ms = self._place_sound(frame, clock_ms) if is_sound else self._place_picture(frame, undelayed_s, clock_ms)
        at_ms = max(at_ms, self._least[is_sound])
        if is_sound:
            self._least[True] = at_ms + duration_ticks(frame.data) / TICKS_PER_MS
            self._sound = _Sound(at_ms, frame.arrived_s, undelayed_s, frame.captured_s)
        else:
            self._least[False] = at_ms + 1  # Two pictures at the same millisecond would be one to a player.
        return round(at_ms)

    def _place_sound(self, frame: EncodedFrame, clock_ms: int) -> float:
        now_ms = float(max(0, clock_ms - FRAME_MS))
        if self._anchor is not None:
            anchor_ms, anchor_ticks = self._anchor
            at_ms = anchor_ms + (frame.ticks - anchor_ticks) * 1000 / frame.clock_rate
            if not self._is_lost(at_ms, now_ms, frame.arrived_s):
                return at_ms
        self._off_since = None
        at_ms = max(now_ms, self._least[True])
        self._anchor = at_ms, frame.ticks
        return at_ms

    def _is_lost(self, at_ms: float, now_ms: float, arrived_s: float) -> bool:
        if at_ms - now_ms > DRIFT_MS or at_ms < self._least[True] - 1:
            return True  # Sound from the future or from before the last: its ticks have jumped.
        if now_ms - at_ms <= DRIFT_MS:
            self._off_since = None
            return False
        if self._off_since is None:
            self._off_since = arrived_s
        return arrived_s - self._off_since > PATIENCE_S

    def _place_picture(self, frame: EncodedFrame, undelayed_s: float, clock_ms: int) -> float:
        sound = self._sound
        if sound is None or frame.arrived_s - sound.arrived_s > STALE_S:
            return float(clock_ms) - (frame.arrived_s - undelayed_s) * 1000
        by_arrival = sound.at_ms + (undelayed_s - sound.undelayed_s) * 1000
        if frame.captured_s is None or sound.captured_s is None:
            return by_arrival
        by_report = sound.at_ms + (frame.captured_s - sound.captured_s) * 1000
        return by_report if abs(by_report - by_arrival) <= MOST_DISAGREEMENT_MS else by_arrival
