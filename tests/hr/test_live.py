"""The wall and the monitor over real HTTP: everything so far, then what happens."""

from __future__ import annotations

from typing import Any

from server.interview.commands import Pause, StartAnswer
from server.keys import FLOWS, HUB
from server.live.hub import Signal
from tests.hr.conftest import House, answer, answer_all, following

WORDS = [{"text": "sorry", "start_ms": 0, "end_ms": 300, "confidence": 0.9}]


def transcript(interview_id: str, question_id: str, seq: int) -> Signal:
    """A partial result as the recogniser's side publishes it."""
    data: dict[str, Any] = {
        "question_id": question_id,
        "utterance_number": 1,
        "committed": WORDS,
        "tentative": [],
        "confidence": 0.9,
        "final": False,
    }
    return Signal(interview_id, "transcript", seq, data)


async def test_the_wall_begins_with_a_snapshot_and_goes_on_with_what_happens(house: House) -> None:
    async with house.started() as session, following(house, "/api/hr/events") as events:
        event, id_, snapshot = await events.next()
        [card] = snapshot["interviews"]
        assert (event, id_, card["interview_id"]) == ("snapshot", None, session.interview_id)
        assert (card["candidate_name"], card["status"], snapshot["flows"][card["flow_id"]]["job"]) == (
            "Ada Lovelace",
            "running",
            "Customer service representative",
        )
        assert snapshot["recognition"]["available"] is False
        await session.execute(Pause())
        id_, paused = await events.until("InterviewPaused")
        assert (id_, paused["interview_id"]) == (str(session.state.seq), session.interview_id)


async def test_the_wall_learns_of_new_invitations_and_late_pages_get_the_last_signals(house: House) -> None:
    async with house.started() as session:
        question_id = session.state.question_id
        assert question_id is not None
        await house.app[HUB].publish_signal(transcript(session.interview_id, question_id, session.state.seq))
        async with following(house, "/api/hr/events") as events:
            assert (await events.next())[0] == "snapshot"
            assert (await events.until("transcript"))[1]["committed"] == [{"text": "sorry", "start_ms": 0}]
            invited, _ = await house.invite("Grace Hopper")
            _, data = await events.until("InterviewInvited")
            assert data["interview_id"] == invited
        card = await house.json(f"/api/hr/interviews/{invited}?card=1")
        assert (card["status"], card["candidate_name"], card["answers"]) == ("invited", "Grace Hopper", [])


async def test_a_finished_interview_leaves_the_wall(house: House) -> None:
    async with house.started() as session:
        assert len((await house.json("/api/hr/interviews"))["interviews"]) == 1
        await answer_all(session)
    assert (await house.json("/api/hr/interviews"))["interviews"] == []


async def test_an_interview_whose_flow_is_gone_does_not_take_the_others_off_the_wall(house: House) -> None:
    gone, _ = await house.invite(flow_id="software_engineer")
    kept, _ = await house.invite()
    flow = house.app[FLOWS].pop("software_engineer")
    try:
        cards = (await house.json("/api/hr/interviews"))["interviews"]
    finally:
        house.app[FLOWS]["software_engineer"] = flow
    assert [card["interview_id"] for card in cards] == [kept]
    assert gone != kept


async def test_the_monitor_tells_late_joiners_everything_and_then_follows(house: House) -> None:
    async with house.started() as session:
        first = await answer(session)
        path = f"/api/hr/interviews/{session.interview_id}"
        snapshot = await house.json(path)
        assert snapshot["answers"][0]["transcript"]["words"]
        assert snapshot["answers"][0]["score"]["question_id"] == first
        async with following(house, f"{path}/events") as events:
            ids: list[int] = []
            while len(ids) < snapshot["seq"]:
                event, id_, data = await events.next()
                if id_ is not None:
                    ids.append(int(id_))
                    assert (data["seq"], data["type"]) == (int(id_), event)
            assert ids == list(range(1, snapshot["seq"] + 1))
            question_id = session.state.question_id
            assert question_id is not None
            await session.execute(StartAnswer(question_id))
            id_, data = await events.until("AnswerStarted")
            assert (id_, data["data"]) == (str(snapshot["seq"] + 1), {"question_id": question_id})


async def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_twice(house: House) -> None:
    async with house.started() as session:
        seen = session.state.seq
        await session.execute(Pause())
        path = f"/api/hr/interviews/{session.interview_id}/events"
        async with following(house, path, **{"Last-Event-ID": str(seen)}) as events:
            assert (await events.next())[0] == "watchers"
            event, id_, _ = await events.next()
            assert (event, id_) == ("InterviewPaused", str(seen + 1))


async def test_a_stored_score_brings_the_interviews_score_with_it(house: House) -> None:
    async with house.started() as session:
        path = f"/api/hr/interviews/{session.interview_id}/events?after={session.state.seq}"
        async with following(house, path) as events:
            await answer(session)
            await events.until("AnswerScored")
            event, _, data = await events.next()
            assert event == "scores"
            assert data["score"] == (await house.json(f"/api/hr/interviews/{session.interview_id}"))["score"]


async def test_names_come_in_the_readers_language_and_words_in_the_candidates(house: House) -> None:
    async with house.started() as session:
        snapshot = await house.json(f"/api/hr/interviews/{session.interview_id}?lang=zh-CN")
        assert snapshot["flow"]["job"] == "客服专员"
        assert snapshot["language"] == "en"


async def test_an_unknown_interview_is_a_clear_404(house: House) -> None:
    for path in ("/hr/interviews/nonsense", f"/hr/interviews/{'0' * 32}", f"/hr/interviews/{'0' * 32}/report"):
        async with house.hr.get(house.url(path)) as response:
            assert response.status == 404
            assert "There is no such interview" in await response.text()
    for path in (f"/api/hr/interviews/{'0' * 32}", f"/api/hr/interviews/{'0' * 32}/events"):
        async with house.hr.get(house.url(path)) as response:
            assert response.status == 404
            assert (await response.json())["error"]["code"] == "interview_unknown"
