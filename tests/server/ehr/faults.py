"""What real systems and networks do now and then, for the fakes: refuse, ask for patience, lose an answer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


@dataclass(frozen=True)
class Refusal:
    """An answer in place of the real one; nothing is applied. body: JSON."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None


@dataclass(frozen=True)
class Lost:
    """The call is applied and its answer never arrives: to the caller, the same as a timeout or a kill in between."""


@dataclass
class Faults:
    """coming: of the next calls, in order; None: that one goes well. calls: method and path of all there were."""

    coming: deque[Refusal | Lost | None] = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)

    @property
    def middleware(self) -> Middleware:
        """For the fake's application."""

        @web.middleware
        async def go(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.calls.append(f"{request.method} {request.path}")
            fault = self.coming.popleft() if self.coming else None
            if isinstance(fault, Refusal):
                return web.json_response(fault.body, status=fault.status, headers=fault.headers)
            answer = await handler(request)
            if isinstance(fault, Lost) and request.transport is not None:
                request.transport.abort()
            return answer

        return go
