"""Who watches in `scripts/bench wall` without a browser: some read at once, some slowly, some stop."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

from yarl import URL

from scripts.benchmarks.wall_words import stamps

SLOW_BYTES, SLOW_EVERY_S = 2048, 0.1
"""20 kB/s; the wall of 200 interviews has some hundred."""
STOPS_AFTER_S = 3.0
BUFFER = 32 * 1024
"""Bytes that the system keeps for a slow reader; by default it would hide minutes of slowness."""
COMES_BACK_S = 1.0


class Pace(Enum):
    """How somebody reads."""

    QUICK = "quick"
    SLOW = "slow"
    STOPS = "stops"


@dataclass
class Viewer:
    """One of them, who comes back after each end of the stream. seen: (when, how late in milliseconds) of events."""

    address: URL
    cookie: str
    pace: Pace
    read: int = 0
    """Bytes."""
    ends: int = 0
    seen: list[tuple[float, float]] = field(default_factory=list)

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(OSError):
                await self._once()
            self.ends += 1
            await asyncio.sleep(COMES_BACK_S)

    async def _once(self) -> None:
        line = socket.socket()
        try:
            line.setblocking(False)
            if self.pace is not Pace.QUICK:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(line, (self.address.host, self.address.port))
            asked = f"GET {self.address.raw_path_qs} HTTP/1.1\r\nHost: {self.address.authority}\r\n"
            await loop.sock_sendall(line, f"{asked}Cookie: hr_session={self.cookie}\r\n\r\n".encode())
            began = time.monotonic()
            while data := await loop.sock_recv(line, SLOW_BYTES if self.pace is Pace.SLOW else 1 << 18):
                now = time.time() * 1000
                self.read += len(data)
                if self.pace is Pace.QUICK:
                    # What was made long ago stands in a snapshot.
                    late = (now - at for at in stamps(data.decode(errors="replace")))
                    self.seen += [(now, ms) for ms in late if ms < 60_000]
                elif self.pace is Pace.SLOW:
                    await asyncio.sleep(SLOW_EVERY_S)
                elif time.monotonic() - began > STOPS_AFTER_S:
                    await asyncio.sleep(30)
        finally:
            line.close()
