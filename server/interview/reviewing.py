"""What people may rate, override and decide, and who may not see scores before they have rated. Pure."""

from __future__ import annotations

from analyzers.results import IndicatorScore, WithheldReason
from question_flows.model import Flow
from server.errors import UserError
from server.interview.commands import (
    LONGEST_COMMENT,
    Decide,
    FinishReview,
    OverrideScore,
    RateCompetency,
    RateDimension,
)
from server.interview.events import DimensionRated, EventBody
from server.interview.hr_events import CompetencyRated, Decided, ReviewFinished, ScoreOverridden
from server.interview.state import InterviewState
from server.interview.typed import clean

ReviewCommand = RateDimension | RateCompetency | OverrideScore | FinishReview | Decide


def is_blind(state: InterviewState, flow: Flow, rater: str, *, only_rates: bool) -> bool:
    """Whether this person may see neither the machine's scores nor others' ratings yet.

    only_rates: whether all they do is rate, so that no page has shown them a score before. Whoever runs interviews has
    seen the wall: their ratings count, and are marked as not blind.
    """
    return flow.review.blind and only_rates and not state.review.has_finished(rater)


def reviewed(state: InterviewState, flow: Flow, command: ReviewCommand) -> list[EventBody]:
    """The event, or none when exactly this stands there already.

    Raises UserError: dimension_unknown, competency_unknown, question_unknown, indicator_unknown (404); not_scored_yet,
    no_consent_to_scoring, review_empty (409); points_invalid, points_step, reason_missing, comment_too_long,
    decision_missing (400, with the field).
    """
    match command:
        case RateDimension():
            return _rate_dimension(state, flow, command)
        case RateCompetency():
            return _rate_competency(state, flow, command)
        case OverrideScore():
            return _override(state, command)
        case FinishReview(rater):
            return _finish(state, rater)
        case Decide():
            return _decide(state, command)


def _rate_dimension(state: InterviewState, flow: Flow, command: RateDimension) -> list[EventBody]:
    if command.dimension_id not in [one.id for one in flow.dimensions]:
        raise UserError("dimension_unknown", status=404)
    rated = DimensionRated(
        command.dimension_id,
        _points(command.points),
        _reason(command.reason),
        command.rater,
        command.department,
        is_blind(state, flow, command.rater, only_rates=command.only_rates),
    )
    return [] if rated in [one.given for one in state.ratings] else [rated]


def _rate_competency(state: InterviewState, flow: Flow, command: RateCompetency) -> list[EventBody]:
    if command.competency_id not in [one.id for one in flow.competencies]:
        raise UserError("competency_unknown", status=404)
    rated = CompetencyRated(
        command.competency_id,
        _points(command.points),
        _reason(command.reason),
        command.rater,
        command.department,
        is_blind(state, flow, command.rater, only_rates=command.only_rates),
    )
    return [] if rated in [one.given for one in state.review.ratings] else [rated]


def _override(state: InterviewState, command: OverrideScore) -> list[EventBody]:
    score = _scored(state, command.question_id, command.indicator_id)
    before = [
        one.given
        for one in state.review.overrides
        if (one.given.question_id, one.given.indicator_id) == (command.question_id, command.indicator_id)
    ]
    if command.points is None:
        if not before:
            return []
        reason = _reason(command.reason) if command.reason.strip() else ""
        return [ScoreOverridden(command.question_id, command.indicator_id, None, reason, command.by)]
    if score.withheld is WithheldReason.NO_CONSENT:
        raise UserError("no_consent_to_scoring", status=409)
    points, reason = _points(command.points), _reason(command.reason)
    given = ScoreOverridden(command.question_id, command.indicator_id, points, reason, command.by)
    return [] if given in before else [given]


def _scored(state: InterviewState, question_id: str, indicator_id: str) -> IndicatorScore:
    answer = (state.answers or {}).get(question_id)
    if answer is None:
        raise UserError("question_unknown", status=404)
    if answer.score is None:
        raise UserError("not_scored_yet", status=409)
    for one in answer.score.indicators:
        if one.indicator_id == indicator_id:
            return one
    raise UserError("indicator_unknown", status=404)


def _finish(state: InterviewState, rater: str) -> list[EventBody]:
    if state.review.has_finished(rater):
        return []
    raters = [*(one.given.rater for one in state.ratings), *(one.given.rater for one in state.review.ratings)]
    if rater not in raters:
        raise UserError("review_empty", field="review", status=409)
    return [ReviewFinished(rater)]


def _decide(state: InterviewState, command: Decide) -> list[EventBody]:
    if command.decision is None:
        raise UserError("decision_missing", field="decision")
    decided = Decided(command.decision, _reason(command.reason), command.by)
    return [] if state.decision == decided else [decided]


def _points(points: float) -> float:
    """Whole or half points: nobody tells a 6.3 from a 6.4."""
    if not 0 <= points <= 10:
        raise UserError("points_invalid", field="points")
    if points * 2 % 1:
        raise UserError("points_step", field="points")
    return float(points)


def _reason(text: str) -> str:
    # A browser ends lines with CR LF.
    reason = clean(text.replace("\r\n", "\n")).strip()
    if not reason:
        raise UserError("reason_missing", field="reason")
    if len(reason) > LONGEST_COMMENT:
        raise UserError("comment_too_long", field="reason", params={"length": f"{LONGEST_COMMENT:,}"})
    return reason
