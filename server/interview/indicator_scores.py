"""A report's indicators, competency by competency, with the answer that each score comes from. Pure."""

from __future__ import annotations

from analyzers.results import IndicatorScore
from server.interview.report import Report, ReportedCompetency
from server.interview.reported_answer import ReportedAnswer


def indicator_scores(report: Report) -> dict[str, list[tuple[ReportedAnswer, IndicatorScore]]]:
    """Competency → (answer, score) of each of its indicators in each answer that was asked for it."""
    owners = {indicator: competency.id for competency in report.competencies for indicator in competency.indicators}
    found: dict[str, list[tuple[ReportedAnswer, IndicatorScore]]] = {
        competency.id: [] for competency in report.competencies
    }
    for answer in report.answers:
        for score in answer.score.indicators if answer.score else ():
            if score.indicator_id in owners:
                found[owners[score.indicator_id]].append((answer, score))
    for competency in report.competencies:
        found[competency.id].sort(key=lambda item: (_place(competency, item[1]), item[0].asked_ms))
    return found


def _place(competency: ReportedCompetency, score: IndicatorScore) -> int:
    return list(competency.indicators).index(score.indicator_id)
