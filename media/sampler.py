"""Which video frames are worth converting: about one a second."""

from __future__ import annotations


class VideoSampler:
    """Takes the first frame, then one every `every_ms` milliseconds of interview clock, none while it stands still."""

    def __init__(self, every_ms: int = 1000) -> None:
        self._every_ms = every_ms
        self._taken_ms: int | None = None

    def takes(self, at_ms: int) -> bool:
        """Whether the frame that arrived at `at_ms` is to be converted."""
        if self._taken_ms is not None and 0 <= at_ms - self._taken_ms < self._every_ms:
            return False
        self._taken_ms = at_ms
        return True
