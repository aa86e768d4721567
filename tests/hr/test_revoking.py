"""Rights that are taken while somebody watches: open streams and live pictures end within seconds, and say why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession

from server.hr.revoking import VIEWS
from server.keys import DATABASE
from server.storage import schema
from server.storage.hr_user import Role
from tests.hr.conftest import Events, House
from tests.hr.test_live_view import SDP, on_the_line, whep
from tests.media.screens import screen

SOON_S = 5.0


@asynccontextmanager
async def open_stream(house: House, browser: ClientSession, path: str) -> AsyncIterator[Events]:
    async with browser.get(house.url(path)) as response:
        assert response.status == 200
        yield Events(response)


async def ended(events: Events) -> str:
    """Why the stream ended; "silently": it ended with no word."""
    try:
        _, data = await events.until("ended")
    except EOFError:
        return "silently"
    assert await events.response.content.read() == b""
    return str(data["reason"])


async def post(house: House, path: str, **form: str) -> None:
    async with house.hr.post(house.url(path), data=form, allow_redirects=False) as response:
        assert response.status == 303, await response.text()


async def test_whoever_loses_the_right_is_cut_off_within_five_seconds(house: House) -> None:
    async with house.started() as session:
        monitor = f"/api/hr/interviews/{session.interview_id}/events"
        leaver, leaver_id = await house.person(Role.RECRUITER, "leaver@example.com")
        demoted, demoted_id = await house.person(Role.RECRUITER, "demoted@example.com")
        thief, thief_id = await house.person(Role.RECRUITER, "thief@example.com")
        reviewer, reviewer_id = await house.person(Role.REVIEWER)
        stays, _ = await house.person(Role.RECRUITER, "stays@example.com")
        assignments = f"/hr/interviews/{session.interview_id}/assignments"
        await post(house, assignments, **{f"reviewer-{reviewer_id}": "1"})
        async with (
            open_stream(house, leaver, "/api/hr/events") as wall,
            open_stream(house, leaver, monitor) as beside,
            open_stream(house, demoted, "/api/hr/events") as demoted_wall,
            open_stream(house, thief, monitor) as stolen,
            open_stream(house, reviewer, monitor) as assigned,
            open_stream(house, reviewer, "/api/hr/events") as assigned_wall,
            open_stream(house, stays, monitor) as untouched,
        ):
            began = monotonic()
            await post(house, f"/hr/people/{leaver_id}/disable")
            await post(house, f"/hr/people/{demoted_id}", role="reviewer")
            await post(house, f"/hr/people/{thief_id}/sessions/end")
            await post(house, assignments)
            streams = (wall, beside, demoted_wall, stolen, assigned, assigned_wall)
            reasons = await asyncio.gather(*map(ended, streams))
            assert monotonic() - began < SOON_S
            assert reasons == ["signed_out", "signed_out", "rights", "signed_out", "rights", "silently"]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SOON_S - (monotonic() - began)):
                    await untouched.until("ended")
        # What the page asks for next is refused as well.
        for browser, path, status in ((leaver, monitor, 401), (reviewer, monitor, 404), (demoted, monitor, 404)):
            async with browser.get(house.url(path)) as response:
                assert response.status == status
        async with reviewer.get(house.url("/api/hr/interviews")) as response:
            assert (await response.json())["interviews"] == []


async def test_a_live_picture_ends_with_the_right_to_it(house: House) -> None:
    async with house.started() as session, on_the_line(session), screen() as browser:
        reviewer, reviewer_id = await house.person(Role.REVIEWER)
        await post(house, f"/hr/interviews/{session.interview_id}/assignments", **{f"reviewer-{reviewer_id}": "1"})
        async with reviewer.post(house.url(whep(session)), data=await browser.offer(), headers=SDP) as response:
            assert response.status == 201
            await browser.accept(await response.text())
        await browser.picture.until(lambda: browser.picture.frames)
        assert session.viewers.count == 1
        await post(house, f"/hr/interviews/{session.interview_id}/assignments")
        async with asyncio.timeout(SOON_S):
            while session.viewers.count:
                await asyncio.sleep(0.05)
        async with asyncio.timeout(SOON_S):
            while house.app[VIEWS]:
                await asyncio.sleep(0.05)


async def test_a_session_ends_after_twelve_hours_and_when_nobody_uses_it(house: House) -> None:
    browser, user_id = await house.person(Role.RECRUITER)
    sessions = schema.hr_sessions

    async def age(**columns: timedelta) -> None:
        values = {name: datetime.now(UTC) - by for name, by in columns.items()}
        async with house.app[DATABASE].begin() as connection:
            await connection.execute(sa.update(sessions).where(sessions.c.user_id == user_id).values(**values))

    async def status() -> int:
        async with browser.get(house.url("/api/hr/interviews")) as response:
            return response.status

    await age(last_seen_at=timedelta(minutes=119))
    assert await status() == 200
    async with house.app[DATABASE].read() as connection:
        seen_at = await connection.scalar(sa.select(sessions.c.last_seen_at).where(sessions.c.user_id == user_id))
    assert datetime.now(UTC) - seen_at < timedelta(minutes=1)
    await age(last_seen_at=timedelta(minutes=121))
    assert await status() == 401
    await age(last_seen_at=timedelta(0), expires_at=timedelta(0))
    assert await status() == 401
