"""Watching live over real HTTP: who may, what the answers say, and that viewers leave the interview alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import ClientResponse

from server.interview.commands import GiveConsent, Pause, Resume, Start
from server.interview.events import Purpose
from server.interview.session import InterviewSession
from server.interview.viewers import MOST_VIEWERS
from server.keys import INTERVIEWS
from tests.hr.conftest import Events, House, answer_all, following
from tests.media.peers import Candidate, candidate
from tests.media.screens import Screen, screen

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = "application/trickle-ice-sdpfrag"


@asynccontextmanager
async def on_the_line(session: InterviewSession) -> AsyncIterator[Candidate]:
    """The candidate's browser, sending sound and picture."""
    async with candidate(video=True) as browser:
        _, answer = await session.attach(await browser.offer())
        await browser.accept(answer)
        yield browser


def whep(session: InterviewSession) -> str:
    return f"/api/hr/interviews/{session.interview_id}/whep"


async def ask(house: House, session: InterviewSession, offer: str) -> ClientResponse:
    return await house.hr.post(house.url(whep(session)), data=offer, headers=SDP)


async def watch(house: House, session: InterviewSession, browser: Screen) -> ClientResponse:
    """HR's browser asks, and takes the answer."""
    response = await ask(house, session, await browser.offer())
    assert response.status == 201, await response.text()
    await browser.accept(await response.text())
    return response


async def code_of(response: ClientResponse) -> tuple[int, str]:
    body = await response.json()
    assert body["error"]["message"]
    return response.status, body["error"]["code"]


async def told(events: Events, count: int) -> None:
    """Waits until pages are told that so many watch; a page that has just come may be told twice."""
    while (await events.until("viewers"))[1]["count"] != count:
        pass


async def counted(house: House, name: str) -> float:
    """The figure of this name at /metrics."""
    async with house.stranger().get(house.url("/metrics")) as response:
        [line] = [line for line in (await response.text()).splitlines() if line.startswith(name + " ")]
        return float(line.split(" ")[1])


async def test_hr_watches_and_looks_away(house: House) -> None:
    async with house.started() as session, on_the_line(session), screen() as browser:
        async with following(house, f"/api/hr/interviews/{session.interview_id}/events") as events:
            response = await watch(house, session, browser)
            assert response.content_type == "application/sdp"
            location, etag = response.headers["Location"], response.headers["ETag"]
            assert location.startswith(whep(session) + "/")
            assert etag == f'"{location.rsplit("/", 1)[1]}"'
            assert response.headers["Accept-Patch"] == FRAGMENT
            await told(events, 1)
            await browser.picture.until(lambda: browser.picture.frames)
            await browser.sound.until(lambda: len(browser.sound.packets) > 10)
            assert await counted(house, "interview_viewers") == 1
            assert await counted(house, "interview_line_video_frames_total") > 0
            async with house.hr.delete(house.url(location)) as gone:
                assert gone.status == 204
            await told(events, 0)
            assert await counted(house, "interview_viewers") == 0
        async with house.hr.delete(house.url(location)) as again:
            assert await code_of(again) == (404, "viewer_unknown")


async def test_addresses_found_later_are_taken(house: House) -> None:
    async with house.started() as session, on_the_line(session), screen() as browser:
        offer = await browser.offer()
        lines = offer.splitlines()
        bare = "\r\n".join(line for line in lines if "candidate" not in line) + "\r\n"
        response = await ask(house, session, bare)
        assert response.status == 201
        url, etag = house.url(response.headers["Location"]), response.headers["ETag"]
        wanted = ("a=ice-ufrag", "a=ice-pwd", "m=audio", "a=mid:0", "a=candidate")
        fragment = "\r\n".join(line for line in lines if line.startswith(wanted)) + "\r\n"

        async def patch(body: str, headers: dict[str, str]) -> int:
            async with house.hr.patch(url, data=body, headers={"Content-Type": FRAGMENT} | headers) as patched:
                return patched.status

        assert await patch(fragment, {"If-Match": etag}) == 204
        assert await patch(fragment, {}) == 428
        assert await patch(fragment, {"If-Match": "*"}) == 422
        assert await patch(fragment, {"If-Match": '"other"'}) == 412
        assert await patch("nonsense", {"If-Match": etag}) == 400
        assert await patch(fragment, {"If-Match": etag, "Content-Type": "text/plain"}) == 415
        await browser.accept(await response.text())
        await browser.picture.until(lambda: browser.picture.frames)


async def test_options_say_what_is_taken(house: House) -> None:
    async with house.started() as session:
        async with house.hr.options(house.url(whep(session))) as response:
            assert (response.status, response.headers["Accept-Post"]) == (204, "application/sdp")
        async with house.hr.options(house.url(whep(session) + "/x")) as response:
            assert (response.status, response.headers["Accept-Patch"]) == (204, FRAGMENT)
        assert (await house.json("/api/hr/ice")) == {"iceServers": []}


async def test_only_hr_watches(house: House) -> None:
    async with house.started() as session, screen() as browser:
        stranger, url = house.stranger(), house.url(whep(session))
        async with stranger.post(url, data=await browser.offer(), headers=SDP) as response:
            assert await code_of(response) == (401, "sign_in_first")
        for method in ("patch", "delete", "options"):
            async with stranger.request(method, url + "/x") as response:
                assert response.status == 401
        async with house.hr.post(url, data="x", headers=SDP | {"Origin": "https://elsewhere.example"}) as response:
            assert await code_of(response) == (403, "foreign_origin")


async def test_without_the_candidates_consent_nobody_watches(house: House) -> None:
    interview_id, _ = await house.invite()
    session = await house.app[INTERVIEWS].get(interview_id)
    async with screen() as browser:
        offer = await browser.offer()
        assert await code_of(await ask(house, session, offer)) == (409, "live_nobody")
        async with session.candidate_present():
            given = dict.fromkeys(session.purposes, True) | {Purpose.RECORDING: False}
            await session.execute(GiveConsent(given))
            await session.execute(Start())
            async with on_the_line(session):
                assert await code_of(await ask(house, session, offer)) == (409, "live_not_consented")


async def test_consent_taken_back_before_the_start_holds_for_who_waits(house: House) -> None:
    interview_id, _ = await house.invite()
    session = await house.app[INTERVIEWS].get(interview_id)
    granted = dict.fromkeys(session.purposes, True)
    async with session.candidate_present(), screen() as browser:
        await session.execute(GiveConsent(granted))
        async with on_the_line(session):
            await watch(house, session, browser)
            await session.execute(GiveConsent(granted | {Purpose.RECORDING: False}))
            await session.execute(Start())
            async with asyncio.timeout(20):
                while "connected" not in (session.live_peer.state, browser.connection.connectionState):
                    await asyncio.sleep(0.05)
            await asyncio.sleep(2)
            assert not browser.picture.packets
            assert not browser.sound.packets


async def test_an_interview_nobody_is_in_is_not_taken_up_to_be_watched(house: House) -> None:
    interview_id, _ = await house.invite()
    async with screen() as browser:
        url = house.url(f"/api/hr/interviews/{interview_id}/whep")
        async with house.hr.post(url, data=await browser.offer(), headers=SDP) as response:
            assert await code_of(response) == (409, "live_nobody")
        assert not house.app[INTERVIEWS].running()
        async with house.hr.post(url.replace(interview_id, "0" * 32), data="x", headers=SDP) as response:
            assert await code_of(response) == (404, "interview_unknown")


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("v=0\r\n", SDP, (400, "live_offer_bad")),
        ("v=0\r\n", {"Content-Type": "text/plain"}, (415, "live_media_type")),
        (b"\xff\xfe", SDP, (400, "live_offer_bad")),
        ("x" * 70_000, SDP, (413, "too_large")),
    ],
)
async def test_what_is_no_offer_is_refused(
    house: House, body: str | bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    async with (
        house.started() as session,
        on_the_line(session),
        house.hr.post(house.url(whep(session)), data=body, headers=headers) as response,
    ):
        assert await code_of(response) == expected


async def test_one_viewer_too_many_is_asked_to_come_back(house: House) -> None:
    async with house.started() as session, on_the_line(session), AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(screen()) for _ in range(MOST_VIEWERS + 1)]
        answers = [await watch(house, session, browser) for browser in browsers[:-1]]
        refused = await ask(house, session, offer := await browsers[-1].offer())
        assert await code_of(refused) == (503, "viewers_too_many")
        assert refused.headers["Retry-After"] == "10"
        async with house.hr.delete(house.url(answers[0].headers["Location"])):
            pass
        assert (await ask(house, session, offer)).status == 201


async def test_a_viewer_does_not_stand_for_the_candidate(house: House) -> None:
    async with house.started() as session, screen() as browser:
        async with on_the_line(session):
            await watch(house, session, browser)
            await browser.picture.until(lambda: browser.picture.frames)
        async with asyncio.timeout(20):
            while session.live_peer is not None:
                await asyncio.sleep(0.05)
        seen = len(browser.picture.packets)
        # The candidate's page is loaded again: a new line, and the picture goes on where HR is.
        async with on_the_line(session):
            await browser.picture.until(lambda: len(browser.picture.packets) > seen)
    assert session.idle_for(session.now()).total_seconds() >= 0
    assert not session.somebody


async def test_nothing_is_seen_of_a_pause(house: House) -> None:
    async with house.started() as session, on_the_line(session), screen() as browser:
        await watch(house, session, browser)
        await browser.picture.until(lambda: browser.picture.frames)
        await session.execute(Pause())
        await asyncio.sleep(0.3)
        seen, heard = len(browser.picture.packets), len(browser.sound.packets)
        await asyncio.sleep(0.7)
        assert (len(browser.picture.packets), len(browser.sound.packets)) == (seen, heard)
        await session.execute(Resume())
        await browser.picture.until(lambda: len(browser.picture.packets) > seen, seconds=2.0)


async def test_viewers_end_with_the_interview(house: House) -> None:
    async with house.started() as session, on_the_line(session), screen() as browser:
        await watch(house, session, browser)
        await browser.picture.until(lambda: browser.picture.frames)
        await answer_all(session)
        async with asyncio.timeout(5):
            while browser.connection.connectionState != "closed":
                await asyncio.sleep(0.05)
        async with screen() as late:
            assert await code_of(await ask(house, session, await late.offer())) == (409, "live_not_running")
