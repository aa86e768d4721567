"""What a message says, for HR's delivery log: never what opens a door, and nobody's particulars without the right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "•••"
_OPENS = re.compile(r"(^|_)(link|token|secret|password|key|code|calendar)s?$")
"""Fields whose value lets somebody in: a letter holds the candidate's own link."""
_LINK = re.compile(r"/i/[\w-]+")
_IMPERSONAL = re.compile(r"(^|_)(id|ids|type|kind|step|from|status|round|total|language|at|timestamp|version)$")
"""Fields whose text is about no person; numbers, too, are not."""


def shown_body(body: Any, *, with_names: bool) -> Any:
    """The body with what must not be read replaced by HIDDEN; its shape stays.

    with_names: False leaves ids, times and numbers only.
    """
    return _shown(body, "", with_names=with_names)


def _shown(value: Any, name: str, *, with_names: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown(one, str(key), with_names=with_names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one, name, with_names=with_names) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if _OPENS.search(name) or _LINK.search(str(value)):
        return HIDDEN
    return str(value) if with_names or _IMPERSONAL.search(name) else HIDDEN
