"""Which of HR's requests leave an entry in the audit trail, and as what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from aiohttp import web

from server.rate_limit import RateLimit
from server.storage.audit import Audit
from server.storage.hr_user import HrUser

AUDIT = web.AppKey("hr_audit", Audit)
SEEN = web.AppKey("hr_seen", RateLimit)
SEEN_WINDOW_S = 300.0
"""Looking at the same thing again within this time is the same look: a player asks for many pieces."""

_INTERVIEW = "/hr/interviews/{interview_id}"
_APPLICATION = "/hr/applications/{application_id}"
_API = "/api/hr/interviews/{interview_id}"

LOOKS: Mapping[str, str] = {
    f"{_INTERVIEW}": "interview_watched",
    f"{_INTERVIEW}/report": "report_read",
    f"{_INTERVIEW}/report.pdf": "report_read",
    f"{_INTERVIEW}/print": "report_read",
    f"{_API}/report": "report_read",
    f"{_INTERVIEW}/review": "review_opened",
    f"{_INTERVIEW}/feedback": "feedback_read",
    f"{_INTERVIEW}/recording": "recording_played",
    "/hr/candidates/{candidate_id}": "candidate_read",
    "/hr/candidates/{candidate_id}/resumes/{resume_id}": "resume_read",
    "/hr/jobs/{job_id}/compare": "candidates_compared",
    "/hr/applications/{application_id}": "application_read",
    "/hr/deliveries/{message_id}": "message_read",
}
"""GET of a pattern → what is noted. Whatever ends in .csv is noted as exported."""

CHANGES: Mapping[str, str] = {
    "/hr/invitations": "invited",
    "/hr/invitations/csv": "invited",
    f"{_INTERVIEW}/invitation/appointment": "appointment_made",
    f"{_INTERVIEW}/invitation/cancel": "invitation_cancelled",
    f"{_INTERVIEW}/invitation/again": "invited_again",
    f"{_API}/whep": "live_view_opened",
    f"{_API}/help/acknowledge": "help_acknowledged",
    f"{_API}/pause": "interview_paused",
    f"{_API}/resume": "interview_resumed",
    f"{_API}/give-time": "time_given",
    f"{_API}/hint": "hint_sent",
    f"{_API}/ask": "question_requested",
    f"{_API}/mark": "moment_marked",
    f"{_API}/hand-over": "handed_over",
    f"{_API}/end": "interview_ended",
    f"{_INTERVIEW}/dimensions/{{dimension_id}}": "dimension_rated",
    f"{_INTERVIEW}/competencies/{{competency_id}}": "competency_rated",
    f"{_INTERVIEW}/answers/{{question_id}}/indicators/{{indicator_id}}/override": "score_overridden",
    f"{_INTERVIEW}/review-finished": "review_finished",
    f"{_INTERVIEW}/decision": "decided",
    f"{_INTERVIEW}/feedback": "feedback_changed",
    f"{_INTERVIEW}/assignments": "reviewers_assigned",
    "/hr/jobs": "job_added",
    "/hr/jobs/{job_id}": "job_changed",
    "/hr/flows/{flow_id}/try": "flow_tried",
    f"{_APPLICATION}/step": "application_moved",
    f"{_APPLICATION}/interview": "application_interview_ordered",
    f"{_APPLICATION}/follow-up": "follow_up_ordered",
    f"{_APPLICATION}/cancel-follow-up": "follow_up_cancelled",
    f"{_APPLICATION}/close": "application_closed",
    f"{_APPLICATION}/reopen": "application_reopened",
    "/hr/candidates/{candidate_id}/applications": "application_opened",
    "/hr/candidates/{candidate_id}/merge": "candidates_merged",
    "/hr/candidates/{candidate_id}/identity": "candidate_reached",
    "/hr/candidates/{candidate_id}/resumes": "resume_added",
    "/hr/candidates/{candidate_id}/availability": "availability_stated",
    "/hr/deliveries/replay": "messages_replayed",
    "/hr/deliveries/{message_id}/replay": "message_replayed",
    "/hr/deliveries/received/replay": "events_tried_again",
    "/hr/deliveries/received/set-aside": "event_set_aside",
    "/hr/connections": "connection_added",
    "/hr/connections/{connection_id}": "connection_changed",
    "/hr/connections/{connection_id}/switch": "connection_switched_on",
    "/hr/connections/{connection_id}/test": "connection_tested",
    "/hr/api-keys": "api_key_made",
    "/hr/api-keys/{key_id}/revoke": "api_key_revoked",
    "/hr/rules": "rule_added",
    "/hr/rules/{rule_id}": "rule_changed",
    "/hr/rules/{rule_id}/switch": "rule_switched_on",
    "/hr/flows/{flow_id}/switch-on": "flow_switched_on",
    "/hr/people": "person_invited",
    "/hr/people/{user_id}": "person_changed",
    "/hr/people/{user_id}/disable": "account_switched_off",
    "/hr/people/{user_id}/enable": "account_switched_on",
    "/hr/people/{user_id}/password-link": "password_link_made",
    "/hr/people/{user_id}/sessions/end": "sessions_ended",
    "/hr/account/password": "password_changed",
    "/hr/account/sessions/{session_id}/end": "session_ended",
}
"""POST to a pattern → what is noted. What HR changes elsewhere is noted as `changed`, with its pattern."""

QUIET = frozenset({f"{_API}/whep/{{viewer_id}}"})
"""Changes nothing but how something is looked at."""

EXPORTED, CHANGED = "exported", "changed"
_SUBJECTS = (
    "interview_id",
    "user_id",
    "candidate_id",
    "job_id",
    "flow_id",
    "application_id",
    "message_id",
    "rule_id",
    "key_id",
    "connection_id",
)


@dataclass(slots=True)
class Note:
    """What is noted once the request has been answered well; a view may add ids, roles and numbers to the detail."""

    action: str
    by: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)
    is_look: bool = False


NOTE = web.RequestKey("hr_note", Note)


def note_of(request: web.Request, user: HrUser) -> Note | None:
    """What this request leaves in the trail, or None."""
    resource = request.match_info.route.resource
    pattern = resource.canonical if resource is not None else ""
    action = _action(request.method, pattern)
    if action is None:
        return None
    places = dict(request.match_info)
    subject = next((places.pop(name) for name in _SUBJECTS if name in places), "")
    detail: dict[str, Any] = dict(places)
    if action in (CHANGED, EXPORTED):
        detail["route"] = f"{request.method} {pattern}"
    return Note(action, user.id, subject[:100], detail, is_look=request.method == "GET")


def _action(method: str, pattern: str) -> str | None:
    if method == "GET":
        return EXPORTED if pattern.endswith(".csv") else LOOKS.get(pattern)
    if method in ("HEAD", "OPTIONS") or pattern in QUIET:
        return None
    return CHANGES.get(pattern, CHANGED) if method == "POST" else CHANGED


async def write_note(request: web.Request, response: web.StreamResponse) -> None:
    """Writes what the request is to leave, before its answer goes out: nothing is shown that was not noted.

    Called with an answer that is ready, and on_response_prepare for one that goes out while it is made; it is written
    once. (A request that came by a proxy is another object by then, and has no note.) A refused one leaves nothing.
    """
    note = request.pop(NOTE, None)
    if note is None or response.status >= 400:
        return
    now = datetime.now(UTC)
    if note.is_look and request.app[SEEN].take(f"{note.by} {note.action} {note.subject} {note.detail}", 1, monotonic()):
        return
    await request.app[AUDIT].note(note.action, by=note.by, now=now, subject=note.subject, detail=note.detail)
