"""What has come in of a candidate who is erased and is not in the records yet: taken out, so that nobody comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.delivery.connector import Connector
from server.delivery.kept_incoming import INCOMING, decode, encode
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    FollowUpReturned,
    Incoming,
    InterviewOrdered,
)
from server.storage.erasure import Whole, parts
from server.storage.leasing import read_body
from server.storage.record_tables import inbox, remote_ids

AT_ONCE = 200
"""Ids looked for by one statement."""

Called = set[tuple[str, str]]
"""(kind, what the system calls one of theirs)."""


async def forget_waiting(
    connection: AsyncConnection, them: Whole, readers: Mapping[str, Connector], now: datetime
) -> int:
    """Takes out what waits and speaks of them by a connected system's ids, within the caller's transaction; how many.

    Before the ids are erased. Of an event that tells of others too the rest stays; it keeps its place, so that the same
    message is not taken in again. readers: connection → what reads its events; what nobody can read and
    holds an id by itself goes as a whole.
    """
    known: dict[str, Called] = {}
    for some in parts(them.ids, AT_ONCE):
        rows = await connection.execute(sa.select(remote_ids).where(remote_ids.c.local_id.in_(some)))
        for row in rows.all():
            known.setdefault(row.system, set()).add((row.kind, row.remote_id))
    count = 0
    for source, called in known.items():
        new = set(called)
        while new:
            # An application that only waits itself is a name of theirs too.
            found = set[tuple[str, str]]()
            for some in parts(sorted({remote_id for _, remote_id in new}), AT_ONCE):
                for row in await _speaking(connection, source, some):
                    incoming = _read(readers.get(source), row.type, await read_body(row.text))
                    if incoming is None and not _names(row.text, some):
                        continue
                    count += await _take_out(connection, row, incoming, _is_theirs(called, them, found), now)
            new = found - called
            called |= found
    return count


async def _speaking(connection: AsyncConnection, source: str, ids: Sequence[str]) -> Sequence[sa.Row[Any]]:
    text = sa.cast(inbox.c.body, sa.Text)
    # More than theirs: a short id is in many words. What it means is read.
    speaks = sa.or_(*(text.contains(json.dumps(one, ensure_ascii=False)[1:-1], autoescape=True) for one in ids))
    columns = inbox.c.source, inbox.c.event_id, inbox.c.type, text.label("text")
    query = sa.select(*columns).where(inbox.c.source == source, inbox.c.processed_at.is_(None), speaks)
    return (await connection.execute(query.order_by(inbox.c.received_at, inbox.c.event_id))).all()


def _read(reader: Connector | None, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming] | None:
    """None: nobody can read it."""
    try:
        if type_ == INCOMING:
            return decode(body)
        return None if reader is None else reader.read(type_, body)
    except Exception:  # noqa: BLE001
        # Whatever is wrong with it, or with its connector.
        return None


def _names(text: str, ids: Sequence[str]) -> bool:
    """Whether one of the ids stands there by itself, and not within a date or another id."""
    written = (re.escape(json.dumps(one, ensure_ascii=False)[1:-1]) for one in ids)
    return any(re.search(rf"(?<![\w.-]){one}(?![\w.:-])", text) for one in written)


def _is_theirs(called: Called, them: Whole, found: Called) -> Callable[[Incoming], bool]:
    """Tells theirs from others'; adds to `found` what an application of theirs is called."""

    def is_theirs(one: Incoming) -> bool:
        match one:
            case CandidateSeen():
                return ("candidate", one.remote_id) in called
            case ApplicationSeen():
                theirs = ("candidate", one.candidate_remote_id) in called or ("application", one.remote_id) in called
                if theirs:
                    found.add(("application", one.remote_id))
                return theirs
            case ApplicationWithdrawn():
                return ("application", one.remote_id) in called
            case InterviewOrdered():
                return ("candidate", one.candidate.remote_id) in called or ("interview", one.remote_id) in called
            case FollowUpReturned():
                return one.follow_up_id in them.follow_ups or ("follow_up", one.remote_id or "") in called
            case _:
                return False

    return is_theirs


async def _take_out(
    connection: AsyncConnection,
    row: sa.Row[Any],
    incoming: Sequence[Incoming] | None,
    is_theirs: Callable[[Incoming], bool],
    now: datetime,
) -> bool:
    rest = [one for one in incoming or () if not is_theirs(one)]
    if incoming is not None and len(rest) == len(incoming):
        return False
    values: dict[str, Any] = {"body": {}, "last_error": None, "dead": False, "processed_at": now}
    if rest:
        values = {"body": encode(rest), "type": INCOMING}
    its = inbox.c.source == row.source, inbox.c.event_id == row.event_id
    await connection.execute(inbox.update().where(*its).values(values))
    return True
