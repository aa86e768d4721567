"""A candidate's browser behind a bad network: every line its page makes goes through a relay that can be troubled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from playwright.async_api import Page, Request, Route

from scripts.lossy_line import LossyLine, opus_payload_type, server_address, through, without_candidates

WHIP = re.compile(r"/api/interview/whip(/|$)")


@dataclass
class BadNetwork:
    """`async with BadNetwork(page) as network` before the page makes its line.

    lines: the relays, one for each peer connection, the latest last. restarts: ICE restarts the server has answered.
    """

    page: Page
    lines: list[LossyLine] = field(default_factory=list)
    restarts: int = 0
    trickled: int = 0
    down: bool = False

    async def __aenter__(self) -> Self:
        await self.page.route(WHIP, self._pass_on)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.page.unroute_all(behavior="ignoreErrors")
        for line in self.lines:
            await line.__aexit__()

    async def interrupt(self, *, everything: bool = True) -> None:
        """Nothing passes. everything: the page reaches the server no more either, and knows that it is offline."""
        self.down = True
        for line in self.lines:
            line.down = True
        if everything:
            await self.page.context.set_offline(True)

    async def restore(self, *, change_path: bool = False) -> None:
        """The way is there again. change_path: another one, so that the server sees another address."""
        if change_path:
            for line in self.lines:
                await line.change_path()
        self.down = False
        for line in self.lines:
            line.down = False
        await self.page.context.set_offline(False)

    async def _pass_on(self, route: Route, request: Request) -> None:
        if request.method == "POST":
            await self._offer(route, request)
        elif request.method == "PATCH":
            await self._patch(route, request)
        else:
            await route.continue_()

    async def _offer(self, route: Route, request: Request) -> None:
        response = await route.fetch(post_data=without_candidates(request.post_data or ""))
        answer = await response.text()
        if response.status != 201:
            return await route.fulfill(response=response)
        line = LossyLine(server_address(answer), audio_payload_type=opus_payload_type(answer))
        line.down = self.down
        await line.__aenter__()
        self.lines.append(line)
        return await route.fulfill(response=response, body=through(answer, line.address))

    async def _patch(self, route: Route, request: Request) -> None:
        response = await route.fetch(post_data=without_candidates(request.post_data or ""))
        answer = await response.text()
        if response.status != 200:
            self.trickled += response.status == 204
            return await route.fulfill(response=response)
        self.restarts += 1
        return await route.fulfill(response=response, body=through(answer, self.lines[-1].address))
