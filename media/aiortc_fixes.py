"""Repairs to aiortc 1.16.0 and aioice 0.13.0; the only module that touches their non-public parts.

Each has its reason beside it and a contract test (tests/media/test_aiortc_fixes.py) that fails when the library
changes. `install` checks at start-up that what is replaced is still there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aioice.ice
import aiortc.rtcrtpreceiver
from aioice import stun
from aiortc import RTCRtpReceiver
from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtpPacket

CONSENT_FAILURES = 24
"""Unanswered consent checks, 5 s apart, until ICE gives up: a line that is down for two minutes recovers."""

_stock_host_addresses: Callable[[bool, bool], list[str]] = aioice.ice.get_host_addresses
_stock_datagram_received = aioice.ice.StunProtocol.datagram_received
_stock_connect = aioice.ice.Connection.connect
_stock_handle_rtcp = RTCRtpReceiver._handle_rtcp_packet
_host_addresses: ContextVar[tuple[str, ...]] = ContextVar("host_addresses", default=())


class LibraryChanged(RuntimeError):
    """aiortc or aioice is not the version these repairs are for."""


class SteadyJitterBuffer(JitterBuffer):
    """An audio jitter buffer that skips only what is missing (aiortc#543). Video keeps the stock one.

    The stock buffer waits at a lost packet until it is full, then throws away good ones: 1/2/5 % loss on the wire
    became 6/11/25 %, and 81 ms of delay became 281 ms for good. This one holds `prefetch` packets in order and gives
    one for each that comes in, whichever is oldest; a packet is missing only when its turn came before it did.
    """

    def __init__(self, capacity: int, prefetch: int = 0, is_video: bool = False) -> None:
        super().__init__(capacity, prefetch, is_video)
        self._held: dict[int, RtpPacket] = {}
        self._due: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take a packet; (False, the oldest frame) once more than `prefetch` are held, else (False, None)."""
        if self._is_video:
            return super().add(packet)
        if not packet._data:  # type: ignore[attr-defined]
            # Padding. An empty packet would tell FFmpeg's decoder that the stream has ended.
            return False, None
        number = self._unwrap(packet.sequence_number)
        if self._due is None or number <= self._due - MAX_MISORDER:
            self._held.clear()
            self._due = number
        if number < self._due:
            return False, None
        self._held[number] = packet
        if len(self._held) <= self._prefetch:
            return False, None
        oldest = min(self._held)
        self._due = oldest + 1
        packet = self._held.pop(oldest)
        return False, JitterFrame(data=packet._data, timestamp=packet.timestamp)  # type: ignore[attr-defined]

    def _unwrap(self, sequence_number: int) -> int:
        """The 16-bit number as the nearest one to what is due."""
        if self._due is None:
            return sequence_number
        ahead = (sequence_number - self._due) & 0xFFFF
        return self._due + (ahead if ahead < 0x8000 else ahead - 0x10000)


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
    aiortc.rtcrtpreceiver.JitterBuffer = SteadyJitterBuffer  # type: ignore[attr-defined]
    aioice.ice.CONSENT_FAILURES = CONSENT_FAILURES
    aioice.ice.get_host_addresses = _chosen_host_addresses
    aioice.ice.StunProtocol.datagram_received = _datagram_received  # type: ignore[method-assign]
    aioice.ice.Connection.connect = _connect  # type: ignore[method-assign]
    RTCRtpReceiver._handle_rtcp_packet = _handle_rtcp  # type: ignore[method-assign]


def _check() -> None:
    expected: dict[Callable[..., Any], list[str]] = {
        JitterBuffer.__init__: ["self", "capacity", "prefetch", "is_video"],
        JitterBuffer.add: ["self", "packet"],
        _stock_host_addresses: ["use_ipv4", "use_ipv6"],
        _stock_datagram_received: ["self", "data", "addr"],
        _stock_connect: ["self"],
        _stock_handle_rtcp: ["self", "packet"],
        RTCRtpReceiver._send_rtcp_pli: ["self", "media_ssrc"],
    }
    for function, parameters in expected.items():
        if list(inspect.signature(function).parameters) != parameters:
            raise LibraryChanged(f"{function.__qualname__} has changed; install the pinned aiortc and aioice")
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
    source = (addr[0], addr[1])
    return any(
        pair.protocol is protocol
        and pair.state is aioice.ice.CandidatePair.State.SUCCEEDED
        and pair.remote_addr == source
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


async def _handle_rtcp(self: RTCRtpReceiver, packet: AnyRtcpPacket) -> None:
    """Ignore BYE: browsers send it when a track is replaced or its encoder rests, and aiortc would end the track
    for good. Who really leaves closes DTLS or falls silent.
    """
    if not isinstance(packet, RtcpByePacket):
        await _stock_handle_rtcp(self, packet)


async def ask_for_key_frame(receiver: RTCRtpReceiver) -> None:
    """Send a picture loss indication for what `receiver` gets.

    aiortc asks only when its buffer overflows: a picture that is never recovered freezes video for seconds.
    """
    for source in receiver.getSynchronizationSources():
        await receiver._send_rtcp_pli(source.source)
