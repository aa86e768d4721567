"""Which purposes of processing a jurisdiction lets us ask consent for."""

from __future__ import annotations

from server.interview.events import Purpose

EXPRESSION_ALLOWED = frozenset({"CN"})
EXPRESSION_ALLOWED_PREFIX = "US-"
"""United States law differs by state, so a jurisdiction names one: US-IL, US-NY, …"""


def purposes_offered(jurisdiction: str) -> tuple[Purpose, ...]:
    """The purposes a candidate is asked for, each refusable on its own, in the order they are asked.

    Looking at facial movement is never offered under EU law (AI Act art. 5(1)(f) forbids inferring emotions at
    work, recruitment included), nor in the UK, nor where the law is unknown; China and US states allow it with
    separate consent (PIPL art. 29; Illinois AI Video Interview Act, BIPA). Recording may be asked for everywhere.
    """
    law = jurisdiction.strip().upper()
    if law in EXPRESSION_ALLOWED or (law.startswith(EXPRESSION_ALLOWED_PREFIX) and law != EXPRESSION_ALLOWED_PREFIX):
        return (Purpose.VOICE, Purpose.SCORING, Purpose.RECORDING, Purpose.EXPRESSION)
    return (Purpose.VOICE, Purpose.SCORING, Purpose.RECORDING)


def expression_may_count(jurisdiction: str) -> bool:
    """Whether an observed movement may take part in a score, where a flow gives it a weight and the candidate agrees.

    Nowhere but where it may be looked at; the weight is a flow's, for a competency that role-plays alone show.
    """
    return Purpose.EXPRESSION in purposes_offered(jurisdiction)
