"""One WebRTC peer: a browser's offer in, the answer out, sound and sampled pictures out."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Self

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError
from aiortc.sdp import SessionDescription

from media.aiortc_fixes import host_addresses, install, send_pli, tap_receiver
from media.frames import AudioFrame, Codec, EncodedFrame, VideoFrame
from media.hearing import Hearing
from media.ice import IceSettings
from media.ice_restart import RemoteAddresses
from media.line_stats import LineStats
from media.offer import BadOffer, check_offer
from media.peer_state import PeerState, StateFeed
from media.seeing import Seeing
from media.taps import Taps

__all__ = ["BadOffer", "Peer", "PeerState"]

STALL_S = 2.0
"""No packet of sound for so long: the line is lost. aiortc itself never says so."""
CONNECT_S = 30.0
WATCH_S = 0.25
_CODECS = {"audio/opus": Codec.OPUS, "video/vp8": Codec.VP8, "video/h264": Codec.H264}

install()


class Peer:
    """A candidate's browser. Made by `answer`; ends by `close`, or by itself when the browser goes.

    audio: AudioFrames, 20 ms each; at most 2 s are kept for a slow reader. video: sampled pictures, about one a
    second while `pictures_wanted`, only the newest is kept; it ends at once when no video is wanted or offered. Both
    end with the peer. What the browser sends reaches `tap`s as it is; only sound and sampled key frames are decoded.
    """

    def __init__(self, connection: RTCPeerConnection, clock: Callable[[], int]) -> None:
        self.answer_sdp = ""
        self._connection = connection
        self._remote: RemoteAddresses
        self._states = StateFeed()
        self._changed = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._taps = Taps()
        self._payload_types: dict[int, Codec] = {}
        self._codecs: dict[str, Codec] = {}
        self._hearing = Hearing(self._payload_types, clock, self._give, self._changed.set, time.monotonic())
        self._seeing = Seeing(self._payload_types, clock, self._give, time.monotonic())
        self._camera: RTCRtpReceiver | None = None
        connection.on("connectionstatechange", self._changed.set)

    @classmethod
    async def answer(
        cls,
        offer_sdp: str,
        *,
        ice: IceSettings,
        clock: Callable[[], int],
        want_video: bool,
        want_pictures: bool = True,
    ) -> Self:
        """Accept a browser's offer; the peer is connecting when this returns.

        clock: the interview clock, milliseconds. want_video=False answers video with "inactive", so the browser
        sends none. want_pictures: `pictures_wanted` from the beginning. Raises BadOffer with the reason.
        """
        offer = check_offer(offer_sdp, allow_private=ice.allow_private, most_candidates=ice.most_candidates)
        peer = cls(RTCPeerConnection(_configuration(ice)), clock)
        peer.pictures_wanted = want_pictures
        peer._remote = RemoteAddresses(peer._connection, ice, offer)
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
        return self._hearing.frames

    @property
    def video(self) -> AsyncIterator[VideoFrame]:
        return self._seeing.frames

    @property
    def state(self) -> PeerState:
        return self._states.now

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """How "audio" and, where it is received, "video" are encoded: as last seen, at first as preferred."""
        return self._codecs

    @property
    def level_dbfs(self) -> float:
        """How loud it is, as a level meter shows it; -100 for silence."""
        return self._hearing.level_dbfs

    @property
    def packet_loss(self) -> float:
        """Share of the sound's packets that was lost in the last 5 s, 0-1."""
        return self._hearing.packet_loss

    @property
    def silent_s(self) -> float:
        """Seconds since sound last came in."""
        return time.monotonic() - self._hearing.arrived_s

    @property
    def dropped_audio(self) -> int:
        """Frames that the reader of `audio` was too slow for."""
        return self._hearing.frames.dropped

    @property
    def dropped_video(self) -> int:
        """Pictures that the decoder or the reader of `video` was too slow for."""
        return self._seeing.dropped

    @property
    def stats(self) -> LineStats:
        """What the line has carried and lost so far."""
        sound, pictures = self._hearing.incoming, self._seeing.incoming
        return LineStats(
            packets_received=sound.counts.received + pictures.counts.received,
            packets_lost=sound.counts.lost + pictures.counts.lost,
            jitter_ms=sound.counts.jitter_s * 1000,
            bytes=sound.counts.bytes + pictures.counts.bytes,
            audio_frames=sound.frames,
            video_frames=pictures.pictures.frames,
            key_frames=pictures.pictures.key_frames,
            undecodable=pictures.assembly.undecodable,
            freezes=pictures.pictures.freezes,
            dropped_audio=self.dropped_audio,
            dropped_pictures=self.dropped_video,
        )

    @property
    def pictures_wanted(self) -> bool:
        """Whether key frames are asked for once a second and come out of `video`; may be set at any time."""
        return self._seeing.pictures_wanted

    @pictures_wanted.setter
    def pictures_wanted(self, wanted: bool) -> None:
        self._seeing.pictures_wanted = wanted

    @property
    def key_frame_every_s(self) -> float | None:
        """The longest time between key frames, seconds, that is kept by asking for them; may be set at any time."""
        return self._seeing.key_frame_every_s

    @key_frame_every_s.setter
    def key_frame_every_s(self, seconds: float | None) -> None:
        self._seeing.key_frame_every_s = seconds

    def states(self) -> AsyncIterator[PeerState]:
        """The state now and every later one; ends after "closed"."""
        return self._states.follow()

    def tap(self, sink: Callable[[EncodedFrame], None]) -> Callable[[], None]:
        """Call `sink` with every encoded frame from now on; what is returned ends that.

        Sound comes in order, and so do pictures; each picture can be decoded after the ones before it, and after a
        loss the next is a key frame. `sink` is called on the event loop and must not block; if it raises, it is
        removed, and the error is logged.
        """
        return self._taps.add(sink)

    def ask_for_key_frame(self) -> None:
        """Ask the browser for a key frame, until one comes; at most twice a second, whoever asks. Never waits."""
        if self._camera is not None:
            self._seeing.ask(time.monotonic())

    async def restart_ice(self, fragment: str) -> str:
        """Follow the browser onto another network: its SDP fragment in, the server's out. Raises BadOffer."""
        return await self._remote.restart(fragment)

    async def add_candidates(self, fragment: str) -> None:
        """Take addresses the browser found after its offer (trickle). Raises BadOffer."""
        await self._remote.add(fragment)

    async def close(self) -> None:
        """End the connection and its tasks; returns when they are gone. May be called again."""
        self._closing = True
        self._changed.set()
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _negotiate(self, offer: str, want_video: bool) -> None:
        connection = self._connection
        # Opus only: aiortc would also take telephone codecs, which nothing here decodes. Of pictures it knows ours.
        known = RTCRtpReceiver.getCapabilities("audio")
        assert known is not None
        opus = [codec for codec in known.codecs if codec.name == "opus"]
        connection.addTransceiver("audio", direction="recvonly").setCodecPreferences(opus)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            for transceiver in connection.getTransceivers():
                receiver = transceiver.receiver
                if receiver.track is None or (transceiver.kind == "video" and not want_video):
                    transceiver.direction = "inactive"
                elif transceiver.kind == "audio":
                    tap_receiver(receiver, self._hearing)
                else:
                    tap_receiver(receiver, self._seeing)
                    self._camera = receiver
            await connection.setLocalDescription(await connection.createAnswer())
            self._note_codecs(connection.localDescription.sdp)
        except OperationError as error:
            raise BadOffer("no_common_codec") from error
        except (ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
            raise BadOffer("malformed") from error
        if self._camera is None:
            self._seeing.frames.end()
        self.answer_sdp = _without_dtx(connection.localDescription.sdp)

    def _note_codecs(self, answer: str) -> None:
        for media in SessionDescription.parse(answer).media:
            if media.kind == "video" and self._camera is None:
                continue
            for description in media.rtp.codecs:
                codec = _CODECS.get(description.mimeType.lower())
                if codec is not None and description.payloadType is not None:
                    self._payload_types[description.payloadType] = codec
                    self._codecs.setdefault(media.kind, codec)

    def _give(self, frame: EncodedFrame) -> None:
        self._codecs["audio" if frame.codec is Codec.OPUS else "video"] = frame.codec
        self._taps.give(frame)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = []
                if self._camera is not None:
                    tasks.append(group.create_task(self._ask_for_key_frames(self._camera), name="peer key frames"))
                    tasks.append(group.create_task(self._seeing.pictures.run(), name="peer pictures"))
                await self._watch()
                for task in tasks:
                    task.cancel()
        finally:
            await self._connection.close()
            self._hearing.frames.end()
            self._seeing.frames.end()
            self._states.enter("closed")

    async def _watch(self) -> None:
        """Keep state, packet loss and key frames up to date until the peer is to end."""
        began = time.monotonic()
        while not self._closing and not self._hearing.has_ended:
            connection = self._connection.connectionState
            if connection in ("failed", "closed"):
                return
            now = time.monotonic()
            if connection == "connected":
                if self.state == "connecting":
                    self._hearing.arrived_s = now
                self._note_line(is_silent=now - self._hearing.arrived_s > STALL_S)
                self._hearing.measure_loss()
                self._seeing.watch(now)
            elif now - began > CONNECT_S:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(WATCH_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _note_line(self, *, is_silent: bool) -> None:
        self._hearing.stall(is_stalled=is_silent)
        self._states.enter("lost" if is_silent else "connected")

    async def _ask_for_key_frames(self, camera: RTCRtpReceiver) -> None:
        while True:
            await self._seeing.key_wanted.wait()
            self._seeing.key_wanted.clear()
            if self._seeing.ssrc is not None:
                await send_pli(camera, self._seeing.ssrc)


def _without_dtx(answer: str) -> str:
    """The answer, which asks the browser to send silence like speech (RFC 7587, 6.1); aiortc's says nothing of it.

    With DTX there are 400 ms between the packets of silence: behind a lost one the last syllable would wait 1.2 s.
    """
    return re.sub(r"^(a=rtpmap:(\d+) opus/.*\r\n)", r"\1a=fmtp:\2 usedtx=0\r\n", answer, flags=re.MULTILINE)


def _configuration(ice: IceSettings) -> RTCConfiguration:
    servers = [
        RTCIceServer(urls=server["urls"], username=server.get("username"), credential=server.get("credential"))
        for server in ice.ice_servers_for_browser(datetime.now(UTC))
    ]
    return RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
