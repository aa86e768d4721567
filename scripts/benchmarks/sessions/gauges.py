"""What a receiving process costs and what reaches its readers. Imports nothing that would change aiortc."""

from __future__ import annotations

import asyncio
import os
import resource
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.loop_lag import LoopLag

AUDIO_TICKS = 960
"""RTP time of 20 ms of Opus."""
PACKETS_A_SECOND = 50
GRACE_S = 1.0
"""A frame that has not reached its reader so long after the window's end counts as lost."""


@dataclass(slots=True)
class Arrivals:
    """What reached one session's readers. Every frame of sound has its RTP time, so none is counted for another."""

    video: int = 0
    _newest: int | None = None
    _window: tuple[int, int] = (0, 0)
    _heard: int = 0

    def audio(self, ticks: int) -> None:
        """A frame of sound; ticks: its RTP time, 48,000 a second, from wherever it counts."""
        self._newest = ticks if self._newest is None else max(self._newest, ticks)
        first, last = self._window
        self._heard += first < ticks <= last

    def open_window(self, frames: int) -> None:
        """From here on count which of the next `frames` frames arrive. Raises ValueError before the first one."""
        if self._newest is None:
            raise ValueError("no sound has arrived")
        self._window = (self._newest, self._newest + frames * AUDIO_TICKS)
        self._heard = 0

    def missing(self, frames: int) -> int:
        """Those of the window's frames that have not arrived."""
        return frames - self._heard


@dataclass(slots=True)
class Gauges:
    """One process and its sessions."""

    sessions: list[Arrivals] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    """Processes whose time counts as well."""

    @property
    def flowing(self) -> int:
        """Sessions whose sound has arrived."""
        return sum(session._newest is not None for session in self.sessions)

    async def measure(self, seconds: float) -> dict[str, Any]:
        """Measures a window of so many seconds in all sessions, and waits until what is late may have come."""
        frames = round(seconds * PACKETS_A_SECOND)
        lag = LoopLag()
        lag_task = asyncio.create_task(lag.measure())
        for session in self.sessions:
            session.open_window(frames)
        loop = asyncio.get_running_loop()
        video = sum(session.video for session in self.sessions)
        began, cpu, core = loop.time(), self.cpu_s(), core_s()
        await asyncio.sleep(seconds)
        used, busy, wall_s = self.cpu_s() - cpu, core_s() - core, loop.time() - began
        shown = sum(session.video for session in self.sessions) - video
        lag_task.cancel()
        await asyncio.sleep(GRACE_S)
        return {
            "wall_s": round(wall_s, 2),
            "cpu": used / wall_s,
            "others_on_core": round(max(0.0, busy - used) / wall_s, 3),
            "rss_mb": resident_mb(),
            "loop_lag_p99_ms": round(lag.percentile(0.99), 1),
            "loop_lag_worst_ms": round(lag.worst_ms, 1),
            "audio_frames": frames * len(self.sessions),
            "audio_frames_lost": sum(session.missing(frames) for session in self.sessions),
            "video_frames": shown,
        }

    def cpu_s(self) -> float:
        """User and system time so far: of all threads of this process, and of its children."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + sum(cpu_seconds(child) for child in self.children)


def cpu_seconds(process_id: int) -> float:
    """User and system time that a running process has used so far, all threads (Linux)."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def core_s() -> float:
    """Time that the cores this process may run on were busy so far, seconds: by anybody, and interrupts (Linux)."""
    mine = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    lines = [line.split() for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()]
    # user, nice, system, idle, iowait, irq, softirq, steal (proc(5))
    times = [[int(value) for value in line[1:9]] for line in lines if line[0] in mine]
    return sum(sum(one) - one[3] - one[4] for one in times) / os.sysconf("SC_CLK_TCK")


def resident_mb(process_id: int | str = "self") -> float:
    """Memory of a process that is in RAM, megabytes (Linux)."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
