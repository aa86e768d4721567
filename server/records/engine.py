"""The records at work: takes in what others tell, keeps it once, and carries applications on by rules."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from server.errors import UserError
from server.interview.failures import describe
from server.records.acts import Acts
from server.records.adopting import application_of
from server.records.application_log import ApplicationLog
from server.records.applications import Applications
from server.records.automation import Automation
from server.records.incoming import Incoming
from server.records.looking_after import Look, to_look_at
from server.records.news import interview_news
from server.records.ordering import Means, Ordering
from server.records.remote_ids import RemoteIds
from server.records.rule_store import Rules
from server.records.taking_in import NotKnownYet, NotTheirs, TakingIn

log = logging.getLogger(__name__)


class Records:
    """One for each process. What is told twice changes nothing the second time, by whichever process.

    acts: what people do. database, log, applications, people, remote_ids, rules: what is kept.
    """

    def __init__(self, means: Means) -> None:
        self.database = means.database
        self.log = ApplicationLog(means.database)
        self.applications = Applications(means.database)
        self.people = means.people
        self.remote_ids = RemoteIds(means.database)
        self.rules = Rules(means.database)
        ordering = Ordering(means)
        self._automation = Automation(self.log, self.rules, ordering)
        self.acts = Acts(self.log, ordering, self._automation)
        self._taking_in = TakingIn(means.database, means.people, means.flows, self.acts, means.look_for_flows)

    async def take(self, source: str, event_id: str, incoming: Sequence[Incoming], now: datetime) -> None:
        """What a connected system tells, in its order. source: the connection's id.

        Raises NotKnownYet for what is about something that has not come yet; NotTheirs; UserError for what can never be
        kept. The rest of the list is kept then, and told again it changes nothing.
        """
        refused: Exception | None = None
        for place, one in enumerate(incoming):
            try:
                application_id = await self._taking_in.take(source, f"{source}/{event_id}/{place}", one, now)
            except (NotKnownYet, NotTheirs, UserError) as error:
                # One of a page's fifty must not hold up the others.
                refused = refused or error
                continue
            if application_id is not None:
                await self.carry_on(application_id, now)
        if refused is not None:
            raise refused

    async def interview_told(self, event_id: str, type_: str, body: Mapping[str, Any], now: datetime) -> None:
        """What one of our own interviews tells: body is {type, timestamp, data}. Raises KeyError, ValueError."""
        data, made_at = body["data"], datetime.fromisoformat(body["timestamp"])
        application_id = await application_of(self.database, str(data["interview_id"]), now)
        if application_id is None:
            return
        await self.acts.record(application_id, lambda state: interview_news(state, type_, data, event_id, made_at), now)
        await self.carry_on(application_id, now)

    async def carry_on(self, application_id: str, now: datetime) -> None:
        """Does what rules want done now, also what was blocked and a person has mended. Raises as `Automation`."""
        await self._automation.carry_on(application_id, now)

    async def look_after(self, look: Look, now: datetime) -> tuple[int, Look]:
        """Carries on what waits for something that a person may have mended, and what has come to its step.

        That is also what a process left undone that died between a person's act and what rules make of it. Gives how
        many applications were looked at, and from where the next round goes on.
        """
        waiting, after = await to_look_at(self.database, look, now)
        for application_id in waiting:
            try:
                await self.carry_on(application_id, now)
            except (OperationalError, InterfaceError):
                # The database is away: for all of them.
                raise
            except Exception as error:  # noqa: BLE001
                # One that was erased this moment, say, or cannot be read: the others go on.
                about = {"application_id": application_id, "error": describe(error)}
                log.error("an application cannot be carried on", extra=about)
        return len(waiting), after
