"""Which purposes a jurisdiction allows: expression only where a law with separate consent permits it."""

from __future__ import annotations

import pytest

from server.governance.policy import expression_may_count, purposes_offered
from server.interview.events import Purpose


@pytest.mark.parametrize("jurisdiction", ["CN", "cn", " US-IL ", "US-NY", "US-CA", "us-co"])
def test_expression_is_offered_with_separate_consent(jurisdiction: str) -> None:
    assert purposes_offered(jurisdiction) == (Purpose.VOICE, Purpose.SCORING, Purpose.RECORDING, Purpose.EXPRESSION)
    assert expression_may_count(jurisdiction)


@pytest.mark.parametrize("jurisdiction", ["EU", "UK", "DE", "US", "US-", "USA", "CNX", "", "unknown", "EU, CN"])
def test_expression_is_never_offered_elsewhere(jurisdiction: str) -> None:
    assert purposes_offered(jurisdiction) == (Purpose.VOICE, Purpose.SCORING, Purpose.RECORDING)
    assert not expression_may_count(jurisdiction)
