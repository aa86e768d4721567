"""What people of HR can ask of an interview that runs. Part of the commands in `commands.py`.

by: the person's e-mail address. Texts are taken without the space around them.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST_TIME_S, MOST_TIME_S = 30, 600
"""What one gift of time may be, seconds."""
LONGEST_HINT = 300
LONGEST_QUESTION = 500
LONGEST_NOTE = 300
LONGEST_MESSAGE = 500
"""Characters; of a message at a handover, and of the reason for an end."""


@dataclass(frozen=True, slots=True)
class GiveTime:
    """More time for the open question. seconds: 30-600."""

    seconds: int
    by: str


@dataclass(frozen=True, slots=True)
class SendHint:
    """A hint in a person's own words for the open question. text: 1-300 characters."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class AskProbe:
    """Asks next, after the present answer, one of the flow's probes. probe counts from 0 within the indicator's."""

    indicator_id: str
    probe: int
    by: str


@dataclass(frozen=True, slots=True)
class AskQuestion:
    """Asks next, after the present answer, a question in a person's own words. text: 1-500 characters."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class MarkMoment:
    """Marks this moment to come back to. note: at most 300 characters, may be empty."""

    note: str
    by: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """A person goes on from here. message: what the candidate reads, 1-500 characters."""

    message: str
    by: str


@dataclass(frozen=True, slots=True)
class EndInterview:
    """Nothing more is asked; what was answered is checked, scored and reported. reason: 1-500 characters."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class CancelInterview:
    """Calls it off: before it began, nothing is to come; begun, it ends as by `EndInterview`. reason: 1-500."""

    reason: str
    by: str


Intervening = GiveTime | SendHint | AskProbe | AskQuestion | MarkMoment | HandOver | EndInterview | CancelInterview
