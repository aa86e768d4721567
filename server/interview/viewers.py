"""Who watches an interview live: HR's browsers, which come and go and never keep it alive."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable

from media.peer import Peer
from media.relay import BadOffer, Viewer
from server.errors import UserError
from server.interview.events import Purpose
from server.interview.failures import describe
from server.interview.journal import Journal
from server.interview.state import Status
from server.interview.typed import clean

log = logging.getLogger(__name__)

MOST_VIEWERS = 6
RETRY_AFTER_S = 10


class Viewers:
    """The viewers of one interview. The candidate is shown how many there are; a viewer's failure is its own.

    Sound and picture flow while the interview runs: not before it begins, not while it is paused.
    """

    def __init__(self, journal: Journal, peer: Callable[[], Peer | None]) -> None:
        self._journal = journal
        self._peer = peer
        self._viewers: dict[str, Viewer] = {}
        self._arriving = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many watch."""
        return len(self._viewers)

    def has(self, viewer_id: str) -> bool:
        """Whether this viewer still watches."""
        return viewer_id in self._viewers

    async def watch(self, offer_sdp: str) -> tuple[str, str]:
        """(viewer_id, answer SDP) for the offer of a browser of HR's.

        Raises UserError: live_not_running, live_not_consented, live_nobody (409), viewers_too_many (503),
        live_offer_bad (400).
        """
        peer = self._watchable()
        if len(self._viewers) + self._arriving >= MOST_VIEWERS:
            params = {"most": str(MOST_VIEWERS)}
            raise UserError("viewers_too_many", status=503, params=params, retry_after_s=RETRY_AFTER_S)
        self._arriving += 1
        try:
            viewer = await Viewer.answer(clean(offer_sdp), peer=peer, ice=self._journal.services.ice, flows=self._flows)
        except BadOffer as error:
            raise UserError("live_offer_bad", field="offer", params={"reason": error.reason}) from error
        finally:
            self._arriving -= 1
        viewer_id = uuid.uuid4().hex
        self._viewers[viewer_id] = viewer
        newest = self._peer()
        if newest is not None and newest is not peer:
            viewer.follow(newest)
        task = asyncio.create_task(self._accompany(viewer_id, viewer), name="viewer's end")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await self.show()
        return viewer_id, viewer.answer_sdp

    async def add_candidates(self, viewer_id: str, fragment: str) -> None:
        """Takes further addresses of the browser (trickle ICE). Raises UserError viewer_unknown, live_offer_bad."""
        try:
            await self._known(viewer_id).add_candidates(clean(fragment))
        except BadOffer as error:
            raise UserError("live_offer_bad", field="offer", params={"reason": error.reason}) from error

    async def end(self, viewer_id: str) -> None:
        """HR looks away. Raises UserError viewer_unknown (404)."""
        await self._known(viewer_id).close()

    def follow(self, peer: Peer) -> None:
        """The candidate has a new line: everybody goes on with that."""
        for viewer in self._viewers.values():
            viewer.follow(peer)

    def send_away(self) -> None:
        """Begins to end them all: the interview is over."""
        for viewer in self._viewers.values():
            viewer.end()

    async def close(self) -> None:
        """Ends them all."""
        self.send_away()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def show(self) -> None:
        """Tells the candidate's page, and HR's, how many watch."""
        await self._journal.signal("viewers", {"count": len(self._viewers)})

    def _watchable(self) -> Peer:
        state, peer = self._journal.state, self._peer()
        if state.status is Status.COMPLETED:
            raise UserError("live_not_running", status=409)
        if state.consents is not None and not state.allows(Purpose.RECORDING):
            raise UserError("live_not_consented", status=409)
        if peer is None or not state.allows(Purpose.RECORDING):
            raise UserError("live_nobody", status=409)
        return peer

    def _flows(self) -> bool:
        # Consent may still be changed before the start, when somebody waits for it already.
        state = self._journal.state
        return state.status is Status.RUNNING and state.allows(Purpose.RECORDING)

    def _known(self, viewer_id: str) -> Viewer:
        viewer = self._viewers.get(viewer_id)
        if viewer is None:
            raise UserError("viewer_unknown", status=404)
        return viewer

    async def _accompany(self, viewer_id: str, viewer: Viewer) -> None:
        try:
            await viewer.ended()
        except Exception as error:  # noqa: BLE001
            # The boundary of one viewer: the interview and the other viewers go on.
            log.error("a viewer of interview %s failed: %s", self._journal.interview_id, describe(error))
        finally:
            del self._viewers[viewer_id]
            await self.show()
