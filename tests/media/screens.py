"""HR's browsers, simulated: real aiortc peer connections on loopback that keep what they get as it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription

from media.aiortc_fixes import host_addresses, tap_receiver
from media.incoming import Packet
from media.peer import Peer
from media.relay import Viewer
from tests.media.peers import LOOPBACK


@dataclass
class Arrived:
    """What has come of one kind. A tap (see media.aiortc_fixes)."""

    packets: list[Packet] = field(default_factory=list)
    reports: list[tuple[int, int]] = field(default_factory=list)
    """(NTP time, 64 bits; RTP time) of each sender report."""
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def packet(self, packet: Packet) -> None:
        self.packets.append(packet)
        self.came.set()

    def report(self, ssrc: int, ntp_timestamp: int, timestamp: int) -> None:
        self.reports.append((ntp_timestamp, timestamp))
        self.came.set()

    def ended(self) -> None:
        self.came.set()

    @property
    def frames(self) -> list[tuple[int, bytes]]:
        """(RTP time, data) of the pictures that arrived whole, in the order of their numbers (which begin small)."""
        whole: list[tuple[int, bytes]] = []
        data, before = b"", None
        for packet in sorted(self.packets, key=lambda one: one.sequence_number):
            if before is not None and (
                before.timestamp != packet.timestamp or packet.sequence_number != before.sequence_number + 1
            ):
                data = b""
            data, before = data + packet.data, packet
            if packet.marker:
                whole.append((packet.timestamp, data))
        return whole

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Waits for something that comes with a packet or a report."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.came.clear()
                await self.came.wait()


@dataclass
class Screen:
    """One browser: it wants to receive sound and picture."""

    connection: RTCPeerConnection
    sound: Arrived = field(default_factory=Arrived)
    picture: Arrived = field(default_factory=Arrived)

    async def offer(self, kinds: Sequence[str] = ("audio", "video")) -> str:
        """The SDP offer with loopback candidates."""
        for kind in kinds:
            self.connection.addTransceiver(kind, direction="recvonly")
        with host_addresses(("127.0.0.1",)):
            await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer_sdp: str, *, decode: bool = False) -> None:
        """Take the server's answer. decode: as a browser would; else packets are kept."""
        await self.connection.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))
        for transceiver in self.connection.getTransceivers():
            if not decode:
                tap_receiver(transceiver.receiver, self.sound if transceiver.kind == "audio" else self.picture)

    def receiver(self, kind: str) -> RTCRtpReceiver:
        """Of "audio" or "video"."""
        return next(one.receiver for one in self.connection.getTransceivers() if one.kind == kind)


@asynccontextmanager
async def screen() -> AsyncIterator[Screen]:
    """A browser that has not asked yet."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    try:
        yield Screen(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def watching(
    peer: Peer, *, decode: bool = False, flows: Callable[[], bool] = lambda: True
) -> AsyncIterator[tuple[Screen, Viewer]]:
    """A browser that watches `peer`; both ends are closed behind it."""
    async with screen() as browser:
        viewer = await Viewer.answer(await browser.offer(), peer=peer, ice=LOOPBACK, flows=flows)
        try:
            await browser.accept(viewer.answer_sdp, decode=decode)
            yield browser, viewer
        finally:
            await viewer.close()
