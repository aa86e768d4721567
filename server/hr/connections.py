"""Connected systems: which there are, set up by a form that each kind of system describes, switched, tried."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from server.delivery.connections import Connection
from server.delivery.connector import Connector, Outgoing, Unreadable
from server.delivery.safe_client import NoAnswer
from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.message_words import type_names
from server.hr.schema_form import FormField, fields_of, given_in, secrets_in
from server.hr.texts import sentence
from server.i18n import MESSAGES
from server.keys import CONNECTIONS, CONNECTORS, DATABASE, SETTINGS
from server.pages import page_language, render, texts
from server.storage.delivery_log import DeliveryLog, Standing

TEST = "connection.test"
TEST_SECONDS = 20.0
WANTS = "wants."
"""How the name of a message type's box begins."""


async def list_page(request: web.Request) -> web.StreamResponse:
    """Every connection, and the kinds of systems that can be connected."""
    catalogue, found = request.app[CONNECTIONS], await request.app[CONNECTIONS].all()
    return render(
        request,
        "hr_connections.html",
        user=request[USER],
        found=found,
        given=sorted(catalogue.given),
        kinds=_kinds(request),
        called={kind: name for kind, name, _ in _kinds(request)},
        standings=await DeliveryLog(request.app[DATABASE]).standings(),
        nothing=Standing(),
    )


async def new_page(request: web.Request) -> web.StreamResponse:
    """The empty form for one kind. Raises UserError connection_kind_unknown (404)."""
    return await _new(request, request.match_info["kind"], {})


async def add(request: web.Request) -> web.StreamResponse:
    """Sets one up, on at once, then shows it."""
    sent = await form_fields(request)
    kind = sent.get("kind", "")
    connector = _connector(request, kind)
    try:
        made = await request.app[CONNECTIONS].add(
            kind,
            sent.get("name", ""),
            given_in(connector.Settings, sent, "settings"),
            {name: value for name, value in secrets_in(connector.Secrets, sent).items() if value is not None},
            datetime.now(UTC),
            subscriptions=_wanted(sent),
        )
    except UserError as error:
        return await _new(request, kind, sent, error)
    request[NOTE].subject = made.id
    raise web.HTTPSeeOther(f"/hr/connections/{made.id}")


async def page(request: web.Request) -> web.StreamResponse:
    """One connection. Raises UserError connection_unknown (404)."""
    return await _page(request, await _known(request))


async def change(request: web.Request) -> web.StreamResponse:
    """Keeps what the form says; a secret that it leaves empty stays as it is."""
    sent, one = await form_fields(request), await _known(request)
    connector = _connector(request, one.kind)
    try:
        await request.app[CONNECTIONS].change(
            one.id,
            name=sent.get("name", ""),
            settings=given_in(connector.Settings, sent, "settings"),
            secrets=secrets_in(connector.Secrets, sent),
            subscriptions=_wanted(sent),
        )
    except UserError as error:
        return await _page(request, one, sent, error)
    raise web.HTTPSeeOther(f"/hr/connections/{one.id}")


async def switch(request: web.Request) -> web.StreamResponse:
    """On: what has waited goes out. Off: it waits."""
    sent, one = await form_fields(request), await _known(request)
    is_on = sent.get("is_on") == "yes"
    await request.app[CONNECTIONS].switch(one.id, is_on)
    request[NOTE].action = "connection_switched_on" if is_on else "connection_switched_off"
    raise web.HTTPSeeOther(f"/hr/connections/{one.id}")


async def test(request: web.Request) -> web.StreamResponse:
    """Sends the system a message that says nothing, and asks it what is new; shows what came of it."""
    one, t = await _known(request), texts(request, page_language(request))["t"]
    connector = await request.app[CONNECTIONS].connector(one.id)
    if connector is None:
        error = UserError("connection_off", status=409)
        return await _page(request, one, error=error)
    failed, was_asked = await _tried(connector, datetime.now(UTC))
    if failed:
        return await _page(request, one, error=UserError("connection_test_failed", params={"error": failed}))
    return await _page(request, one, done=t("console.test_done" if was_asked else "console.test_nothing"))


async def _tried(connector: Connector, now: datetime) -> tuple[str, bool]:
    """(what went wrong or nothing, whether the system has answered anything at all)."""
    body = {"type": TEST, "timestamp": now.isoformat(), "data": {}}
    message = Outgoing(f"msg_{uuid.uuid4().hex}", TEST, body, None, None, now, 1, {})
    try:
        async with asyncio.timeout(TEST_SECONDS):
            sent = await connector.deliver(message, now)
            if not sent.delivered:
                return sent.error, True
            return "", await _answers(connector.poll({}, now)) or sent.status is not None
    except TimeoutError:
        return "timed out", True
    except (NoAnswer, Unreadable) as error:
        return str(error) or type(error).__name__, True


async def _answers(pages: AsyncIterator[object]) -> bool:
    """Whether there is a first page; what it knows is taken in by whoever asks regularly, not here."""
    try:
        return await anext(pages, None) is not None
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


def _wanted(sent: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(WANTS) for name in sent if name.startswith(WANTS)]


def _kinds(request: web.Request) -> list[tuple[str, str, str]]:
    """(kind, what it is called, what it does) in the reader's language."""
    return [
        (kind, _word(request, f"{kind}", kind), _word(request, f"{kind}_what", "")) for kind in request.app[CONNECTORS]
    ]


def _word(request: web.Request, key: str, otherwise: str) -> str:
    """A text about a kind of system; its own words where nobody has written one."""
    catalogue, language = request.app[MESSAGES], page_language(request)
    known = f"connections.{key}"
    return catalogue.text(language, known) if known in catalogue.keys(language) else otherwise


def _connector(request: web.Request, kind: str) -> type[Connector]:
    found = request.app[CONNECTORS].get(kind)
    if found is None:
        raise UserError("connection_kind_unknown", status=404)
    return found


async def _known(request: web.Request) -> Connection:
    id_ = request.match_info["connection_id"]
    found = await request.app[CONNECTIONS].get(id_ if id_.isprintable() else "")
    if found is None:
        raise UserError("connection_unknown", status=404)
    return found


async def _new(
    request: web.Request, kind: str, sent: Mapping[str, str], error: UserError | None = None
) -> web.Response:
    connector = _connector(request, kind)
    return render(
        request,
        "hr_connection_new.html",
        status=error.status if error else 200,
        user=request[USER],
        kind=kind,
        called=_word(request, kind, kind),
        what=_word(request, f"{kind}_what", ""),
        **_form(request, kind, {}, connector.SUBSCRIPTIONS, sent, error),
    )


async def _page(
    request: web.Request,
    one: Connection,
    sent: Mapping[str, str] | None = None,
    error: UserError | None = None,
    done: str = "",
) -> web.Response:
    # Switched or changed meanwhile: what is shown is what holds.
    one = await request.app[CONNECTIONS].get(one.id) or one
    base = request.app[SETTINGS].public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    standings = await DeliveryLog(request.app[DATABASE]).standings()
    return render(
        request,
        "hr_connection.html",
        status=error.status if error else 200,
        user=request[USER],
        one=one,
        called=_word(request, one.kind, one.kind),
        incoming=f"{base}/ehr/in/{one.id}/",
        standing=standings.get(one.id, Standing()),
        done=done,
        **_form(request, one.kind, one.settings, one.subscriptions, sent or {"name": one.name}, error, is_new=False),
    )


def _form(
    request: web.Request,
    kind: str,
    settings: Mapping[str, Any],
    subscriptions: Sequence[str],
    sent: Mapping[str, str],
    error: UserError | None,
    *,
    is_new: bool = True,
) -> dict[str, Any]:
    """What the form shows. What was sent is shown again, but for secrets."""
    connector = _connector(request, kind)
    was_sent = "kind" in sent or any(name.startswith("settings.") for name in sent)
    field = error.field if error else None

    def shown(model_part: str, fields: Sequence[FormField]) -> list[dict[str, Any]]:
        found = []
        for one in fields:
            name = f"{model_part}.{one.name}"
            value = sent.get(name, "") if was_sent and one.kind != "secret" else one.value
            label = _word(request, f"{kind}_{one.name}", _word(request, f"any_{one.name}", one.name.replace("_", " ")))
            hint = _word(request, f"{kind}_{one.name}_hint", _word(request, f"any_{one.name}_hint", one.text))
            is_needed = one.is_required and (one.kind != "secret" or is_new)
            found.append(
                {"name": name, "kind": one.kind, "label": label, "hint": hint, "value": value}
                | {"is_needed": is_needed, "can_go": one.kind == "secret" and not one.is_required and not is_new}
                | {"options": one.options}
            )
        return found

    parts = {"settings": fields_of(connector.Settings, settings), "secrets": fields_of(connector.Secrets, {})}
    fields = {part: shown(part, of) for part, of in parts.items()}
    labels = {one["name"]: one["label"] for of in fields.values() for one in of}
    if error is not None and "field" in error.params:
        # The form's own word for the field, instead of the model's.
        called = labels.get(field or "", field or "")
        error = UserError(error.code, status=error.status, field=field, params={**error.params, "field": called})
    wanted = _wanted(sent) if was_sent else subscriptions
    types = type_names(request, connector.SUBSCRIPTIONS)
    return {
        "sent": sent,
        "fields": fields,
        "subscriptions": [(type_, name, type_ in wanted) for type_, name in types.items()],
        "is_new": is_new,
        "field": field if field in labels or field == "name" else None,
        "problem": sentence(request, error),
    }
