"""A résumé as it was read, for people: what was found, where, and what somebody has to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from server.resumes.codec import decode
from server.resumes.resume import Found, Resume, Where, finds, to_check
from server.storage.database import Database
from server.storage.record_tables import resumes

MOST = 5
_SECTIONS = ("contact", "education", "experience", "skills", "languages", "availability")


@dataclass(frozen=True, slots=True)
class ShownFind:
    """One find. label: of its field; where: in words; certain: False: somebody has to look."""

    label: str
    value: str
    where: str
    certain: bool


@dataclass(frozen=True, slots=True)
class ShownResume:
    """One file. sections: (name, entries, each a list of finds). missing: what every résumé has and this one lacks.

    failed: an error's code; sections are empty then, and while it has not been read yet (is_read is False).
    """

    id: str
    file_name: str
    created_at: datetime
    is_read: bool
    failed: str
    sections: Sequence[tuple[str, Sequence[Sequence[ShownFind]]]]
    missing: Sequence[str]
    n_uncertain: int


async def resumes_of(database: Database, candidate_id: str, t: Callable[..., str]) -> Sequence[ShownResume]:
    """The candidate's files, the newest first. t: the reader's texts."""
    columns = [column for column in resumes.c if column.name != "content"]
    query = sa.select(*columns).where(resumes.c.candidate_id == candidate_id)
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(resumes.c.created_at.desc(), resumes.c.id).limit(MOST))).all()
    return [_resume(row, t) for row in rows]


def _resume(row: sa.Row[Any], t: Callable[..., str]) -> ShownResume:
    parsed: Resume | None = None
    failed = row.failed or ""
    if row.parsed is not None:
        try:
            parsed = decode(row.parsed)
        except (ValidationError, KeyError, ValueError):
            # Read by a server of another version.
            failed = "resume_unreadable"
    if parsed is None:
        return ShownResume(row.id, row.file_name, row.created_at, False, failed, [], [], 0)
    sections = [(t(f"console.resume_{name}"), _entries(parsed, name, t)) for name in _SECTIONS]
    found = dict(finds(parsed))
    missing = [name for name in to_check(parsed) if name not in found]
    return ShownResume(
        row.id,
        row.file_name,
        row.created_at,
        True,
        "",
        [(name, entries) for name, entries in sections if entries],
        [t(f"console.resume_{name.rsplit('.', 1)[-1]}") for name in missing],
        sum(not one.certain for one in found.values()),
    )


def _entries(parsed: Resume, section: str, t: Callable[..., str]) -> list[list[ShownFind]]:
    """The section's finds, those of one school or position together."""
    entries: dict[str, list[ShownFind]] = {}
    for name, found in finds(parsed):
        of, *rest = name.split(".")
        if of != section:
            continue
        # "experience.0.start": of the first entry; "skills.3" and "contact.email": of the only one.
        entry = rest[0] if len(rest) > 1 and rest[0].isdigit() else ""
        words = [part for part in rest if not part.isdigit()]
        label = t(f"console.resume_{words[0]}") if words else ""
        entries.setdefault(entry, []).append(_find(found, label, t))
    return list(entries.values())


def _find(found: Found, label: str, t: Callable[..., str]) -> ShownFind:
    return ShownFind(label, found.value, place(found.where, t), found.certain)


def place(where: Where, t: Callable[..., str]) -> str:
    """Where it stands in the file: "page 1, line 12"."""
    if where.path:
        return where.path
    parts = []
    if where.page:
        parts.append(t("console.page_n", n=where.page))
    if where.line:
        parts.append(t("console.line_n", n=where.line))
    return t("hr.list_separator").join(parts)
