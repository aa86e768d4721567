"""The report for paper: a page of its own with the company's name, as HTML that prints and as PDF."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
from aiohttp import web

from server.hr.access import USER
from server.hr.monitor import state_of
from server.hr.names import shown_report
from server.i18n import MESSAGES
from server.interview.indicator_scores import indicator_scores
from server.interview.report import Report
from server.interview.state import GIVEN_BACK
from server.keys import SETTINGS
from server.pages import page_language, render, texts
from server.pdf import pdf_of


async def page(request: web.Request) -> web.Response:
    """The report as a page that prints."""
    report = await _report(request)
    return render(request, "hr_print.html", **_context(request, report), for_screen=True)


async def pdf(request: web.Request) -> web.Response:
    """The same as a PDF. Raises UserError pdf_needs_pango (501), pdf_failed (500)."""
    report = await _report(request)
    context = {**texts(request, page_language(request)), **_context(request, report), "for_screen": False}
    html = await asyncio.to_thread(aiohttp_jinja2.render_string, "hr_print.html", request, context)
    return web.Response(
        body=await pdf_of(html),
        content_type="application/pdf",
        headers={"Content-Disposition": disposition(_name(request, report))},
    )


def disposition(name: str) -> str:
    """The header that saves a file under this name (RFC 6266): as it is, and in ASCII for older programs."""
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _report(request: web.Request) -> Report:
    await state_of(request)
    return await shown_report(request, request.match_info["interview_id"])


def _context(request: web.Request, report: Report) -> dict[str, Any]:
    return {
        "user": request[USER],
        "report": report,
        "company": request.app[SETTINGS].company_name,
        "scores": {score.competency_id: score for score in report.score.competencies},
        "indicators": indicator_scores(report),
        "given_back": GIVEN_BACK,
        "printed_at": datetime.now(UTC),
    }


def _name(request: web.Request, report: Report) -> str:
    title = request.app[MESSAGES].text(page_language(request), "hr.report")
    return f"{title} {report.candidate_name} {report.interview_id[:8]}.pdf"
