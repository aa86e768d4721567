"""A stored competency model becomes a flow that every process knows, and an interview keeps the one it began with."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from question_flows.loader import shipped_flows
from question_flows.model import Flow, Language
from server.interview.flow_versions import flow_id_of
from server.records.models import CompetencyModels, GeneratedFlows, asked_of
from server.storage.database import Database
from server.storage.jobs import Jobs
from server.storage.record_tables import competency_models, generated_flows
from tests.records.conftest import NOW, a_job

MODEL = "a" * 32
SHIPPED = shipped_flows()


def skills(*names: str) -> dict[str, Any]:
    return {"competencies": [{"id": str(at), "name": name, "level": 0.5} for at, name in enumerate(names)]}


async def store(database: Database, job_id: str | None, version: int, body: Any, id_: str = MODEL) -> str:
    values = {"id": id_, "version": version, "job_id": job_id, "body": body, "created_at": NOW}
    async with database.begin() as connection:
        await connection.execute(competency_models.insert().values(**values))
    return flow_id_of(id_, version)


def a_process(database: Database) -> tuple[GeneratedFlows, dict[str, Flow]]:
    flows = dict(SHIPPED)
    return GeneratedFlows(database, flows), flows


async def kept(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(generated_flows))).scalar() or 0


async def test_every_process_knows_the_flow_of_a_model_that_any_of_them_stored(database: Database) -> None:
    (first, mine), (second, others) = a_process(database), a_process(database)
    await first.look()
    await second.look()
    assert mine == SHIPPED
    job_id = await a_job(database, flow_id=None)
    flow_id = await store(database, job_id, 1, skills("Python", "Teamwork", "Negotiation"))
    await first.look()
    await second.look()
    assert mine[flow_id] == others[flow_id]
    assert (mine[flow_id].version, mine[flow_id].title[Language.ENGLISH]) == (1, "Backend developer interview")
    assert await kept(database) == 1
    assert (await Jobs(database).get(job_id)).flow_id == flow_id, "switched on, since nothing else was"
    later, found = a_process(database)
    await later.look()
    assert found[flow_id] == mine[flow_id], "a process that starts later has the same flow"


async def test_two_processes_at_once_on_postgresql_make_one_flow(postgresql: Database) -> None:
    import asyncio

    job_id = await a_job(postgresql, flow_id=None)
    flow_id = await store(postgresql, job_id, 1, skills("Python"))
    processes = [a_process(postgresql) for _ in range(3)]
    await asyncio.gather(*(one.look() for one, _ in processes))
    assert all(flows[flow_id] == processes[0][1][flow_id] for _, flows in processes)
    assert await kept(postgresql) == 1
    assert (await Jobs(postgresql).get(job_id)).flow_id == flow_id


async def test_a_new_version_is_switched_on_and_the_former_flow_stays(database: Database) -> None:
    look, flows = a_process(database)
    job_id = await a_job(database, flow_id=None)
    former = await store(database, job_id, 1, skills("Python"))
    await look.look()
    begun = flows[former]
    newer = await store(database, job_id, 2, skills("Python", "SQL"))
    await look.look()
    assert (await Jobs(database).get(job_id)).flow_id == newer
    assert flows[former] is begun
    assert len(flows[newer].competencies) == 2


async def test_several_new_versions_end_with_the_last_switched_on(database: Database) -> None:
    job_id = await a_job(database, flow_id=None)
    flow_ids = [await store(database, job_id, version, skills("Python", f"Skill {version}")) for version in (1, 2, 3)]
    look, flows = a_process(database)
    await look.look()
    assert set(flow_ids) <= set(flows)
    assert (await Jobs(database).get(job_id)).flow_id == flow_ids[-1]


async def test_a_flow_that_hr_switched_on_stays_on(database: Database) -> None:
    look, flows = a_process(database)
    job_id = await a_job(database, flow_id="software_engineer")
    flow_id = await store(database, job_id, 1, skills("Python"))
    await look.look()
    assert flow_id in flows
    assert (await Jobs(database).get(job_id)).flow_id == "software_engineer"


async def test_a_model_of_which_nothing_can_be_made_harms_no_other(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    look, flows = a_process(database)
    job_id = await a_job(database, flow_id=None)
    bodies: list[Any] = [{"competencies": []}, {"competencies": [{"name": 5}, 7]}, {"x": 1}]
    many = [{"name": f"Craft {at}", "indicators": ["Does this", "Does that"]} for at in range(25)]
    for at, body in enumerate([*bodies, {"competencies": many}]):
        await store(database, job_id, 1, body, f"{at}" * 32)
    good = await store(database, None, 1, skills("Python"))
    await look.look()
    assert good in flows
    assert len(flows) == len(SHIPPED) + 1
    assert caplog.text.count("no flow can be made") == 1, "of the one that asks for something"
    await look.look()
    assert caplog.text.count("no flow can be made") == 1, "said once"


async def test_a_model_that_comes_while_others_are_made_is_not_passed_over(database: Database) -> None:
    look, flows = a_process(database)
    for at in range(10):
        await store(database, None, 1, skills("Python", "Teamwork"), f"{at:032x}")

    async def another() -> str:
        while await kept(database) == 0:
            await asyncio.sleep(0)
        return await store(database, None, 1, skills("Negotiation"))

    flow_id, _ = await asyncio.gather(another(), look.look())
    assert flow_id not in flows
    await look.look()
    assert flow_id in flows


async def test_the_last_version_of_what_a_job_asks_for_is_read(database: Database) -> None:
    job_id = await a_job(database)
    assert await CompetencyModels(database).of_job(job_id) is None
    await store(database, job_id, 1, skills("Python"))
    await store(
        database, job_id, 2, {"competencies": [{"remote_id": "r1", "name": "客户服务", "indicators": ["Listens"]}]}
    )
    found = await CompetencyModels(database).of_job(job_id)
    assert found is not None
    [one] = found.asked.competencies
    assert (found.version, one.id, one.name) == (2, "r1", {Language.CHINESE: "客户服务"})
    assert one.indicators[0].name == {Language.ENGLISH: "Listens"}


def test_what_is_stored_oddly_is_read_as_far_as_it_goes() -> None:
    body = {
        "competencies": [{"name": {"en": "A\x00b", "fr": "x"}, "weight": -1, "level": 7, "indicators": [None, " "]}]
    }
    [one] = asked_of(body, "\n").competencies
    assert (one.name, one.weight, one.level, one.indicators) == ({Language.ENGLISH: "A b"}, 1.0, 1.0, ())
