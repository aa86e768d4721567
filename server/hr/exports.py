"""Interviews as a CSV file: one line each, with the scores of machine, people and both by competency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiohttp import web

from question_flows.model import Flow
from server.errors import UserError
from server.hr.csv_cells import BYTE_ORDER_MARK, csv_lines
from server.hr.interviews import wanted_in
from server.hr.names import shown_report
from server.hr.printing import disposition
from server.hr.visible import shown_interviews
from server.interview.combined import CombinedScore
from server.interview.report import Report
from server.keys import DATABASE, FLOWS
from server.pages import page_language, texts
from server.storage.interview_list import InterviewList, ListedInterview

MOST = 20_000
PARTICULARS = (
    "interview", "candidate", "email", "job", "flow", "version", "language", "state", "invited", "started",
    "completed", "minutes", "total", "confidence", "coverage", "overridden", "human", "combined", "raters", "decision",
    "decided_by", "departures",
)  # fmt: skip
OF_COMPETENCY = ("machine", "corrected", "human", "combined")


async def interviews(request: web.Request) -> web.StreamResponse:
    """What the list of interviews holds with the filters of the address, a line at a time; the newest first."""
    found = await shown_interviews(request, await InterviewList(request.app[DATABASE]).all(wanted_in(request), MOST))
    flows = [flow for id_, flow in request.app[FLOWS].items() if id_ in {one.flow_id for one in found}]
    language = page_language(request)
    t = texts(request, language)["t"]
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": disposition(f"{t('exports.file')}.csv"),
        }
    )
    await response.prepare(request)
    columns = [t(f"exports.{name}") for name in PARTICULARS]
    columns += [
        f"{competency.name[language]} ({flow.title[language]}): {t(f'exports.of_{kind}')}"
        for flow in flows
        for competency in flow.competencies
        for kind in OF_COMPETENCY
    ]
    await response.write(BYTE_ORDER_MARK + csv_lines([columns]))
    for one in found:
        try:
            report = await shown_report(request, one.id)
        except UserError:
            # A flow whose file is gone: what the list knows is still there.
            await response.write(csv_lines([_listed(one)]))
            continue
        state = t(f"hr.status_{one.status}")
        decision = t(f"lists.decision_{one.decision}") if one.decision else ""
        await response.write(csv_lines([[*_particulars(one, report, state, decision), *_scores(report, flows)]]))
    await response.write_eof()
    return response


def _listed(one: ListedInterview) -> list[str]:
    return [one.id, one.candidate_name, one.candidate_email, one.job or "", one.flow_id, str(one.flow_version)]


def _particulars(one: ListedInterview, report: Report, state: str, decision: str) -> list[str]:
    people = report.people
    raters = {rating.rater for competency in people.competencies for rating in competency.ratings}
    raters |= {rating.rater for dimension in report.dimensions for rating in dimension.ratings}
    return [
        *_listed(one),
        report.language.value,
        state,
        one.created_at.isoformat(timespec="seconds"),
        report.started_at.isoformat(timespec="seconds") if report.started_at else "",
        one.completed_at.isoformat(timespec="seconds") if one.completed_at else "",
        f"{report.duration_ms / 60_000:.1f}",
        _number(report.score.total),
        f"{report.score.confidence:.2f}",
        f"{report.score.coverage:.2f}",
        _number(people.total.corrected) if people.overrides else "",
        _number(people.total.human),
        _number(people.total.combined),
        str(len(raters)),
        decision,
        people.decision.by if people.decision else "",
        str(len(report.departures)),
    ]


def _scores(report: Report, flows: Sequence[Flow]) -> Iterator[str]:
    """The columns of every flow: empty in those of another."""
    scores = {one.id: one.score for one in report.people.competencies}
    for flow in flows:
        for competency in flow.competencies:
            score = scores.get(competency.id) if flow.id == report.flow_id else None
            yield from _of(score, overridden=bool(report.people.overrides))


def _of(score: CombinedScore | None, *, overridden: bool) -> tuple[str, str, str, str]:
    if score is None:
        return "", "", "", ""
    corrected = score.corrected if overridden else None
    return _number(score.machine), _number(corrected), _number(score.human), _number(score.combined)


def _number(points: float | None) -> str:
    """Withheld scores stay empty: an empty cell is in no spreadsheet's mean."""
    return "" if points is None else f"{points:.1f}"
