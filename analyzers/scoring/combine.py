"""From the scores of single answers to competencies and the interview's total.

Answers → indicator: mean of its points weighted by their confidence, so that a badly heard answer
counts less than a clear one; a mean and not the best, or the longest interview would win.
Indicators → competency: plain mean of those that have points. Competencies → total: mean by weight.
Either is withheld while less than half of what it stands on has points.

A follow-up's answer ("question-indicator") is one more answer to its indicator: where the first answer had no points,
the follow-up's stand alone; where both have, the mean is taken.

A competency whose flow weighs an observed movement is (1 - weight) x points + weight x 10 x share, share (0-1) being
how often the movement was seen. It takes part only when the caller hands it in, having checked that the policy of the
place and the candidate's consent allow it; it never makes points where words gave none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzers.results import (
    AnswerScore,
    CompetencyScore,
    EvidenceQuote,
    IndicatorScore,
    InterviewScore,
    WithheldReason,
)
from question_flows.model import Competency, Flow

LEAST_COVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class _IndicatorMean:
    points: float
    confidence: float


def combine(
    flow: Flow, answer_scores: Iterable[AnswerScore], observed: Mapping[str, float] | None = None
) -> InterviewScore:
    """The score of the interview so far. Of several scores for one question the last counts.

    Scores for indicators that the flow does not have take no part. observed: competency id → how often its movement was
    seen, 0-1, only where policy and consent allow it to count; others, and competencies whose flow weighs none, are not
    touched. Raises ValueError when a share lies outside 0-1.
    """
    shares = observed or {}
    if any(not 0 <= share <= 1 for share in shares.values()):
        raise ValueError("an observed share lies outside 0-1")
    latest = {answer.question_id: answer for answer in answer_scores}
    by_indicator: dict[str, list[IndicatorScore]] = {}
    for answer in latest.values():
        for score in answer.indicators:
            by_indicator.setdefault(score.indicator_id, []).append(score)
    scores = tuple(
        _observed(competency, _competency(competency, by_indicator), shares.get(competency.id))
        for competency in flow.competencies
    )
    return _total(flow, scores)


def _total(flow: Flow, scores: tuple[CompetencyScore, ...]) -> InterviewScore:
    weights = {competency.id: competency.weight for competency in flow.competencies}
    scored = [(weights[score.competency_id], score.points) for score in scores if score.points is not None]
    coverage = sum(weight for weight, _ in scored) / sum(weights.values())
    confidence = sum(weights[score.competency_id] * score.confidence for score in scores) / sum(weights.values())
    enough = _enough(coverage)
    reasons = [score.withheld for score in scores if score.withheld is not None]
    return InterviewScore(
        competencies=scores,
        total=round(_weighted_mean(scored), 1) if enough else None,
        withheld=None if enough else _common(reasons, partly=bool(scored)),
        coverage=round(coverage, 3),
        confidence=round(confidence, 3),
    )


def _competency(competency: Competency, by_indicator: Mapping[str, Sequence[IndicatorScore]]) -> CompetencyScore:
    """confidence: mean over all its indicators, those without points counting 0."""
    scores = [score for indicator in competency.indicators for score in by_indicator.get(indicator.id, ())]
    means = [
        mean for indicator in competency.indicators if (mean := _mean(by_indicator.get(indicator.id, ()))) is not None
    ]
    coverage = len(means) / len(competency.indicators)
    enough = _enough(coverage)
    reasons = [score.withheld for score in scores if score.withheld is not None]
    return CompetencyScore(
        competency_id=competency.id,
        points=round(sum(mean.points for mean in means) / len(means), 1) if enough else None,
        withheld=None if enough else _common(reasons, partly=bool(means)),
        coverage=round(coverage, 3),
        confidence=round(sum(mean.confidence for mean in means) / len(competency.indicators), 3),
        evidence=_evidence(scores),
    )


def _observed(competency: Competency, score: CompetencyScore, share: float | None) -> CompetencyScore:
    if competency.observation is None or share is None or score.points is None or not competency.observation.weight:
        return score
    weight = competency.observation.weight
    return replace(score, points=round((1 - weight) * score.points + weight * 10 * share, 1), observed_weight=weight)


def _mean(scores: Sequence[IndicatorScore]) -> _IndicatorMean | None:
    """An indicator over its answers; None when no answer gave it points."""
    scored = [(score.confidence, score.points) for score in scores if score.points is not None]
    if not scored:
        return None
    return _IndicatorMean(_weighted_mean(scored), sum(confidence for confidence, _ in scored) / len(scored))


def _weighted_mean(weighted: Sequence[tuple[float, float]]) -> float:
    """Mean of (weight, value); a plain mean when no weight is left to go by."""
    total = sum(weight for weight, _ in weighted)
    if total == 0:
        return sum(value for _, value in weighted) / len(weighted)
    return sum(weight * value for weight, value in weighted) / total


def _enough(coverage: float) -> bool:
    # Weights are decimal fractions: 0.2 + 0.3 has to count as half.
    return coverage >= LEAST_COVERAGE - 1e-9


def _common(reasons: Sequence[WithheldReason], *, partly: bool = False) -> WithheldReason:
    """The reason shared by all; otherwise that there is not enough evidence. Nothing asked yet: not answered."""
    if partly:
        return WithheldReason.NOT_ENOUGH_EVIDENCE
    if not reasons:
        return WithheldReason.NOT_ANSWERED
    return reasons[0] if len(set(reasons)) == 1 else WithheldReason.NOT_ENOUGH_EVIDENCE


def _evidence(scores: Iterable[IndicatorScore]) -> tuple[EvidenceQuote, ...]:
    """Every quote once, though several indicators may rest on it."""
    return tuple(dict.fromkeys(quote for score in scores for quote in score.evidence))
