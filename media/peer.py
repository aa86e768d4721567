"""One WebRTC peer: a browser's offer in, the answer out, sound and sampled pictures out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Self

import av
import numpy as np
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.aiortc_fixes import ask_for_key_frame, host_addresses, install
from media.audio import SILENCE_DBFS, Resampler, Timeline, level_dbfs
from media.dropping_queue import DroppingQueue
from media.frames import FRAME_MS, AudioFrame, VideoFrame
from media.ice import IceSettings
from media.offer import BadOffer, check_offer
from media.peer_state import PeerState, StateFeed
from media.sampler import VideoSampler

__all__ = ["BadOffer", "Peer", "PeerState"]

AUDIO_BACKLOG_MS = 2_000
STALL_S = 2.0
"""No sound for so long: the line is lost. aiortc itself never says so."""
CONNECT_S = 30.0
WATCH_S = 0.25
LOSS_WINDOW = 20
"""Packet loss is that of so many watches (5 s)."""
KEY_FRAME_S = 1.0
WIDEST_PICTURE = 640

install()


class Peer:
    """A candidate's browser. Made by `answer`; ends by `close`, or by itself when the browser goes.

    audio: AudioFrames, 20 ms each; at most 2 s are kept for a slow reader. video: sampled pictures, about one a
    second, only the newest is kept; it ends at once when no video is wanted or offered. Both end with the peer.
    """

    def __init__(self, connection: RTCPeerConnection, clock: Callable[[], int]) -> None:
        self.answer_sdp = ""
        self.level_dbfs = SILENCE_DBFS
        self.packet_loss = 0.0
        self._connection = connection
        self._clock = clock
        self._audio: DroppingQueue[AudioFrame] = DroppingQueue(AUDIO_BACKLOG_MS // FRAME_MS)
        self._video: DroppingQueue[VideoFrame] = DroppingQueue(1)
        self._states = StateFeed()
        self._changed = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._heard_at = self._seen_at = asyncio.get_running_loop().time()
        self._receivers: dict[str, RTCRtpReceiver] = {}
        self._counts: deque[tuple[int, int]] = deque([(0, 0)], maxlen=LOSS_WINDOW)
        connection.on("connectionstatechange", self._changed.set)

    @classmethod
    async def answer(cls, offer_sdp: str, *, ice: IceSettings, clock: Callable[[], int], want_video: bool) -> Self:
        """Accept a browser's offer; the peer is connecting when this returns.

        clock: the interview clock, milliseconds. want_video=False answers video with "inactive", so the browser
        sends none. Raises BadOffer with the reason.
        """
        offer = check_offer(offer_sdp, allow_private=ice.allow_private)
        peer = cls(RTCPeerConnection(_configuration(ice)), clock)
        try:
            with host_addresses(ice.hosts):
                await peer._negotiate(offer, want_video)
        except BaseException:
            await peer._connection.close()
            raise
        peer._task = asyncio.create_task(peer._run(), name="peer")
        return peer

    @property
    def audio(self) -> AsyncIterator[AudioFrame]:
        return self._audio

    @property
    def video(self) -> AsyncIterator[VideoFrame]:
        return self._video

    @property
    def state(self) -> PeerState:
        return self._states.now

    @property
    def dropped_audio(self) -> int:
        """Frames that the reader of `audio` was too slow for."""
        return self._audio.dropped

    @property
    def dropped_video(self) -> int:
        """Pictures that the reader of `video` was too slow for."""
        return self._video.dropped

    def states(self) -> AsyncIterator[PeerState]:
        """The state now and every later one; ends after "closed"."""
        return self._states.follow()

    async def close(self) -> None:
        """End the connection, its threads and its tasks; returns when they are gone. May be called again."""
        self._closing = True
        self._changed.set()
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _negotiate(self, offer: str, want_video: bool) -> None:
        connection = self._connection
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            for transceiver in connection.getTransceivers():
                if transceiver.receiver.track is not None and (transceiver.kind == "audio" or want_video):
                    self._receivers[transceiver.kind] = transceiver.receiver
                else:
                    transceiver.direction = "inactive"
            await connection.setLocalDescription(await connection.createAnswer())
        except OperationError as error:
            raise BadOffer("no_common_codec") from error
        except (ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
            raise BadOffer("malformed") from error
        if "video" not in self._receivers:
            self._video.end()
        self.answer_sdp = connection.localDescription.sdp

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                audio = group.create_task(self._pump_audio(self._receivers["audio"].track), name="peer audio")
                pumps = [audio]
                if "video" in self._receivers:
                    track = self._receivers["video"].track
                    pumps.append(group.create_task(self._pump_video(track), name="peer video"))
                await self._watch(audio)
                for pump in pumps:
                    pump.cancel()
        finally:
            await self._connection.close()
            self._audio.end()
            self._video.end()
            self._states.enter("closed")

    async def _watch(self, audio_pump: asyncio.Task[None]) -> None:
        """Keep state, packet loss and key frames up to date until the peer is to end."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._closing and not audio_pump.done():
            connection = self._connection.connectionState
            if connection in ("failed", "closed"):
                return
            now = loop.time()
            if connection == "connected":
                if self.state == "connecting":
                    self._heard_at = self._seen_at = now
                self._note_line(is_silent=now - self._heard_at > STALL_S)
                await self._measure_loss()
                await self._revive_video(now)
            elif now - began > CONNECT_S:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(WATCH_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _note_line(self, *, is_silent: bool) -> None:
        if is_silent:
            self.level_dbfs = SILENCE_DBFS
        self._states.enter("lost" if is_silent else "connected")

    async def _pump_audio(self, track: MediaStreamTrack) -> None:
        resampler = Resampler(Timeline(self._clock))
        while (frame := await _next_frame(track)) is not None:
            self._heard_at = asyncio.get_running_loop().time()
            if self.state == "lost":
                self._changed.set()
            assert isinstance(frame, av.AudioFrame)
            try:
                frames = resampler.push(frame)
            except av.FFmpegError:
                continue  # One unusable frame; the next may be good.
            for heard in frames:
                # Up at once, down 30 dB a second: what a level meter shows.
                self.level_dbfs = max(level_dbfs(heard.samples), self.level_dbfs - 0.6)
                self._audio.push(heard)

    async def _pump_video(self, track: MediaStreamTrack) -> None:
        sampler = VideoSampler()
        while (frame := await _next_frame(track)) is not None:
            self._seen_at = asyncio.get_running_loop().time()
            at_ms = self._clock()
            assert isinstance(frame, av.VideoFrame)
            if sampler.takes(at_ms):
                self._video.push(VideoFrame(await asyncio.to_thread(_to_rgb, frame), at_ms))
        self._video.end()

    async def _revive_video(self, now: float) -> None:
        if "video" in self._receivers and now - self._seen_at > KEY_FRAME_S:
            self._seen_at = now
            await ask_for_key_frame(self._receivers["video"])

    async def _measure_loss(self) -> None:
        """Share of audio packets lost in the last 5 s, from the receiver's statistics."""
        received = lost = 0
        for report in (await self._receivers["audio"].getStats()).values():
            if report.type == "inbound-rtp":
                received += report.packetsReceived
                lost += report.packetsLost
        old_received, old_lost = self._counts[0]
        self._counts.append((received, lost))
        expected = received - old_received + lost - old_lost
        self.packet_loss = min(1.0, max(0.0, (lost - old_lost) / expected)) if expected > 0 else 0.0


async def _next_frame(track: MediaStreamTrack) -> object | None:
    try:
        return await track.recv()
    except MediaStreamError:
        return None


def _to_rgb(frame: av.VideoFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """RGB, uint8, at most 640 wide: what face landmarks need."""
    width = min(frame.width, WIDEST_PICTURE)
    height = max(1, round(frame.height * width / frame.width))
    return frame.reformat(width=width, height=height, format="rgb24").to_ndarray().astype(np.uint8, copy=False)


def _configuration(ice: IceSettings) -> RTCConfiguration:
    servers = [
        RTCIceServer(urls=server["urls"], username=server.get("username"), credential=server.get("credential"))
        for server in ice.ice_servers_for_browser(datetime.now(UTC))
    ]
    return RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
