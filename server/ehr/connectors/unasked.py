"""For systems that tell by themselves: what `poll` of their connectors is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from server.records.incoming import Incoming


async def poll(
    self: object, seen: Mapping[str, Any], now: datetime
) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
    """There is nothing to ask: the system tells, and tells again until it is answered."""
    news: Sequence[tuple[Mapping[str, Any], Sequence[Incoming]]] = ()
    for page in news:
        yield page
