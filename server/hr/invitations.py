"""Inviting a candidate: a form, and the link that is shown once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from question_flows.model import Language
from server.errors import UserError
from server.hr.access import USER
from server.hr.forms import form_fields
from server.i18n import MESSAGES
from server.keys import FLOWS, INTERVIEWS, SETTINGS
from server.pages import LANGUAGE_NAMES, page_language, render

FIELDS = {
    "flow_id": "flow",
    "candidate_name": "name",
    "email": "email",
    "language": "language",
    "jurisdiction": "jurisdiction",
}
"""The core's name of a field → the form's."""

JURISDICTIONS = ("EU", "UK", "CN", "US-IL", "US-NY", "US-CA", "US-CO", "OTHER")


async def form(request: web.Request) -> web.StreamResponse:
    """The empty form."""
    return _page(request, {})


async def invite(request: web.Request) -> web.StreamResponse:
    """Makes the invitation and shows its link; it is kept as a hash only and cannot be shown again."""
    sent = await form_fields(request)
    now, settings = datetime.now(UTC), request.app[SETTINGS]
    try:
        interview_id, token = await request.app[INTERVIEWS].invite(
            flow_id=sent.get("flow", ""),
            language=_language(sent.get("language", "")),
            candidate_name=sent.get("name", ""),
            email=sent.get("email", ""),
            jurisdiction=sent.get("jurisdiction", "") or settings.jurisdiction,
            now=now,
        )
    except UserError as error:
        return _page(request, sent, error)
    base = settings.public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    return render(
        request,
        "hr_invited.html",
        user=request[USER],
        name=sent["name"].strip(),
        interview_id=interview_id,
        link=f"{base}/i/{token}",
        expires_at=now + timedelta(days=settings.invitation_days),
    )


def _language(value: str) -> Language:
    try:
        return Language(value)
    except ValueError:
        raise UserError("language_not_offered", field="language") from None


def _page(request: web.Request, sent: dict[str, Any], error: UserError | None = None) -> web.Response:
    language, settings = page_language(request), request.app[SETTINGS]
    problem = request.app[MESSAGES].text(language, f"error.{error.code}", error.params) if error else ""
    known = JURISDICTIONS if settings.jurisdiction in JURISDICTIONS else (settings.jurisdiction, *JURISDICTIONS)
    return render(
        request,
        "hr_invitations.html",
        status=error.status if error else 200,
        user=request[USER],
        sent=sent,
        field=FIELDS.get(error.field or "") if error else None,
        problem=problem,
        flows=[(flow.id, flow.title[language], len(flow.questions)) for flow in request.app[FLOWS].values()],
        interview_languages=[(code.value, name) for code, name in LANGUAGE_NAMES.items()],
        chosen_language=sent.get("language") or language.value,
        jurisdictions=known,
        known_laws=JURISDICTIONS,
        chosen_jurisdiction=sent.get("jurisdiction") or settings.jurisdiction,
        invitation_days=settings.invitation_days,
    )
