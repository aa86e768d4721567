"""Who of HR may do what: four roles, and the rights that each has."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.storage.users import Role


class Right(StrEnum):
    """What a page or an interface needs."""

    WATCH = "watch"
    """The live wall and the monitor of one interview."""
    INTERVENE = "intervene"
    """Changing a running interview."""
    INVITE = "invite"
    READ = "read"
    """Lists, reports and the review room."""
    NAMES = "names"
    """Who a candidate is; without it there are pseudonyms."""
    MEDIA = "media"
    """Recordings and live pictures."""
    RATE = "rate"
    DECIDE = "decide"
    """Overriding a score, deciding about a candidate, releasing feedback, assigning reviewers."""
    CONFIGURE = "configure"
    """Jobs, and which flow is switched on for them."""
    CONNECT = "connect"
    """Connected systems, API keys, and what was delivered to whom."""
    EXPORT = "export"
    MANAGE_PEOPLE = "manage_people"
    READ_AUDIT = "read_audit"


_ADMINISTRATION = frozenset({Right.MANAGE_PEOPLE, Right.READ_AUDIT, Right.CONNECT})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.RECRUITER: frozenset(Right) - _ADMINISTRATION,
    Role.REVIEWER: frozenset({Right.WATCH, Right.READ, Right.NAMES, Right.MEDIA, Right.RATE}),
    Role.AUDITOR: frozenset({Right.READ, Right.READ_AUDIT}),
}
"""A reviewer has them for the interviews assigned to them only."""
