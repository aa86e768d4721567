"""What a connected system or an API client can tell the records, in the records' own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from question_flows.model import Language


@dataclass(frozen=True, slots=True)
class CandidateSeen:
    """A candidate as the system knows them; what is None is not known there and stays as it is here.

    availability: aware from-to pairs. phone: as written there.
    """

    remote_id: str
    name: str
    email: str | None = None
    phone: str | None = None
    language: Language | None = None
    time_zone: str | None = None
    availability: Sequence[tuple[datetime, datetime]] | None = None


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job as the system knows it. competencies: None: it says nothing of them; the model gets a new version else."""

    remote_id: str
    title: str
    department: str = ""
    is_open: bool = True
    competencies: Sequence[CompetencySeen] | None = None


@dataclass(frozen=True, slots=True)
class CompetencySeen:
    """A competency or skill a job asks for. weight: of any unit, compared with the others; level: 0-1, None: not said.

    indicators: observable ones, in the system's words; empty: it names none.
    """

    remote_id: str
    name: str
    weight: float = 1.0
    level: float | None = None
    indicators: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ApplicationSeen:
    """A candidate applies for a job; both are known by their remote ids, or come before it in the same list.

    order_interview: whether the system asks for the interview at once (else a rule or a person does).
    """

    remote_id: str
    candidate_remote_id: str
    job_remote_id: str
    order_interview: bool = False


@dataclass(frozen=True, slots=True)
class InterviewOrdered:
    """The system orders an interview itself (an assessment partner's flow); answered under its remote_id.

    remote_id: what a connector needs to answer, such as a callback's address: `Outgoing.remote_ids["interview"]`.
    """

    remote_id: str
    flow_id: str
    candidate: CandidateSeen
    job_remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUpReturned:
    """An assessment, a background check, a training or a department's rating moved on.

    follow_up_id: ours, when the system was told it; else remote_id is the one learned when it was sent.
    status: "sent", "completed", "failed" or "cancelled". score and max_score: as the system counts.
    result: the system's word in lower case ("clear", "consider"), may be empty. url: where HR reads more.
    """

    follow_up_id: str | None
    remote_id: str | None
    status: str
    score: float | None = None
    max_score: float | None = None
    result: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationWithdrawn:
    """The candidate or the system took the application back. A person there did it: it is closed here too."""

    remote_id: str
    reason: str = ""


Incoming = CandidateSeen | JobSeen | ApplicationSeen | InterviewOrdered | FollowUpReturned | ApplicationWithdrawn
