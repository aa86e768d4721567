"""The HTTP client for connected systems: https only, no address inside this network unless settings name it.

An address that HR types in must not make the server knock at its own network (SSRF): names are resolved once, what they
resolve to is checked, and the connection goes to exactly that address, so that a name cannot mean another one a moment
later. Redirects are not followed, and answers have a largest size.
"""

from __future__ import annotations

import json as json_text
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from ipaddress import ip_network
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from server.delivery.addresses import Network, is_allowed, is_inside

TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 10.0
LARGEST_ANSWER = 4 << 20
"""Bytes of an answer, unless the caller asks for other."""


class NoAnswer(Exception):
    """Nothing usable came back. error: for HR's delivery log, without anything of the address or of the answer."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Refused(NoAnswer):
    """The address is none that this server connects to; nothing was sent. Trying again cannot help as it stands."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came. headers: names in lower case, the last of those that came twice."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """2xx. A redirect is none."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return json_text.loads(self.body)


class SafeClient:
    """Use within `async with`. inside: networks of this house that are allowed, also over http ("127.0.0.0/8")."""

    def __init__(self, inside: Sequence[str] = ()) -> None:
        self._inside = tuple(ip_network(text) for text in inside)
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        for scheme in ("https", "http"):
            resolver = _Checked(self._inside, only_inside=scheme == "http")
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                # A small compressed answer could be a very large one.
                auto_decompress=False,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json: Any = None,
        timeout_s: float = TIMEOUT_S,
        largest_answer: int = LARGEST_ANSWER,
    ) -> Response:
        """Sends once and reads the whole answer, whatever its status. json: a value, in place of a body.

        Raises Refused, or NoAnswer for everything else that the network or the other side does.
        """
        target = self.checked(url)
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if json is not None:
            body = json_text.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
            sent = {"Content-Type": "application/json; charset=utf-8", **sent}
        try:
            async with self._sessions[target.scheme].request(
                method,
                target,
                headers=sent,
                params=params,
                data=None if body is None else BytesIO(body),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s, connect=CONNECT_TIMEOUT_S),
            ) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status, found, await _read(response, largest_answer))
        except TimeoutError as error:
            raise NoAnswer("timeout") from error
        except aiohttp.ClientError as error:
            # The resolver's refusal comes wrapped in aiohttp's error for a name that is not found.
            if isinstance(error.__cause__, _NotAllowed):
                raise Refused("address not allowed") from error
            raise NoAnswer(type(error).__name__) from error
        except (OSError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from error

    def checked(self, url: str) -> URL:
        """The URL, when its form is one that is connected to; its name is not resolved yet. Raises Refused."""
        try:
            target = URL(url)
            host, port = target.host, target.port
        except ValueError as error:
            raise Refused("address malformed") from error
        if target.scheme not in ("https", "http") or not host or not port:
            raise Refused("address malformed")
        if target.user is not None or target.password is not None:
            raise Refused("address with a password")
        # aiohttp asks no resolver about what is an address already.
        if _is_address(host):
            ok = is_inside(host, self._inside) if target.scheme == "http" else is_allowed(host, self._inside)
            if not ok:
                raise Refused("address not allowed")
        elif target.scheme == "http" and not self._inside:
            raise Refused("https needed")
        return target


class _NotAllowed(OSError):
    """A name resolves to an address that is not connected to."""


class _Checked(AbstractResolver):
    """Resolves names by the system's resolver; one forbidden address among them forbids the name."""

    def __init__(self, inside: Sequence[Network], *, only_inside: bool) -> None:
        self._inside = inside
        self._only_inside = only_inside
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of the name. Raises OSError when it has none, or one that is not allowed."""
        found = await self._resolver.resolve(host, port, family)
        allowed = is_inside if self._only_inside else is_allowed
        if not found or not all(allowed(one["host"], self._inside) for one in found):
            raise _NotAllowed
        return found

    async def close(self) -> None:
        """Nothing is open."""
        await self._resolver.close()


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise NoAnswer("compressed answer")
    parts, size = [], 0
    async for part in response.content.iter_chunked(1 << 16):
        size += len(part)
        if size > largest:
            raise NoAnswer("answer too large")
        parts.append(part)
    return b"".join(parts)
