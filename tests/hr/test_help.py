"""A candidate's call for a person reaches HR at once, is taken up, and the candidate is told."""

from __future__ import annotations

from server.interview.commands import CallForHelp, WithdrawHelp
from server.interview.snapshot import candidate_snapshot
from tests.hr.conftest import House, following


async def test_a_call_reaches_the_wall_and_taking_it_up_reaches_the_candidate(house: House) -> None:
    async with house.started() as session, following(house, "/api/hr/events") as events:
        await events.until("snapshot")
        await session.execute(CallForHelp("I cannot hear anything"))
        _, message = await events.until("HelpRequested")
        assert message["data"] == {"message": "I cannot hear anything"}
        assert (await house.json("/api/hr/interviews"))["interviews"][0]["help"]["message"] == "I cannot hear anything"
        assert candidate_snapshot(session)["help"]["acknowledged"] is False
        address = house.url(f"/api/hr/interviews/{session.interview_id}/help/acknowledge")
        for _ in range(2):
            async with house.hr.post(address) as response:
                assert response.status == 200
        assert candidate_snapshot(session)["help"]["acknowledged"] is True
        await session.execute(WithdrawHelp())
        assert candidate_snapshot(session)["help"] is None
        async with house.hr.post(address) as response:
            assert response.status == 409


async def test_a_stranger_takes_up_nothing(house: House) -> None:
    async with house.started() as session:
        await session.execute(CallForHelp())
        address = house.url(f"/api/hr/interviews/{session.interview_id}/help/acknowledge")
        async with house.stranger().post(address) as response:
            assert response.status == 401
        assert session.state.help is not None
        assert not session.state.help.acknowledged
