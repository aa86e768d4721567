"""Which bytes a request asks for (RFC 9110, 14.2). Pure."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class NotSatisfiable(Exception):
    """The range begins behind the end: 416."""


def asked_for(header: str | None, size: int) -> tuple[int, int] | None:
    """(first byte, behind the last) of the one range that is asked for; None: the whole, as for what is no range.

    Several ranges at once are answered with the whole, which the standard allows. Raises NotSatisfiable.
    """
    found = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise NotSatisfiable
    return start, end
