"""Whatever the order and the repetition in which it is told, an application ends in one state."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.records.application_events import FollowUpKind
from server.records.engine import Records
from server.records.incoming import FollowUpReturned
from server.records.taking_in import NotKnownYet
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from tests.records.conftest import NOW
from tests.records.house import APPLIED, FLOW, connect, count, records, told

INTERVIEW = "1" * 32
Tell = Callable[[Records], Awaitable[None]]


async def _report(engine: Records, message: str, type_: str, minutes: int, total: float | None) -> None:
    await engine.interview_told(message, type_, told(type_, INTERVIEW, total, minutes=minutes), NOW)


async def _came_back(engine: Records, kind: FollowUpKind, event: str, status: str, score: float | None) -> None:
    """As a system answers that knows our id by then; before that there is nothing it could tell."""
    source = {FollowUpKind.ASSESSMENT: "assess", FollowUpKind.BACKGROUND_CHECK: "check"}[kind]
    application_id = await engine.applications.of_interview(INTERVIEW)
    state = await engine.log.state(application_id or "")
    ours = next((one.id for one in state.follow_ups if one.kind is kind), None)
    if ours is None:
        raise NotKnownYet
    await engine.take(source, event, [FollowUpReturned(ours, None, status, score, 1, "clear")], NOW)


TELLING: Sequence[Tell] = (
    lambda engine: engine.take("odoo", "e1", APPLIED, NOW),
    partial(_report, message="m1", type_="interview.started", minutes=1, total=None),
    partial(_report, message="m2", type_="interview.question_answered", minutes=2, total=None),
    partial(_report, message="m3", type_="interview.finished", minutes=3, total=None),
    partial(_report, message="m4", type_="report.ready", minutes=4, total=7.0),
    partial(_report, message="m5", type_="report.updated", minutes=5, total=8.0),
    partial(_came_back, kind=FollowUpKind.ASSESSMENT, event="r1", status="sent", score=None),
    partial(_came_back, kind=FollowUpKind.ASSESSMENT, event="r2", status="completed", score=0.8),
    partial(_came_back, kind=FollowUpKind.BACKGROUND_CHECK, event="r3", status="completed", score=None),
)


async def _ended(empty_file: Path, folder: str, order: Sequence[int]) -> Any:
    """Tells in this order, as the inbox does: what comes too early again later, until everything has been taken."""
    shutil.copy(empty_file, path := Path(folder) / "records.sqlite")
    database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        engine = records(database)
        await engine.rules.ensure_defaults(NOW)
        await connect(database, "assess", "assessment", "follow_up.ordered")
        await connect(database, "check", "checkr", "follow_up.ordered")
        await engine.take("odoo", "e1", APPLIED, NOW)
        application_id = await engine.remote_ids.local("odoo", "application", "a1") or ""
        await engine.acts.order_interview(application_id, "u" * 32, NOW, flow_id=FLOW, interview_id=INTERVIEW)
        waiting = list(order)
        while waiting:
            early = []
            for place in waiting:
                try:
                    await TELLING[place](engine)
                except NotKnownYet:
                    early.append(place)
            waiting = early
        state = await engine.log.state(application_id)
        shown = await engine.applications.get(application_id)
        return {
            "step": state.step,
            "total": state.total,
            "interviews": [(one.id, one.status, one.report_id, one.total) for one in state.interviews],
            "follow_ups": [(one.kind, one.status, one.score, one.result) for one in state.follow_ups],
            "fired": sorted((one.rule_id, one.at_step) for one in state.fired),
            "stuck": shown.stuck,
            "rows": [
                await count(database, table)
                for table in (tables.firings, tables.follow_ups, schema.interviews, tables.applications)
            ],
            "ordered": await count(database, schema.outbox, schema.outbox.c.type == "follow_up.ordered"),
        }
    finally:
        await database.close()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    order=st.permutations(range(len(TELLING))),
    again=st.lists(st.integers(0, len(TELLING) - 1), max_size=6),
    at=st.integers(0, len(TELLING)),
)
def test_any_order_and_repetition_lead_to_one_state(
    empty_file: Path, order: Sequence[int], again: Sequence[int], at: int
) -> None:
    with TemporaryDirectory() as folder:
        ended = asyncio.run(_ended(empty_file, folder, [*order[:at], *again, *order[at:]]))
    assert ended == {
        "step": "ready_for_offer",
        "total": 8.0,
        "interviews": [(INTERVIEW, "completed", "m5", 8.0)],
        "follow_ups": [("assessment", "completed", 0.8, "clear"), ("background_check", "completed", None, "clear")],
        "fired": [
            ("assessment_to_background_check", "assessment"),
            ("clear_to_ready_for_offer", "background_check"),
            ("high_total_to_assessment", "interviewed"),
        ],
        "stuck": None,
        "rows": [3, 2, 1, 1],
        "ordered": 2,
    }
