"""Candidates of a job side by side, by competency and indicator, each with its evidence. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzers.results import CompetencyScore, EvidenceQuote, WithheldReason
from question_flows.model import Competency, Flow, Language
from server.interview.combined import CombinedScore
from server.interview.intervention import InterventionKind
from server.interview.report import Report

FEWEST, MOST = 2, 6
BEST_QUOTES = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One interview. departures: what HR did in it that other candidates did not have, and how often."""

    report: Report
    departures: Mapping[InterventionKind, int]


@dataclass(frozen=True, slots=True)
class Given:
    """What one answer gave for an indicator. index: the question's, from 0."""

    index: int
    is_follow_up: bool
    points: float | None
    withheld: WithheldReason | None
    confidence: float


@dataclass(frozen=True, slots=True)
class IndicatorCell:
    """One candidate's. given is empty when no answer was asked for it."""

    given: tuple[Given, ...]
    quotes: tuple[EvidenceQuote, ...]


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator over all candidates."""

    id: str
    name: str
    cells: tuple[IndicatorCell, ...]


@dataclass(frozen=True, slots=True)
class CompetencyCell:
    """One candidate's. machine, people: None where this interview's flow lacks the competency."""

    machine: CompetencyScore | None
    people: CombinedScore | None


@dataclass(frozen=True, slots=True)
class CompetencyRow:
    """One competency over all candidates. weight: its share in the flow, 0-1."""

    id: str
    name: str
    weight: float
    cells: tuple[CompetencyCell, ...]
    indicators: tuple[IndicatorRow, ...]


def column_of(report: Report) -> Column:
    """Going on after a pause is no departure of its own."""
    return Column(report, Counter(one.kind for one in report.departures if one.kind is not InterventionKind.RESUME))


def versions_of(columns: Sequence[Column]) -> list[tuple[str, int]]:
    """The flows, each with its version, that these were held with; more than one: their points cannot be compared."""
    return sorted({(one.report.flow_id, one.report.flow_version) for one in columns})


def compared(columns: Sequence[Column], flows: Mapping[str, Flow], language: Language) -> list[CompetencyRow]:
    """A row for each competency of any of the flows, named in this language, in the first one's order."""
    competencies: dict[str, Competency] = {}
    for column in columns:
        for one in flows[column.report.flow_id].competencies:
            competencies.setdefault(one.id, one)
    return [_row(one, [column.report for column in columns], language) for one in competencies.values()]


def _row(competency: Competency, reports: Sequence[Report], language: Language) -> CompetencyRow:
    return CompetencyRow(
        competency.id,
        competency.name[language],
        competency.weight,
        tuple(_cell(competency.id, report) for report in reports),
        tuple(
            IndicatorRow(one.id, one.name[language], tuple(_indicator(one.id, report) for report in reports))
            for one in competency.indicators
        ),
    )


def _cell(competency_id: str, report: Report) -> CompetencyCell:
    machine = next((one for one in report.score.competencies if one.competency_id == competency_id), None)
    people = next((one.score for one in report.people.competencies if one.id == competency_id), None)
    return CompetencyCell(machine, people)


def _indicator(indicator_id: str, report: Report) -> IndicatorCell:
    found = [
        (answer, score)
        for answer in report.answers
        for score in (answer.score.indicators if answer.score else ())
        if score.indicator_id == indicator_id
    ]
    best = sorted(found, key=lambda pair: -(pair[1].points or 0) * pair[1].confidence)
    quotes = [quote for _, score in best for quote in score.evidence]
    given = tuple(
        Given(answer.index, answer.follow_up_of is not None, score.points, score.withheld, score.confidence)
        for answer, score in found
    )
    return IndicatorCell(given, tuple(quotes[:BEST_QUOTES]))
