"""The report on paper for systems that keep files: the page that HR prints, as a PDF."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import jinja2

from question_flows.model import Language
from server.ehr.connectors.report_notes import messages
from server.errors import UserError
from server.interview.indicator_scores import indicator_scores
from server.interview.report import report_of
from server.interview.state import GIVEN_BACK
from server.pages import WEB
from server.pdf import pdf_of

log = logging.getLogger(__name__)

SECONDS = 25.0
"""Less than an attempt may take: what else is left in the other system must have its time."""


async def report_pdf(
    report: Mapping[str, Any], language: Language, *, company: str, system: str, made_at: datetime
) -> bytes | None:
    """The PDF; None when none can be made here, or not in time. report: as `report_json` gives it.

    system: who it is for, as the foot of the page says.
    """
    try:
        html = await asyncio.to_thread(_page, report, language, company, system, made_at)
        async with asyncio.timeout(SECONDS):
            return await pdf_of(html)
    except (TimeoutError, UserError) as error:
        reason = error.code if isinstance(error, UserError) else "timeout"
        log.warning("a report goes without its PDF", extra={"interview_id": report["interview_id"], "error": reason})
        return None


def _page(data: Mapping[str, Any], language: Language, company: str, system: str, made_at: datetime) -> str:
    report = report_of(data)
    catalogue = messages()

    def t(key: str, **params: object) -> str:
        return catalogue.text(language, key, {name: str(value) for name, value in params.items()})

    return (
        _pages()
        .get_template("hr_print.html")
        .render(
            t=t,
            lang=language.value,
            user=SimpleNamespace(shown=system),
            report=report,
            company=company,
            scores={score.competency_id: score for score in report.score.competencies},
            indicators=indicator_scores(report),
            given_back=GIVEN_BACK,
            printed_at=made_at,
            for_screen=False,
        )
    )


@cache
def _pages() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
