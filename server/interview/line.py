"""The candidate's line: at most one WebRTC peer at a time, whose sound and pictures are passed on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from analyzers.transcription.confidence import line_quality
from media.frames import AudioFrame, VideoFrame
from media.peer import BadOffer, Peer, PeerState
from server.admission import RETRY_AFTER_S
from server.errors import UserError
from server.interview.events import Purpose
from server.interview.journal import Journal
from server.interview.presence import Presence
from server.interview.state import Status
from server.interview.typed import clean

MOST_OFFERS_AT_ONCE = 3
"""One under way and two in line: a page loaded twice; whatever is beyond that is a flood."""

NEXT_OFFER_S = 2

LEVEL_SECONDS = 0.25
LOSS_EVERY = 20
"""Packet loss is sent with every twentieth level: each 5 s."""


class CandidateLine:
    """Answers offers; a new one replaces the line there was (the page was loaded again)."""

    def __init__(
        self,
        journal: Journal,
        presence: Presence,
        hear: Callable[[AudioFrame], None],
        see: Callable[[VideoFrame], Awaitable[None]],
        record: Callable[[Peer], Callable[[], None]],
        looks: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._presence = presence
        self._hear = hear
        self._see = see
        self._record = record
        self._looks = looks
        self._peer_id = ""
        self._generation = 0
        self._ended: Peer | None = None
        self._peer: Peer | None = None
        self._loss = 0.0
        self._attaching = asyncio.Lock()
        self._offers = 0
        # Whoever began before this process took the interview up comes back.
        self._had_one = journal.state.started_at is not None

    @property
    def quality(self) -> float:
        """How well sound arrives, 0-1, from the packets lost in the last 5 s; of the last line when there is none."""
        if self._peer is not None:
            self._loss = self._peer.packet_loss
        return line_quality(self._loss)

    @property
    def etag(self) -> str:
        """Names the line's ICE generation: another after each restart."""
        return f"{self._peer_id}.{self._generation}"

    @property
    def peer(self) -> Peer | None:
        """The present line."""
        return self._peer

    async def attach(self, offer_sdp: str, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> tuple[str, str]:
        """(peer_id, answer SDP). spawn: starts the task that serves the line.

        Raises UserError: offer_bad (400) for an unusable offer; voice_not_consented or not_running (409);
        offers_too_many (429); server_full (503) for a first line while the process has no time to spare.
        """
        if self._journal.state.status in (Status.INVITED, Status.COMPLETED, Status.CANCELLED):
            raise UserError("not_running", status=409)
        if not self._journal.state.allows(Purpose.VOICE):
            raise UserError("voice_not_consented", status=409)
        if self._offers >= MOST_OFFERS_AT_ONCE:
            raise UserError("offers_too_many", status=429, retry_after_s=NEXT_OFFER_S)
        if not self._had_one and not self._journal.services.room.first_line():
            raise UserError("server_full", status=503, retry_after_s=RETRY_AFTER_S)
        self._offers += 1
        try:
            async with self._attaching:
                peer = await self._answer(offer_sdp)
                try:
                    spawn(self._serve(peer))
                except BaseException:
                    await peer.close()
                    raise
                former, self._peer, self._peer_id = self._peer, peer, uuid.uuid4().hex
                self._generation = 0
                peer_id = self._peer_id
                self._had_one = True
            if former is not None:
                await former.close()
        finally:
            self._offers -= 1
        return peer_id, peer.answer_sdp

    async def _answer(self, offer_sdp: str) -> Peer:
        journal, services = self._journal, self._journal.services
        want_pictures = services.expression is not None and journal.state.allows(Purpose.EXPRESSION)
        try:
            return await Peer.answer(
                clean(offer_sdp),
                ice=services.ice,
                clock=journal.clock_ms,
                want_video=want_pictures or journal.state.allows(Purpose.RECORDING),
                want_pictures=self._looks(),
            )
        except BadOffer as error:
            raise _refused(error) from error

    async def add_candidates(self, peer_id: str, fragment: str, etag: str) -> None:
        """Trickle: takes further addresses of the browser, of the ICE generation that `etag` names.

        Raises UserError: peer_unknown (404), ice_changed (412), offer_bad (400).
        """
        peer = self._present(peer_id)
        if etag != self.etag:
            raise UserError("ice_changed", status=412)
        try:
            await peer.add_candidates(clean(fragment))
        except BadOffer as error:
            raise _refused(error) from error

    async def restart_ice(self, peer_id: str, fragment: str) -> str:
        """The browser is on another network: its SDP fragment in, the server's out; `etag` is another then.

        Raises UserError: peer_unknown (404), offer_bad (400), offers_too_many (429).
        """
        peer = self._present(peer_id)
        try:
            answer = await peer.restart_ice(clean(fragment))
        except BadOffer as error:
            raise _refused(error) from error
        self._generation += 1
        return answer

    async def detach(self, peer_id: str) -> None:
        """Ends this line, which is not missed then. Raises UserError peer_unknown (404) when it is another one."""
        self._ended = self._present(peer_id)
        self._presence.line_settled()
        await self._ended.close()

    def _present(self, peer_id: str) -> Peer:
        if self._peer is None or self._peer_id != peer_id or self._peer.state == "closed":
            raise UserError("peer_unknown", status=404)
        return self._peer

    async def close(self) -> None:
        """Ends the line, if there is one."""
        if self._peer is not None:
            await self._peer.close()

    async def _serve(self, peer: Peer) -> None:
        end_recording = self._record(peer)
        lines = self._journal.services.lines
        lines.add(peer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on_sound(peer))
                group.create_task(self._pass_on_pictures(peer))
                meter = group.create_task(self._show_level(peer))
                await self._follow(peer)
                meter.cancel()
        finally:
            end_recording()
            await peer.close()
            lines.remove(peer)
            if self._peer is peer:
                self._peer = None

    async def _pass_on_sound(self, peer: Peer) -> None:
        async for frame in peer.audio:
            self._hear(frame)

    async def _pass_on_pictures(self, peer: Peer) -> None:
        async for picture in peer.video:
            await self._see(picture)

    async def _follow(self, peer: Peer) -> None:
        """Counts a connected line as the candidate being there, and misses it when it breaks off.

        While sound flows, the clock must run; while a line that was there is silent, it must not.
        """
        present = was_there = False
        try:
            async for state in peer.states():
                if state == "connected" and not present:
                    present = was_there = True
                    self._presence.line_settled()
                    await self._presence.arrive()
                elif state != "connected" and present:
                    present = False
                    self._presence.leave()
                if state in ("lost", "closed") and was_there and peer is not self._ended:
                    self._presence.line_broke(peer.silent_s)
                await self._show_state(peer, state)
        finally:
            if present:
                self._presence.leave()

    async def _show_state(self, peer: Peer, state: PeerState) -> None:
        if self._peer is peer:
            await self._journal.signal("connection", {"line": state, "packet_loss": round(peer.packet_loss, 3)})

    async def _show_level(self, peer: Peer) -> None:
        count = 0
        while True:
            await asyncio.sleep(LEVEL_SECONDS)
            # Key frames cost the candidate's line: they are asked for only while somebody looks.
            peer.pictures_wanted = self._looks()
            if self._peer is peer and peer.state == "connected":
                await self._journal.signal("level", {"dbfs": round(peer.level_dbfs, 1)})
                count += 1
                if count % LOSS_EVERY == 0:
                    await self._show_state(peer, peer.state)


def _refused(error: BadOffer) -> UserError:
    if error.reason == "too_many":
        return UserError("offers_too_many", status=429, retry_after_s=NEXT_OFFER_S)
    return UserError("offer_bad", field="offer", params={"reason": error.reason})
