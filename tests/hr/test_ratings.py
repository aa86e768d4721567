"""Forms for people's ratings, decisions and overrides over HTTP: errors at the field, blind rating, the HR system."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession

from server.hr.access import USERS
from server.hr.blind import hidden_among
from server.interview.session import InterviewSession
from server.keys import DATABASE, INTERVIEWS
from server.storage import schema
from server.storage.assignments import Assignments
from server.storage.hr_user import Role
from server.storage.outbox import Outbox
from server.storage.users import Users
from tests.hr.conftest import EMAIL, PASSWORD, Events, House, answer, answer_all

RATER = "rita@example.com"


@dataclass
class Rater:
    """A reviewer of the store's management, whom the interview is assigned to, and the interview, whose first answer is
    scored."""

    house: House
    browser: ClientSession
    session: InterviewSession

    @property
    def cookie(self) -> str:
        """Rita's."""
        [found] = [one.value for one in self.browser.cookie_jar if one.key == "hr_session"]
        return found

    def url(self, path: str = "") -> str:
        return self.house.url(f"/hr/interviews/{self.session.interview_id}{path}")

    async def page(self, path: str = "/report") -> str:
        async with self.browser.get(self.url(path)) as response:
            assert response.status == 200
            return unescape(await response.text())


async def colleague(house: House, email: str, role: Role, department: str = "") -> tuple[str, ClientSession]:
    """(account's id, signed-in browser) of somebody else of HR."""
    users, now = Users(house.app[DATABASE]), datetime.now(UTC)
    link = await users.issue_link(now, role=role, name="Rita Rater", department=department, email=email)
    cookie = await users.create_account(link, email, PASSWORD, now)
    browser = house.stranger()
    browser.cookie_jar.update_cookies({"hr_session": cookie})
    user = await users.user_of(cookie, now)
    assert user is not None
    return user.id, browser


@pytest.fixture
async def rater(house: House) -> AsyncIterator[Rater]:
    """Rita, before she has rated anything."""
    user_id, browser = await colleague(house, RATER, Role.REVIEWER, "Store Management")
    async with house.started(flow_id="store_manager") as session:
        by = await _id_of(house, EMAIL)
        await Assignments(house.app[DATABASE]).set(session.interview_id, [user_id], by=by, now=datetime.now(UTC))
        await answer(session)
        yield Rater(house, browser, session)


async def _id_of(house: House, email: str) -> str:
    table = schema.hr_users
    async with house.app[DATABASE].read() as connection:
        found: str = await connection.scalar(sa.select(table.c.id).where(table.c.email == email))
    return found


async def test_a_blind_rater_sees_no_score_and_nobody_elses_rating_anywhere_until_they_have_finished(
    rater: Rater,
) -> None:
    house, session = rater.house, rater.session
    base, api = f"/hr/interviews/{session.interview_id}", f"/api/hr/interviews/{session.interview_id}"
    indicator = session.flow.question(session.state.asked[0].question_id).indicator_ids[0]
    competency = session.flow.competencies[0].id
    secret = {"points": "1.5", "reason": "secret of the recruiter"}
    for path in (f"/competencies/{competency}", "/dimensions/motivation", "/decision"):
        async with house.hr.post(
            house.url(base + path), data={**secret, "decision": "decline"}, allow_redirects=False
        ) as done:
            assert done.status == 303
    first = session.state.asked[0].question_id
    async with house.hr.post(
        house.url(f"{base}/answers/{first}/indicators/{indicator}/override"), data={**secret, "points": "3.5"}
    ) as done:
        assert done.status == 200
        assert "in place of the machine’s" in await done.text()

    async def seen(*, finished: bool) -> list[str]:
        texts = [await rater.page(), await rater.page("")]
        pages = (api, f"{api}?card=1", f"{api}/report", f"{base}/review", "/api/hr/interviews", "/hr")
        for path in pages:
            async with rater.browser.get(house.url(path)) as response:
                assert response.status == 200
                texts.append(await response.text())
        async with rater.browser.get(house.url(f"{api}/events?after=0"), headers={"Last-Event-ID": "0"}) as stream:
            kinds = set()
            events = Events(stream)
            while "Decided" not in kinds:
                name, _, data = await events.next()
                kinds.add(name)
                texts.append(str(data))
            assert ("scores" in kinds) is finished
        user = await house.app[USERS].user_of(rater.cookie, datetime.now(UTC))
        assert user is not None
        listed = [(session.interview_id, session.state.flow_id), ("of another flow", "customer_service")]
        assert await hidden_among(house.app, user, listed) == (set() if finished else {session.interview_id})
        return texts

    for text in await seen(finished=False):
        assert "secret of the recruiter" not in text
        assert not re.search(r"['\"]points['\"]: ?[\d.]", text)
        assert not re.search(r"['\"]total['\"]: ?\d", text)
        assert not re.search(r'"score": ?\{(?!"competencies": \[\]|"machine": null)', text)
        assert 'data-testid="report-total"' not in text
    page = await rater.page()
    assert "You are rating blind." in page
    assert 'data-testid="both"' not in page
    assert "override" not in page
    async with rater.browser.post(rater.url("/review-finished"), data={"back": ""}) as response:
        assert response.status == 409
        assert "Please rate at least one thing" in await response.text()
    for points in ("6", "7.5"):
        own = {"points": points, "reason": f"own words for {points}"}
        async with rater.browser.post(rater.url(f"/competencies/{competency}"), data=own) as response:
            page = await response.text()
            assert own["reason"] in page
            assert "secret" not in page
    async with rater.browser.post(rater.url("/review-finished"), data={"back": ""}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, f"{base}/report#own-review")
    assert any("secret of the recruiter" in text for text in await seen(finished=True))
    page = await rater.page()
    assert page.count("secret of the recruiter") >= 4
    for told in ("Rita Rater", "rated blind", "not blind", "Store management", "other departments", "Decline"):
        assert told in page, told
    assert 'data-testid="report-total"' in page
    report = await house.json(f"{api}/report")
    assert [(one["rater"], one["blind"]) for one in report["people"]["competencies"][0]["ratings"]] == [
        (EMAIL, False),
        (RATER, True),
    ]
    # (0.6 * 7.5 + 0.1 * 1.5) / 0.7
    assert report["people"]["competencies"][0]["score"]["human"] == 6.6
    assert not report["scores_hidden"]
    # A change afterwards counts, and is marked.
    again = {"points": "5", "reason": "after all"}
    async with rater.browser.post(rater.url(f"/competencies/{competency}"), data=again) as response:
        assert response.status == 200
    [rated] = [one.given for one in session.state.review.ratings if one.given.rater == RATER]
    assert (rated.points, rated.blind, rated.department) == (5, False, "Store Management")


async def test_what_is_wrong_is_said_at_the_field_and_nothing_entered_is_lost(rater: Rater) -> None:
    house, session = rater.house, rater.session
    base = f"/hr/interviews/{session.interview_id}"
    question_id = session.state.asked[0].question_id
    indicator = session.flow.question(question_id).indicator_ids[0]
    competency = session.flow.competencies[0].id
    override = f"/answers/{question_id}/indicators/{indicator}/override"
    seq = session.state.seq
    for path, sent, problem, told in (
        (f"/competencies/{competency}", {"points": "11"}, f"problem-rating-{competency}", "points from 0 to 10"),
        (f"/competencies/{competency}", {"points": "6.3"}, f"problem-rating-{competency}", "whole or half points"),
        (f"/competencies/{competency}", {"points": "6", "reason": " "}, f"problem-rating-{competency}", "rests on"),
        ("/dimensions/motivation", {"points": "eleven"}, "problem-dimension-motivation", "points from 0 to 10"),
        (override, {"points": "-1"}, f"problem-override-{question_id}-{indicator}", "points from 0 to 10"),
        (override, {"points": "5", "reason": ""}, f"problem-override-{question_id}-{indicator}", "rests on"),
        ("/decision", {"decision": "reject"}, "problem-decision", "choose a decision"),
        ("/decision", {"decision": "hold", "reason": ""}, "problem-decision-reason", "rests on"),
    ):
        async with house.hr.post(house.url(base + path), data={"reason": "kept <words>", **sent}) as response:
            assert response.status == 400, path
            page = await response.text()
        shown = re.findall(rf'id="{problem}" role="alert">(.*?)</p>', page)
        assert len(shown) == 1, path
        assert told in shown[0]
        assert f'{problem}"' in "".join(re.findall(r'aria-describedby="([^>]*)>', page)), path
        assert ("kept &lt;words&gt;" in page) is ("reason" not in sent)
    async with house.hr.post(house.url(f"{base}/competencies/charm"), data={"points": "5", "reason": "x"}) as response:
        assert response.status == 404
    # A reviewer rates, and no more; a stranger is asked to sign in.
    for path in ("/decision", override):
        async with rater.browser.post(
            rater.url(path), data={"decision": "hold", "reason": "x", "points": "5"}
        ) as response:
            assert response.status == 403
    async with house.stranger().post(
        rater.url("/decision"), data={"decision": "hold", "reason": "x"}, allow_redirects=False
    ) as response:
        assert (response.status, "/hr/sign-in" in response.headers["Location"]) == (303, True)
    assert session.state.seq == seq


async def test_points_that_are_taken_back_leave_the_machines(rater: Rater) -> None:
    house, session = rater.house, rater.session
    question_id = session.state.asked[0].question_id
    indicator = session.flow.question(question_id).indicator_ids[0]
    path = f"/hr/interviews/{session.interview_id}/answers/{question_id}/indicators/{indicator}/override"
    for sent in ({"points": "9", "reason": "clear"}, {"points": "", "reason": ""}):
        async with house.hr.post(house.url(path), data=sent, allow_redirects=False) as response:
            assert response.headers["Location"].endswith(f"/report#override-{question_id}-{indicator}")
        report = await house.json(f"/api/hr/interviews/{session.interview_id}/report")
        assert [one["points"] for one in report["people"]["overrides"]] == ([9.0] if sent["points"] else [])


async def test_the_hr_system_learns_what_people_finish_and_decide_after_the_report(house: House) -> None:
    """In the same transaction and in order; a rating alone tells nobody, and nothing follows from a decision."""
    async with house.started() as session:
        await answer_all(session)
    base = house.url(f"/hr/interviews/{session.interview_id}")
    competency = session.flow.competencies[0].id
    for path, sent in (
        (f"/competencies/{competency}", {"points": "8,5", "reason": "warm and clear"}),
        ("/review-finished", {}),
        ("/decision", {"decision": "hold", "reason": "second talk first"}),
        ("/decision", {"decision": "hold", "reason": "second talk first"}),
        ("/decision", {"decision": "advance", "reason": "the second talk was good", "back": "review"}),
    ):
        async with house.hr.post(base + path, data=sent, allow_redirects=False) as response:
            assert response.status == 303, await response.text()
            room = "review" if "back" in sent else "report"
            assert f"/{session.interview_id}/{room}#" in response.headers["Location"]
    # Two at once: none is told a report that lacks the other's decision for good.
    both = [{"decision": "hold", "reason": reason} for reason in ("one of us", "the other")]
    for done in await asyncio.gather(*(house.hr.post(base + "/decision", data=one) for one in both)):
        assert done.status == 200
    async with asyncio.timeout(10):
        while await Outbox(house.app[DATABASE]).waiting():
            await asyncio.sleep(0.05)
    table, kept = schema.outbox, schema.ehr_inbox
    async with house.app[DATABASE].read() as connection:
        sent_rows = (await connection.execute(sa.select(table.c.id, table.c.type).order_by(table.c.position))).all()
        bodies = {row.webhook_id: row.body for row in (await connection.execute(sa.select(kept))).all()}
        listed = await connection.scalar(sa.select(schema.interviews.c.decision))
    assert [row.type for row in sent_rows] == ["report.ready", *["report.updated"] * 5]
    told = [bodies[row.id]["data"]["people"] for row in sent_rows]
    assert [one["decision"] and one["decision"]["decision"] for one in told] == [
        None,
        None,
        "hold",
        "advance",
        "hold",
        "hold",
    ]
    assert [len(one["finished"]) for one in told] == [0, 1, 1, 1, 1, 1]
    assert [len(one["decisions"]) for one in told] == [0, 0, 1, 2, 3, 4]
    assert told[1]["competencies"][0]["ratings"][0]["points"] == 8.5
    assert listed == "hold"
    state = await house.app[INTERVIEWS].state(session.interview_id)
    assert state.status.value == "completed"
    assert state.letter is None
    async with house.hr.get(base + "/report") as response:
        page = unescape(await response.text())
    assert "Nothing follows by itself" in page
    assert page.index("the second talk was good") < page.index("second talk first")
    assert 'data-testid="decisions-before"' in page
