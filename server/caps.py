"""Caps on what one interview, one address and all together may ask for in a minute, against floods and guessing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import ceil
from time import monotonic

from aiohttp import web

from server.errors import UserError
from server.rate_limit import RateLimit, of_address
from server.settings import Settings

WINDOW_S = 60.0
EVERYBODY = "everybody"


class Caps:
    """Kept in this process; many candidates may share one address. Each method raises UserError (429)."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._settings = settings
        self._offers = RateLimit(WINDOW_S)
        self._writes = RateLimit(WINDOW_S)
        self._checks = RateLimit(WINDOW_S)
        self._unknown_links = RateLimit(WINDOW_S)
        self.refused: Counter[str] = Counter()
        """How many requests were refused, by cap."""

    def offer(self, interview_id: str, remote: str | None) -> None:
        """Another offer for a line, which costs tens of milliseconds. Refused, it counts for nobody."""
        now, limit, settings = self._clock(), self._offers, self._settings
        caps = (
            ("offers_per_interview", f"interview {interview_id}", settings.most_offers_per_interview),
            ("offers_per_address", f"address {of_address(remote)}", settings.most_offers_per_address),
            ("offers", EVERYBODY, settings.most_offers),
        )
        for name, key, most in caps:
            self._refuse(name, "offers_too_many", limit.wait_s(key, most, now))
        for _, key, most in caps:
            limit.note(key, now, most)

    def write(self, interview_id: str) -> None:
        """Another change asked for by a candidate's page."""
        wait_s = self._writes.take(interview_id, self._settings.most_writes_per_interview, self._clock())
        self._refuse("writes_per_interview", "requests_too_many", wait_s)

    def check(self, interview_id: str) -> None:
        """Another sentence to be understood before the interview, which costs the engine a decode."""
        wait_s = self._checks.take(interview_id, self._settings.most_checks_per_interview, self._clock())
        self._refuse("checks_per_interview", "checks_too_many", wait_s)

    def link(self, remote: str | None) -> None:
        """Somebody opens an invitation's link."""
        most = self._settings.most_unknown_links_per_address
        wait_s = self._unknown_links.wait_s(of_address(remote), most, self._clock())
        self._refuse("unknown_links_per_address", "links_too_many", wait_s)

    def unknown_link(self, remote: str | None) -> None:
        """It was a link that was never given out. Raises nothing."""
        most = self._settings.most_unknown_links_per_address
        self._unknown_links.note(of_address(remote), self._clock(), most)

    def _refuse(self, cap: str, code: str, wait_s: float) -> None:
        if wait_s:
            self.refused[cap] += 1
            seconds = ceil(wait_s)
            raise UserError(code, status=429, params={"seconds": str(seconds)}, retry_after_s=seconds)


CAPS = web.AppKey("caps", Caps)
