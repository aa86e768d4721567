"""Watches a session as HR's browser would, decodes nothing, and counts what comes."""

from __future__ import annotations

import asyncio

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from media.aiortc_fixes import install, tap_receiver
from media.incoming import Packet
from scripts.benchmarks.sessions.child import answer_requests

install()


class Viewers:
    """Any number of live viewers. It is also the tap of every receiver."""

    def __init__(self) -> None:
        self._connections: list[RTCPeerConnection] = []
        self._packets = 0

    async def offer(self) -> str:
        """Another viewer's offer."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for kind in ("audio", "video"):
            connection.addTransceiver(kind, direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        self._connections.append(connection)
        return str(connection.localDescription.sdp)

    async def accept(self, answer: str) -> bool:
        """Completes the newest; whether it is connected within 20 s."""
        connection = self._connections[-1]
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        for transceiver in connection.getTransceivers():
            tap_receiver(transceiver.receiver, self)
        for _ in range(400):
            if connection.connectionState == "connected":
                return True
            await asyncio.sleep(0.05)
        return False

    async def packets(self) -> int:
        """How many have come so far."""
        return self._packets

    async def leave(self) -> None:
        """All go."""
        connections, self._connections = self._connections, []
        for connection in connections:
            await connection.close()

    def packet(self, packet: Packet) -> None:
        """Counts."""
        self._packets += 1

    def report(self, ssrc: int, ntp_timestamp: int, timestamp: int) -> None:
        """Of no interest."""

    def ended(self) -> None:
        """The viewer has left."""


async def main() -> None:
    """Answers the benchmark's requests."""
    viewers = Viewers()
    names = ("offer", "accept", "packets", "leave")
    await answer_requests({name: getattr(viewers, name) for name in names})


if __name__ == "__main__":
    asyncio.run(main())
