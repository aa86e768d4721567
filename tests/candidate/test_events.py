"""The candidate's event stream: from the last event seen on, without what is not for them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import ClientResponse

from server.candidate.views import SHOWN_TO_CANDIDATES, without_names
from server.keys import INTERVIEWS
from tests.candidate.conftest import Browser, House
from tests.candidate.test_answers import answer_all


async def read_until(response: ClientResponse, wanted: str) -> list[tuple[str, int | None, Any]]:
    """(event, id, data) of each message, up to the first one called `wanted`."""
    found: list[tuple[str, int | None, Any]] = []
    fields: dict[str, str] = {}
    async with asyncio.timeout(20):
        while not found or found[-1][0] != wanted:
            line = (await response.content.readline()).decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                found.append(
                    (fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"]))
                )
                fields = {}
    return found


async def follow(browser: Browser, **headers: str) -> ClientResponse:
    """An open stream."""
    response = await browser.get("/api/interview/events", headers=headers)
    assert (response.status, response.content_type) == (200, "text/event-stream")
    return response


async def test_the_stream_tells_the_course_and_nothing_of_scores(house: House) -> None:
    browser = await house.candidate()
    stream = await follow(browser)
    await browser.ok("/api/interview/start")
    await answer_all(browser)
    messages = await read_until(stream, "InterviewCompleted")
    names = [name for name, _, _ in messages]
    assert set(names) <= SHOWN_TO_CANDIDATES
    assert names.count("QuestionAsked") == 6
    assert names.count("AnswerSubmitted") == 6
    assert not {"AnswerScored", "AnswerObserved", "ReportWritten", "scores", "observations"} & set(names)
    stream.close()


async def test_it_goes_on_behind_the_last_event_seen(house: House) -> None:
    browser, address = await house.answering()
    stream = await follow(browser)
    before = await read_until(stream, "AnswerStarted")
    stream.close()
    await browser.ok(address + "/answer", {"mode": "typed", "text": "I am sorry, I will check it at once."})
    last = max(id_ for _, id_, _ in before if id_ is not None)
    again = await follow(browser, **{"Last-Event-ID": str(last)})
    after = await read_until(again, "QuestionAsked")
    ids = [id_ for _, id_, _ in after if id_ is not None]
    assert min(ids) > last
    assert ids == sorted(set(ids))
    assert "AnswerSubmitted" in [name for name, _, _ in after]
    again.close()


async def test_nonsense_as_last_event_id_starts_from_the_beginning(house: House) -> None:
    browser = await house.candidate()
    await browser.ok("/api/interview/start")
    stream = await follow(browser, **{"Last-Event-ID": "-1; drop table events"})
    assert (await read_until(stream, "QuestionAsked"))[-1][2]["data"]["question_id"] == "experience"
    stream.close()


async def test_one_candidate_never_hears_of_another(house: House) -> None:
    one, other = await house.candidate(), await house.candidate()
    stream = await follow(one)
    await other.ok("/api/interview/start")
    await one.ok("/api/interview/start")
    mine = (await one.snapshot())["interview_id"]
    assert {data["interview_id"] for _, _, data in await read_until(stream, "QuestionAsked")} == {mine}
    stream.close()


async def test_a_page_comes_back_when_its_interview_goes_on_in_another_process(house: House) -> None:
    browser, _ = await house.answering()
    interviews, interview_id = house.app[INTERVIEWS], (await browser.snapshot())["interview_id"]
    stream = await follow(browser)
    await read_until(stream, "AnswerStarted")
    await interviews.release([interview_id])  # As a worker does that has been taken for dead and is back.
    async with asyncio.timeout(5):
        while await stream.content.readline():
            pass
    again = await follow(browser)
    assert (await interviews.find(interview_id)).somebody
    again.close()


def test_who_of_hr_did_something_stays_with_hr() -> None:
    told = without_names({"seq": 7, "data": {"by": "hr@example.com", "text": "write to a@b.example"}})
    assert told == {"seq": 7, "data": {"text": "write to a@b.example"}}
    assert without_names({"data": {"by": "hr", "user": "hr@example.com"}}) == {"data": {"by": "hr"}}
    assert without_names({"words": []}) == {"words": []}


def test_of_what_people_ask_for_the_candidate_learns_only_that_they_did() -> None:
    """A question's words come with the question, and why somebody ended an interview is HR's."""
    for kind, data in (
        ("QuestionRequested", {"question_id": "story-ask-1", "wording": "Would you move?", "by": "hr@example.com"}),
        ("InterviewEnded", {"reason": "Too slow", "by": "hr@example.com"}),
    ):
        assert kind in SHOWN_TO_CANDIDATES
        assert without_names({"seq": 7, "type": kind, "data": data}) == {"seq": 7, "type": kind, "data": {}}
    hint = without_names({"type": "HintSent", "data": {"question_id": "story", "text": "Think", "by": "a@b.example"}})
    assert hint["data"] == {"question_id": "story", "text": "Think"}
