"""The client for connected systems against real sockets: no way into this network, no redirect, no endless answer."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import ThreadedResolver, web
from aiohttp.abc import ResolveResult
from aiohttp.test_utils import TestServer

from server.delivery.addresses import is_allowed, is_inside
from server.delivery.safe_client import NoAnswer, Refused, SafeClient

LOOPBACK = ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "2001:db8::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "",
        "localhost",
    ],
)
def test_an_address_of_this_network_or_of_none_is_forbidden(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(address)
    assert not is_inside(address, ())


async def test_urls_that_are_no_way_to_a_connected_system_are_refused_before_anything_is_sent() -> None:
    refused = [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fe80::1%25lo]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "//example.com",
        "example.com",
        "https://name:word@example.com/",
        "https://example.com:99999/",
        "https://[::1",
    ]
    async with SafeClient() as client:
        for url in refused:
            with pytest.raises(Refused):
                await client.request("GET", url)


async def test_a_name_that_is_public_at_the_first_look_cannot_become_loopback_at_the_second(
    monkeypatch: pytest.MonkeyPatch, house: TestServer
) -> None:
    answers = [["8.8.8.8", "127.0.0.1"], ["127.0.0.1"], ["::ffff:127.0.0.1"]]

    async def rebinding(self: object, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in answers.pop(0)
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", rebinding)
    async with SafeClient() as client:
        for _ in range(3):
            with pytest.raises(Refused, match="address not allowed"):
                await client.request("GET", f"https://rebinding.example:{house.port}/")
    # Each request asked once: what was checked is what would have been connected to.
    assert answers == []


@pytest.fixture
async def house() -> AsyncIterator[TestServer]:
    """A system on loopback."""

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/away":
                raise web.HTTPFound("/elsewhere")
            case "/elsewhere":
                raise AssertionError("a redirect was followed")
            case "/endless":
                stream = web.StreamResponse()
                await stream.prepare(request)
                with suppress(ConnectionError):
                    while True:
                        await stream.write(b"x" * 65536)
                return stream
            case "/bomb":
                return web.Response(body=gzip.compress(b"0" * (1 << 20)), headers={"Content-Encoding": "gzip"})
            case "/silent":
                await asyncio.sleep(5)
        return web.json_response({"got": (await request.read()).decode(), "type": request.content_type})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    running = TestServer(app)
    await running.start_server()
    yield running
    await running.close()


async def test_what_a_system_on_a_named_network_answers(house: TestServer) -> None:
    url = f"http://127.0.0.1:{house.port}"
    async with SafeClient(LOOPBACK) as client:
        answer = await client.request("POST", f"{url}/in", json={"名": "哈"})
        assert (answer.ok, answer.json()) == (True, {"got": '{"名":"哈"}', "type": "application/json"})
        # Names are looked up and checked likewise.
        assert (await client.request("GET", f"http://localhost:{house.port}/in")).ok
        redirect = await client.request("GET", f"{url}/away")
        assert (redirect.status, redirect.ok, redirect.headers["location"]) == (302, False, "/elsewhere")
        for path, error, seconds in [
            ("/endless", "answer too large", 20),
            ("/bomb", "compressed answer", 20),
            ("/silent", "timeout", 0.2),
        ]:
            with pytest.raises(NoAnswer) as failed:
                await client.request("GET", url + path, timeout_s=seconds)
            assert failed.value.error == error
        with pytest.raises(NoAnswer, match="ClientConnectorError"):
            await client.request("GET", "http://127.0.0.1:9/")
        # Named is loopback only, and http stays inside.
        for other in ("https://10.0.0.1/", "http://8.8.8.8/"):
            with pytest.raises(Refused):
                await client.request("GET", other)
