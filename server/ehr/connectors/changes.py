"""What is new in a list that can be asked by time of change: nothing missed, and the same not told twice. Pure.

A time of change is set when a transaction begins and seen when it ends, and it may be as coarse as a second. So each
pass begins a little before where the last one ended; what it has told before is known by a digest of what it said.
Rows are asked in the order of their keys, so that one that changes meanwhile is not skipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from server.records.incoming import ApplicationSeen, ApplicationWithdrawn, Incoming

OVERLAP = timedelta(minutes=5)
"""Longer than any transaction of theirs that changes such a row."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list was read. Times are as the system writes them, and compared only with its own.

    since: where the last whole pass began; empty: there was none. until: what `since` is after this pass; empty: none
    is under way. after: key of the last row of this pass. told: key → (time of change, digest) of what may come again.
    """

    since: str = ""
    until: str = ""
    after: str = ""
    told: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The place that was kept as JSON."""
        told = {key: (str(changed), str(made)) for key, (changed, made) in kept.get("told", {}).items()}
        return cls(kept.get("since", ""), kept.get("until", ""), kept.get("after", ""), told)

    def kept(self) -> dict[str, Any]:
        """JSON-ready."""
        told = {key: list(value) for key, value in self.told.items()}
        return {"since": self.since, "until": self.until, "after": self.after, "told": told}

    @property
    def is_under_way(self) -> bool:
        """Whether a pass has begun and not ended."""
        return bool(self.until)

    @property
    def floor(self) -> str:
        """The earliest time of change to ask for; empty: ask for all."""
        return earlier(self.since)

    def begun(self, newest: str) -> Place:
        """A new pass. newest: the newest time of change there is, asked before its first row."""
        # A late commit may have given the newest row an earlier time; what was let go of must not be asked for again.
        return Place(since=self.since, until=max(newest, self.since), told=self.told)

    def ended(self) -> Place:
        """The pass is over."""
        return Place(since=self.until, told=self._recent(self.told))

    def read(
        self, rows: Sequence[tuple[str, str, Mapping[str, Any]]]
    ) -> tuple[Place, Sequence[tuple[str, str, Mapping[str, Any]]]]:
        """rows: (key, time of change, what it says), by key. Gives those that say something new."""
        news = [row for row in rows if self.told.get(row[0], ("", ""))[1] != digest(row[2])]
        # What was told before is needed to the end: its rows may come on a later page.
        told = {**self.told, **self._recent({key: (changed, digest(said)) for key, changed, said in rows})}
        after = rows[-1][0] if rows else self.after
        return Place(self.since, self.until, after, told), news

    def _recent(self, told: Mapping[str, tuple[str, str]]) -> Mapping[str, tuple[str, str]]:
        # The next pass asks for nothing older.
        oldest = earlier(self.until)
        return {key: value for key, value in told.items() if value[0] >= oldest}


def without_strangers(incoming: Iterable[Incoming], known: set[str]) -> list[Incoming]:
    """Leaves out withdrawals of applications that were never told. known: those that were, brought up to date here."""
    kept: list[Incoming] = []
    for one in incoming:
        if isinstance(one, ApplicationWithdrawn):
            if one.remote_id not in known:
                continue
            known.remove(one.remote_id)
        if isinstance(one, ApplicationSeen):
            known.add(one.remote_id)
        kept.append(one)
    return kept


def earlier(moment: str) -> str:
    """The moment less the overlap, in whole seconds. moment: "2026-03-01 12:00:00", with parts of a second or not."""
    if not moment:
        return ""
    return f"{datetime.fromisoformat(moment) - OVERLAP:%Y-%m-%d %H:%M:%S}"


def digest(said: Any) -> str:
    """16 characters that differ when what is said differs. said: JSON-ready."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
