"""What people do with an application on its page: move it, order something for it, close it, open it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.applications import application_page, visible_application
from server.hr.audited import NOTE
from server.hr.by_mail import text_to_pass_on
from server.hr.form_ids import interview_id_of
from server.hr.forms import form_fields
from server.hr.invitations import link_of
from server.hr.reasons import CONSOLE
from server.keys import FLOWS, MAILER, RECORDS, SETTINGS
from server.pages import render
from server.records.application_events import FollowUpKind, Outcome, Step
from server.storage.hr_user import name_of

E = TypeVar("E", bound=StrEnum)
Act = Callable[[web.Request, str, Mapping[str, str], datetime], Awaitable[web.StreamResponse | None]]


def acting(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A form's view: does it, then shows the application; what was wrong is said at the form."""

    async def view(request: web.Request) -> web.StreamResponse:
        sent = await form_fields(request)
        one = await visible_application(request)
        try:
            answer = await act(request, one.id, sent, datetime.now(UTC))
        except UserError as error:
            return await application_page(request, sent, error)
        if answer is not None:
            return answer
        raise web.HTTPSeeOther(f"/hr/applications/{one.id}")

    return view


async def _move(request: web.Request, id_: str, sent: Mapping[str, str], now: datetime) -> None:
    step = _one_of(Step, sent, "step")
    await request.app[RECORDS].acts.advance(id_, step, request[USER].id, _reason(sent), now)
    request[NOTE].detail["to"] = step.value


async def _order_interview(
    request: web.Request, id_: str, sent: Mapping[str, str], now: datetime
) -> web.StreamResponse | None:
    flow_id = sent.get("flow", "")
    if flow_id not in request.app[FLOWS]:
        raise UserError("flow_unknown", field="flow")
    made = await request.app[RECORDS].acts.order_interview(
        id_,
        request[USER].id,
        now,
        flow_id=flow_id,
        interview_id=_made_id(request, id_, sent, 0),
    )
    if made is None or made.is_told:
        return None
    return await _link(request, flow_id, made.interview_id, made.token, now)


def _made_id(request: web.Request, application_id: str, sent: Mapping[str, str], row: int) -> str | None:
    """As `interview_id_of`, of this application's form: the same id in another's form is another form."""
    form_id = sent.get("form_id", "")
    return interview_id_of(application_id + form_id, request[USER].id, row) if form_id else None


async def _link(request: web.Request, flow_id: str, interview_id: str, token: str, now: datetime) -> web.StreamResponse:
    """Nobody else brings the candidate the link: it is shown, this once, with words to pass it on."""
    one, flow = await visible_application(request), request.app[FLOWS][flow_id]
    known = (await request.app[RECORDS].people.get(one.candidate_id)).language
    language = known if known in flow.languages else flow.languages[0]
    link = link_of(request, token)
    expires_at = now + timedelta(days=request.app[SETTINGS].invitation_days)
    return render(
        request,
        "hr_invited.html",
        user=request[USER],
        name=one.candidate_name,
        interview_id=interview_id,
        link=link,
        expires_at=expires_at,
        told="",
        can_mail=MAILER in request.app,
        message=text_to_pass_on(request, one.candidate_name, language, flow_id, one.job, link, expires_at),
        message_language=language.value,
    )


async def _order_follow_up(request: web.Request, id_: str, sent: Mapping[str, str], now: datetime) -> None:
    kind = _one_of(FollowUpKind, sent, "kind")
    department = _department(sent) if kind is FollowUpKind.DEPARTMENT_RATING else ""
    await request.app[RECORDS].acts.order_follow_up(
        id_,
        kind,
        request[USER].id,
        now,
        connection_id=sent.get("connection") or None,
        department=department,
        follow_up_id=_made_id(request, id_, sent, 1),
    )
    request[NOTE].detail["kind"] = kind.value


async def _close(request: web.Request, id_: str, sent: Mapping[str, str], now: datetime) -> None:
    outcome, reason = _one_of(Outcome, sent, "outcome"), _reason(sent)
    if sent.get("confirm") != "yes":
        raise UserError("not_confirmed", field="confirm")
    await request.app[RECORDS].acts.close(id_, outcome, request[USER].id, reason, now)


async def _reopen(request: web.Request, id_: str, sent: Mapping[str, str], now: datetime) -> None:
    await request.app[RECORDS].acts.reopen(id_, request[USER].id, _reason(sent), now)


async def _cancel(request: web.Request, id_: str, sent: Mapping[str, str], now: datetime) -> None:
    await request.app[RECORDS].acts.cancel_follow_up(id_, sent.get("follow_up", ""), now)


move = acting(_move)
order_interview = acting(_order_interview)
order_follow_up = acting(_order_follow_up)
close = acting(_close)
reopen = acting(_reopen)
cancel_follow_up = acting(_cancel)


async def open_for_candidate(request: web.Request) -> web.StreamResponse:
    """Opens an application of the candidate of the address for a job; one that is open already is shown."""
    sent = await form_fields(request)
    application_id = await request.app[RECORDS].applications.open_for(
        request.match_info["candidate_id"], sent.get("job", ""), CONSOLE, datetime.now(UTC)
    )
    await request.app[RECORDS].carry_on(application_id, datetime.now(UTC))
    raise web.HTTPSeeOther(f"/hr/applications/{application_id}")


def _reason(sent: Mapping[str, str]) -> str:
    reason = sent.get("reason", "").strip()
    if not reason:
        raise UserError("act_reason_missing", field="reason")
    return reason


def _department(sent: Mapping[str, str]) -> str:
    try:
        department = name_of(sent.get("department", ""))
    except UserError as error:
        raise UserError(error.code, field="department", params=error.params) from None
    if not department:
        raise UserError("department_missing", field="department")
    return department


def _one_of(kind: type[E], sent: Mapping[str, str], name: str) -> E:
    try:
        return kind(sent.get(name, ""))
    except ValueError:
        raise UserError("choose_from_list", field=name) from None
