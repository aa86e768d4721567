"""Houses for tests: with a turned clock and no speech model, so that nothing waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interview.houses import Clock, House, house


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    async with house(tmp_path, clock=clock, grace_seconds=0.05) as running:
        yield running
