"""What is ordered for an application, and why it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.records.application_events import ApplicationEventBody, FollowUpKind
from server.records.application_log import Firing


class CannotAct(Exception):
    """Something is missing that a person has to see to. because: its name, as of RuleBlocked. Nothing was written."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


@dataclass(frozen=True, slots=True)
class InterviewOrder:
    """flow_id: None: the job's. with_events, firings: recorded with it. system, remote_id: who ordered it, under what.

    needs_letter: whether it is not made at all when no letter can bring its link. is_first: whether it is not made when
    the application has an interview already.
    """

    interview_id: str
    by: str
    flow_id: str | None = None
    needs_letter: bool = False
    with_events: Sequence[ApplicationEventBody] = ()
    firings: Sequence[Firing] = ()
    system: str | None = None
    remote_id: str | None = None
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """An application that is to be opened. source: as of Applied. remote_id: what the source calls it, if anything."""

    candidate_id: str
    job_id: str
    source: str
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUpOrder:
    """connection_id: None: the only one that is on for this; of a department's rating, people of this console."""

    follow_up_id: str
    kind: FollowUpKind
    by: str
    connection_id: str | None = None
    department: str = ""
    with_events: Sequence[ApplicationEventBody] = ()
    firings: Sequence[Firing] = ()


@dataclass(frozen=True, slots=True)
class OrderedInterview:
    """token: of its link, shown nowhere else. is_told: a letter or the system that ordered it brings the link."""

    interview_id: str
    token: str = field(repr=False)
    is_told: bool
