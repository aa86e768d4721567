"""Two processes with one PostgreSQL: each rule fires once, each interview is made once, whoever is quicker."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from server.records.application_events import Step
from server.records.incoming import ApplicationSeen, CandidateSeen
from server.records.looking_after import Look
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from tests.records.conftest import NOW, a_candidate
from tests.records.house import APPLIED, FLOW, an_application, connect, count, records, told
from tests.records.test_engine import ORDER_AT_ONCE


async def test_two_engines_fire_once(postgresql: Database) -> None:
    other = Database(postgresql.url.render_as_string(hide_password=False))
    engines = [records(postgresql), records(other)]
    try:
        await engines[0].rules.ensure_defaults(NOW)
        await engines[0].rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
        await connect(postgresql, "assess", "assessment", "follow_up.ordered")
        await connect(postgresql, "email", "email", "email.send")
        application_id = await an_application(engines[0])
        everyone = engines * 3
        await asyncio.gather(
            *(engine.carry_on(application_id, NOW) for engine in everyone),
            *(engine.take("odoo", "e0", APPLIED, NOW) for engine in engines),
        )
        [interview] = (await engines[1].log.state(application_id)).interviews
        report = told("report.ready", interview.id, 8.0, minutes=1)
        await asyncio.gather(
            *(engine.interview_told("m1", "report.ready", report, NOW) for engine in everyone),
            *(engine.rules.ensure_defaults(NOW) for engine in engines),
        )
        state = await engines[0].log.state(application_id)
    finally:
        await other.close()
    assert state.step is Step.ASSESSMENT
    assert sorted(one.rule_id for one in state.fired) == ["at_once", "high_total_to_assessment"]
    tables_of_one = (schema.interviews, schema.invitations, tables.follow_ups, tables.applications, schema.candidates)
    assert [await count(postgresql, table) for table in tables_of_one] == [1] * len(tables_of_one)
    assert await count(postgresql, tables.firings) == 2
    async with postgresql.read() as connection:
        query = sa.select(schema.outbox.c.type, sa.func.count()).group_by(schema.outbox.c.type)
        sent = {row[0]: row[1] for row in (await connection.execute(query)).all()}
    assert (sent["email.send"], sent["follow_up.ordered"]) == (1, 1)


async def test_who_is_merged_while_an_order_is_made_leaves_nothing_behind(postgresql: Database) -> None:
    """And what is ordered by a system and by a rule at once is one interview."""
    other = Database(postgresql.url.render_as_string(hide_password=False))
    engines = [records(postgresql), records(other)]
    try:
        await engines[0].rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
        await connect(postgresql, "email", "email", "email.send")
        await engines[0].take("odoo", "e0", APPLIED[1:2], NOW)
        async with postgresql.begin() as connection:
            await connection.execute(schema.jobs.update().values(flow_id=FLOW))
        for n in range(4):
            kept = await a_candidate(postgresql, f"Kept {n}", f"kept{n}@example.org")
            person = CandidateSeen(f"c{n}", f"Gone {n}", f"gone{n}@example.org")
            await engines[0].take("odoo", f"p{n}", [person], NOW)
            gone = await engines[0].remote_ids.local("odoo", "candidate", f"c{n}") or ""
            applied = ApplicationSeen(f"a{n}", f"c{n}", "j1", order_interview=True)
            await asyncio.gather(
                engines[1].people.merge(kept, gone, "u" * 32, NOW),
                *(engine.take("odoo", f"e{n}", [applied], NOW) for engine in engines),
                *(engine.look_after(Look(NOW), NOW) for engine in engines),
            )
        async with postgresql.read() as connection:
            people = schema.candidates
            merged = sa.select(people.c.id).where(people.c.merged_into.is_not(None))
            left = [
                await connection.scalar(
                    sa.select(sa.func.count()).select_from(table).where(table.c.candidate_id.in_(merged))
                )
                for table in (schema.interviews, tables.applications, tables.candidate_identities)
            ]
    finally:
        await other.close()
    assert left == [0, 0, 0]
    assert [await count(postgresql, one) for one in (tables.applications, schema.interviews)] == [4, 4]
