"""The report of an interview: a pure fold over its events, in which every quote has been looked up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from analyzers.results import (
    AnswerScore,
    Delivery,
    IndicatorScore,
    InterviewScore,
    Observation,
    Transcript,
    WithheldReason,
)
from analyzers.scoring.combine import combine
from analyzers.scoring.evidence import NotVerbatim, verify
from analyzers.scoring.rubric import withhold
from question_flows.model import Flow, Language, QuestionKind
from server.interview.events import AnswerMode, FeedbackGiven, InterviewEvent, Purpose, RecordingGap, UtteranceLost
from server.interview.fold import fold
from server.interview.reported_opinion import ReportedOpinion, reported_opinion
from server.interview.state import AnswerState, Fault, InterviewState, Status


@dataclass(frozen=True, slots=True)
class ReportedCompetency:
    """A competency's name and weight with the names of its indicators, in the interview's language."""

    id: str
    name: str
    weight: float
    indicators: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportedAnswer:
    """One question with everything about its answer. All `_ms`: interview clock. text: the answer as one line.

    transcript is None while the answer is not submitted; confidence: of its words, 0-1.
    """

    question_id: str
    index: int
    kind: QuestionKind
    question: str
    asked_ms: int
    started_ms: int | None
    submitted_ms: int | None
    mode: AnswerMode | None
    text: str
    confidence: float
    transcript: Transcript | None
    hints_opened: int
    lost: tuple[UtteranceLost, ...]
    score: AnswerScore | None
    scorer: str | None
    second_opinion: ReportedOpinion | None
    observations: tuple[Observation, ...]
    delivery: Delivery | None


class RecordingStatus(StrEnum):
    """What there is of sound and picture."""

    NOT_ALLOWED = "not_allowed"
    """The candidate did not agree to be recorded."""
    NOTHING = "nothing"
    """Recording was allowed, and no sound or picture came."""
    PREPARING = "preparing"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReportedRecording:
    """Where HR plays the recording and what it is. Positions in it are interview clock, like all `_ms`.

    path: on this server, the same from the first report on; None when there is nothing to come. media_type, size_bytes,
    sha256, duration_ms, has_video: once stored. failed: why storing has failed so far.
    """

    status: RecordingStatus
    path: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    duration_ms: int | None = None
    has_video: bool | None = None
    failed: str | None = None
    gaps: tuple[RecordingGap, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A score that was not given, and why. question_id is None for a competency or the total."""

    what: str
    question_id: str | None
    reason: WithheldReason


@dataclass(frozen=True, slots=True)
class Report:
    """Everything HR decides from. Times are UTC; duration_ms, given_back_ms: milliseconds.

    given_back_ms: wall-clock time of pauses, outages and restarts, in which the candidate's clock stood still.
    refused_quotes: how many quotes did not stand verbatim in their transcript and were left out.
    """

    interview_id: str
    candidate_name: str
    candidate_email: str
    flow_id: str
    flow_version: int
    title: str
    job: str
    language: Language
    jurisdiction: str
    status: Status
    invited_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_ms: int
    consents: Mapping[Purpose, bool]
    competencies: tuple[ReportedCompetency, ...]
    score: InterviewScore
    answers: tuple[ReportedAnswer, ...]
    withheld: tuple[Withheld, ...]
    refused_quotes: int
    recording: ReportedRecording
    faults: tuple[Fault, ...]
    given_back_ms: int
    scorers: tuple[str, ...]
    feedback: FeedbackGiven | None


_REPORT = TypeAdapter(Report)


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON-ready values."""
    data: dict[str, Any] = _REPORT.dump_python(report, mode="json")
    return data


def build_report(
    interview_id: str, events: Sequence[InterviewEvent], flow: Flow, *, candidate_email: str = ""
) -> Report:
    """The report after these events, finished or not. Raises ValueError when they are no interview's."""
    state = fold(events)
    answers = tuple(_answer(answer, state, flow) for answer in state.asked)
    scores = [answer.score for answer in answers if answer.score is not None]
    score = combine(flow, scores)
    return Report(
        interview_id=interview_id,
        candidate_name=state.candidate_name,
        candidate_email=candidate_email,
        flow_id=state.flow_id,
        flow_version=state.flow_version,
        title=flow.title[state.language],
        job=flow.job[state.language],
        language=state.language,
        jurisdiction=state.jurisdiction,
        status=state.status,
        invited_at=state.invited_at,
        started_at=state.started_at,
        completed_at=state.completed_at,
        duration_ms=state.clock_ms,
        consents=state.consents or {},
        competencies=_competencies(flow, state.language),
        score=score,
        answers=answers,
        withheld=_withheld(score, scores),
        refused_quotes=_quotes(a.score for a in state.asked) - _quotes(scores),
        recording=_recording(interview_id, state),
        faults=state.faults,
        given_back_ms=state.given_back_ms,
        scorers=tuple(dict.fromkeys(answer.scorer for answer in answers if answer.scorer)),
        feedback=state.feedback,
    )


def _recording(interview_id: str, state: InterviewState) -> ReportedRecording:
    recording, stored = state.recording, state.recording.stored
    path = f"/hr/interviews/{interview_id}/recording"
    if stored is not None:
        return ReportedRecording(
            status=RecordingStatus.STORED,
            path=path,
            media_type=stored.media_type,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            duration_ms=stored.duration_ms,
            has_video=stored.has_video,
            gaps=recording.gaps,
        )
    if recording.failed is not None:
        return ReportedRecording(RecordingStatus.FAILED, path, failed=recording.failed, gaps=recording.gaps)
    if recording.started:
        return ReportedRecording(RecordingStatus.PREPARING, path, gaps=recording.gaps)
    allowed = state.allows(Purpose.RECORDING)
    return ReportedRecording(RecordingStatus.NOTHING if allowed else RecordingStatus.NOT_ALLOWED, gaps=recording.gaps)


def _competencies(flow: Flow, language: Language) -> tuple[ReportedCompetency, ...]:
    return tuple(
        ReportedCompetency(
            id=competency.id,
            name=competency.name[language],
            weight=competency.weight,
            indicators={indicator.id: indicator.name[language] for indicator in competency.indicators},
        )
        for competency in flow.competencies
    )


def _answer(answer: AnswerState, state: InterviewState, flow: Flow) -> ReportedAnswer:
    question = flow.question(answer.question_id)
    transcript = answer.transcript
    score = _verified(answer, answer.score, flow)
    second = _verified(answer, answer.second_opinion, flow)
    return ReportedAnswer(
        question_id=answer.question_id,
        index=answer.index,
        kind=question.kind,
        question=question.text[state.language],
        asked_ms=answer.asked_ms,
        started_ms=answer.started_ms,
        submitted_ms=answer.submitted_ms,
        mode=answer.mode,
        text=transcript.text if transcript else "",
        confidence=round(transcript.confidence, 4) if transcript else 0.0,
        transcript=transcript,
        hints_opened=len(answer.hints),
        lost=answer.lost,
        score=score,
        scorer=answer.scorer,
        second_opinion=reported_opinion(score, second, answer.second_scorer, answer.second_opinion_failed),
        observations=answer.observations,
        delivery=answer.delivery,
    )


def _verified(answer: AnswerState, score: AnswerScore | None, flow: Flow) -> AnswerScore | None:
    """The score with its quotes looked up again in the transcript: points that stand on none are withheld."""
    if score is None or answer.transcript is None:
        return None
    refused = withhold(flow, flow.question(answer.question_id), WithheldReason.NOT_ENOUGH_EVIDENCE)
    instead = {indicator.indicator_id: indicator for indicator in refused.indicators}
    indicators = [_verified_indicator(indicator, answer.transcript, instead) for indicator in score.indicators]
    return replace(score, indicators=tuple(indicators))


def _verified_indicator(
    indicator: IndicatorScore, transcript: Transcript, instead: Mapping[str, IndicatorScore]
) -> IndicatorScore:
    evidence = []
    for quote in indicator.evidence:
        try:
            verify(quote, transcript)
        except NotVerbatim:
            continue
        evidence.append(quote)
    if indicator.points is not None and not evidence:
        return instead.get(indicator.indicator_id) or replace(
            indicator, points=None, withheld=WithheldReason.NOT_ENOUGH_EVIDENCE, evidence=()
        )
    return replace(indicator, evidence=tuple(evidence))


def _withheld(score: InterviewScore, answers: Sequence[AnswerScore]) -> tuple[Withheld, ...]:
    found = [Withheld("total", None, score.withheld)] if score.withheld else []
    found += [Withheld(c.competency_id, None, c.withheld) for c in score.competencies if c.withheld]
    found += [
        Withheld(indicator.indicator_id, answer.question_id, indicator.withheld)
        for answer in answers
        for indicator in answer.indicators
        if indicator.withheld
    ]
    return tuple(found)


def _quotes(scores: Any) -> int:
    return sum(len(indicator.evidence) for score in scores if score for indicator in score.indicators)
