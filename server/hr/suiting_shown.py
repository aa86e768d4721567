"""When an interview suits a candidate, as their page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.errors import UserError
from server.mail.availability import windows_of, zone_of
from server.storage.candidates import Suits

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ShownTimes:
    """times: the next ones, on the candidate's clock. more: how many there are behind them. time_zone: may be empty."""

    times: tuple[str, ...]
    more: int
    time_zone: str


def times_shown(suits: Suits, now: datetime) -> ShownTimes:
    """What is over is left out."""
    coming = [one for one in windows_of(suits.availability) if now < one.ends]
    zone, name = _zone(suits.time_zone)
    local = [(one.begins.astimezone(zone), one.ends.astimezone(zone)) for one in coming[:MOST_SHOWN]]
    times = tuple(f"{begins:%Y-%m-%d %H:%M} – {_end(begins, ends)}" for begins, ends in local)
    return ShownTimes(times, len(coming) - len(times), name)


def _end(begins: datetime, ends: datetime) -> str:
    if ends.date() == begins.date():
        return f"{ends:%H:%M}"
    is_midnight = ends.time() == time() and ends.date() - begins.date() == timedelta(days=1)
    return "24:00" if is_midnight else f"{ends:%Y-%m-%d %H:%M}"


def _zone(name: str | None) -> tuple[ZoneInfo, str]:
    try:
        return zone_of(name or "UTC"), name or ""
    except UserError:
        # As another system has it.
        return ZoneInfo("UTC"), ""
