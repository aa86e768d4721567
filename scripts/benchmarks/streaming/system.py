"""What the benchmark asks of a system, ours or a peer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scripts.benchmarks.streaming.sound import PacedInterview
from scripts.benchmarks.streaming.timeline import Round


class System(Protocol):
    """Something that transcribes while people speak."""

    name: str

    def play(self, interviews: Sequence[PacedInterview], *, paced: bool = True) -> Round:
        """Hear all the interviews at once. paced: as they are spoken; else as fast as the system can."""
