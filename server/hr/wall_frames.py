"""What each live message becomes for walls, made once for all of them: twenty may follow hundreds of interviews."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from aiohttp import web

from server.hr.card import for_card
from server.hr.live import for_hr
from server.live.hub import LiveMessage, Signal
from server.sse import ServerSentEvent
from server.storage.hr_user import HrUser

SIGNALS_ON_CARDS = frozenset({"transcript", "scores", "connection", "recognition", "faces"})
REMEMBERED = 2000
"""Messages; walls are seldom more than a second apart."""


class WallFrames:
    """Remembers what the last messages became, for everybody who sees all there is."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._made: OrderedDict[int, tuple[LiveMessage, Sequence[ServerSentEvent]]] = OrderedDict()

    async def of(self, message: LiveMessage, user: HrUser) -> Sequence[ServerSentEvent]:
        """The message as this person's wall gets it; nothing for a signal that no card shows."""
        if isinstance(message, Signal) and message.type not in SIGNALS_ON_CARDS:
            return ()
        if user.only_assigned:
            return [frame async for frame in for_hr(self._app, for_card(message), user)]
        known = self._made.get(id(message))
        # An id is given again once its message is gone: that would be another message.
        if known is not None and known[0] is message:
            return known[1]
        frames = tuple([frame async for frame in for_hr(self._app, for_card(message), user)])
        self._made[id(message)] = (message, frames)
        if len(self._made) > REMEMBERED:
            self._made.popitem(last=False)
        return frames


FRAMES = web.AppKey("wall_frames", WallFrames)
