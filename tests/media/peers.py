"""Simulated browsers: real aiortc peer connections on loopback."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

from media.aiortc_fixes import host_addresses
from media.ice import IceSettings
from media.peer import Peer
from media.replay import FaceTrack, SpeechTrack

LOOPBACK = IceSettings(hosts=("127.0.0.1",))


def wall_clock() -> Callable[[], int]:
    """An interview clock that started now."""
    began = time.monotonic()
    return lambda: int((time.monotonic() - began) * 1000)


def tone(seconds: float, hz: float = 440.0, amplitude: float = 0.3) -> NDArray[np.int16]:
    """A sine at 48 kHz, int16."""
    at = np.arange(int(seconds * 48_000)) / 48_000
    samples: NDArray[np.int16] = (np.sin(2 * np.pi * hz * at) * amplitude * 32_767).astype(np.int16)
    return samples


def faces() -> list[NDArray[np.uint8]]:
    """Two small pictures that differ."""
    rows, columns = np.mgrid[0:120, 0:160]
    picture = np.stack([rows, columns, np.full_like(rows, 128)], axis=-1).astype(np.uint8)
    return [picture, picture[:, ::-1].copy()]


@dataclass(slots=True)
class Candidate:
    """The browser's side."""

    connection: RTCPeerConnection
    speech: SpeechTrack
    face: FaceTrack | None

    async def offer(self) -> str:
        """The SDP offer with loopback candidates."""
        with host_addresses(("127.0.0.1",)):
            await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer_sdp: str) -> None:
        """Take the server's answer."""
        await self.connection.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))


@asynccontextmanager
async def candidate(*, video: bool = False) -> AsyncIterator[Candidate]:
    """A browser that has its microphone (and camera) on and has not called yet."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    speech = SpeechTrack()
    face = FaceTrack(faces()) if video else None
    connection.addTrack(speech)
    if face is not None:
        connection.addTrack(face)
    try:
        yield Candidate(connection, speech, face)
    finally:
        speech.stop()
        if face is not None:
            face.stop()
        await connection.close()


@asynccontextmanager
async def call(
    *, video: bool = False, want_video: bool = True, clock: Callable[[], int] | None = None
) -> AsyncIterator[tuple[Candidate, Peer]]:
    """A candidate and the server's peer, answered; both are closed behind it."""
    async with candidate(video=video) as browser:
        peer = await Peer.answer(
            await browser.offer(), ice=LOOPBACK, clock=clock or wall_clock(), want_video=want_video
        )
        try:
            await browser.accept(peer.answer_sdp)
            yield browser, peer
        finally:
            await peer.close()
