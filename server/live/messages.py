"""What is sent live: stored events, and signals that perish. Their JSON form between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.interview.events import InterviewEvent, decode, encode


@dataclass(frozen=True, slots=True)
class Signal:
    """Something perishable: partial words, a level, a running score. after_seq: the last event when it was sent."""

    interview_id: str
    type: str
    after_seq: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A stored event of one interview."""

    interview_id: str
    event: InterviewEvent


LiveMessage = LiveEvent | Signal


def event_json(interview_id: str, event: InterviewEvent) -> dict[str, Any]:
    """A stored event as pages and other processes get it."""
    return {
        "interview_id": interview_id,
        "seq": event.seq,
        "at": event.at.isoformat(),
        "clock_ms": event.clock_ms,
        "type": event.type,
        "data": encode(event.body),
    }


def to_text(message: LiveMessage, sender: str) -> str:
    """One message for another process; sender: which process it comes from."""
    if isinstance(message, LiveEvent):
        body = {"event": event_json(message.interview_id, message.event)}
    else:
        body = {"signal": signal_json(message)}
    return json.dumps({"sender": sender, **body}, ensure_ascii=False, separators=(",", ":"))


def signal_json(signal: Signal) -> dict[str, Any]:
    """A signal as another process gets it."""
    return {
        "interview_id": signal.interview_id,
        "type": signal.type,
        "after_seq": signal.after_seq,
        "data": dict(signal.data),
    }


def from_text(text: str) -> tuple[str, LiveMessage]:
    """(sender, message). Raises ValueError or KeyError for anything else."""
    body = json.loads(text)
    if "signal" in body:
        return body["sender"], Signal(**body["signal"])
    event = body["event"]
    stored = InterviewEvent(
        seq=event["seq"],
        at=datetime.fromisoformat(event["at"]),
        clock_ms=event["clock_ms"],
        body=decode(event["type"], event["data"]),
    )
    return body["sender"], LiveEvent(event["interview_id"], stored)
