"""A receiver as aiortc comes: nothing of `media` is imported, so none of its repairs is in.

`decode_only` reads every track and drops the frames; `media_recorder_mp4` records them with aiortc's MediaRecorder.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.frame import Frame

from scripts.benchmarks.sessions.child import answer_requests
from scripts.benchmarks.sessions.gauges import Arrivals, Gauges, resident_mb


class CountedTrack(MediaStreamTrack):
    """The track, and a count of what is read from it."""

    def __init__(self, track: MediaStreamTrack, arrivals: Arrivals) -> None:
        super().__init__()
        self.kind = track.kind
        self._track = track
        self._arrivals = arrivals

    async def recv(self) -> Frame | av.Packet[Any]:
        """The track's next frame."""
        frame = await self._track.recv()
        if isinstance(frame, av.AudioFrame):
            assert frame.pts is not None
            self._arrivals.audio(frame.pts)
        else:
            self._arrivals.video += 1
        return frame


class PlainReceiver:
    """All sessions of one run."""

    def __init__(self, folder: Path | None) -> None:
        """folder: where MediaRecorder writes; None: nothing is recorded."""
        self._folder = folder
        self._gauges = Gauges()
        self._connections: list[RTCPeerConnection] = []
        self._tracks: list[list[CountedTrack]] = []
        self._drains: list[asyncio.Task[None]] = []
        self._recorders: list[MediaRecorder] = []

    async def answer(self, offer: str) -> str:
        """Another session; what it sends is read and dropped until `begin`."""
        connection, arrivals = RTCPeerConnection(RTCConfiguration(iceServers=[])), Arrivals()
        tracks: list[CountedTrack] = []

        @connection.on("track")
        def came(track: MediaStreamTrack) -> None:
            tracks.append(CountedTrack(track, arrivals))
            self._drains.append(asyncio.create_task(drain(tracks[-1])))

        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        self._connections.append(connection)
        self._tracks.append(tracks)
        self._gauges.sessions.append(arrivals)
        return str(connection.localDescription.sdp)

    async def begin(self) -> None:
        """Starts to record. Only now: one that connects while others are recorded would hardly come through."""
        if self._folder is None:
            return
        for task in self._drains:
            task.cancel()
        await asyncio.wait(self._drains)
        for number, tracks in enumerate(self._tracks):
            recorder = MediaRecorder(str(self._folder / f"{number}.mp4"))
            for track in tracks:
                recorder.addTrack(track)
            await recorder.start()
            self._recorders.append(recorder)

    async def flowing(self) -> int:
        """Sessions whose sound arrives."""
        return self._gauges.flowing

    async def memory(self) -> float:
        """Megabytes."""
        return resident_mb()

    async def measure(self, seconds: float) -> dict[str, object]:
        """The gauges' figures."""
        return await self._gauges.measure(seconds)


async def drain(track: CountedTrack) -> None:
    """Reads until the track ends."""
    try:
        while True:
            await track.recv()
    except MediaStreamError:
        pass


async def main(mode: str) -> None:
    """Answers the benchmark's requests."""
    with tempfile.TemporaryDirectory(prefix="interview-bench-") as folder:
        receiver = PlainReceiver(Path(folder) if mode == "media_recorder_mp4" else None)
        await answer_requests(
            {
                "answer": receiver.answer,
                "begin": receiver.begin,
                "flowing": receiver.flowing,
                "memory": receiver.memory,
                "measure": receiver.measure,
            }
        )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
