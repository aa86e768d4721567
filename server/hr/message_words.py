"""What HR calls the messages that go out, the systems that they go to, and whom they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from aiohttp import web

from server.hr.names import shown_name
from server.hr.process_list import ProcessList, Wanted
from server.i18n import MESSAGES
from server.keys import DATABASE
from server.mail.letter import DESTINATION as EMAIL
from server.pages import page_language, texts
from server.storage.delivery_log import LoggedMessage
from server.storage.interview_list import InterviewList
from server.storage.interview_list import Wanted as WantedInterviews
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


async def switched_off(request: web.Request) -> set[str]:
    """Ids of the connections that are off: what is for them waits."""
    async with request.app[DATABASE].read() as connection:
        return set(await connection.scalars(sa.select(connections.c.id).where(connections.c.is_on.is_(False))))


async def about_whom(request: web.Request, messages: Sequence[LoggedMessage]) -> Mapping[str, str]:
    """An application's or interview's id → its candidate, as the reader may see them; without those that are gone."""
    database = request.app[DATABASE]
    applied = {one.application_id for one in messages if one.application_id}
    interviewed = {one.interview_id for one in messages if one.interview_id and not one.application_id}
    applications = await ProcessList(database).page(Wanted(ids=applied, closed="all"), None, len(messages) or 1)
    found = await InterviewList(database).all(WantedInterviews(ids=list(interviewed))) if interviewed else []
    return {
        **{one.id: shown_name(request, one.candidate_name, one.candidate_id) for one in applications.rows},
        **{one.id: shown_name(request, one.candidate_name, one.known_as) for one in found},
    }


def type_names(request: web.Request, types: Iterable[str]) -> dict[str, str]:
    """Message type → what it tells, in the reader's language; one that nobody has named keeps its own."""
    catalogue, language = request.app[MESSAGES], page_language(request)
    keys = {type_: f"console.type_{type_.replace('.', '_')}" for type_ in types}
    known = catalogue.keys(language)
    return {type_: catalogue.text(language, key) if key in known else type_ for type_, key in keys.items()}
