"""What the fields of the API's models are made of: ids, lines of text, points, pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from server.ehr.api.declaring import Answer, Query

Id = Annotated[str, Field(pattern="^[0-9a-z]{1,32}$", description="An id that this server gave.")]
FlowId = Annotated[str, Field(min_length=1, max_length=100, pattern="^[\\w.-]+$")]
RemoteId = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern="^[^\\x00-\\x1f\\x7f]+$", description="What your system calls it."),
]
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
PERHAPS_A_LINE = r"^[^\x00-\x1f\x7f]*$"
_WORDS = r"^[^\x00]*[^\x00-\x20][^\x00]*$"
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


class PageOf(Answer):
    """A part of a list, the newest first. next: the cursor of the following part, null at the end."""

    next: str | None = Field(description="Cursor of the next page; null: this was the last.")
