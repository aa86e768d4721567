"""Who else is at an interview's monitor: over real HTTP, and between processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from aiohttp import ClientSession, CookieJar

from server.hr.watchers import FORGOTTEN_SECONDS, Watchers
from server.keys import DATABASE
from server.live.hub import Signal
from server.storage.users import HrUser, Role, Users
from tests.hr.conftest import EMAIL, PASSWORD, Events, House, following

ANN = HrUser("1", "ann@example.com", "Ann", Role.RECRUITER, "")
BOB = HrUser("2", "bob@example.com", "", Role.RECRUITER, "")


async def second(house: House) -> ClientSession:
    """Another person of HR's browser."""
    users, now = Users(house.app[DATABASE]), datetime.now(UTC)
    cookie = await users.create_account(await users.issue_link(now), "bob@example.com", PASSWORD, now)
    browser = ClientSession(cookie_jar=CookieJar(unsafe=True), cookies={"hr_session": cookie})
    house.sessions.append(browser)
    return browser


async def names(events: Events, *wanted: str) -> None:
    """Reads until exactly these people are there."""
    while True:
        _, data = await events.until("watchers")
        if [one["name"] for one in data["users"]] == list(wanted):
            return


async def test_two_people_see_each_other_come_and_go(house: House) -> None:
    interview_id, _ = await house.invite()
    other_interview, _ = await house.invite()
    bob = await second(house)
    path = f"/api/hr/interviews/{interview_id}/events"
    async with following(house, path) as events, following(house, path) as second_tab:
        await names(events, EMAIL)
        await names(second_tab, EMAIL)
        async with bob.get(house.url(path)) as response:
            # Whoever comes late sees who is there already.
            await names(Events(response), "bob@example.com", EMAIL)
            await names(events, "bob@example.com", EMAIL)
            async with following(house, path.replace(interview_id, other_interview)) as elsewhere:
                await names(elsewhere, EMAIL)
        async with asyncio.timeout(5):
            await names(events, EMAIL)


class TwoProcesses:
    """What two processes' watchers publish, taken by both; neither knows the other's tables."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.one, self.two = (Watchers(self.publish, self.now, 0.01) for _ in range(2))
        self.down: Watchers | None = None
        self.told = 0

    def now(self) -> float:
        return self.seconds

    async def publish(self, signal: Signal) -> None:
        self.told += 1
        for process in (self.one, self.two):
            if process is not self.down:
                process.hear(signal)

    def seen(self, process: Watchers) -> list[str]:
        return [one["name"] for one in process.now("i").data["users"]]


async def test_processes_tell_each_other_and_one_that_falls_silent_is_forgotten() -> None:
    both = TwoProcesses()
    async with both.one.watching("i", ANN):
        async with both.two.watching("i", BOB), both.two.watching("i", ANN):
            assert both.seen(both.one) == both.seen(both.two) == ["Ann", "bob@example.com"]
            assert both.one.now("other").data == {"users": []}
        assert both.seen(both.one) == ["Ann"]
        both.one.hear(Signal("i", "present:gone", 0, {"at": both.seconds, "users": [{"id": "2", "name": "Bob"}]}))
        assert both.seen(both.one) == ["Ann", "Bob"]
        both.seconds += FORGOTTEN_SECONDS + 1
        assert both.seen(both.one) == ["Ann"]
        told = both.told
        async with asyncio.timeout(5):
            while both.told < told + 2:  # Whoever stays says so again and again.
                await asyncio.sleep(0.01)
    assert both.seen(both.one) == []
    assert both.one.hear(Signal("i", "transcript", 0, {})) is None
