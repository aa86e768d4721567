"""Heeds a cancellation that a library has swallowed."""

from __future__ import annotations

import asyncio


def heed_cancellation() -> None:
    """Ends the task if it has been cancelled: redis-py may swallow that while it connects."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
