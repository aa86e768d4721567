"""HR's people: who has which role, inviting by a one-time link, switching accounts off and on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER, USERS
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.texts import sentence
from server.keys import DATABASE, SETTINGS
from server.pages import render
from server.storage.hr_user import HrUser, Role, name_of
from server.storage.people import People

LINK_HOURS = 72.0
PASSWORD_LINK_HOURS = 24.0


async def page(request: web.Request) -> web.StreamResponse:
    """Everybody, and the form that invites somebody."""
    return await _page(request, {})


async def invite(request: web.Request) -> web.StreamResponse:
    """Makes a one-time link for one account and shows it once."""
    sent, now = await form_fields(request), datetime.now(UTC)
    try:
        role = role_of(sent)
        token = await request.app[USERS].issue_link(
            now,
            LINK_HOURS,
            role=role,
            name=name_of(sent.get("name", "")),
            department=_department(sent),
            email=sent.get("email", ""),
        )
    except UserError as error:
        return await _page(request, sent, error)
    request[NOTE].detail["role"] = role.value
    return _link(request, token, "invited", role=role)


async def person(request: web.Request) -> web.StreamResponse:
    """One account, with what may be changed."""
    return await _person(request, {})


async def change(request: web.Request) -> web.StreamResponse:
    """Changes name, department and role."""
    sent, user_id = await form_fields(request), request.match_info["user_id"]
    try:
        role = role_of(sent)
        before = await _people(request).change(
            user_id, role=role, name=sent.get("name", ""), department=_department(sent)
        )
    except UserError as error:
        return await _person(request, sent, error)
    if before is not role:
        request[NOTE].action = "role_changed"
        request[NOTE].detail.update({"from": before.value, "to": role.value})
    raise web.HTTPSeeOther("/hr/people")


async def disable(request: web.Request) -> web.StreamResponse:
    """Switches the account off: it is signed out everywhere within seconds."""
    try:
        await _people(request).disable(request.match_info["user_id"], datetime.now(UTC))
    except UserError as error:
        return await _person(request, {}, error)
    raise web.HTTPSeeOther("/hr/people")


async def enable(request: web.Request) -> web.StreamResponse:
    """Switches the account on again."""
    await _people(request).enable(request.match_info["user_id"])
    raise web.HTTPSeeOther(f"/hr/people/{request.match_info['user_id']}")


async def end_sessions(request: web.Request) -> web.StreamResponse:
    """Signs this person out everywhere."""
    await _people(request).end_sessions(request.match_info["user_id"])
    raise web.HTTPSeeOther(f"/hr/people/{request.match_info['user_id']}")


async def password_link(request: web.Request) -> web.StreamResponse:
    """Makes a one-time link by which this person chooses a new password, and shows it once."""
    found = await _people(request).get(request.match_info["user_id"])
    if found.disabled_at is not None:
        return await _person(request, {}, UserError("account_disabled", status=409))
    token = await request.app[USERS].issue_link(datetime.now(UTC), PASSWORD_LINK_HOURS, user_id=found.user.id)
    return _link(request, token, "password", person=found.user)


def role_of(sent: Mapping[str, str]) -> Role:
    """The role that a form or a command names. Raises UserError role_unknown."""
    try:
        return Role(sent.get("role", ""))
    except ValueError:
        raise UserError("role_unknown", field="role") from None


def _department(sent: Mapping[str, str]) -> str:
    try:
        return name_of(sent.get("department", ""))
    except UserError as error:
        raise UserError(error.code, field="department", params=error.params) from None


def _people(request: web.Request) -> People:
    return People(request.app[DATABASE])


async def _page(request: web.Request, sent: Mapping[str, str], error: UserError | None = None) -> web.Response:
    return render(
        request,
        "hr_people.html",
        status=error.status if error else 200,
        user=request[USER],
        people=await _people(request).all(),
        roles=[role.value for role in Role],
        sent=sent,
        problem=sentence(request, error),
        field=error.field if error else None,
        link_hours=round(LINK_HOURS),
    )


async def _person(request: web.Request, sent: Mapping[str, str], error: UserError | None = None) -> web.Response:
    found = await _people(request).get(request.match_info["user_id"])
    return render(
        request,
        "hr_person.html",
        status=error.status if error else 200,
        user=request[USER],
        person=found,
        roles=[role.value for role in Role],
        sent=sent,
        problem=sentence(request, error),
        field=error.field if error else None,
    )


def _link(
    request: web.Request, token: str, kind: str, *, role: Role | None = None, person: HrUser | None = None
) -> web.Response:
    base = request.app[SETTINGS].public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    hours = round(PASSWORD_LINK_HOURS if kind == "password" else LINK_HOURS)
    return render(
        request,
        "hr_person_link.html",
        user=request[USER],
        kind=kind,
        link=f"{base}/hr/welcome/{token}",
        hours=hours,
        role=role,
        person=person,
    )
