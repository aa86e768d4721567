"""Long lists a page at a time, by a cursor that holds still while rows come and go: keyset, no offset."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from server.storage.database import Database

T = TypeVar("T")

PAGE = 50
_LONGEST_CURSOR = 1000
_LARGEST_NUMBER = 2**63
_YEARS = (1970, 9000)


@dataclass(frozen=True, slots=True)
class Order:
    """By this expression, never NULL, and the id where that is the same for several rows."""

    by: sa.ColumnElement[Any]
    id: sa.ColumnElement[str]
    descending: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind this row or, backwards, before it."""

    value: Any
    id: str
    backwards: bool = False

    def __str__(self) -> str:
        value = {"at": self.value.isoformat()} if isinstance(self.value, datetime) else self.value
        packed = json.dumps([value, self.id, self.backwards], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list. total: of the whole list. before, after: cursors of the pages beside it, or None."""

    rows: Sequence[T]
    total: int
    before: str | None
    after: str | None


def cursor_of(text: str) -> Cursor | None:
    """The cursor in an address; None for none, and for what is none."""
    try:
        packed = base64.urlsafe_b64decode(text[:_LONGEST_CURSOR] + "=" * (-len(text) % 4))
        value, id_, backwards = json.loads(packed)
        if isinstance(value, dict):
            value = datetime.fromisoformat(value["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(id_, str) or not id_.isprintable() or not _can_be_asked_for(value):
        return None
    return Cursor(value, id_, backwards is True)


def _can_be_asked_for(value: object) -> bool:
    """Whether a database takes it: addresses are anybody's to write."""
    match value:
        case bool():
            return False
        case int() | float():
            return -_LARGEST_NUMBER < value < _LARGEST_NUMBER
        case str():
            return not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in value)
        case datetime():
            return value.tzinfo is not None and _YEARS[0] <= value.year <= _YEARS[1]
        case _:
            return False


async def read_page(
    database: Database,
    query: sa.Select[Any],
    order: Order,
    cursor: Cursor | None,
    row_of: Callable[[sa.Row[Any]], T],
    limit: int = PAGE,
) -> Page[T]:
    """One page of the query, which holds no order of its own. Two statements, however long the list is."""
    backwards = cursor is not None and cursor.backwards
    descending = order.descending != backwards
    shown = query.add_columns(order.by.label("_by"), order.id.label("_id"))
    if cursor is not None and _fits(order.by, cursor.value):
        shown = shown.where(_beyond(order, cursor, descending=descending))
    by = (order.by.desc(), order.id.desc()) if descending else (order.by.asc(), order.id.asc())
    async with database.read() as connection:
        total = await connection.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
        # One more than is shown says whether there is a page behind this one.
        found = list((await connection.execute(shown.order_by(*by).limit(limit + 1))).all())
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    has_before, has_after = (more, True) if backwards else (cursor is not None, more)
    return Page(
        [row_of(row) for row in found],
        total or 0,
        str(Cursor(found[0]._by, found[0]._id, True)) if found and has_before else None,
        str(Cursor(found[-1]._by, found[-1]._id)) if found and has_after else None,
    )


def _beyond(order: Order, cursor: Cursor, *, descending: bool) -> sa.ColumnElement[bool]:
    value, id_ = sa.literal(cursor.value, order.by.type), sa.literal(cursor.id)
    if descending:
        return sa.and_(order.by <= value, sa.or_(order.by < value, order.id < id_))
    return sa.and_(order.by >= value, sa.or_(order.by > value, order.id > id_))


def _fits(column: sa.ColumnElement[Any], value: Any) -> bool:
    """Whether the cursor is of a list in this order, and not of one that was sorted otherwise."""
    if isinstance(column.type, sa.String):
        return isinstance(value, str)
    if isinstance(column.type, sa.Float):
        return isinstance(value, int | float)
    return isinstance(value, datetime)
