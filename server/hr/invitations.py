"""Inviting a candidate: a form, and the link that is shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aiohttp import web

from question_flows.model import Language
from server.errors import UserError
from server.hr.access import USER
from server.hr.by_mail import check_address, letters_of, mail_fields, text_to_pass_on
from server.hr.csv_checks import flow_of_job
from server.hr.form_ids import interview_id_of, new_form_id
from server.hr.forms import form_fields
from server.i18n import MESSAGES
from server.interview.flow_versions import offered
from server.interview.inviting import AlreadyInvited, Wanted
from server.keys import DATABASE, FLOWS, INTERVIEWS, MAILER, SETTINGS
from server.pages import LANGUAGE_NAMES, page_language, render
from server.storage.candidates import Candidates
from server.storage.jobs import Jobs

FIELDS = {
    "flow_id": "flow",
    "candidate_name": "name",
    "email": "email",
    "language": "language",
    "jurisdiction": "jurisdiction",
    "job": "job",
    "starts_at": "starts_at",
    "time_zone": "time_zone",
}
"""The core's name of a field → the form's."""

JURISDICTIONS = ("EU", "UK", "CN", "US-IL", "US-NY", "US-CA", "US-CO", "OTHER")


async def form(request: web.Request) -> web.StreamResponse:
    """The empty form; `?job=` chooses one, `?candidate=` invites somebody again."""
    sent = {"job": request.query.get("job", "")}
    if candidate_id := request.query.get("candidate", ""):
        candidate = await Candidates(request.app[DATABASE]).get(candidate_id)
        sent |= {"candidate": candidate.id, "name": candidate.name, "email": candidate.email or ""}
        sent["language"] = candidate.language
        # Else the form takes the reader's own.
        sent["time_zone"] = (await Candidates(request.app[DATABASE]).suits(candidate.id)).time_zone or ""
    return await _page(request, sent)


async def invite(request: web.Request) -> web.StreamResponse:
    """Makes the invitation and shows its link; it is kept as a hash only and cannot be shown again."""
    sent = await form_fields(request)
    now, settings = datetime.now(UTC), request.app[SETTINGS]
    try:
        wanted = await _wanted(request, sent)
        letters = letters_of(request, sent, now)
        check_address(sent, letters)
        [made] = await request.app[INTERVIEWS].invite_all([wanted], now, letters)
    except AlreadyInvited:
        names = [(wanted.candidate_name, wanted.interview_id)]
        return render(request, "hr_invited_before.html", status=409, user=request[USER], names=names)
    except UserError as error:
        return await _page(request, sent, error)
    name, link = sent["name"].strip(), link_of(request, made.token)
    expires_at = now + timedelta(days=settings.invitation_days)
    job = await Jobs(request.app[DATABASE]).get(wanted.job_id) if wanted.job_id else None
    return render(
        request,
        "hr_invited.html",
        user=request[USER],
        name=name,
        interview_id=made.interview_id,
        link=link,
        expires_at=expires_at,
        told=wanted.email.strip() if letters else "",
        can_mail=MAILER in request.app,
        message=text_to_pass_on(
            request, name, wanted.language, wanted.flow_id, job.title if job else "", link, expires_at
        ),
        message_language=wanted.language.value,
    )


def link_of(request: web.Request, token: str) -> str:
    """The address that a candidate opens."""
    base = request.app[SETTINGS].public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    return f"{base}/i/{token}"


def jurisdictions_offered(request: web.Request) -> tuple[str, ...]:
    """The laws that can be chosen; the settings' is among them."""
    own = request.app[SETTINGS].jurisdiction
    return JURISDICTIONS if own in JURISDICTIONS else (own, *JURISDICTIONS)


async def _wanted(request: web.Request, sent: Mapping[str, str]) -> Wanted:
    database = request.app[DATABASE]
    job = await Jobs(database).get(sent["job"]) if sent.get("job") else None
    # An address says who it is; without one, somebody who was chosen stays the same candidate.
    chosen, email = sent.get("candidate", ""), sent.get("email", "")
    candidate = await Candidates(database).get(chosen) if chosen and not email.strip() else None
    return Wanted(
        flow_id=flow_of_job(job, request.app[FLOWS]) if job else sent.get("flow", ""),
        language=_language(sent.get("language", "")),
        candidate_name=sent.get("name", ""),
        email=email,
        jurisdiction=sent.get("jurisdiction", "") or request.app[SETTINGS].jurisdiction,
        job_id=job.id if job else None,
        candidate_id=candidate.id if candidate else None,
        interview_id=interview_id_of(sent.get("form_id", ""), request[USER].id, 0),
    )


def _language(value: str) -> Language:
    try:
        return Language(value)
    except ValueError:
        raise UserError("language_not_offered", field="language") from None


async def _page(request: web.Request, sent: Mapping[str, str], error: UserError | None = None) -> web.Response:
    language, settings = page_language(request), request.app[SETTINGS]
    problem = request.app[MESSAGES].text(language, f"error.{error.code}", error.params) if error else ""
    jobs = await Jobs(request.app[DATABASE]).all()
    return render(
        request,
        "hr_invitations.html",
        status=error.status if error else 200,
        user=request[USER],
        sent=sent,
        form_id=sent.get("form_id") or new_form_id(),
        field=FIELDS.get(error.field or "") if error else None,
        problem=problem,
        jobs=[job for job in jobs if job.is_open],
        flows=[(flow.id, flow.title[language], len(flow.questions)) for flow in offered(request.app[FLOWS]).values()],
        interview_languages=[(code.value, name) for code, name in LANGUAGE_NAMES.items()],
        chosen_language=sent.get("language") or language.value,
        jurisdictions=jurisdictions_offered(request),
        known_laws=JURISDICTIONS,
        chosen_jurisdiction=sent.get("jurisdiction") or settings.jurisdiction,
        invitation_days=settings.invitation_days,
        **mail_fields(request, sent),
    )
