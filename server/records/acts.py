"""What people do to applications, from HR's pages or by an API key: recorded, then rules carry on from there."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from server.errors import UserError
from server.records import commands
from server.records.application import ApplicationState
from server.records.application_events import ApplicationEventBody, FollowUpKind, Outcome, Step
from server.records.application_log import ApplicationLog, Conflict
from server.records.automation import ATTEMPTS, Automation
from server.records.ordering import Ordering
from server.records.orders import CannotAct, FollowUpOrder, InterviewOrder, Opening, OrderedInterview

T = TypeVar("T")

Decide = Callable[[ApplicationState], Sequence[ApplicationEventBody]]


class Acts:
    """by: an account's id, or "key:ID" for a person's act in another system. All raise application_unknown (404)."""

    def __init__(self, log: ApplicationLog, ordering: Ordering, automation: Automation) -> None:
        self._log = log
        self._ordering = ordering
        self._automation = automation

    async def advance(self, application_id: str, step: Step, by: str, reason: str, now: datetime) -> None:
        """Puts it at a step, also an earlier one. Raises as `commands.advance`."""
        await self.record(application_id, lambda state: commands.advance(state, step, by, reason), now)
        await self._automation.carry_on(application_id, now)

    async def close(self, application_id: str, outcome: Outcome, by: str, reason: str, now: datetime) -> None:
        """Ends it. Raises as `commands.close`."""
        await self.record(application_id, lambda state: commands.close(state, outcome, by, reason), now)

    async def reopen(self, application_id: str, by: str, reason: str, now: datetime) -> None:
        """Takes it up again. Raises UserError application_open_already (409: there is another open one)."""
        try:
            await self.record(application_id, lambda state: commands.reopen(state, by, reason), now)
        except Conflict as error:
            # At most one of a candidate is open for a job, and the database sees to it.
            raise UserError("application_open_already", status=409) from error

    async def notify(self, application_id: str, text: str, by: str, now: datetime) -> None:
        """Asks HR to look. Raises as `commands.notify`."""
        await self.record(application_id, lambda state: commands.notify(state, text, by), now)

    async def cancel_follow_up(self, application_id: str, follow_up_id: str, now: datetime) -> None:
        """No longer waits for it. Raises as `commands.cancel_follow_up`."""
        await self.record(application_id, lambda state: commands.cancel_follow_up(state, follow_up_id), now)

    async def order_interview(
        self,
        application_id: str,
        by: str,
        now: datetime,
        *,
        flow_id: str | None = None,
        interview_id: str | None = None,
    ) -> OrderedInterview | None:
        """Orders the next round; None: this interview_id is arranged already, and nothing was made.

        Raises UserError application_closed, cannot_order_no_flow (409), and as `inviting.checked`.
        """
        order = InterviewOrder(interview_id or uuid.uuid4().hex, by, flow_id)
        return await self.order(application_id, order, now)

    async def order(self, application_id: str, order: InterviewOrder, now: datetime) -> OrderedInterview | None:
        """As `order_interview`, also for another system's order."""

        async def attempt(state: ApplicationState) -> OrderedInterview | None:
            if state.interview(order.interview_id) is not None or (order.is_first and state.interviews):
                return None
            return await self._ordering.interview(application_id, state, order, now)

        made = await self._attempted(application_id, attempt)
        await self._automation.carry_on(application_id, now)
        return made

    async def open_with_interview(self, opening: Opening, order: InterviewOrder, now: datetime) -> str:
        """Opens an application and orders its interview at once; the application's id.

        Raises as `order_interview`, and nothing is opened then; Conflict when there is one, or has been this moment.
        """
        try:
            application_id = await self._ordering.opening(opening, order, now)
        except CannotAct as error:
            raise UserError(f"cannot_order_{error.because}", status=409) from error
        await self._automation.carry_on(application_id, now)
        return application_id

    async def order_follow_up(
        self,
        application_id: str,
        kind: FollowUpKind,
        by: str,
        now: datetime,
        *,
        connection_id: str | None = None,
        department: str = "",
        follow_up_id: str | None = None,
    ) -> str:
        """Orders it; its id. follow_up_id: the same again orders nothing. connection_id, department: as FollowUpOrder.

        Raises UserError application_closed, cannot_order_no_connection, cannot_order_several_connections,
        cannot_order_connection_off, cannot_order_connection_unfit (409).
        """
        order = FollowUpOrder(follow_up_id or uuid.uuid4().hex, kind, by, connection_id, department)

        async def attempt(state: ApplicationState) -> None:
            if state.follow_up(order.follow_up_id) is None:
                await self._ordering.follow_up(application_id, state, order, now)

        await self._attempted(application_id, attempt)
        await self._automation.carry_on(application_id, now)
        return order.follow_up_id

    async def record(self, application_id: str, decide: Decide, now: datetime) -> None:
        """Records what `decide` makes of the state, tried again while others are quicker.

        Raises what `decide` raises, and nothing has happened then.
        """

        async def attempt(state: ApplicationState) -> None:
            if bodies := decide(state):
                await self._log.append(application_id, state.seq, bodies, at=now)

        await self._attempted(application_id, attempt)

    async def _attempted(self, application_id: str, attempt: Callable[[ApplicationState], Awaitable[T]]) -> T:
        for _ in range(ATTEMPTS):
            try:
                return await attempt(await self._log.state(application_id))
            except Conflict:
                continue
            except CannotAct as error:
                raise UserError(f"cannot_order_{error.because}", status=409) from error
        raise Conflict(f"application {application_id} moves on too fast")
