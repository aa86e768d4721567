"""What a system without a connector of its own can tell by signed messages: their models and what they mean here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

from question_flows.model import Language
from server.delivery.connector import Unreadable
from server.ehr.connectors.signed import Message, parsed
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    CompetencySeen,
    FollowUpReturned,
    Incoming,
    InterviewOrdered,
    JobSeen,
)

Id = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]
MOST_COMPETENCIES, MOST_INDICATORS, MOST_TIMES = 50, 20, 50


class _Told(BaseModel):
    # What is not known is overlooked: a sender may tell more than this version reads.
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class Times(_Told):
    """A stretch of time in which the candidate can be interviewed."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Times:
        if self.start >= self.end:
            raise ValueError("ends before it begins")
        return self


class Candidate(_Told):
    """A candidate. id: the sender's. What is left out stays as it is here."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str | None, Field(max_length=320)] = None
    phone: Annotated[str | None, Field(max_length=40)] = None
    language: Language | None = None
    time_zone: Text | None = None
    availability: Annotated[list[Times] | None, Field(max_length=MOST_TIMES)] = None

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                ZoneInfo(name)
        except (KeyError, OSError) as error:
            raise ValueError("no IANA time zone") from error
        return name

    def seen(self) -> CandidateSeen:
        """The same in the records' words."""
        times = None if self.availability is None else [(one.start, one.end) for one in self.availability]
        return CandidateSeen(self.id, self.name, self.email, self.phone, self.language, self.time_zone, times)


class Competency(_Told):
    """A competency. weight: against the others of the job; level: 0-1."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    weight: float = Field(1.0, gt=0, le=1000)
    level: float | None = Field(None, ge=0, le=1)
    indicators: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default=[], max_length=MOST_INDICATORS
    )


class Job(_Told):
    """A job. competencies: left out: nothing changes here."""

    id: Id
    title: Annotated[str, Field(min_length=1, max_length=200)]
    department: Text = ""
    is_open: bool = True
    competencies: Annotated[list[Competency] | None, Field(max_length=MOST_COMPETENCIES)] = None

    def seen(self) -> JobSeen:
        """The same in the records' words."""
        model = None
        if self.competencies is not None:
            model = [
                CompetencySeen(one.id, one.name, one.weight, one.level, one.indicators) for one in self.competencies
            ]
        return JobSeen(self.id, self.title, self.department, self.is_open, model)


class Application(_Told):
    """candidate, job: whole, or else their ids, known from before."""

    id: Id
    candidate: Candidate | None = None
    candidate_id: Id | None = None
    job: Job | None = None
    job_id: Id | None = None
    order_interview: bool = False

    @model_validator(mode="after")
    def _one_of_each(self) -> Application:
        if (self.candidate is None) == (self.candidate_id is None) or (self.job is None) == (self.job_id is None):
            raise ValueError("needs candidate or candidate_id, and job or job_id")
        return self

    def seen(self) -> list[Incoming]:
        """The same in the records' words: what it holds whole comes first."""
        candidate_id = self.candidate.id if self.candidate else str(self.candidate_id)
        job_id = self.job.id if self.job else str(self.job_id)
        whole: list[Incoming] = [one.seen() for one in (self.candidate, self.job) if one]
        return [*whole, ApplicationSeen(self.id, candidate_id, job_id, self.order_interview)]


class Withdrawal(_Told):
    """An application that was taken back there."""

    id: Id
    reason: Annotated[str, Field(max_length=500)] = ""


class Order(_Told):
    """An interview that is wanted. id: the sender's, of the interview. flow_id: of this server."""

    id: Id
    flow_id: Id
    candidate: Candidate
    job_id: Id | None = None


class FollowUp(_Told):
    """How something stands that was asked for. id: the sender's, when it answered with one; else follow_up_id."""

    follow_up_id: Id | None = None
    id: Id | None = None
    status: Literal["sent", "completed", "failed", "cancelled"]
    score: float | None = Field(None, ge=0, allow_inf_nan=False)
    max_score: float | None = Field(None, gt=0, allow_inf_nan=False)
    result: Annotated[str, Field(max_length=100)] = ""
    url: HttpUrl | None = None

    @model_validator(mode="after")
    def _whole(self) -> FollowUp:
        if self.follow_up_id is None and self.id is None:
            raise ValueError("needs follow_up_id or id")
        if self.score is not None and (self.max_score is None or self.score > self.max_score):
            raise ValueError("a score needs max_score, and is no more than it")
        return self

    def returned(self) -> FollowUpReturned:
        """The same in the records' words."""
        url = "" if self.url is None else str(self.url)
        return FollowUpReturned(
            self.follow_up_id, self.id, self.status, self.score, self.max_score, self.result.lower(), url
        )


FOLLOW_UP_UPDATED = "follow_up.updated"


def meant(body: Mapping[str, Any]) -> Sequence[Incoming]:
    """What a kept message means. An unknown type means nothing here. Raises Unreadable with the field at fault."""
    message = parsed(Message, body)
    data, what = message.data, message.type
    try:
        if what == "candidate.upserted":
            return (parsed(Candidate, data).seen(),)
        if what == "job.upserted":
            return (parsed(Job, data).seen(),)
        if what == "application.created":
            return parsed(Application, data).seen()
        if what == "application.withdrawn":
            withdrawal = parsed(Withdrawal, data)
            return (ApplicationWithdrawn(withdrawal.id, withdrawal.reason),)
        if what == "interview.requested":
            order = parsed(Order, data)
            return (InterviewOrdered(order.id, order.flow_id, order.candidate.seen(), order.job_id),)
        if what == FOLLOW_UP_UPDATED:
            return (parsed(FollowUp, data).returned(),)
    except Unreadable as error:
        raise Unreadable(f"data.{error.field}" if error.field != "body" else "data") from error
    return ()
