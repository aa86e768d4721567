"""The figures of the media benchmark's runs and what is concluded from them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

MOST_LAG_MS = 20.0
SENDER_LATE_MS = 20
"""A sender whose packets are later than this was itself too slow."""


@dataclass(frozen=True, slots=True)
class Run:
    """One mode with so many sessions. cpu: shares of a core, all sessions together. rss_mb: what they added."""

    mode: str
    sessions: int
    cpu: float
    rss_mb: float
    received: Mapping[str, Any]
    sent: Mapping[str, Any]

    @classmethod
    def of(
        cls, mode: str, sessions: int, before_mb: float, received: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> Self:
        """From what both processes measured; before_mb: the receiver's memory before the first session."""
        return cls(mode, sessions, received["cpu"], received["rss_mb"] - before_mb, received, sent)

    @property
    def cpu_per_session(self) -> float:
        """Share of a core."""
        return self.cpu / self.sessions

    @property
    def kept_up(self) -> bool:
        """Whether the loop stayed prompt and no sound was lost."""
        prompt: bool = self.received["loop_lag_p99_ms"] <= MOST_LAG_MS
        return prompt and self.received["audio_frames_lost"] == 0

    @property
    def sender_kept_up(self) -> bool:
        """Whether the sender was no bottleneck: its packets left in time, and each of them."""
        in_time: bool = self.sent["sender_late_p99_ms"] <= SENDER_LATE_MS
        # The last frame of each session may fall on either side of the window's end.
        all_sent: bool = self.sent["audio_frames_sent"] >= self.received["audio_frames"] - self.sessions
        return in_time and all_sent

    def figures(self) -> dict[str, object]:
        """As they are published."""
        return {
            "mode": self.mode,
            "sessions": self.sessions,
            "cpu_per_session": round(self.cpu_per_session, 4),
            "rss_mb_per_session": round(self.rss_mb / self.sessions, 1),
            "loop_lag_p99_ms": self.received["loop_lag_p99_ms"],
            "audio_frames_lost": self.received["audio_frames_lost"],
            "kept_up": self.kept_up,
            "sender_kept_up": self.sender_kept_up,
            **{name: value for name, value in self.received.items() if name not in ("cpu", "rss_mb")},
            **{name: round(value, 3) for name, value in self.sent.items()},
        }

    def sentence(self) -> str:
        """For who waits."""
        lost, lag = self.received["audio_frames_lost"], self.received["loop_lag_p99_ms"]
        return (
            f"{self.mode} × {self.sessions}: {self.cpu_per_session:.1%} of a core each, lag p99 {lag} ms, "
            f"{lost} of {self.received['audio_frames']} frames of sound lost"
            + ("" if self.sender_kept_up else "; the sender was too slow")
        )


def carried(runs: Sequence[Run], mode: str) -> int:
    """The largest number of sessions that the mode kept up with, and with every smaller one measured; 0 for none."""
    most = 0
    for run in sorted((run for run in runs if run.mode == mode), key=lambda run: run.sessions):
        if not run.kept_up:
            break
        most = run.sessions
    return most


def ratio(runs: Sequence[Run], mode: str, other: str) -> float | None:
    """CPU of a session of `mode` by that of `other`, both at the largest number of sessions that `other` carries.

    When it carries none, at the smallest: its need is then understated, and the ratio too high. None when one of
    the two was not measured.
    """
    at = carried(runs, other) or min((run.sessions for run in runs if run.mode == other), default=0)
    return ratios_by_sessions(runs, mode, (other,)).get(str(at), {}).get(other)


def ratios_by_sessions(runs: Sequence[Run], mode: str, others: Sequence[str]) -> dict[str, dict[str, float]]:
    """The ratio to each other mode at each number of sessions; also where that mode did not keep up."""
    cost = {(run.mode, run.sessions): run.cpu_per_session for run in runs}
    return {
        str(sessions): {
            other: round(cost[mode, sessions] / cost[other, sessions], 3)
            for other in others
            if (mode, sessions) in cost and (other, sessions) in cost
        }
        for sessions in sorted({sessions for _, sessions in cost})
    }
