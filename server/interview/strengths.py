"""What a candidate can be told about their answers: what came across well, one thing to work on, no scores. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from analyzers.results import EvidenceQuote, IndicatorScore, WithheldReason
from question_flows.model import Flow, Indicator
from server.interview.report import Report

GOOD = 6.5
"""From this mean of an indicator's points (0-10) on, it came across well."""
MOST_STRENGTHS = 3


@dataclass(frozen=True, slots=True)
class Strength:
    """What somebody showed, and their own words for it, in the interview's language."""

    indicator_id: str
    name: str
    quote: str


@dataclass(frozen=True, slots=True)
class WorkOn:
    """One thing that would make answers stronger, in the interview's language: what a strong answer holds."""

    indicator_id: str
    name: str
    advice: str


@dataclass(frozen=True, slots=True)
class Strengths:
    """strengths: the clearest first, of different competencies as far as there are. work_on: None when all was strong,
    or nothing is known."""

    strengths: tuple[Strength, ...]
    work_on: WorkOn | None


@dataclass(frozen=True, slots=True)
class _Shown:
    competency_id: str
    indicator: Indicator
    mean: float | None
    best: IndicatorScore | None


def strengths_of(report: Report, flow: Flow) -> Strengths:
    """Taken from the report's verified scores: each strength has a quote that stands in the transcript."""
    shown = [_shown(report, competency.id, one) for competency in flow.competencies for one in competency.indicators]
    known = [one for one in shown if one is not None]
    good = sorted((one for one in known if one.mean is not None and one.mean >= GOOD and one.best), key=_clearness)
    # One of each competency first, then the rest.
    firsts = [one for place, one in enumerate(good) if one.competency_id not in {o.competency_id for o in good[:place]}]
    chosen = [*firsts, *(one for one in good if one not in firsts)][:MOST_STRENGTHS]
    weak = sorted((one for one in known if one.mean is None or one.mean < GOOD), key=_weakness)
    return Strengths(
        tuple(
            Strength(one.indicator.id, one.indicator.name[report.language], _longest(one.best.evidence).text)
            for one in chosen
            if one.best is not None
        ),
        _work_on(weak[0].indicator, report) if weak else None,
    )


def _shown(report: Report, competency_id: str, indicator: Indicator) -> _Shown | None:
    """How an indicator came across; None when no answer tells, for a reason that is not the candidate's."""
    scores = [
        score
        for answer in report.answers
        for score in (answer.score.indicators if answer.score else ())
        if score.indicator_id == indicator.id
    ]
    with_points = [score for score in scores if score.points is not None and score.evidence]
    if with_points:
        best = max(with_points, key=lambda score: (score.points or 0.0, score.confidence))
        return _Shown(competency_id, indicator, fmean(score.points or 0.0 for score in with_points), best)
    if any(score.withheld is WithheldReason.NOT_ENOUGH_EVIDENCE for score in scores):
        return _Shown(competency_id, indicator, None, None)
    return None


def _clearness(one: _Shown) -> tuple[float, float]:
    assert one.mean is not None
    assert one.best is not None
    return (-one.mean, -one.best.confidence)


def _weakness(one: _Shown) -> tuple[int, float]:
    # What was said and fell short is a surer ground for advice than what was not said.
    return (0, one.mean) if one.mean is not None else (1, 0.0)


def _longest(evidence: Sequence[EvidenceQuote]) -> EvidenceQuote:
    return max(evidence, key=lambda quote: len(quote.text))


def _work_on(indicator: Indicator, report: Report) -> WorkOn:
    described = indicator.anchors.at_8 if indicator.anchors is not None else indicator.description
    return WorkOn(indicator.id, indicator.name[report.language], described[report.language])
