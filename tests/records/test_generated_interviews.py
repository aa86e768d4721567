"""Interviews of generated flows: invited by one process, held by another, each with the version it began with."""

from __future__ import annotations

from pathlib import Path

from question_flows.model import Language
from server.interview.flow_versions import flow_id_of, is_generated, offered
from server.interview.registry import Interviews
from server.records.models import GeneratedFlows
from tests.interview.houses import FLOWS, LOOPBACK, house
from tests.records.test_models import MODEL, skills, store


async def test_an_interview_keeps_the_version_it_was_invited_with_in_every_process(tmp_path: Path) -> None:
    mine, others = dict(FLOWS), dict(FLOWS)
    async with house(tmp_path, flows=mine) as one:
        await store(one.database, None, 1, skills("Python", "SQL", "Git"))
        await GeneratedFlows(one.database, mine).look()
        interview_id = await one.invite(flow_id_of(MODEL, 1))
        look = GeneratedFlows(one.database, others).look
        async with Interviews(
            one.database, one.hub, others, engine=one.engine, ice=LOOPBACK, look_for_flows=look
        ) as elsewhere:
            session = await elsewhere.get(interview_id)
            assert session.flow.id == flow_id_of(MODEL, 1)
            assert session.flow == mine[session.flow.id]
            await store(one.database, None, 2, skills("Python", "SQL", "Git", "Docker"))
            newer, _ = await elsewhere.invite(
                flow_id=flow_id_of(MODEL, 2),
                language=Language.CHINESE,
                candidate_name="Ada",
                email="",
                jurisdiction="CN",
                now=one.now(),
            )
            held = [(await elsewhere.report(id_)).flow_version for id_ in (interview_id, newer)]
            assert held == [1, 2]
            assert [id_ for id_ in offered(others) if is_generated(id_)] == [flow_id_of(MODEL, 2)]
            assert set(offered(FLOWS)) == set(FLOWS)
