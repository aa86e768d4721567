"""A candidate without a browser: opens an invitation, joins over real WebRTC, speaks and shows a moving face.

Used by the demo and by measurements. It knows the server's public addresses and nothing of its inside.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
import cv2
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

from media.replay import FaceTrack, SpeechTrack
from scripts.voice_model.speak import synthesise

SILENCE_AFTER_SPEECH_S = 1.0
"""Long enough for the server to hear that the sentence has ended."""


class CandidateFailed(Exception):
    """The server answered something a candidate's page could not go on with."""


def moving_face(frames: int = 45, height: int = 240, width: int = 320) -> list[NDArray[np.uint8]]:
    """Pictures of a real face that sways: a portrait (public domain) seen through a moving window.

    Returns arrays of shape (height, width, 3), RGB, that repeat without a jump.
    """
    from skimage import data

    portrait: NDArray[np.uint8] = data.astronaut()  # type: ignore[no-untyped-call]
    pictures = []
    for index in range(frames):
        angle = 2 * np.pi * index / frames
        top, left = int(12 + 10 * np.sin(angle)), int(90 + 14 * np.cos(angle))
        window = portrait[top : top + 240, left : left + 320]
        pictures.append(cv2.resize(window, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8))
    return pictures


@dataclass(frozen=True, slots=True)
class Spoken:
    """When an answer's sound left this candidate, and when it was handed in: time.monotonic() seconds."""

    question_id: str
    text: str
    first_sample_at: float
    handed_in_at: float


class SimulatedCandidate:
    """One candidate of one interview. Use as `async with SimulatedCandidate(link) as candidate`."""

    def __init__(self, link: str, *, voice: str | None = None, accept: Callable[[str], bool] = lambda purpose: True):
        """link: the invitation. voice: of the synthesiser. accept: which purposes to consent to."""
        self._link = link
        self._voice = voice
        self._accept = accept
        self._speech = SpeechTrack()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._resource: str | None = None
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._listener is not None:
            self._listener.cancel()
        if self._resource is not None:
            async with self._http.delete(self._resource):
                pass
        await self._connection.close()
        await self._http.close()

    async def _call(self, method: str, path: str, json: Mapping[str, Any] | None = None) -> dict[str, Any]:
        async with self._http.request(method, urljoin(self._link, path), json=json) as response:
            if response.status >= 400:
                raise CandidateFailed(f"{method} {path}: {response.status} {await response.text()}")
            if response.content_type != "application/json":
                return {}
            answer: dict[str, Any] = await response.json()
            return answer

    async def snapshot(self) -> dict[str, Any]:
        """The interview as the candidate's page sees it."""
        return await self._call("GET", "/api/interview")

    async def begin(self, *, with_video: bool = True) -> None:
        """Redeems the link, consents, starts the interview and joins by WebRTC. Raises CandidateFailed."""
        async with self._http.post(self._link) as response:
            if response.status != 200:
                raise CandidateFailed(f"the link was refused: {response.status}")
        offered = (await self.snapshot())["policy"]["purposes"]
        granted = {purpose: self._accept(purpose) for purpose in offered}
        await self._call("POST", "/api/interview/consent", {"granted": granted})
        self._listener = asyncio.create_task(self._listen())
        await self._call("POST", "/api/interview/start")
        if granted.get("voice"):
            await self._join(with_video and (granted.get("recording", False) or granted.get("expression", False)))

    async def _listen(self) -> None:
        """Keeps the event stream open: it is how the server knows that the candidate is there."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._http.get(urljoin(self._link, "/api/interview/events"), timeout=timeout) as response:
            async for _ in response.content:
                pass

    async def _join(self, with_video: bool) -> None:
        connected = asyncio.Event()

        @self._connection.on("connectionstatechange")
        def changed() -> None:
            if self._connection.connectionState == "connected":
                connected.set()

        self._connection.addTrack(self._speech)
        if with_video:
            self._connection.addTrack(FaceTrack(await asyncio.to_thread(moving_face)))
        await self._connection.setLocalDescription(await self._connection.createOffer())
        headers = {"Content-Type": "application/sdp"}
        offer = self._connection.localDescription.sdp
        url = urljoin(self._link, "/api/interview/whip")
        async with self._http.post(url, data=offer, headers=headers) as response:
            if response.status != 201:
                raise CandidateFailed(f"the offer was refused: {response.status} {await response.text()}")
            self._resource = urljoin(self._link, response.headers["Location"])
            answer = await response.text()
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(20):
            await connected.wait()

    async def answer_by_voice(
        self, question_id: str, text: str, language: str, *, silence_s: float = SILENCE_AFTER_SPEECH_S
    ) -> Spoken:
        """Says the text as the answer to this question and hands it in. Raises CandidateFailed."""
        samples = await asyncio.to_thread(synthesise, text, language, self._voice)
        await self._call("POST", f"/api/interview/questions/{question_id}/start-answer")
        sent = await self._speech.say(samples)
        await asyncio.sleep(silence_s)
        handed_in = time.monotonic()
        await self._call("POST", f"/api/interview/questions/{question_id}/answer", {"mode": "voice"})
        return Spoken(question_id, text, sent.first_sent, handed_in)

    async def answer_by_text(self, question_id: str, text: str) -> None:
        """Types the text as the answer. Raises CandidateFailed."""
        await self._call("POST", f"/api/interview/questions/{question_id}/start-answer")
        await self._call("POST", f"/api/interview/questions/{question_id}/answer", {"mode": "typed", "text": text})

    async def attend(self, answers: Mapping[str, str], on_question: Callable[[str, str], None]) -> None:
        """Answers every question by voice until the interview is complete.

        answers: question id → what to say. on_question(question id, text) is called before each.
        Raises CandidateFailed.
        """
        await self.begin()
        while not (now := await self.snapshot())["completed"]:
            question = now["question"]
            if question is None or question["submitted"]:
                await asyncio.sleep(0.2)
                continue
            on_question(question["id"], question["text"])
            text = answers[question["id"]]
            if now["recognition"]["available"]:
                await self.answer_by_voice(question["id"], text, now["language"])
            else:
                await self.answer_by_text(question["id"], text)
