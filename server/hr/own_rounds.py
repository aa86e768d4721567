"""What a reviewer sees of an application's log: results of the rounds that are assigned to them, and of no others.

Where the application stands, and who moved it, is told; what somebody else's round, or another system, found is not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from server.records.application_events import ApplicationEvent, FollowUpMoved, ReportReceived, RuleFired

_RESULTS = frozenset({"total", "total_at_least", "score", "score_at_least", "at_least", "result", "expected", "one_of"})
"""In a rule's reason: what tells how good somebody was."""


def seen(event: ApplicationEvent, own: Collection[str] | None) -> ApplicationEvent:
    """The event as they may see it. own: ids of the interviews assigned to them; None: they may see all."""
    if own is None:
        return event
    match event.body:
        case ReportReceived() as report if report.interview_id not in own:
            return replace(event, body=replace(report, total=None))
        case FollowUpMoved() as moved:
            return replace(event, body=replace(moved, score=None, result="", url=""))
        case RuleFired() as fired:
            reason = {name: value for name, value in fired.reason.items() if name not in _RESULTS}
            return replace(event, body=replace(fired, reason=reason))
        case _:
            return event
