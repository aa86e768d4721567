"""Interviews and what comes of them as the API takes and answers them; `scripts/hr_client.py` uses the same models."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from question_flows.model import Language
from server.ehr.api.declaring import Answer, Sent
from server.ehr.api.fields import PERHAPS_A_LINE, FlowId, Id, Line, PageOf, Points, Reason, ShortLine, Words


class InterviewIn(Sent):
    """An interview to be held: the next round of an application, or directly with a job's flow or another.

    With application_id only flow_id may be said beside it: all else is known.
    """

    application_id: Id | None = None

    candidate_id: Id | None = None
    candidate_name: Line | None = Field(None, description="Needed without candidate_id.")
    email: str = Field("", max_length=320)
    language: Language | None = Field(None, strict=False, description="Null: the candidate's.")
    job_id: Id | None = Field(None, description="Its flow is asked.")
    flow_id: FlowId | None = Field(None, description="Needed without job_id.")
    jurisdiction: str = Field("", max_length=100, description="Whose law applies; empty: the server's setting.")


class Ordered(Answer):
    """An interview that was made. link: what the candidate opens, once; it is shown only here.

    is_told: whether the candidate gets the link by e-mail; else pass it on.
    """

    id: Id
    candidate_id: Id | None
    is_told: bool
    link: str | None = Field(description="Null when the same order was cut off before and is made already.")
    expires_at: AwareDatetime


class Interview(Answer):
    """Where an interview stands. total: the machine's, 0-10, null while there is none or it is withheld.

    decision: a person's: "advance", "hold" or "reject"; nothing follows from it by itself. Both are null for keys
    without the scope `reports:read`.
    """

    id: Id
    candidate_id: Id | None
    candidate_name: str
    job_id: Id | None
    application_id: Id | None
    round: int
    flow_id: str
    language: Language
    status: str
    total: float | None
    decision: str | None
    created_at: AwareDatetime
    completed_at: AwareDatetime | None


class InterviewPage(PageOf):
    """Some of the interviews."""

    items: list[Interview]


class Word(Answer):
    """One word or Chinese character. start_ms, end_ms: interview clock; confidence: 0-1."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


class TranscriptAnswer(Answer):
    """One question and what was answered. heard: what a machine had heard, where the candidate put it right."""

    question_id: str
    question: str
    mode: str | None
    skipped: bool
    text: str
    words: list[Word]
    heard: str | None


class InterviewTranscript(Answer):
    """Every answer in order."""

    interview_id: Id
    candidate_id: Id | None
    language: Language
    answers: list[TranscriptAnswer]


class CompetencyScore(Answer):
    """Points 0-10, null where there are none. machine: as given; corrected: after people's overrides; human: people's.

    combined: of corrected and human. missing: why there is no combined one.
    """

    id: str
    name: str
    weight: float
    machine: float | None
    corrected: float | None
    human: float | None
    combined: float | None
    missing: str | None


class TotalScore(Answer):
    """As CompetencyScore, of the whole interview."""

    machine: float | None
    corrected: float | None
    human: float | None
    combined: float | None
    missing: str | None


class Scores(Answer):
    """Scores; each one's evidence stands in the report. withheld: why the machine gives no total."""

    interview_id: Id
    candidate_id: Id | None
    status: str
    total: TotalScore
    withheld: str | None
    confidence: float = Field(description="0-1.")
    coverage: float = Field(description="Share of the competencies' weight that has points, 0-1.")
    competencies: list[CompetencyScore]


class Report(Answer):
    """The whole report, as it is sent by report.ready; the README explains it."""

    interview_id: Id
    candidate_id: Id | None
    report: dict[str, Any]


class RecordingLinkIn(Sent):
    """How long the link shall work."""

    seconds: int = Field(3600, ge=60, le=7 * 24 * 3600)


class RecordingLink(Answer):
    """Plays in a browser without signing in, until it expires or the key that made it is revoked."""

    url: str
    expires_at: AwareDatetime
    media_type: str
    size_bytes: int
    duration_ms: int


class RatingIn(Sent):
    """A person's rating of one competency, or of one dimension that people alone rate."""

    rater: ShortLine = Field(description="Whose opinion it is, by name.")
    department: str = Field("", max_length=100, pattern=PERHAPS_A_LINE)
    competency_id: FlowId | None = None
    dimension_id: FlowId | None = None
    points: Points
    reason: Words


class Rated(Answer):
    """The rating stands in the report. seq: the interview's last event."""

    interview_id: Id
    seq: int


class CancelIn(Sent):
    """Why the interview does not take place, or ends; the candidate never reads it."""

    reason: Reason


class Cancelled(Answer):
    """status: where the interview stands now."""

    id: Id
    candidate_id: Id | None
    status: str
