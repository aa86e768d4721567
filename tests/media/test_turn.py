"""A real coturn with the configuration we hand out: short-lived credentials, and no way into private networks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aioice import stun
from aioice.turn import create_turn_endpoint
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from media.ice import IceServer, IceSettings
from media.peer import Peer
from media.replay import SpeechTrack
from scripts.local_server import ROOT, free_port
from tests.media.peers import wall_clock

SECRET = "north wind"
CONFIGURATION = ROOT / "scripts" / "turnserver.conf"


@asynccontextmanager
async def turn_server(folder: Path, *options: str) -> AsyncIterator[IceSettings]:
    """coturn on a free port of loopback; how to use it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "turnserver", "-c", str(CONFIGURATION), "--static-auth-secret", SECRET, "--realm", "test.example",
        "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--no-tls", "--no-dtls",
        "--pidfile", str(folder / "turn.pid"), "--userdb", str(folder / "turn.sqlite"), "--log-file=stdout", *options,
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(20):
            while not _listens(port):
                assert process.returncode is None, "turnserver ended"
                await asyncio.sleep(0.05)
        yield IceSettings(
            hosts=("127.0.0.1",),
            servers=(f"turn:127.0.0.1:{port}?transport=udp",),
            turn_secret=SECRET,
            allow_private=True,
        )
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Relayed(asyncio.DatagramProtocol):
    """What is at the far end of an allocation: notes what was refused."""

    def __init__(self) -> None:
        self.refused = asyncio.Event()
        self.error: Exception | None = None

    def error_received(self, exc: Exception) -> None:
        self.error = exc
        self.refused.set()


async def allocate(ice: IceSettings, server: IceServer) -> tuple[asyncio.DatagramTransport, Relayed]:
    port = int(ice.servers[0].split(":")[2].split("?")[0])
    transport, protocol = await create_turn_endpoint(
        Relayed, ("127.0.0.1", port), server["username"], server["credential"]
    )
    return transport, protocol  # type: ignore[return-value]


async def test_candidate_and_server_meet_over_the_relay_with_short_lived_credentials(tmp_path: Path) -> None:
    allowed = ("--allow-loopback-peers", "--allowed-peer-ip=127.0.0.1")
    async with turn_server(tmp_path, *allowed) as ice:
        [server] = ice.ice_servers_for_browser(datetime.now(UTC))
        browser = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[RTCIceServer(server["urls"], server["username"], server["credential"])],
                iceTransportPolicy=RTCIceTransportPolicy.RELAY,
            )
        )
        speech = SpeechTrack()
        browser.addTrack(speech)
        await browser.setLocalDescription(await browser.createOffer())
        offer = browser.localDescription.sdp
        assert "typ relay" in offer
        assert "typ host" not in offer
        peer = await Peer.answer(offer, ice=ice, clock=wall_clock(), want_video=False)
        lines = peer.answer_sdp.splitlines()
        assert any("typ relay" in line for line in lines)
        relay_only = "\r\n".join(line for line in lines if "typ host" not in line) + "\r\n"
        await browser.setRemoteDescription(RTCSessionDescription(relay_only, "answer"))
        async with asyncio.timeout(20):
            for _ in range(25):
                await anext(peer.audio)
        speech.stop()
        await browser.close()
        await peer.close()


@pytest.mark.parametrize("what", ["expired", "wrong"])
async def test_expired_and_wrong_credentials_are_refused(tmp_path: Path, what: str) -> None:
    async with turn_server(tmp_path) as ice:
        [good] = ice.ice_servers_for_browser(datetime.now(UTC))
        transport, _ = await allocate(ice, good)
        transport.close()
        if what == "expired":
            [bad] = ice.ice_servers_for_browser(datetime.now(UTC) - timedelta(minutes=11))
        else:
            [bad] = replace(ice, turn_secret="south").ice_servers_for_browser(datetime.now(UTC))
        with pytest.raises(stun.TransactionFailed, match="401"):
            await allocate(ice, bad)


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "172.16.5.4", "192.168.1.1", "100.64.1.1", "169.254.169.254", "127.0.0.1", "0.0.0.0"],
)
async def test_nothing_is_relayed_into_private_networks(tmp_path: Path, address: str) -> None:
    async with turn_server(tmp_path) as ice:
        [server] = ice.ice_servers_for_browser(datetime.now(UTC))
        transport, protocol = await allocate(ice, server)
        transport.sendto(b"knock", (address, 80))
        async with asyncio.timeout(10):
            await protocol.refused.wait()
        assert isinstance(protocol.error, stun.TransactionFailed)
        assert protocol.error.response.error_code == 403
        transport.close()


async def test_public_addresses_are_relayed_to(tmp_path: Path) -> None:
    async with turn_server(tmp_path) as ice:
        [server] = ice.ice_servers_for_browser(datetime.now(UTC))
        transport, protocol = await allocate(ice, server)
        transport.sendto(b"hello", ("192.0.2.77", 50_000))
        await asyncio.sleep(1.0)
        assert protocol.error is None
        transport.close()
