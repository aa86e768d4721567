"""Which interviews somebody has been given to review."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from server.storage import schema
from server.storage.database import Database
from server.storage.hr_user import HrUser, Role


class Assignments:
    """Who reviews which interview."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_interview(self, interview_id: str) -> frozenset[str]:
        """The ids of the people to whom it is assigned."""
        table = schema.assignments
        query = sa.select(table.c.user_id).where(table.c.interview_id == interview_id)
        async with self._database.read() as connection:
            return frozenset((await connection.scalars(query)).all())

    async def reviewers(self) -> Sequence[HrUser]:
        """Everybody whose account is on and who sees only what is assigned, by name or address."""
        table = schema.hr_users
        query = sa.select(table).where(table.c.role == Role.REVIEWER.value, table.c.disabled_at.is_(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        found = [HrUser(row.id, row.email, row.name, Role(row.role), row.department) for row in rows]
        return sorted(found, key=lambda user: user.shown.casefold())

    async def set(
        self, interview_id: str, user_ids: Collection[str], by: str, now: datetime
    ) -> tuple[frozenset[str], frozenset[str]]:
        """From now on exactly these reviewers have it; (who came, who went). by: an account's id.

        Ids of nobody who reviews are passed over.
        """
        table = schema.assignments
        known = {user.id for user in await self.reviewers()}
        async with self._database.begin() as connection:
            query = sa.select(table.c.user_id).where(table.c.interview_id == interview_id)
            before = frozenset((await connection.scalars(query)).all())
            after = frozenset(user_ids) & known
            came, went = after - before, before - after
            if went:
                gone = sa.and_(table.c.interview_id == interview_id, table.c.user_id.in_(went))
                await connection.execute(table.delete().where(gone))
            for user_id in sorted(came):
                await connection.execute(
                    table.insert().values(interview_id=interview_id, user_id=user_id, assigned_at=now, assigned_by=by)
                )
        return came, went
