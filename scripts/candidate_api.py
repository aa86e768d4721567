"""The candidate's public addresses, as their page uses them: what every candidate without a browser has in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp


class CandidateFailed(Exception):
    """The server answered something a candidate's page could not go on with."""


class Refused(CandidateFailed):
    """The server's answer was an error. code: its name in the catalogue, empty when there is none.

    retry_after_s: when the server says to ask again, seconds; None when it does not say.
    """

    def __init__(self, what: str, status: int, code: str, retry_after_s: float | None) -> None:
        super().__init__(f"{what}: {status} {code}".rstrip())
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Line:
    """An answered offer. resource: where it is changed and ended (RFC 9725)."""

    answer: str
    resource: str


class CandidateApi:
    """One candidate's browser without the page; `async with CandidateApi(link) as api`. Raises Refused.

    http: its connections, with its cookie.
    """

    def __init__(self, link: str) -> None:
        self._link = link

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.http.close()

    async def redeem(self) -> None:
        """Exchanges the link for this browser's cookie."""
        async with self.http.post(self._link) as response:
            await _insist(response, "the link")

    async def snapshot(self) -> dict[str, Any]:
        """The interview as the candidate's page sees it."""
        return await self._call("GET", "/api/interview")

    async def consent(self, accept: Callable[[str], bool] = lambda purpose: True) -> dict[str, bool]:
        """Answers every purpose that is offered; what was granted by purpose."""
        offered = (await self.snapshot())["policy"]["purposes"]
        granted = {purpose: accept(purpose) for purpose in offered}
        await self._call("POST", "/api/interview/consent", {"granted": granted})
        return granted

    async def start(self) -> None:
        """Asks for the first question."""
        await self._call("POST", "/api/interview/start")

    async def start_answer(self, question_id: str) -> None:
        """Ends the thinking time."""
        await self._call("POST", f"/api/interview/questions/{question_id}/start-answer")

    async def hand_in_voice(self, question_id: str) -> None:
        """Closes the spoken answer; returns when every word of it is on disk."""
        await self._call("POST", f"/api/interview/questions/{question_id}/answer", {"mode": "voice"})

    async def hand_in_text(self, question_id: str, text: str) -> None:
        """Closes the answer with what was typed."""
        await self._call("POST", f"/api/interview/questions/{question_id}/answer", {"mode": "typed", "text": text})

    async def skip(self, question_id: str) -> None:
        """Goes on without an answer."""
        await self._call("POST", f"/api/interview/questions/{question_id}/skip")

    async def choose(self, question_id: str, option_id: str) -> None:
        """Answers a fact question."""
        body = {"mode": "choice", "option": option_id}
        await self._call("POST", f"/api/interview/questions/{question_id}/answer", body)

    async def go_on(self) -> None:
        """Ends the rest between two rounds."""
        await self._call("POST", "/api/interview/continue")

    async def confirm_transcripts(self) -> None:
        """Says that the words are right, so that they are scored."""
        await self._call("POST", "/api/interview/confirm-transcripts")

    async def questions(self) -> AsyncIterator[dict[str, Any]]:
        """Each snapshot with an open question, until the interview is complete; whoever reads them answers it.

        Rests between rounds are ended, and the words are confirmed as they were heard.
        """
        while not (now := await self.snapshot())["completed"]:
            question = now["question"]
            if now["status"] == "between_rounds":
                await self.go_on()
            elif now["check"] is not None and not any(answer["waiting"] for answer in now["check"]["answers"]):
                await self.confirm_transcripts()
            elif question is None or question["submitted"]:
                await asyncio.sleep(0.2)
            else:
                yield now

    async def pause(self) -> None:
        """Stops the interview's clock."""
        await self._call("POST", "/api/interview/pause")

    async def resume(self) -> None:
        """Goes on where the candidate paused."""
        await self._call("POST", "/api/interview/resume")

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """(name, data) of what happens, until the stream ends. Reading it is how the server knows of the candidate."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with self.http.get(urljoin(self._link, "/api/interview/events"), timeout=timeout) as response:
            await _insist(response, "the event stream")
            name = ""
            async for raw in response.content:
                field, _, value = raw.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data" and name:
                    yield name, json.loads(value)

    async def offer(self, sdp: str) -> Line:
        """Posts an SDP offer to the WHIP endpoint."""
        url, headers = urljoin(self._link, "/api/interview/whip"), {"Content-Type": "application/sdp"}
        async with self.http.post(url, data=sdp, headers=headers) as response:
            await _insist(response, "the offer", 201)
            return Line(await response.text(), urljoin(self._link, response.headers["Location"]))

    async def restart_ice(self, line: Line, fragment: str) -> str:
        """Another network under the same line: the candidate's SDP fragment in, the server's out (RFC 9725, 4.3.3)."""
        headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": '"*"'}
        async with self.http.patch(line.resource, data=fragment, headers=headers) as response:
            await _insist(response, "the ICE restart")
            return await response.text()

    async def end_line(self, line: Line) -> None:
        """Ends the line; that it has ended already is no mistake."""
        async with self.http.delete(line.resource) as response:
            if response.status != 404:
                await _insist(response, "the line's end", 204)

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        async with self.http.request(method, urljoin(self._link, path), json=body) as response:
            await _insist(response, f"{method} {path}")
            answer: dict[str, Any] = await response.json()
            return answer


async def _insist(response: aiohttp.ClientResponse, what: str, status: int = 200) -> None:
    if response.status == status:
        return
    code = ""
    if response.content_type == "application/json":
        code = (await response.json()).get("error", {}).get("code", "")
    wait = response.headers.get("Retry-After", "")
    raise Refused(what, response.status, code, float(wait) if wait.isdecimal() else None)
