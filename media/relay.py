"""Live view: what a candidate's browser sends goes on to HR's browser as it is; nothing is decoded or encoded."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpSender
from aiortc import RTCSessionDescription as Description
from aiortc.exceptions import OperationError
from aiortc.mediastreams import MediaStreamTrack
from aiortc.sdp import MediaDescription, SessionDescription

from media.aiortc_fixes import host_addresses, note_sent, on_feedback, send_rtp, sources_of, unsent_bytes
from media.frames import Codec, EncodedFrame
from media.ice import IceSettings
from media.ice_restart import RemoteAddresses
from media.offer import BadOffer, check_viewers_offer
from media.peer import Peer
from media.rtp_stream import RtpStream

__all__ = ["BadOffer", "Viewer"]

CONNECT_S = 15.0
DEAF_S = 20.0
"""A browser that has been sent so much without a word back (it reports every 1 to 7 s) is gone."""
LOOK_S = 5.0
MOST_UNSENT = 128 * 1024
"""Bytes that may wait for the socket: over a second of sound and picture. Nothing is ever put behind more."""
KEY_FRAME_EVERY_S = 1.0
"""One viewer's losses cost all others of this candidate no more than one key frame in so much time."""
REPORT_EVERY_S = 0.25
NTP_EPOCH_S = 2_208_988_800
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"


class Viewer:
    """One browser that watches a candidate. Made by `answer`; ends by `close`, or by itself when the browser goes.

    A picture begins with a key frame: after joining, after a new peer, after anything that was left out. There is no
    queue: a frame is encrypted and handed to the socket while it is being tapped. When the socket cannot take it, it is
    dropped and counted, so a slow viewer costs neither memory nor anybody else's time.
    """

    def __init__(self, connection: RTCPeerConnection, flows: Callable[[], bool]) -> None:
        self.answer_sdp = ""
        self.sent_frames = 0
        self.dropped_frames = 0
        """Frames left out because the socket was full, or because of a codec that this browser does not know."""
        self._connection = connection
        self._flows = flows
        self._remote: RemoteAddresses
        self._peer: Peer | None = None
        self._untap: Callable[[], None] = lambda: None
        self._streams: dict[str, _Stream] = {}
        self._sees = False
        self._asked_s = 0.0
        self._wall_s: float | None = None
        self._changed = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        connection.on("connectionstatechange", self._changed.set)

    @classmethod
    async def answer(
        cls, offer_sdp: str, *, peer: Peer, ice: IceSettings, flows: Callable[[], bool] = lambda: True
    ) -> Self:
        """Accept the offer of a browser that wants to receive; it is connecting when this returns.

        flows: asked for every frame, whether it may be seen now. Raises BadOffer with the reason.
        """
        offer = check_viewers_offer(offer_sdp, allow_private=ice.allow_private, most_candidates=ice.most_candidates)
        viewer = cls(RTCPeerConnection(_configuration(ice)), flows)
        viewer._remote = RemoteAddresses(viewer._connection, ice, offer)
        try:
            with host_addresses(ice.hosts):
                await viewer._negotiate(offer)
        except BaseException:
            await viewer._connection.close()
            raise
        viewer.follow(peer)
        viewer._task = asyncio.create_task(viewer._run(), name="viewer")
        return viewer

    def follow(self, peer: Peer) -> None:
        """Show what `peer` sends from now on; the candidate has come back on a new line."""
        self._untap()
        self._peer = peer
        self._sees = False
        self._asked_s = 0.0
        self._wall_s = None
        for stream in self._streams.values():
            stream.rtp.new_source()
        self._untap = peer.tap(self._take)
        self._want_key_frame()

    async def add_candidates(self, fragment: str) -> None:
        """Take addresses that the browser found after its offer (trickle). Raises BadOffer."""
        await self._remote.add(fragment)

    async def ended(self) -> None:
        """Returns when the viewer has ended."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def end(self) -> None:
        """Begin to end the connection."""
        self._closing = True
        self._changed.set()

    async def close(self) -> None:
        """End the connection and its task; returns when they are gone. May be called again."""
        self.end()
        await self.ended()

    async def _negotiate(self, offer: str) -> None:
        connection = self._connection
        senders: dict[str, RTCRtpSender] = {}
        try:
            await connection.setRemoteDescription(Description(offer, "offer"))
            for transceiver in connection.getTransceivers():
                transceiver.direction = "sendonly"
                transceiver.sender.replaceTrack(_Silent(transceiver.kind))
                senders[transceiver.kind] = transceiver.sender
            await connection.setLocalDescription(await connection.createAnswer())
        except OperationError as error:
            raise BadOffer("no_common_codec") from error
        except (ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
            raise BadOffer("malformed") from error
        self.answer_sdp = connection.localDescription.sdp
        for media in SessionDescription.parse(self.answer_sdp).media:
            stream = self._streams[media.kind] = _Stream(senders[media.kind], media)
            on_feedback(stream.sender, self._want_key_frame, stream.again)

    async def _run(self) -> None:
        try:
            await self._watch()
        finally:
            self._untap()
            await self._connection.close()

    async def _watch(self) -> None:
        """Until the viewer is to end: closed, never connected, or nothing heard of the browser any more."""
        began = heard = time.monotonic()
        was_heard = sent_then = 0
        was_connected = False
        while not self._closing and self._connection.connectionState not in ("failed", "closed"):
            now = time.monotonic()
            if self._connection.connectionState == "connected":
                if not was_connected:
                    was_connected = True
                    self._want_key_frame()
                received = await self._received()
                if received != was_heard or self.sent_frames == sent_then:
                    was_heard, sent_then, heard = received, self.sent_frames, now
                elif now - heard > DEAF_S:
                    return
            elif not was_connected and now - began > CONNECT_S:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _received(self) -> int:
        """Datagrams that have come from the browser, its reports among them."""
        stream = next(iter(self._streams.values()))
        reports = (await stream.sender.getStats()).values()
        return sum(report.packetsReceived for report in reports if report.type == "transport")

    def _take(self, frame: EncodedFrame) -> None:
        if self._connection.connectionState != "connected":
            return
        stream = self._streams.get("audio" if frame.codec is Codec.OPUS else "video")
        if stream is None:
            return
        if not self._flows():
            self._sees = False
            return
        is_picture = frame.codec is not Codec.OPUS
        if is_picture and not self._sees and not frame.key:
            self._want_key_frame()
            return
        if frame.codec not in stream.rtp.payload_types or unsent_bytes(stream.sender) > MOST_UNSENT:
            self.dropped_frames += 1
            self._sees = self._sees and not is_picture
            return
        self._sees = self._sees or is_picture
        try:
            stream.send(frame)
        except ConnectionError:
            return  # It has just gone; the state will say so.
        self.sent_frames += 1
        if frame.captured_s is not None:
            if self._wall_s is None:
                self._wall_s = time.time() - frame.captured_s
            stream.note(frame, self._wall_s)

    def _want_key_frame(self) -> None:
        now = time.monotonic()
        if self._peer is not None and self._flows() and now - self._asked_s >= KEY_FRAME_EVERY_S:
            self._asked_s = now
            self._peer.ask_for_key_frame()


class _Stream:
    """Sound or picture on its way to one browser."""

    def __init__(self, sender: RTCRtpSender, media: MediaDescription) -> None:
        codecs: dict[Codec, int] = {}
        retransmissions: dict[int, int] = {}
        for codec in media.rtp.codecs:
            name = codec.name.lower()
            number = codec.payloadType
            assert number is not None  # It comes from an SDP.
            if name == "rtx":
                retransmissions[int(codec.parameters["apt"] or 0)] = number
            elif name in set(Codec):
                codecs.setdefault(Codec(name), number)
        mid = next((item.id for item in media.rtp.headerExtensions if item.uri == MID), None)
        self.sender = sender
        self.rtp = RtpStream(
            *sources_of(sender),
            codecs,
            retransmissions,
            (mid, media.rtp.muxId) if mid is not None else None,
            number=random.randrange(1 << 15),
            ticks=random.randrange(1 << 32),
        )
        self._noted_s = 0.0

    def send(self, frame: EncodedFrame) -> None:
        for packet in self.rtp.pack(frame):
            send_rtp(self.sender, packet)

    def again(self, number: int) -> None:
        packet = self.rtp.again(number)
        if packet is not None:
            with suppress(ConnectionError):
                send_rtp(self.sender, packet)

    def note(self, frame: EncodedFrame, wall_s: float) -> None:
        """Keeps the sender's next report up to date: when the frame was captured, as wall-clock time."""
        if frame.captured_s is None or frame.arrived_s - self._noted_s < REPORT_EVERY_S:
            return
        self._noted_s = frame.arrived_s
        ntp = int((frame.captured_s + wall_s + NTP_EPOCH_S) * (1 << 32))
        rtp = self.rtp
        note_sent(self.sender, ntp=ntp, timestamp=rtp.timestamp, packets=rtp.packets, octets=rtp.octets)


class _Silent(MediaStreamTrack):
    """Keeps aiortc's own sending at rest: the packets are made here."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__()

    async def recv(self) -> None:  # type: ignore[override]
        await asyncio.get_running_loop().create_future()


def _configuration(ice: IceSettings) -> RTCConfiguration:
    servers = [
        RTCIceServer(urls=server["urls"], username=server.get("username"), credential=server.get("credential"))
        for server in ice.ice_servers_for_browser(datetime.now(UTC))
    ]
    return RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
