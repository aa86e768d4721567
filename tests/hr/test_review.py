"""The review room without a browser: who sees what, what there is instead of a recording, and where links lead."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from question_flows.model import Language
from server.hr.review_answers import reviewed_answers
from server.interview.events import RecordingFailed, RecordingStored
from server.keys import DATABASE, FLOWS, INTERVIEWS
from server.storage.assignments import Assignments
from server.storage.users import Role, Users
from tests.hr.conftest import House, serving
from tests.hr.review_interview import CODE, CORRECTED, reviewed_interview
from tests.hr.test_recording import record, settings_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One server for all of this file's: its interviews do not meet."""
    async with serving(settings_in(tmp_path_factory.mktemp("review"), {})) as running:
        yield running


async def page_of(house: House, interview_id: str, query: str = "") -> str:
    """The review room's HTML."""
    async with house.hr.get(house.url(f"/hr/interviews/{interview_id}/review{query}")) as response:
        assert response.status == 200, await response.text()
        return await response.text()


def data_of(page: str) -> Any:
    """What its script reads."""
    found = re.search(r'id="review-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


async def test_the_page_holds_every_word_once_with_its_moment(house: House) -> None:
    for language, code in ((Language.CHINESE, "zh-CN"), (Language.ENGLISH, "en")):
        interview_id = await reviewed_interview(house, language=language)
        page = await page_of(house, interview_id, f"?lang={code}")
        report = await house.app[INTERVIEWS].report(interview_id)
        answers = data_of(page)["answers"]
        for one, reported, reviewed in zip(answers, report.answers, reviewed_answers(report), strict=True):
            if not reported.transcript.words:
                assert one["shown"] is None
                continue
            assert reviewed.shown is not None
            text, position, start = reviewed.shown.text, 0, 0
            numbers = one["shown"]["words"]
            assert len(numbers) == 4 * len(reported.transcript.words)
            for word, place in zip(reported.transcript.words, range(0, len(numbers), 4), strict=True):
                gap, length, later, lasts = numbers[place : place + 4]
                position += gap + length
                start += later
                assert "".join(text[position - length : position].split()) == "".join(word.text.split())
                assert (start, lasts) == (word.start_ms, word.end_ms - word.start_ms)
        story = answers[0]
        assert story["spoken"] is True
        assert len(story["shown"]["changed"]) == len(story["heard"]["changed"]) == 1
        assert [one["spoken"] for one in answers] == [True, True, False, False, False, False]
        assert CODE in page


async def test_what_there_is_instead_of_a_recording_is_said_and_all_else_is_there(house: House) -> None:
    without = await reviewed_interview(house, records=False)
    page = await page_of(house, without)
    assert "Not recorded: the candidate did not agree." in page
    assert CORRECTED in page
    assert 'data-testid="strip"' in page
    assert "<video" not in page
    waiting = await reviewed_interview(house)
    assert "The recording is being prepared" in await page_of(house, waiting)
    assert f'data-preparing="/hr/interviews/{waiting}/recording"' in await page_of(house, waiting)
    await record(house, waiting, RecordingFailed("StoreUnavailable"))
    page = await page_of(house, waiting)
    assert "does not answer. Nothing is lost" in page
    assert CORRECTED in page
    invited, _ = await house.invite()
    page = await page_of(house, invited)
    assert "Nothing has been asked yet." in page
    async with house.started() as session:
        page = await page_of(house, session.interview_id)
    assert "Being answered." in page
    assert "The interview is not over" in page


async def test_a_link_that_does_not_fit_still_opens(house: House) -> None:
    interview_id = await reviewed_interview(house, records=False)
    cue = data_of(await page_of(house, interview_id, "?question=story&quote=3-5&at=4000"))["cue"]
    assert cue == {"question": "story", "at": 4000, "first": 3, "last": 5}
    page = await page_of(house, interview_id, "?question=%3Cb%3E&quote=1-2&at=-1")
    assert 'data-testid="cue-unknown"' in page
    assert data_of(page)["cue"] == {"question": None, "at": None, "first": None, "last": None}
    for query in ("?question=story&quote=5-3", "?question=story&quote=0-999", "?question=story&quote=x", "?quote=1-2"):
        cue = data_of(await page_of(house, interview_id, query))["cue"]
        assert (cue["first"], cue["last"]) == (None, None)


async def test_a_colleague_signs_in_first_and_lands_at_the_answer(house: House) -> None:
    interview_id = await reviewed_interview(house, records=False)
    path = f"/hr/interviews/{interview_id}/review?question=story&quote=3-5"
    stranger = house.stranger()
    async with stranger.get(house.url(path), allow_redirects=False) as response:
        assert response.status == 303
        form = response.headers["Location"]
    async with stranger.get(house.url(form)) as response:
        found = re.search(r'name="next" value="([^"]*)"', await response.text())
    assert found is not None
    behind = found[1].replace("&amp;", "&")
    credentials = {"email": "hr@example.com", "password": "correct horse battery staple", "next": behind}
    async with stranger.post(house.url("/hr/sign-in"), data=credentials, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, path)


async def test_each_role_sees_what_it_may(house: House) -> None:
    interview_id = await reviewed_interview(house)
    await record(house, interview_id, RecordingStored("key", "video/webm", 1000, "0" * 64, 60_000, True))
    place = f"/hr/interviews/{interview_id}"
    path = house.url(f"{place}/review?question=story")
    for role, status in ((Role.RECRUITER, 200), (Role.REVIEWER, 404), (Role.AUDITOR, 200)):
        colleague, _ = await signed_in(house, role)
        async with colleague.get(path) as response:
            assert response.status == status, role
            page = await response.text()
        if status == 200:
            async with colleague.get(house.url(f"{place}/report")) as response:
                pages = page + await response.text()
            assert (f"{place}/recording" in pages) is (role is Role.RECRUITER)
            assert ("Ada Lovelace" in pages) is (role is Role.RECRUITER)
            assert ("<p>Your role does not include recordings." in page) is (role is Role.AUDITOR)
            assert CORRECTED in page


async def signed_in(house: House, role: Role) -> tuple[ClientSession, str]:
    """A colleague's browser, and the account's id."""
    users, now = Users(house.app[DATABASE]), datetime.now(UTC)
    link = await users.issue_link(now, role=role)
    cookie = await users.create_account(
        link, f"{role}-{secrets.token_hex(4)}@example.com", "correct horse battery staple", now
    )
    user = await users.user_of(cookie, now)
    assert user is not None
    return house.stranger(Cookie=f"hr_session={cookie}"), user.id


async def test_who_rates_blind_sees_no_score_anywhere(house: House) -> None:
    interview_id = await reviewed_interview(house)
    flow = house.app[FLOWS]["every_path"]
    house.app[FLOWS]["every_path"] = replace(flow, review=replace(flow.review, blind=True))
    reviewer, user_id = await signed_in(house, Role.REVIEWER)
    await Assignments(house.app[DATABASE]).set(interview_id, [user_id], user_id, datetime.now(UTC))
    async with reviewer.get(house.url(f"/hr/interviews/{interview_id}/review")) as response:
        assert response.status == 200
        page = await response.text()
    assert 'data-testid="review-blind"' in page
    assert CORRECTED in page
    for telling in ("review-scores", "data-quote", "review-strip__quote", "review-found", "review-question__points"):
        assert telling not in page
    assert 'data-testid="review-scores"' in await page_of(house, interview_id)
