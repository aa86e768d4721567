"""What HR calls the messages that go out, and the systems that they go to."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from aiohttp import web

from server.i18n import MESSAGES
from server.keys import DATABASE
from server.mail.letter import DESTINATION as EMAIL
from server.pages import page_language, texts
from server.storage.outbox import BUILTIN
from server.storage.record_tables import connections


async def destination_names(request: web.Request) -> dict[str, str]:
    """Id → name, in the reader's language where it is ours to name; the built-in one and e-mail first, then by name."""
    t = texts(request, page_language(request))["t"]
    ours = {BUILTIN: t("console.builtin"), EMAIL: t("console.type_email_send")}
    return {**ours, **await connection_names(request)}


async def connection_names(request: web.Request) -> dict[str, str]:
    """Id → name of the connected systems, by name."""
    query = sa.select(connections.c.id, connections.c.name).order_by(connections.c.name)
    async with request.app[DATABASE].read() as connection:
        return {row.id: row.name for row in (await connection.execute(query)).all()}


def type_names(request: web.Request, types: Iterable[str]) -> dict[str, str]:
    """Message type → what it tells, in the reader's language; one that nobody has named keeps its own."""
    catalogue, language = request.app[MESSAGES], page_language(request)
    keys = {type_: f"console.type_{type_.replace('.', '_')}" for type_ in types}
    known = catalogue.keys(language)
    return {type_: catalogue.text(language, key) if key in known else type_ for type_, key in keys.items()}
