"""A bad network on loopback: one peer connection's packets pass a relay that loses, delays and interrupts on demand.

netem is not in every kernel, and needs rights; this needs two sockets. The candidate's addresses are taken out of the
offer and the server's in the answer are replaced by the relay's, so that nothing finds a way around it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

Address = tuple[str, int]

REMEMBERED_PACKETS = 4096
"""Sent times of so many of the latest audio packets are kept: over a minute."""
_RELAY_FOUNDATION = "1"


@dataclass(slots=True)
class Counts:
    """Packets towards the server. audio_*: those of the payload type named; RTP's header is readable in SRTP."""

    passed: int = 0
    dropped: int = 0
    audio_passed: int = 0
    audio_dropped: int = 0

    @property
    def audio_loss(self) -> float:
        """Share of the audio packets that the relay has dropped, 0-1."""
        sent = self.audio_passed + self.audio_dropped
        return self.audio_dropped / sent if sent else 0.0


class LossyLine:
    """The way between one browser and the server; `async with LossyLine(server_address) as line`.

    The browser is to send to `address`. May be set at any time: loss (0-1, each way), delay_ms and jitter_ms (each
    packet waits for the delay and up to the jitter, each way, and may overtake), down (nothing passes),
    audio_payload_type (RTP's number for audio, for `counts` and `sent_at`).
    """

    def __init__(
        self,
        server: Address,
        *,
        loss: float = 0.0,
        delay_ms: float = 0.0,
        jitter_ms: float = 0.0,
        seed: int = 1,
        audio_payload_type: int | None = None,
    ) -> None:
        self.loss = loss
        self.delay_ms = delay_ms
        self.jitter_ms = jitter_ms
        self.down = False
        self.audio_payload_type = audio_payload_type
        self.counts = Counts()
        self.sent_at: OrderedDict[int, float] = OrderedDict()
        """RTP sequence number of an audio packet → time.monotonic() at which it came from the browser."""
        self._server = server
        self._random = random.Random(seed)
        self._browser: Address | None = None
        self._inner: asyncio.DatagramTransport | None = None
        self._outer: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        self._inner = await _socket(self._from_browser)
        await self.change_path()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for transport in (self._inner, self._outer):
            if transport is not None:
                transport.close()
        self._inner = self._outer = None

    @property
    def address(self) -> Address:
        """Where the browser sends to."""
        assert self._inner is not None
        host, port = self._inner.get_extra_info("sockname")[:2]
        return host, port

    @property
    def outer_address(self) -> Address:
        """What the server sees of the browser."""
        assert self._outer is not None
        host, port = self._outer.get_extra_info("sockname")[:2]
        return host, port

    async def change_path(self) -> None:
        """From now on the server sees another source address; the former one is dead."""
        former = self._outer
        self._outer = await _socket(self._from_server, self._server)
        if former is not None:
            former.close()

    def _from_browser(self, data: bytes, source: Address) -> None:
        self._browser = source
        number = self._audio_number(data)
        if number is not None:
            self.sent_at[number] = time.monotonic()
            if len(self.sent_at) > REMEMBERED_PACKETS:
                self.sent_at.popitem(last=False)
        passes = self._passes()
        self.counts.passed += passes
        self.counts.dropped += not passes
        if number is not None:
            self.counts.audio_passed += passes
            self.counts.audio_dropped += not passes
        if passes:
            self._later(self._to_server, data)

    def _from_server(self, data: bytes, source: Address) -> None:
        if self._passes():
            self._later(self._to_browser, data)

    def _to_server(self, data: bytes) -> None:
        if self._outer is not None:
            self._outer.sendto(data)

    def _to_browser(self, data: bytes) -> None:
        if self._inner is not None and self._browser is not None:
            self._inner.sendto(data, self._browser)

    def _passes(self) -> bool:
        return not self.down and not (self.loss and self._random.random() < self.loss)

    def _later(self, send: Callable[[bytes], None], data: bytes) -> None:
        if not self.delay_ms and not self.jitter_ms:
            return send(data)
        wait_ms = self.delay_ms + self._random.random() * self.jitter_ms
        asyncio.get_running_loop().call_later(wait_ms / 1000, send, data)
        return None

    def _audio_number(self, data: bytes) -> int | None:
        """The sequence number, when this is an audio packet (RFC 3550, RFC 7983)."""
        if len(data) < 12 or not 128 <= data[0] < 192 or data[1] & 0x7F != self.audio_payload_type:
            return None
        return int.from_bytes(data[2:4], "big")


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes, Address], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._hear(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """Whoever was there has gone: what comes of it is the peers' business."""


async def _socket(hear: Callable[[bytes, Address], None], to: Address | None = None) -> asyncio.DatagramTransport:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Ear(hear), local_addr=("127.0.0.1", 0), remote_addr=to
    )
    return transport


def without_candidates(sdp: str) -> str:
    """The browser's offer (or SDP fragment) with none of its addresses: the server learns the relay's by itself."""
    kept = [line for line in sdp.splitlines() if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    return "\r\n".join(kept) + "\r\n"


def server_address(answer: str) -> Address:
    """The first UDP address on loopback in the server's answer (or SDP fragment). Raises LookupError."""
    for line in answer.splitlines():
        fields = line.split()
        if line.startswith("a=candidate:") and fields[2].lower() == "udp" and fields[4] == "127.0.0.1":
            return fields[4], int(fields[5])
    raise LookupError("the answer names no address on 127.0.0.1")


def through(answer: str, relay: Address) -> str:
    """The server's answer (or SDP fragment) with the relay's address in place of all of its own."""
    lines: list[str] = []
    ours = f"a=candidate:{_RELAY_FOUNDATION} 1 udp 2130706431 {relay[0]} {relay[1]} typ host"
    for line in answer.splitlines():
        if not line.startswith("a=candidate:"):
            lines.append(line)
        elif lines[-1] != ours:
            lines.append(ours)
    return "\r\n".join(lines) + "\r\n"


def opus_payload_type(sdp: str) -> int:
    """RTP's number for Opus in an answer. Raises LookupError."""
    for line in sdp.splitlines():
        if line.startswith("a=rtpmap:") and "opus/48000" in line.lower():
            return int(line.removeprefix("a=rtpmap:").split()[0])
    raise LookupError("no Opus in this description")
