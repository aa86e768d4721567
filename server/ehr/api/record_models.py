"""Candidates, jobs and applications as the API takes and answers them; `scripts/hr_client.py` uses the same models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from question_flows.model import Language
from server.ehr.api.declaring import Answer, Sent
from server.ehr.api.fields import PERHAPS_A_LINE, FlowId, Id, Line, PageOf, Reason, RemoteId, ShortLine, ShortReason
from server.mail.stated_times import LONGEST_TEXT
from server.records.application_events import Outcome

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class JobIn(Sent):
    """A job as your system has it."""

    remote_id: RemoteId
    title: Line
    department: str = Field("", max_length=100, pattern=PERHAPS_A_LINE)
    is_open: bool = True
    flow_id: FlowId | None = Field(
        None, description="The question flow to ask; null: as it was, or made of the job's competency model."
    )


class Job(Answer):
    """A job. flow_id: what is asked in its interviews; null: nothing yet."""

    id: Id
    remote_id: str | None
    title: str
    department: str
    is_open: bool
    flow_id: str | None
    created_at: AwareDatetime


class JobPage(PageOf):
    """Some of the jobs."""

    items: list[Job]


class Availability(Sent):
    """A stretch of time in which an interview would suit."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if not _EARLIEST <= self.start < self.end <= _LATEST:
            raise ValueError("from must be before to, and both in this century")
        return self


class CandidateIn(Sent):
    """A candidate as your system has them; what is null or left out stays as it is here."""

    remote_id: RemoteId
    name: Line
    email: str | None = Field(None, max_length=320)
    phone: str | None = Field(None, max_length=40, description="With the country's code, such as +49 30 123456.")
    language: Language | None = Field(None, strict=False)
    time_zone: str | None = Field(None, max_length=60, description="An IANA name such as Asia/Shanghai.")
    availability: Annotated[list[Availability], Field(max_length=100)] | None = Field(
        None, description="When an interview suits them. Appointments are made inside it if time_zone is known too."
    )
    availability_text: str | None = Field(
        None,
        max_length=LONGEST_TEXT,
        description="The same in words, such as `weekdays after 6pm Berlin time` or `工作日晚上七点以后`; not beside "
        "availability. The next 60 days are kept of it. Words that are not understood are refused.",
    )


class Candidate(Answer):
    """A candidate, one for each person however many channels they came by.

    remote_id: what your system calls them. email: in lower case; phone: E.164.
    """

    id: Id
    remote_id: str | None
    name: str
    email: str | None
    phone: str | None
    language: Language
    time_zone: str | None
    created_at: AwareDatetime


class CandidatePage(PageOf):
    """Some of the candidates."""

    items: list[Candidate]


class ResumeFind(Answer):
    """One thing that a résumé says, and where. field: such as contact.email. certain: false: a person has to look."""

    field: str
    value: str
    normal: str | None = Field(description="In one form for all: E.164, 2021-09-01, present, P2W; null: there is none.")
    certain: bool
    page: int | None
    line: int | None
    path: str | None


class SkillMatch(Answer):
    """One thing that the job asks for. name: by language. found: what the résumé says of it, and where.

    reason: exact, alias, language, mentioned, or not_found, which is no "no": it is to be asked about.
    """

    competency_id: str
    name: dict[str, str]
    reason: str
    found: ResumeFind | None
    level: str
    certain: bool


class Resume(Answer):
    """What was found in a résumé. to_check: fields that are uncertain, or that every résumé has and this one lacks.

    filled: what the candidate got of it: email, phone. possible_duplicates: ids of candidates who have its address or
    number and may be the same person; HR merges them. matches: with what the job asks for, where one was named.
    """

    id: Id
    candidate_id: Id
    language: str
    finds: list[ResumeFind]
    to_check: list[str]
    filled: list[str]
    possible_duplicates: list[str]
    matches: list[SkillMatch]


class CompetencyIn(Sent):
    """A competency that a job asks for. weight: compared with the others'; level: 0-1, how much of it is needed."""

    remote_id: RemoteId
    name: Line
    weight: float = Field(1.0, gt=0, le=1000)
    level: float | None = Field(None, ge=0, le=1)
    indicators: list[Line] = Field([], max_length=10, description="What somebody who has it does; 3-4 are best.")


class CompetencyModelIn(Sent):
    """What a job asks for. Sent again, it is a new version; interviews already ordered keep theirs."""

    competencies: list[CompetencyIn] = Field(min_length=1, max_length=20)


class CompetencyModel(Answer):
    """version: from 1; the same model sent again has the same one. flow_id: what the job's interviews ask now."""

    id: Id
    job_id: Id
    version: int
    flow_id: str | None
    competencies: list[dict[str, Any]]


class ApplicationIn(Sent):
    """A candidate applies for a job. Sent again while it is open, it is the same application."""

    candidate_id: Id
    job_id: Id
    remote_id: RemoteId | None = None


class Application(Answer):
    """An application. step: how far it is; outcome: how it was closed, null while it is open; stuck: why it waits.

    total: of the last report, 0-10, null while there is none or it is withheld, and for keys without `reports:read`.
    """

    id: Id
    remote_id: str | None
    candidate_id: Id
    job_id: Id
    source: str
    step: str
    step_since: AwareDatetime
    outcome: str | None
    total: float | None
    stuck: str | None
    created_at: AwareDatetime


class ApplicationPage(PageOf):
    """Some of the applications."""

    items: list[Application]


class Happening(Answer):
    """One thing that happened to an application, as its log has it."""

    seq: int
    at: AwareDatetime
    type: str
    data: dict[str, Any]


class ApplicationWithHistory(Application):
    """An application and everything that happened to it, in order."""

    history: list[Happening]


class CloseIn(Sent):
    """Who closes an application, how, and why: always a person."""

    outcome: Outcome
    decided_by: ShortLine
    reason: ShortReason


class FollowUpIn(Sent):
    """What came back from an assessment, a background check, a department's rating or a training."""

    status: Literal["sent", "completed", "failed", "cancelled"]
    score: float | None = Field(None, ge=0, le=1_000_000)
    max_score: float | None = Field(None, gt=0, le=1_000_000, description="Needed with score.")
    result: str = Field("", max_length=60, pattern=PERHAPS_A_LINE, description="Such as clear or consider.")
    url: str = Field("", max_length=500, pattern="^(https?://[!-~]+)?$", description="Where HR reads more.")


class FollowUp(Answer):
    """Where it stands. score: 0-1 of what was possible."""

    id: Id
    application_id: Id
    kind: str
    status: str


class EraseIn(Sent):
    """Why somebody is erased; kept without their name."""

    reason: Reason


class Delivered(Answer):
    """What had left this server about the person: ask those systems to erase it too."""

    destination: str
    type: str
    messages: int


class Erasure(Answer):
    """What was erased. The candidate's id leads nowhere any more; the audit trail says that this happened."""

    id: Id
    interviews: int
    recordings: int
    resumes: int
    applications: int
    delivered: list[Delivered]
    told: list[str] = Field(description="Connections that are sent candidate.erased.")
