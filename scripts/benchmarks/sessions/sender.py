"""Sends what was encoded before in any number of sessions, and says how promptly it did."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from scripts.benchmarks.sessions.child import answer_requests
from scripts.load_generator.encoding import face, room, speech
from scripts.load_generator.tracks import EncodedFaceTrack, EncodedSpeechTrack, Lateness, Microphone

FPS = 30
SAID = (
    "I am very sorry, I understand that you are angry. I looked at the log and wrote a small test. "
    "Then I called the customer, and we changed the phone within three days."
)


class Sender:
    """All sessions of one run."""

    def __init__(self) -> None:
        self._room, self._speech, self._face = room(), speech(SAID, "en"), face(FPS)
        self._lateness = Lateness()
        self._connections: list[RTCPeerConnection] = []
        self._sounds: list[EncodedSpeechTrack] = []
        self._talking: list[asyncio.Task[None]] = []

    async def offer(self) -> str:
        """Another session's offer."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        microphone = Microphone(self._room)
        sound = EncodedSpeechTrack(microphone, self._lateness)
        connection.addTransceiver(sound, direction="sendonly")
        connection.addTransceiver(EncodedFaceTrack(self._face, FPS, self._lateness), direction="sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        self._connections.append(connection)
        self._sounds.append(sound)
        self._talking.append(asyncio.create_task(self._talk(microphone)))
        return str(connection.localDescription.sdp)

    async def accept(self, answer: str) -> bool:
        """Completes the newest session; whether it is connected within 20 s."""
        connection = self._connections[-1]
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        for _ in range(400):
            if connection.connectionState == "connected":
                return True
            await asyncio.sleep(0.05)
        return False

    async def measure(self, seconds: float) -> dict[str, Any]:
        """How much was sent in so many seconds, and how late."""
        self._lateness.clear()
        before = [sound.sent for sound in self._sounds]
        began, cpu = asyncio.get_running_loop().time(), resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.sleep(seconds)
        wall_s, used = asyncio.get_running_loop().time() - began, resource.getrusage(resource.RUSAGE_SELF)
        return {
            "audio_frames_sent": sum(sound.sent for sound in self._sounds) - sum(before),
            "sender_cpu": (used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime) / wall_s,
            "sender_late_p99_ms": self._lateness.percentile(0.99),
            "connected": sum(connection.connectionState == "connected" for connection in self._connections),
        }

    async def _talk(self, microphone: Microphone) -> None:
        while True:
            await microphone.say(self._speech)
            await asyncio.sleep(1)


async def main() -> None:
    """Answers the benchmark's requests."""
    sender = Sender()
    await answer_requests({"offer": sender.offer, "accept": sender.accept, "measure": sender.measure})


if __name__ == "__main__":
    asyncio.run(main())
