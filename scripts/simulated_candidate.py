"""A candidate without a browser: opens an invitation, joins over real WebRTC, speaks and shows a moving face.

Used by the demo and by measurements. It knows the server's public addresses and nothing of its inside.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

from media.replay import FaceTrack, SpeechTrack
from scripts.candidate_api import CandidateApi, Line
from scripts.voice_model.speak import synthesise

SILENCE_AFTER_SPEECH_S = 1.0
"""Long enough for the server to hear that the sentence has ended."""


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


def tokens(text: str) -> list[str]:
    """Comparable words; each Chinese character is one."""
    return re.findall(r"[\u4e00-\u9fff]|[a-z0-9']+", text.lower())


def shows_face(granted: Mapping[str, bool]) -> bool:
    """Whether the candidate has allowed something for which the page turns the camera on."""
    return granted.get("recording", False) or granted.get("expression", False)


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
        self.api = CandidateApi(link)
        self._voice = voice
        self._accept = accept
        self._speech = SpeechTrack()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._line: Line | None = None
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.api.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._listener is not None:
            self._listener.cancel()
        if self._line is not None:
            await self.api.end_line(self._line)
        await self._connection.close()
        await self.api.__aexit__(*exc)

    async def snapshot(self) -> dict[str, Any]:
        """The interview as the candidate's page sees it."""
        return await self.api.snapshot()

    async def begin(self, *, with_video: bool = True) -> None:
        """Redeems the link, consents, starts the interview and joins by WebRTC. Raises CandidateFailed."""
        await self.api.redeem()
        granted = await self.api.consent(self._accept)
        self._listener = asyncio.create_task(self._listen())
        await self.api.start()
        if granted.get("voice"):
            await self._join(with_video and shows_face(granted))

    async def _listen(self) -> None:
        """Keeps the event stream open: it is how the server knows that the candidate is there."""
        async for _ in self.api.events():
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
        self._line = await self.api.offer(self._connection.localDescription.sdp)
        await self._connection.setRemoteDescription(RTCSessionDescription(self._line.answer, "answer"))
        async with asyncio.timeout(20):
            await connected.wait()

    async def answer_by_voice(
        self, question_id: str, text: str, language: str, *, silence_s: float = SILENCE_AFTER_SPEECH_S
    ) -> Spoken:
        """Says the text as the answer to this question and hands it in. Raises CandidateFailed."""
        samples = await asyncio.to_thread(synthesise, text, language, self._voice)
        await self.api.start_answer(question_id)
        sent = await self._speech.say(samples)
        await asyncio.sleep(silence_s)
        handed_in = time.monotonic()
        await self.api.hand_in_voice(question_id)
        return Spoken(question_id, text, sent.first_sent, handed_in)

    async def answer_by_text(self, question_id: str, text: str) -> None:
        """Types the text as the answer. Raises CandidateFailed."""
        await self.api.start_answer(question_id)
        await self.api.hand_in_text(question_id, text)

    async def attend(self, answer_to: Callable[[str], str], on_question: Callable[[str, str], None]) -> None:
        """Goes through the interview until it is complete: by voice, by typing where that is asked for.

        answer_to: gives what to say to the question with this id. on_question(question id, text) is called before each.
        The practice is skipped, of options the first is taken, rests are short and the words are confirmed as they were
        heard. Raises CandidateFailed.
        """
        await self.begin()
        async for now in self.api.questions():
            question = now["question"]
            on_question(question["id"], question["text"])
            await self._answer(question, answer_to, now)

    async def _answer(
        self, question: Mapping[str, Any], answer_to: Callable[[str], str], now: Mapping[str, Any]
    ) -> None:
        if question["practice"]:
            await self.api.skip(question["id"])
        elif question["options"]:
            await self.api.choose(question["id"], question["options"][0]["id"])
        elif question["only_typed"] or not now["recognition"]["available"]:
            await self.answer_by_text(question["id"], answer_to(question["id"]))
        else:
            await self.answer_by_voice(question["id"], answer_to(question["id"]), now["language"])
