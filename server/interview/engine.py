"""Speech recognition as interviews and pages see it: there, loading, failing, or not to be had."""

from __future__ import annotations

from typing import Any

from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.scheduler import Scheduler
from server.interview.events import EventBody, Purpose, RecognitionFailed, RecognitionRestored
from server.interview.state import UNDER_WAY, InterviewState

MODEL_MISSING = "model_missing"
"""There is no model: answers are typed. The operator's sentence about it may name folders and goes to the console."""
ENGINE_FAILING = "engine_failing"
"""The engine crashed or hangs, and is started again: what is said is kept, and written down when it is back."""

_REASONS = {EngineStatus.UNAVAILABLE: MODEL_MISSING, EngineStatus.FAILING: ENGINE_FAILING}


def reason_of(engine: Scheduler) -> str:
    """Why speech is not recognised, as a code for the log and for pages; empty while it is, or is about to be."""
    return _REASONS.get(engine.status, "")


def keeps_up(engine: Scheduler) -> bool:
    """Whether words can be expected within seconds of being spoken."""
    return engine.status is EngineStatus.AVAILABLE and engine.admits


def takes_another(engine: Scheduler) -> bool:
    """Whether one more spoken interview may begin. A wait for an engine not there yet says nothing of its load."""
    return engine.admits or engine.status in (EngineStatus.LOADING, EngineStatus.UNAVAILABLE)


def recognition_json(engine: Scheduler) -> dict[str, Any]:
    """The signal `recognition` and the part of that name in snapshots."""
    return {
        "available": engine.status is EngineStatus.AVAILABLE,
        "loading": engine.status is EngineStatus.LOADING,
        "failing": engine.status is EngineStatus.FAILING,
        "reason": reason_of(engine),
    }


def recognition_events(state: InterviewState, engine: Scheduler) -> list[EventBody]:
    """What the log of a spoken interview under way has to say about the engine and does not say yet."""
    if state.status not in UNDER_WAY or not state.allows(Purpose.VOICE):
        return []
    if engine.status is EngineStatus.AVAILABLE and state.recognition_failed is not None:
        return [RecognitionRestored()]
    reason = reason_of(engine)
    return [RecognitionFailed(reason)] if reason and reason != state.recognition_failed else []
