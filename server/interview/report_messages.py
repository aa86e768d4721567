"""What the HR system is told: the report when it is ready, and again when people have finished or decided something."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from server.interview.events import EventBody, InterviewEvent
from server.interview.journal import ATTEMPTS, Journal
from server.interview.report import build_report, report_json
from server.interview.state import InterviewState
from server.storage.event_log import Conflict
from server.storage.outbox import OutboxMessage

REPORT_READY = "report.ready"
REPORT_UPDATED = "report.updated"
"""The whole report again, which takes the former one's place."""


async def report_message(journal: Journal, type_name: str, bodies: Sequence[EventBody], now: datetime) -> OutboxMessage:
    """The report as it is after these events, which are still to be recorded behind the journal's last."""
    log, state = journal.services.event_log, journal.state
    events = await log.read(journal.interview_id)
    row = await log.row(journal.interview_id)
    coming = [
        InterviewEvent(place, now, state.clock_at(now), body) for place, body in enumerate(bodies, start=state.seq + 1)
    ]
    report = await asyncio.to_thread(
        build_report,
        journal.interview_id,
        [*events[: state.seq], *coming],
        journal.flow,
        candidate_email=row.candidate_email if row else "",
    )
    return OutboxMessage(
        id=f"msg_{uuid.uuid4().hex}",
        interview_id=journal.interview_id,
        type=type_name,
        body={"type": type_name, "timestamp": now.isoformat(), "data": report_json(report)},
    )


async def record_and_tell(
    journal: Journal, decide: Callable[[InterviewState], Sequence[EventBody]]
) -> list[InterviewEvent]:
    """Records what `decide` makes of the state; once a report was written, the HR system gets it anew.

    Raises what `Journal.record` raises. Nothing has happened then.
    """
    for _ in range(ATTEMPTS):
        state, now = journal.state, journal.now()
        bodies = decide(state)
        try:
            if not bodies or state.report_id is None:
                return await journal.record(partial(_unless_reported, state, decide))
            message = await report_message(journal, REPORT_UPDATED, bodies, now)
            return await journal.record(partial(_unless_moved, state, bodies), at=now, outbox=(message,))
        except _Moved:
            continue
    raise Conflict(f"interview {journal.interview_id} moves on faster than its report is made")


class _Moved(Exception):
    """Something else has happened meanwhile: the report is not as it would be."""


def _unless_reported(
    before: InterviewState, decide: Callable[[InterviewState], Sequence[EventBody]], current: InterviewState
) -> Sequence[EventBody]:
    if current.report_id != before.report_id:
        raise _Moved
    return decide(current)


def _unless_moved(before: InterviewState, bodies: Sequence[EventBody], current: InterviewState) -> Sequence[EventBody]:
    if current.seq != before.seq:
        raise _Moved
    return bodies
