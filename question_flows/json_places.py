"""On which line each value of a JSON text stands, and what JSON readers swallow: keys that are given twice."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from question_flows.problems import FieldPath

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^\s\[\]{},:"]+')


@dataclass(slots=True)
class Places:
    """lines: where each field's key, or a list's item, stands, counted from 1. repeated: keys given again."""

    lines: dict[FieldPath, int] = field(default_factory=lambda: {(): 1})
    repeated: list[FieldPath] = field(default_factory=list)

    def line_of(self, path: FieldPath) -> int:
        """The field's line, or that of the nearest group around a field that is missing."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


@dataclass(slots=True)
class _Open:
    """A list or group that is being read. at: the item's number, or the key whose value comes; None: a key comes."""

    path: FieldPath
    at: str | int | None


def depth_of(text: str) -> int:
    """How deeply lists and groups stand in each other at most, in a text that need not be JSON."""
    depth = deepest = 0
    for token in _TOKEN.findall(text):
        depth += (token in "[{") - (token in "]}")
        deepest = max(deepest, depth)
    return deepest


def places_in(text: str) -> Places:
    """The places in a text that is JSON."""
    places, stack, line, looked_at = Places(), list[_Open](), 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", looked_at, match.start())
        looked_at, token, inner = match.start(), match[0], stack[-1] if stack else None
        if token == ",":
            if inner is not None:
                inner.at = inner.at + 1 if isinstance(inner.at, int) else None
        elif token in "]}":
            stack.pop()
        elif inner is not None and inner.at is None:
            inner.at = json.loads(token)
            path = (*inner.path, str(inner.at))
            if path in places.lines:
                places.repeated.append(path)
            places.lines[path] = line
        else:
            path = (*inner.path, inner.at) if inner is not None and inner.at is not None else ()
            places.lines.setdefault(path, line)
            if token in "[{":
                stack.append(_Open(path, 0 if token == "[" else None))
    return places
