"""A candidate's line that is taken up again as the page does it, on the way that is asked for: lossy, cut, changed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from media.aiortc_fixes import host_addresses, install
from media.offer import BadOffer
from scripts import candidate_api
from scripts.candidate_api import CandidateApi, Refused
from scripts.load_generator.tracks import EncodedFaceTrack, EncodedSpeechTrack, Lateness, Microphone
from scripts.lossy_line import LossyLine, server_address, through, without_candidates
from scripts.restarting import restart_ice

CONNECTING_S = 12.0
"""As long as the page waits for a connection before it tries anew."""
WAITS_S = (0.0, 0.3, 1.2, 2.7, 4.8, 5.0)
"""The page's back-off between attempts, each with up to 30 % more by chance."""
FINAL = frozenset({401, 403, 409})
"""Answers after which the page tries no more."""

install()


@dataclass(frozen=True, slots=True)
class Way:
    """How bad the network is. loss: 0-1, each way. outages: (at, length) in seconds since the line first stood.

    path_changes: seconds likewise.
    """

    loss: float = 0.0
    jitter_ms: float = 0.0
    outages: Sequence[tuple[float, float]] = ()
    path_changes: Sequence[float] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing is to happen, so that no relay is needed."""
        return not (self.loss or self.jitter_ms or self.outages or self.path_changes)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a candidate's camera shows: VP8 frames in a loop, so many a second."""

    frames: Sequence[bytes]
    fps: int


@dataclass(slots=True)
class LineFigures:
    """What the line went through; times in milliseconds. connect_ms: from the offer to the connected line.

    refused_ms: how soon each 503 came. back_ms: from noticing a loss until the server hears again. restarts, renewals:
    how it came back: by ICE restart, or by a new connection.
    """

    connect_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    refused_without_retry_after: int = 0
    back_ms: list[float] = field(default_factory=list)
    restarts: int = 0
    renewals: int = 0
    errors: list[str] = field(default_factory=list)


class CandidateLine:
    """One candidate's sending line. `run` holds it until it is cancelled; `up` is set while it stands."""

    def __init__(
        self, api: CandidateApi, microphone: Microphone, sight: Sight | None, way: Way, lateness: Lateness, seed: int
    ) -> None:
        self.up = asyncio.Event()
        self.figures = LineFigures()
        self._api = api
        self._microphone = microphone
        self._sight = sight
        self._way = way
        self._lateness = lateness
        self._chance = random.Random(seed)
        self._relay: LossyLine | None = None
        self._is_cut = False
        self._answered: candidate_api.Line | None = None
        self._heard = asyncio.Event()
        self._lost = asyncio.Event()
        self._leaving = False
        self._weather: asyncio.Task[None] | None = None

    def server_says(self, state: str) -> None:
        """What the server's event stream tells of the line: whether sound arrives."""
        if state == "connected":
            self._lost.clear()
            self._heard.set()
        elif state in ("lost", "closed") and not self._leaving:
            self._heard.clear()
            self._lost.set()

    async def run(self) -> None:
        """Holds the line. Raises Refused when the server does not want it and asking again is of no use."""
        attempt, lost_at = 0, 0.0
        try:
            while True:
                async with AsyncExitStack() as stack:
                    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
                    stack.push_async_callback(connection.close)
                    if await self._connect(connection, stack):
                        self.figures.renewals += bool(lost_at)
                        attempt, lost_at = 0, await self._hold(connection, lost_at)
                await asyncio.sleep(WAITS_S[min(attempt, len(WAITS_S) - 1)] * (1 + 0.3 * self._chance.random()))
                attempt += 1
        finally:
            if self._weather is not None:
                self._weather.cancel()

    async def end(self) -> None:
        """Tells the server that it is over, and from now on misses nothing. Raises Refused."""
        self._leaving = True
        if self._answered is not None:
            await self._api.end_line(self._answered)

    async def _hold(self, connection: RTCPeerConnection, lost_at: float) -> float:
        """As long as this connection can be kept; gives when it was lost."""
        if self._weather is None and not self._way.is_plain:
            self._weather = asyncio.create_task(self._bad_weather())
        while True:
            if lost_at:
                self.figures.back_ms.append((time.monotonic() - lost_at) * 1000)
            self.up.set()
            await self._lost.wait()
            self.up.clear()
            lost_at = time.monotonic()
            if connection.connectionState != "connected" or not await self._restart(connection):
                return lost_at
            self.figures.restarts += 1

    async def _connect(self, connection: RTCPeerConnection, stack: AsyncExitStack) -> bool:
        """One attempt. After a refusal it waits as long as the server asks."""
        connection.on("connectionstatechange", lambda: self._changed(connection))
        connection.addTransceiver(EncodedSpeechTrack(self._microphone, self._lateness), direction="sendonly")
        if self._sight is not None:
            face = EncodedFaceTrack(self._sight.frames, self._sight.fps, self._lateness)
            connection.addTransceiver(face, direction="sendonly")
        with host_addresses(() if self._way.is_plain else ("127.0.0.1",)):
            await connection.setLocalDescription(await connection.createOffer())
        offer = connection.localDescription.sdp
        began = time.monotonic()
        self._heard.clear()
        self._lost.clear()
        try:
            self._answered = await self._api.offer(offer if self._way.is_plain else without_candidates(offer))
        except Refused as refusal:
            return await self._refused(refusal, (time.monotonic() - began) * 1000)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.figures.errors.append(f"the offer: {type(error).__name__}")
            return False
        answer = await self._on_its_way(self._answered.answer, stack)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        if not await self._server_hears():
            self.figures.errors.append(f"nothing heard within {CONNECTING_S:.0f} s: {connection.connectionState}")
            return False
        self.figures.connect_ms.append((time.monotonic() - began) * 1000)
        return True

    def _changed(self, connection: RTCPeerConnection) -> None:
        if connection.connectionState in ("failed", "closed") and not self._leaving:
            self._lost.set()

    async def _restart(self, connection: RTCPeerConnection) -> bool:
        """Whether the line came back by an ICE restart."""
        try:
            await restart_ice(connection, self._exchange, name_addresses=self._way.is_plain)
        except Refused as refusal:
            self.figures.errors.append(str(refusal))
            return False
        except (aiohttp.ClientError, TimeoutError, BadOffer) as error:
            self.figures.errors.append(f"the ICE restart: {type(error).__name__}")
            return False
        return await self._server_hears()

    async def _exchange(self, fragment: str) -> str:
        assert self._answered is not None
        answer = await self._api.restart_ice(self._answered, fragment)
        return answer if self._relay is None else through(answer, self._relay.address)

    async def _server_hears(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECTING_S):
                await self._heard.wait()
        return self._heard.is_set()

    async def _refused(self, refusal: Refused, after_ms: float) -> bool:
        if refusal.status in FINAL:
            raise refusal
        if refusal.status == 503:
            self.figures.refused_ms.append(after_ms)
            self.figures.refused_without_retry_after += refusal.retry_after_s is None
        else:
            self.figures.errors.append(str(refusal))
        await asyncio.sleep(refusal.retry_after_s or 0.0)
        return False

    async def _on_its_way(self, answer: str, stack: AsyncExitStack) -> str:
        """The server's answer; through a relay of this connection's own when the way is a bad one."""
        if self._way.is_plain:
            return answer
        seed = self._chance.randrange(1 << 30)
        relay = LossyLine(server_address(answer), loss=self._way.loss, jitter_ms=self._way.jitter_ms, seed=seed)
        relay.down = self._is_cut
        self._relay = await stack.enter_async_context(relay)
        stack.callback(self._leave_relay)
        return through(answer, self._relay.address)

    async def _bad_weather(self) -> None:
        """What is to happen, at its time. A new connection during an outage meets it as well."""
        changes: list[tuple[float, Callable[[], None] | None]] = [(at, None) for at in self._way.path_changes]
        for at, length in self._way.outages:
            changes += [(at, self._cut), (at + length, self._mend)]
        began = time.monotonic()
        for at, change in sorted(changes, key=lambda pair: pair[0]):
            await asyncio.sleep(began + at - time.monotonic())
            if change is not None:
                change()
            elif self._relay is not None:
                await self._relay.change_path()

    def _cut(self) -> None:
        self._is_cut = True
        if self._relay is not None:
            self._relay.down = True

    def _mend(self) -> None:
        self._is_cut = False
        if self._relay is not None:
            self._relay.down = False

    def _leave_relay(self) -> None:
        self._relay = None
