"""Speech recognition as interviews see it: loading, available, or not and why."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from analyzers.transcription.scheduler import Scheduler

MODEL_MISSING = "model_missing"
"""Why speech cannot be recognised, in the log and on pages; the sentence for the operator may name folders."""


class EngineStatus(StrEnum):
    """Whether speech can be recognised."""

    LOADING = "loading"
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"


class SpeechEngine:
    """Holds the scheduler once the model is loaded. Whoever must know of a change adds a listener."""

    def __init__(self) -> None:
        self.status = EngineStatus.LOADING
        self.reason = ""
        self.scheduler: Scheduler | None = None
        self._listeners: list[Callable[[], None]] = []

    def available(self, scheduler: Scheduler) -> None:
        """The model is loaded."""
        self._change(EngineStatus.AVAILABLE, "", scheduler)

    def unavailable(self, reason: str) -> None:
        """There is no model: answers are typed. reason: the operator's sentence; pages get a code of their own."""
        self._change(EngineStatus.UNAVAILABLE, reason, None)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Calls listener after every change."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Calls listener no more."""
        self._listeners.remove(listener)

    def as_json(self) -> dict[str, Any]:
        """The signal `recognition` and the part of that name in snapshots."""
        return {
            "available": self.status is EngineStatus.AVAILABLE,
            "loading": self.status is EngineStatus.LOADING,
            "reason": MODEL_MISSING if self.status is EngineStatus.UNAVAILABLE else "",
        }

    def _change(self, status: EngineStatus, reason: str, scheduler: Scheduler | None) -> None:
        self.status, self.reason, self.scheduler = status, reason, scheduler
        for listener in self._listeners:
            listener()
