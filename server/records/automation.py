"""Carrying applications on by rules: each acts once, whoever is killed or quicker; what cannot act says why."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from server.errors import UserError
from server.records.application import ApplicationState
from server.records.application_events import (
    ApplicationEventBody,
    HrNotified,
    RuleBlocked,
    RuleFired,
    Step,
    StepReached,
)
from server.records.application_log import ApplicationLog, Conflict
from server.records.ordering import Ordering
from server.records.orders import CannotAct, FollowUpOrder, InterviewOrder
from server.records.rule_store import Rules
from server.records.rules import FOLLOW_UPS, Action, Due, due

log = logging.getLogger(__name__)

ATTEMPTS = 20
LONGEST_BECAUSE = 60


class Automation:
    """Only advances, and closes nothing. What a rule does is one transaction with its firing."""

    def __init__(self, application_log: ApplicationLog, rules: Rules, ordering: Ordering) -> None:
        self._log = application_log
        self._rules = rules
        self._ordering = ordering

    async def carry_on(self, application_id: str, now: datetime) -> None:
        """Does what rules want done now; also what they wanted when a process died, or a person has mended since.

        Raises UserError application_unknown (404); Conflict when others write faster than this is decided.
        """
        for _ in range(ATTEMPTS):
            state = await self._log.state(application_id)
            for one in due(await self._rules.active(), state):
                if await self._has_acted(application_id, state, one, now):
                    break
            else:
                return
        raise Conflict(f"application {application_id} moves on too fast")

    async def _has_acted(self, application_id: str, state: ApplicationState, one: Due, now: datetime) -> bool:
        """Whether the state is another now, so that it has to be read again."""
        about = {"application_id": application_id, "rule": one.rule.id, "version": one.rule.version}
        try:
            await self._act(application_id, state, one, now)
        except Conflict:
            return True
        except CannotAct as error:
            return await self._blocked(application_id, state, one, error.because, now)
        except UserError as error:
            return await self._blocked(application_id, state, one, error.code, now)
        log.info("a rule has fired", extra=about)
        return True

    async def _act(self, application_id: str, state: ApplicationState, one: Due, now: datetime) -> None:
        rule, then = one.rule, one.rule.then
        fired = RuleFired(rule.id, rule.version, then.action.value, one.reason, one.step)
        if then.action is Action.ORDER_INTERVIEW:
            interview = InterviewOrder(
                order_id(application_id, one), rule.by, then.flow_id, True, (fired,), (one.firing,)
            )
            await self._ordering.interview(application_id, state, interview, now)
        elif then.action in FOLLOW_UPS:
            follow_up = FollowUpOrder(
                order_id(application_id, one),
                FOLLOW_UPS[then.action],
                rule.by,
                then.connection_id,
                then.department,
                (fired,),
                (one.firing,),
            )
            await self._ordering.follow_up(application_id, state, follow_up, now)
        else:
            bodies: tuple[ApplicationEventBody, ...] = (fired, HrNotified(then.text, rule.by))
            if then.action is Action.READY_FOR_OFFER:
                bodies = (fired, StepReached(Step.READY_FOR_OFFER, rule.by))
            await self._log.append(application_id, state.seq, bodies, at=now, firings=[one.firing])

    async def _blocked(
        self, application_id: str, state: ApplicationState, one: Due, because: str, now: datetime
    ) -> bool:
        rule, because = one.rule, because[:LONGEST_BECAUSE]
        known = (rule.id, rule.version, because)
        if any((before.rule_id, before.rule_version, before.because) == known for before in state.blocked):
            return False
        body = RuleBlocked(rule.id, rule.version, rule.then.action.value, because)
        try:
            await self._log.append(application_id, state.seq, [body], at=now)
        except Conflict:
            return True
        log.warning("a rule cannot act", extra={"application_id": application_id, "rule": rule.id, "because": because})
        return True


def order_id(application_id: str, one: Due) -> str:
    """What the firing orders has the same id at every try and in every process."""
    return digest(one.rule.id, str(one.rule.version), application_id, one.step.value)


def digest(*parts: str) -> str:
    """An id, 32 hex digits, that these parts always have."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
