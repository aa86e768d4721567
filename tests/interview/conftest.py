"""Houses for tests: with a turned clock and no speech model, so that nothing waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interview.houses import NO_GRACE_SECONDS, Clock, House, house


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    async with house(tmp_path, clock=clock) as running:
        yield running


@pytest.fixture
async def strict_home(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    """Where whoever is away is missed at once."""
    async with house(tmp_path, clock=clock, grace_seconds=NO_GRACE_SECONDS) as running:
        yield running
