"""Inviting many: a list uploaded or pasted, every bad row named and nothing invited, or all of it with its links."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aiohttp import BodyPartReader, web

from question_flows.model import Language
from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.by_mail import letters_of, mail_fields
from server.hr.csv_cells import csv_file
from server.hr.csv_checks import Defaults, Known, Problem, check_rows
from server.hr.csv_reading import MOST_BYTES, MOST_ROWS, Row, rows_of, text_of
from server.hr.form_ids import interview_id_of, new_form_id
from server.hr.invitations import JURISDICTIONS, jurisdictions_offered, link_of
from server.i18n import MESSAGES
from server.interview.flow_versions import offered
from server.interview.inviting import AlreadyInvited, Invited, Wanted
from server.keys import DATABASE, FLOWS, INTERVIEWS, SETTINGS
from server.pages import LANGUAGE_NAMES, page_language, render
from server.storage.jobs import Jobs
from server.storage.running_invitations import running_invitations

LARGEST_REQUEST = 2 * MOST_BYTES + 100_000
"""Bytes: a file and a text beside it, each as large as may be: it is this page that says what is too large."""


@dataclass(frozen=True, slots=True)
class Made:
    """One line of the links' page."""

    name: str
    email: str
    interview_id: str
    link: str
    is_told: bool


async def form(request: web.Request) -> web.StreamResponse:
    """The empty form; `?job=` chooses one."""
    return await _page(request, {"job": request.query.get("job", "")})


async def invite(request: web.Request) -> web.StreamResponse:
    """Invites everybody in the list, or names every row that is not right and invites nobody."""
    sent: dict[str, str] = {}
    try:
        await _read(request, sent)
        rows = rows_of(sent["text"])
        right, problems = check_rows(rows, await _defaults(request, sent), await _known(request))
        letters = letters_of(request, sent, datetime.now(UTC))
        form_id, user_id, now = sent.get("form_id", ""), request[USER].id, datetime.now(UTC)
        wanted = [replace(one, interview_id=interview_id_of(form_id, user_id, row.number)) for row, one in right]
        if not problems and await _was_sent(request, wanted):
            return _again(request, wanted)
        problems += await _running(request, right, now)
        if problems:
            return await _page(request, sent, problems=sorted(problems, key=lambda one: one.row), rows=len(rows))
        try:
            made = await request.app[INTERVIEWS].invite_all(wanted, now, letters)
        except AlreadyInvited:
            return _again(request, wanted)
    except UserError as error:
        return await _page(request, sent, error)
    request[NOTE].detail["interviews"] = len(made)
    return _links(request, wanted, made, now, letters.told if letters else set())


async def _read(request: web.Request, sent: dict[str, str]) -> None:
    """Puts the form's fields into sent; `text` is the list itself, of the file if there is one."""
    if request.content_type != "multipart/form-data":
        raise UserError("bad_request")
    try:
        parts = await _parts(request)
        sent.update({name: data.decode() for name, data in parts.items() if name not in ("file", "text")})
    except ValueError:
        raise UserError("bad_request") from None
    sent["text"] = ""
    sent["text"] = text_of(parts.get("file") or parts.get("text", b""))


async def _parts(request: web.Request) -> dict[str, bytes]:
    """The form's fields by name, read piece by piece. Raises UserError csv_too_large (413); ValueError."""
    found: dict[str, bytes] = {}
    left = LARGEST_REQUEST
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise ValueError("not a form's part")
        data = bytearray()
        while piece := await part.read_chunk():
            data += piece
            left -= len(piece)
            if left < 0:
                raise UserError("csv_too_large", status=413, field="file")
        found[part.name] = bytes(data)
    return found


async def _defaults(request: web.Request, sent: Mapping[str, str]) -> Defaults:
    job = await Jobs(request.app[DATABASE]).get(sent["job"]) if sent.get("job") else None
    try:
        language = Language(sent.get("language", ""))
    except ValueError:
        raise UserError("language_not_offered", field="language") from None
    if job is None and sent.get("flow", "") not in request.app[FLOWS]:
        raise UserError("flow_unknown", field="flow")
    law = sent.get("jurisdiction", "") or request.app[SETTINGS].jurisdiction
    return Defaults(job, sent.get("flow", ""), language, law)


async def _known(request: web.Request) -> Known:
    jobs, flows = await Jobs(request.app[DATABASE]).all(), request.app[FLOWS]
    return Known(flows, jobs, jurisdictions_offered(request))


async def _was_sent(request: web.Request, wanted: Sequence[Wanted]) -> bool:
    """Whether the same form has made these: else they would be named as doubles of themselves."""
    first = wanted[0].interview_id if wanted else None
    return first is not None and await request.app[INTERVIEWS].event_log.row(first) is not None


async def _running(request: web.Request, right: Sequence[tuple[Row, Wanted]], now: datetime) -> list[Problem]:
    """Rows whose address has been invited for the same job already, and can still take part."""
    running = await running_invitations(request.app[DATABASE], {one.email for _, one in right if one.email}, now)
    problems = []
    for row, one in right:
        since = running.get((one.email, one.job_id or one.flow_id)) if one.email else None
        if since is not None:
            problems.append(Problem(row.number, "email", "csv_running", {"day": since.strftime("%Y-%m-%d")}))
    return problems


def _again(request: web.Request, wanted: Sequence[Wanted]) -> web.Response:
    names = [(one.candidate_name, one.interview_id) for one in wanted]
    return render(request, "hr_invited_before.html", status=409, user=request[USER], names=names)


def _links(
    request: web.Request, wanted: Sequence[Wanted], made: Sequence[Invited], now: datetime, told: set[str]
) -> web.Response:
    lines = [
        Made(
            one.candidate_name,
            one.email,
            invited.interview_id,
            link_of(request, invited.token),
            invited.interview_id in told,
        )
        for one, invited in zip(wanted, made, strict=True)
    ]
    language, messages, settings = page_language(request), request.app[MESSAGES], request.app[SETTINGS]
    heading = [messages.text(language, f"lists.column_{name}") for name in ("name", "email", "link")]
    file = csv_file([heading, *([one.name, one.email, one.link] for one in lines)])
    return render(
        request,
        "hr_invited_many.html",
        user=request[USER],
        lines=lines,
        # The links are kept nowhere: the file is in the page, and leaves it without coming here again.
        file=base64.b64encode(file).decode(),
        expires_at=now + timedelta(days=settings.invitation_days),
    )


async def _page(
    request: web.Request,
    sent: Mapping[str, str],
    error: UserError | None = None,
    problems: Sequence[Problem] = (),
    rows: int = 0,
) -> web.Response:
    language, settings, messages = page_language(request), request.app[SETTINGS], request.app[MESSAGES]
    jobs = await Jobs(request.app[DATABASE]).all()
    return render(
        request,
        "hr_invitations_csv.html",
        status=error.status if error else 400 if problems else 200,
        user=request[USER],
        sent=sent,
        form_id=sent.get("form_id") or new_form_id(),
        field=error.field if error else None,
        problem=messages.text(language, f"error.{error.code}", error.params) if error else "",
        problems=[(one, messages.text(language, f"error.{one.code}", one.params)) for one in problems],
        bad_rows=len({one.row for one in problems}),
        rows=rows,
        most_rows=MOST_ROWS,
        jobs=[job for job in jobs if job.is_open],
        flows=[(flow.id, flow.title[language]) for flow in offered(request.app[FLOWS]).values()],
        interview_languages=[(code.value, name) for code, name in LANGUAGE_NAMES.items()],
        chosen_language=sent.get("language") or language.value,
        jurisdictions=jurisdictions_offered(request),
        known_laws=JURISDICTIONS,
        chosen_jurisdiction=sent.get("jurisdiction") or settings.jurisdiction,
        invitation_days=settings.invitation_days,
        **mail_fields(request, sent),
    )
