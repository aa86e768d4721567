"""Whether somebody who was let in may still be there: what keeps an open stream or live picture from outliving that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from server.storage.hr_user import HrUser
from server.storage.users import Users

MOST_FAILURES = 2
"""The database does not answer: after so many looks in a row nobody knows who may see this, so nobody does."""


class Lost(StrEnum):
    """What is no longer so. The page is told all but CHANGED, after which it only has to ask again."""

    SIGNED_OUT = "signed_out"
    RIGHTS = "rights"
    CHANGED = "changed"


@dataclass(slots=True)
class Standing:
    """With what a request was let in. interview_id: of its address, if it has one.

    assigned: for somebody who sees only those, the interviews that a page about all of them began with.
    """

    users: Users
    cookie: str
    user: HrUser
    interview_id: str | None
    assigned: frozenset[str] | None = None
    failures: int = 0

    async def lost(self) -> Lost | None:
        """What has been lost since, or None. It is read from the database: whoever took it may be another process."""
        try:
            found = await self._lost()
        except SQLAlchemyError:
            self.failures += 1
            return Lost.CHANGED if self.failures >= MOST_FAILURES else None
        self.failures = 0
        return found

    async def _lost(self) -> Lost | None:
        user = await self.users.user_of(self.cookie, datetime.now(UTC))
        if user is None:
            return Lost.SIGNED_OUT
        if user.role is not self.user.role:
            return Lost.RIGHTS
        if self.interview_id is not None:
            return None if await self.users.may_see(user, self.interview_id) else Lost.RIGHTS
        if not user.only_assigned:
            return None
        return None if await self.users.assigned_to(user.id) == self.assigned else Lost.CHANGED


STANDING = web.RequestKey("hr_standing", Standing)
