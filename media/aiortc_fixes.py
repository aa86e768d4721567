"""Repairs to aiortc 1.16.0 and aioice 0.13.0; the only module that touches their non-public parts.

Each has its reason beside it and a contract test (tests/media/test_aiortc_fixes.py) that fails when the library
changes. `install` checks at start-up that what is replaced is still there.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Protocol

import aioice.ice
import aiortc.rtcrtpreceiver
from aioice import stun
from aioice.turn import TurnTransport
from aioice.utils import random_string
from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtcpSrPacket, RtpPacket

from media.incoming import Packet

CONSENT_FAILURES = 24
"""Unanswered consent checks, 5 s apart, until ICE gives up: a line that is down for two minutes recovers."""

MOST_REMOTE_ADDRESSES = 32
"""Of one ICE generation, those that were never named and only showed in checks included."""

_stock_host_addresses: Callable[[bool, bool], list[str]] = aioice.ice.get_host_addresses
_stock_datagram_received = aioice.ice.StunProtocol.datagram_received
_stock_connect = aioice.ice.Connection.connect
_stock_decoder_worker = aiortc.rtcrtpreceiver.decoder_worker
_stock_check_incoming = aioice.ice.Connection.check_incoming
_stock_handle_rtcp = RTCRtpReceiver._handle_rtcp_packet
_host_addresses: ContextVar[tuple[str, ...]] = ContextVar("host_addresses", default=())


class LibraryChanged(RuntimeError):
    """aiortc or aioice is not the version these repairs are for."""


class Tap(Protocol):
    """Who takes a receiver's packets; called on the event loop, and must neither block nor raise."""

    def packet(self, packet: Packet) -> None:
        """One has come, retransmitted ones included; in the order of arrival."""

    def report(self, ssrc: int, ntp_timestamp: int, timestamp: int) -> None:
        """The sender's RTCP report: its wall clock (NTP, 64 bits) and the stream's time (32 bits), at one moment."""

    def ended(self) -> None:
        """Nothing more comes."""


class _TappedBuffer:
    """Stands where a tapped receiver has its jitter buffer, and never gives it a frame to decode."""

    def __init__(self, tap: Tap) -> None:
        self.tap = tap

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """(whether to ask for a key frame, a frame): the tap sees to both."""
        data: bytes = packet._data  # type: ignore[attr-defined]
        marker = bool(packet.marker)
        self.tap.packet(
            Packet(
                packet.ssrc, packet.sequence_number, packet.timestamp, packet.payload_type, marker, data, monotonic()
            )
        )
        return False, None


class _TappedQueue:
    """Stands where a tapped receiver has the queue to its decoder; all that comes there is the end."""

    def __init__(self, tap: Tap, track: RemoteStreamTrack) -> None:
        self._tap = tap
        self._track = track

    def put(self, task: None) -> None:
        """The receiver has ended: so has its track, and whoever waits for it is told."""
        assert task is None
        self._track._queue.put_nowait(None)
        self._tap.ended()


def tap_receiver(receiver: RTCRtpReceiver, tap: Tap) -> None:
    """Give `tap` what `receiver` gets, still encoded; before it starts. Its track then yields nothing but its end.

    aiortc has no public way to encoded frames: it decodes all it gets, in a thread for each track, into a queue
    without bounds. Its jitter buffers also lose sound that came (aiortc#543), and wait seconds for a picture that
    does not come.
    """
    assert isinstance(receiver.track, RemoteStreamTrack)
    receiver._RTCRtpReceiver__jitter_buffer = _TappedBuffer(tap)  # type: ignore[attr-defined]
    receiver._RTCRtpReceiver__decoder_queue = _TappedQueue(tap, receiver.track)  # type: ignore[attr-defined]


def _decoder_worker(loop: asyncio.AbstractEventLoop, input_q: Any, output_q: Any, decode_error: Any) -> None:
    """A tapped receiver has nothing to decode: its thread ends as it begins."""
    if not isinstance(input_q, _TappedQueue):
        _stock_decoder_worker(loop, input_q, output_q, decode_error)


@contextmanager
def host_addresses(addresses: tuple[str, ...]) -> Iterator[None]:
    """Peers that gather candidates inside offer these addresses; none given: this machine's but loopback.

    aioice has no setting for it, leaves loopback out (which tests need), and a server with ten networks
    would offer all of them.
    """
    token = _host_addresses.set(addresses)
    try:
        yield
    finally:
        _host_addresses.reset(token)


def install() -> None:
    """Put the repairs in; doing it again changes nothing. Raises LibraryChanged where they no longer fit."""
    _check()
    aiortc.rtcrtpreceiver.decoder_worker = _decoder_worker
    aioice.ice.CONSENT_FAILURES = CONSENT_FAILURES
    aioice.ice.get_host_addresses = _chosen_host_addresses
    aioice.ice.StunProtocol.datagram_received = _datagram_received  # type: ignore[method-assign]
    aioice.ice.Connection.connect = _connect  # type: ignore[method-assign]
    aioice.ice.Connection.check_incoming = _check_incoming  # type: ignore[method-assign]
    RTCRtpReceiver._handle_rtcp_packet = _handle_rtcp  # type: ignore[method-assign]


def _check() -> None:
    expected: dict[Callable[..., Any], list[str]] = {
        _stock_decoder_worker: ["loop", "input_q", "output_q", "decode_error"],
        _stock_host_addresses: ["use_ipv4", "use_ipv6"],
        _stock_datagram_received: ["self", "data", "addr"],
        _stock_connect: ["self"],
        _stock_check_incoming: ["self", "message", "addr", "protocol"],
        aioice.ice.Connection.check_start_task: ["self", "pair"],
        _stock_handle_rtcp: ["self", "packet"],
        RTCRtpReceiver._send_rtcp_pli: ["self", "media_ssrc"],
        RTCRtpSender._send_keyframe: ["self"],
        RTCRtpSender._retransmit: ["self", "sequence_number"],
        RTCDtlsTransport._send_rtp: ["self", "data"],
    }
    for function, parameters in expected.items():
        if list(inspect.signature(function).parameters) != parameters:
            raise LibraryChanged(f"{function.__qualname__} has changed; install the pinned aiortc and aioice")
    code = RTCRtpReceiver.__init__.__code__
    if not {"_RTCRtpReceiver__jitter_buffer", "_RTCRtpReceiver__decoder_queue"} <= set(code.co_names):
        raise LibraryChanged("RTCRtpReceiver has changed; install the pinned aiortc")
    if not isinstance(aioice.ice.CONSENT_FAILURES, int):
        raise LibraryChanged("aioice.ice.CONSENT_FAILURES has changed; install the pinned aioice")


def _chosen_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return list(_host_addresses.get()) or _stock_host_addresses(use_ipv4, use_ipv6)


def _datagram_received(self: Any, data: bytes | str, addr: tuple[Any, ...]) -> None:
    """Drop what is neither STUN nor from an address that has passed an ICE check.

    aioice hands everything on: one forged DTLS ClientHello, or an empty datagram, before the handshake kept a
    session from ever connecting (ASVS 17.2.6).
    """
    if data and (_is_from_checked_pair(self, addr) or _is_stun(data)):
        _stock_datagram_received(self, data, addr)


def _is_from_checked_pair(protocol: Any, addr: tuple[Any, ...]) -> bool:
    """Whether a check with the right credentials came from there, or was answered from there.

    Not only the latter: a browser's data may overtake the answer to our check, and aioice gives up all checks that
    are under way when the first has passed, though the browser may choose one of their pairs.
    """
    source = (addr[0], addr[1])
    return any(
        pair.protocol is protocol
        and pair.remote_addr == source
        and (pair.state is aioice.ice.CandidatePair.State.SUCCEEDED or getattr(pair, "has_proved_itself", False))
        for pair in protocol.receiver._check_list
    )


def _is_stun(data: bytes | str) -> bool:
    if not isinstance(data, bytes) or data[0] > 3:  # RFC 7983: the first byte tells STUN from DTLS and SRTP.
        return False
    try:
        stun.parse_message(data)
    except ValueError:
        return False
    return True


async def _connect(self: Any) -> None:
    """End the consent checks of a connection that was closed while it connected.

    aioice starts them all the same; with nobody left to ask they never fail, and the task stays for ever.
    """
    await _stock_connect(self)
    if self._closing:
        self._query_consent_task.cancel()
        raise ConnectionError("closed while connecting")


def _check_incoming(self: Any, message: stun.Message, addr: tuple[str, int], protocol: Any) -> None:
    """Answer checks, but follow no more than so many addresses.

    Whoever has the credentials may send checks from as many (forged) addresses as they like; aioice remembers
    each and sends its own checks there.
    """
    known = any((c._network_host, c.port) == addr for c in self._remote_candidates)
    if known or len(self._remote_candidates) < MOST_REMOTE_ADDRESSES:
        _stock_check_incoming(self, message, addr, protocol)
        for pair in self._check_list:
            if pair.protocol is protocol and pair.remote_addr == addr:
                pair.has_proved_itself = True


async def _handle_rtcp(self: RTCRtpReceiver, packet: AnyRtcpPacket) -> None:
    """Ignore BYE: browsers send it when a track is replaced or its encoder rests, and aiortc would end the track
    for good. Who really leaves closes DTLS or falls silent. Sender reports go to the tap as well: aiortc keeps
    none of their RTP time, without which sound and pictures cannot be brought together.
    """
    if isinstance(packet, RtcpByePacket):
        return
    if isinstance(packet, RtcpSrPacket):
        buffer = self._RTCRtpReceiver__jitter_buffer  # type: ignore[attr-defined]
        if isinstance(buffer, _TappedBuffer):
            info = packet.sender_info
            buffer.tap.report(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)
    await _stock_handle_rtcp(self, packet)


async def send_pli(receiver: RTCRtpReceiver, ssrc: int) -> None:
    """Send a picture loss indication for this stream that `receiver` gets.

    aiortc asks for a key frame only when its buffer overflows.
    """
    await receiver._send_rtcp_pli(ssrc)


def renew_local_ice(receiver: RTCRtpReceiver) -> tuple[str, str]:
    """Take new ICE credentials of one's own, and give them: (username, password). The old ones are refused from now on.

    aiortc ignores an ICE restart (#1367): a browser that changes its network is lost.
    """
    connection = _ice(receiver)
    connection._local_username, connection._local_password = random_string(8), random_string(24)
    return connection.local_username, connection.local_password


def renew_remote_ice(receiver: RTCRtpReceiver, username: str, password: str) -> None:
    """Begin a new ICE generation with the other side's credentials (RFC 8445, 9).

    The pair in use carries on until a check with the new credentials has passed over another; what else was known of
    the other side is forgotten.
    """
    connection = _ice(receiver)
    connection.remote_username, connection.remote_password = username, password
    in_use = list(connection._nominated.values())
    for pair in connection._check_list:
        if pair not in in_use and pair.task is not None:
            pair.task.cancel()
    connection._check_list = in_use
    connection._remote_candidates.clear()
    # That no more candidates come was said of the former generation.
    connection._remote_candidates_end = receiver.transport.transport.iceGatherer._remote_candidates_end = False
    connection._early_checks.clear()


def check_new_candidates(receiver: RTCRtpReceiver) -> None:
    """Send checks to candidates that nothing has been sent to, 20 ms apart.

    aioice does so until the first pair is nominated, and never again.
    """
    connection, loop = _ice(receiver), asyncio.get_running_loop()
    if not connection._nominated:
        return
    connection.sort_check_list()
    frozen = [pair for pair in connection._check_list if pair.state is aioice.ice.CandidatePair.State.FROZEN]
    for turn, pair in enumerate(frozen):
        loop.call_later(0.02 * turn, _start_check, connection, pair)


def _start_check(connection: Any, pair: Any) -> None:
    if not connection._closing and pair in connection._check_list:
        connection.check_start_task(pair)


def _ice(receiver: RTCRtpReceiver) -> Any:
    return receiver.transport.transport._connection


def sources_of(sender: RTCRtpSender) -> tuple[int, int]:
    """(SSRC, SSRC of retransmissions): what the answer names, so what is sent in the sender's place must carry."""
    return sender._ssrc, sender._rtx_ssrc


def on_feedback(sender: RTCRtpSender, want_key_frame: Callable[[], None], lost: Callable[[int], None]) -> None:
    """What the browser that receives asks for: a picture to begin with, a packet (its 16-bit number) once more.

    aiortc hands both to its own encoder and its own history, which a sender of encoded frames does not use.
    """

    async def retransmit(sequence_number: int) -> None:
        lost(sequence_number)

    sender._send_keyframe = want_key_frame  # type: ignore[method-assign]
    sender._retransmit = retransmit  # type: ignore[method-assign]


def send_rtp(sender: RTCRtpSender, packet: bytes) -> None:
    """Encrypt a packet and hand it to the socket at once. Raises ConnectionError when the line is not up.

    aiortc takes frames from a track in a task of its own, behind a queue without a limit, and builds every packet as
    an object: 0.40 % of a core for a viewer instead of 0.26 %. Its coroutine for one packet never waits.
    """
    coroutine = sender.transport._send_rtp(packet)
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise LibraryChanged("sending a packet now waits; install the pinned aiortc and aioice")


def note_sent(sender: RTCRtpSender, *, ntp: int, timestamp: int, packets: int, octets: int) -> None:
    """What the sender's next report tells: so much was sent, and RTP `timestamp` was captured at `ntp` (64 bits).

    aiortc reports when it sent, which would put sound as late as its jitter buffer held it: lips out of step.
    """
    values = {"ntp_timestamp": ntp, "rtp_timestamp": timestamp, "packet_count": packets, "octet_count": octets}
    for name, value in values.items():
        setattr(sender, f"_RTCRtpSender__{name}", value)


def unsent_bytes(sender: RTCRtpSender) -> int:
    """Bytes that the operating system has not taken yet: asyncio keeps them without a limit."""
    pair = sender.transport.transport._connection._nominated.get(1)
    if pair is None:
        return 0
    transport: Any = pair.protocol.transport
    if isinstance(transport, TurnTransport):
        transport = transport._TurnTransport__inner_protocol.transport  # type: ignore[attr-defined]
    size: int = transport.get_write_buffer_size()
    return size
