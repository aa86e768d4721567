"""What the fields of the API's models are made of: ids, lines of text, points, pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from server.ehr.api.declaring import Answer, Query
from server.errors import UserError
from server.storage.paging import Cursor, cursor_of

Id = Annotated[str, Field(pattern="^[0-9a-z]{1,32}$", description="An id that this server gave.")]
FlowId = Annotated[str, Field(min_length=1, max_length=100, pattern="^[\\w.-]+$")]
_NEVER = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Controls, other ends of lines, and what turns the direction of the words around it: a name could hide in that."""
_UNSEEN = r"\x20\xa0\u200b-\u200f\u3000\ufeff"
_LINE = f"^[^{_NEVER}]*[^{_NEVER}{_UNSEEN}][^{_NEVER}]*$"
PERHAPS_A_LINE = f"^[^{_NEVER}]*$"
_WORDS = r"^[^\x00]*[^\x00-\x20][^\x00]*$"
RemoteId = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=_LINE, description="What your system calls it."),
]
Line = Annotated[str, Field(max_length=200, pattern=_LINE)]
"""One line of text with something in it."""
ShortLine = Annotated[str, Field(max_length=100, pattern=_LINE)]
Words = Annotated[str, Field(max_length=2000, pattern=_WORDS)]
Reason = Annotated[str, Field(max_length=500, pattern=_WORDS)]
ShortReason = Annotated[str, Field(max_length=390, pattern=_WORDS)]
"""Stands in logs behind the name of whose it is."""
Points = Annotated[float, Field(ge=0, le=10, multiple_of=0.5, description="0-10, whole or half.")]


class PageQuery(Query):
    """Which part of a list."""

    cursor: str = Field(
        "", max_length=1000, pattern="^[A-Za-z0-9_-]*$", description="`next` of the page before; empty: the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="How many at most.")


def cursor_in(query: PageQuery) -> Cursor | None:
    """Where the page begins; None: with the first row. Raises UserError field_wrong for what is no `next` of ours: the
    first page in its place would be read for ever."""
    found = cursor_of(query.cursor)
    # Every list here is in the order of making.
    if query.cursor and (found is None or not isinstance(found.value, datetime)):
        raise UserError("field_wrong", field="cursor", params={"field": "cursor"})
    return found


class PageOf(Answer):
    """A part of a list, the newest first. next: the cursor of the following part, null at the end."""

    next: str | None = Field(description="Cursor of the next page; null: this was the last.")
