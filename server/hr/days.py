"""Days and spans of time as HR's console takes and shows them."""

from __future__ import annotations

from datetime import date, datetime


def day_in(text: str) -> date | None:
    """The day that a form names, UTC; None for none, and for what is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def span(since: datetime, now: datetime) -> tuple[str, int]:
    """How long it has been, as the unit that says most ("minutes", "hours", "days") and how many of it."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return "minutes", minutes
    return ("hours", minutes // 60) if minutes < 48 * 60 else ("days", minutes // (24 * 60))
