"""The HTTP client for connected systems: https only, no address inside this network unless settings name it."""

from __future__ import annotations

import aiohttp


class SafeClient:
    """Wraps one aiohttp session."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
