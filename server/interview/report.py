"""The report of an interview: a pure fold over its events, in which every quote has been looked up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from analyzers.results import AnswerScore, InterviewScore, WithheldReason
from analyzers.scoring.combine import combine
from question_flows.model import Flow, Language, Question
from server.interview.events import ConfirmedBy, FeedbackGiven, InterviewEvent, Purpose, RecordingGap
from server.interview.fold import fold
from server.interview.intervened import worded
from server.interview.intervention import Intervention, InterventionKind
from server.interview.observed import (
    CountedObservation,
    UncountedObservation,
    counted_observations,
    observed_shares,
    uncounted_observations,
)
from server.interview.reported_answer import ReportedAnswer, predefined_probe, reported_answer
from server.interview.reported_dimension import ReportedDimension, reported_dimensions
from server.interview.reported_people import People, overridden, reported_people
from server.interview.state import Fault, InterviewState, Status
from server.interview.total import cut_short


@dataclass(frozen=True, slots=True)
class ReportedCompetency:
    """A competency's name and weight with the names of its indicators, in the interview's language."""

    id: str
    name: str
    weight: float
    indicators: Mapping[str, str]


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
class UsedProbe:
    """A predefined probe that was asked because the answer to question_id held nothing for the indicator.

    text: what the candidate saw. worded_by: the model that worded it; predefined: the flow's own words then. asked_by:
    the person who had it asked, whatever the answer held; empty: nobody.
    """

    question_id: str
    indicator_id: str
    text: str
    worded_by: str | None
    asked_by: str
    predefined: str | None


@dataclass(frozen=True, slots=True)
class NotAsked:
    """One of the flow's own questions that was not asked because a person had ended the questions."""

    question_id: str
    question: str


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
    pass_mark: 0-10; mark_reached: whether the total is not below it, None without a total. Nothing follows by itself.
    dimensions: what people alone rate. people: their ratings of the competencies, their overrides and decision; score,
    mark_reached and the answers' scores are the machine's as it gave them.
    scores_hidden: it was made for somebody who rates blind, and holds no score and nobody else's rating.
    counted_observations: movements that take part in the score, where flow, law and candidate allow it;
    uncounted_observations: those with a weight that take no part, and why.
    confirmed: what ended the candidate's check of what was heard; None before that, and where nothing was spoken.
    refused_quotes: how many quotes did not stand verbatim in their transcript and were left out.
    is_standard: whether no person changed the interview while it ran; else it compares with others less well, and
    departures says how. not_asked: the flow's questions left when a person ended it. marks: moments people marked.
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
    dimensions: tuple[ReportedDimension, ...]
    score: InterviewScore
    pass_mark: float
    mark_reached: bool | None
    answers: tuple[ReportedAnswer, ...]
    probes: tuple[UsedProbe, ...]
    counted_observations: tuple[CountedObservation, ...]
    uncounted_observations: tuple[UncountedObservation, ...]
    withheld: tuple[Withheld, ...]
    refused_quotes: int
    confirmed: ConfirmedBy | None
    recording: ReportedRecording
    faults: tuple[Fault, ...]
    given_back_ms: int
    scorers: tuple[str, ...]
    is_standard: bool
    departures: tuple[Intervention, ...]
    not_asked: tuple[NotAsked, ...]
    marks: tuple[Intervention, ...]
    feedback: FeedbackGiven | None
    people: People
    scores_hidden: bool = False


_REPORT = TypeAdapter(Report)


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON-ready values."""
    data: dict[str, Any] = _REPORT.dump_python(report, mode="json")
    return data


def report_of(data: Mapping[str, Any]) -> Report:
    """The report that `report_json` gave, after it was kept as JSON. Raises pydantic.ValidationError."""
    return _REPORT.validate_python(data)


def build_report(
    interview_id: str, events: Sequence[InterviewEvent], flow: Flow, *, candidate_email: str = ""
) -> Report:
    """The report after these events, finished or not. Raises ValueError when they are no interview's."""
    state = fold(events)
    answers = tuple(reported_answer(answer, state, flow) for answer in state.asked)
    scores = [answer.score for answer in answers if answer.score is not None]
    shares = observed_shares(flow, state)
    score = cut_short(combine(flow, scores, shares), state)
    corrected = cut_short(combine(flow, overridden(scores, state.review.overrides), shares), state)
    done = worded(state.interventions, state, flow, state.language)
    departures = tuple(one for one in done if one.kind is not InterventionKind.MARK)
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
        dimensions=reported_dimensions(flow, state),
        score=score,
        pass_mark=flow.pass_mark,
        mark_reached=None if score.total is None else score.total >= flow.pass_mark,
        answers=answers,
        probes=_probes(state, flow),
        counted_observations=counted_observations(flow, state),
        uncounted_observations=uncounted_observations(
            flow, state, [one.competency_id for one in score.competencies if one.observed_weight]
        ),
        withheld=_withheld(score, scores) + _left_out(state, flow),
        refused_quotes=_quotes(a.score for a in state.asked) - _quotes(a.score for a in answers if a.scorer),
        confirmed=state.confirmed,
        recording=_recording(interview_id, state),
        faults=state.faults,
        given_back_ms=state.given_back_ms,
        scorers=tuple(dict.fromkeys(answer.scorer for answer in answers if answer.scorer)),
        is_standard=not departures,
        departures=departures,
        not_asked=tuple(NotAsked(one.id, one.text[state.language]) for one in left_out(state, flow)),
        marks=tuple(one for one in done if one.kind is InterventionKind.MARK),
        feedback=state.feedback,
        people=reported_people(flow, state, score, corrected, scores),
    )


def for_blind_rater(report: Report, rater: str) -> Report:
    """The same without anything that would sway this person: the machine's scores, and what others rated."""
    return replace(
        report,
        dimensions=tuple(
            replace(one, points=None, ratings=tuple(given for given in one.ratings if given.rater == rater))
            for one in report.dimensions
        ),
        score=InterviewScore((), None, None, 0.0, 0.0),
        mark_reached=None,
        answers=tuple(replace(one, score=None, scorer=None, second_opinion=None) for one in report.answers),
        # What was asked further says what an answer lacked.
        probes=(),
        counted_observations=(),
        uncounted_observations=(),
        withheld=(),
        scorers=(),
        people=report.people.of(rater),
        scores_hidden=True,
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


def _probes(state: InterviewState, flow: Flow) -> tuple[UsedProbe, ...]:
    asked = [(state.question(flow, answer.question_id), answer) for answer in state.asked]
    return tuple(
        UsedProbe(
            question.follow_up_of,
            indicator_id,
            question.text[state.language],
            answer.worded_by,
            answer.asked_by,
            predefined_probe(answer, flow, state.language),
        )
        for question, answer in asked
        if question.follow_up_of is not None
        for indicator_id in question.indicator_ids
    )


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


def left_out(state: InterviewState, flow: Flow) -> tuple[Question, ...]:
    """The flow's own questions that a person's end left unasked; those that only a branch leads to are none."""
    if not state.is_cut_short:
        return ()
    ids = [one.id for one in flow.questions]
    behind = ids.index(state.place.question_id) + 1 if state.place is not None else 0
    return tuple(one for one in flow.questions[behind:] if not one.only_by_branch)


def _left_out(state: InterviewState, flow: Flow) -> tuple[Withheld, ...]:
    return tuple(
        Withheld(indicator_id, one.id, WithheldReason.NOT_ASKED)
        for one in left_out(state, flow)
        for indicator_id in one.indicator_ids
    )


def _quotes(scores: Any) -> int:
    return sum(len(indicator.evidence) for score in scores if score for indicator in score.indicators)
