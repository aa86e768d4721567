"""Feedback for the candidate: a draft of strengths and one thing to work on, which a person edits and releases."""

from __future__ import annotations

import asyncio

from aiohttp import web

from question_flows.model import Flow
from server.errors import UserError
from server.hr.access import USER
from server.hr.forms import form_fields
from server.hr.monitor import session_of, state_of
from server.i18n import MESSAGES, Messages
from server.interview.commands import LONGEST_LETTER, ReleaseFeedback
from server.interview.report import Report
from server.interview.state import Status
from server.interview.strengths import strengths_of
from server.keys import INTERVIEWS, SETTINGS
from server.pages import page_language, render


async def page(request: web.Request) -> web.Response:
    """What the candidate has been told, else the draft."""
    return await _page(request)


async def release(request: web.Request) -> web.Response:
    """Gives the candidate the text, and shows the page again."""
    session = await session_of(request)
    # A browser ends lines with CR LF.
    text = (await form_fields(request)).get("text", "").replace("\r\n", "\n")
    try:
        await session.execute(ReleaseFeedback(text, request[USER].email))
    except UserError as error:
        return await _page(request, text, error)
    raise web.HTTPSeeOther(f"/hr/interviews/{session.interview_id}/feedback")


def draft(report: Report, flow: Flow, company: str, messages: Messages) -> str:
    """The text in the interview's language. It holds the candidate's own words, and never a score."""

    def t(key: str, **params: str) -> str:
        return messages.text(report.language, f"letter.{key}", params)

    found = strengths_of(report, flow)
    shown = [t("strength", name=one.name, quote=one.quote) for one in found.strengths]
    parts = [
        t("greeting", name=report.candidate_name),
        t("thanks", job=report.job),
        "\n".join([t("strengths"), *shown]) if shown else "",
        t("work_on", name=found.work_on.name, advice=found.work_on.advice) if found.work_on else "",
        "" if shown or found.work_on else t("none"),
        t("closing"),
        company or t("nobody"),
    ]
    return "\n\n".join(part for part in parts if part)


async def _page(request: web.Request, sent: str | None = None, error: UserError | None = None) -> web.Response:
    state = await state_of(request)
    interviews, messages = request.app[INTERVIEWS], request.app[MESSAGES]
    report = await interviews.report(request.match_info["interview_id"])
    company = request.app[SETTINGS].company_name
    made = await asyncio.to_thread(draft, report, interviews.flow_of(state), company, messages)
    text = sent if sent is not None else state.letter.given.text if state.letter else made
    problem = messages.text(page_language(request), f"error.{error.code}", error.params) if error else ""
    return render(
        request,
        "hr_letter.html",
        status=error.status if error else 200,
        user=request[USER],
        interview_id=report.interview_id,
        name=report.candidate_name,
        job=report.job,
        language=report.language,
        letter=state.letter,
        is_over=state.status is Status.COMPLETED,
        text=text,
        draft=made,
        longest=LONGEST_LETTER,
        problem=problem,
    )
