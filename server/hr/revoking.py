"""Live pictures end when whoever watches them may no longer; event streams see to that themselves (server/sse.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from server.errors import UserError
from server.hr.standing import STANDING, Standing
from server.interview.viewers import Viewers
from server.sse import CHECK_SECONDS


@dataclass(eq=False, slots=True)
class _View:
    standing: Standing
    viewers: Viewers
    viewer_id: str


VIEWS: web.AppKey[set[_View]] = web.AppKey("hr_views")


def end_with_its_right(request: web.Request, viewers: Viewers, viewer_id: str) -> None:
    """This live view, which the request has begun, is ended as soon as the request would be refused."""
    request.app[VIEWS].add(_View(request[STANDING], viewers, viewer_id))


async def revoking(app: web.Application) -> AsyncIterator[None]:
    """Looks at every live view of this process, every 2 s."""
    task = asyncio.create_task(_look_after(app[VIEWS]), name="live views' rights")
    yield
    task.cancel()
    await asyncio.wait((task,))


async def _look_after(views: set[_View]) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        for view in tuple(views):
            if not view.viewers.has(view.viewer_id):
                views.discard(view)
            elif await view.standing.lost() is not None:
                views.discard(view)
                with suppress(UserError):  # It ended in this moment.
                    await view.viewers.end(view.viewer_id)
