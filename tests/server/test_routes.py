"""Who may do what: every route of the server stands in one table, and every role really asks for each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from aiohttp.web import Application

from question_flows.model import Language
from server.ehr.api.routes import OPERATIONS
from server.hr.access import home_of
from server.hr.audited import CHANGED, CHANGES, EXPORTED, LOOKS, QUIET
from server.i18n import Messages
from server.keys import DATABASE, INTERVIEWS
from server.storage.assignments import Assignments
from server.storage.hr_user import HrUser, Role
from server.storage.people import People
from server.storage.sessions import new_session
from server.storage.users import Users
from tests.server.conftest import Client

ANYBODY, CANDIDATE, SIGNED_IN = "anybody", "candidate", "signed in"
ADMIN, RECRUITER, REVIEWER, AUDITOR = Role
HIRING = frozenset({ADMIN, RECRUITER})
REVIEWING = HIRING | {REVIEWER}
READING = REVIEWING | {AUDITOR}
AUDITING = frozenset({ADMIN, AUDITOR})
ONLY_ADMIN = frozenset({ADMIN})

Who = str | frozenset[Role]
INTERVIEW = "/hr/interviews/{interview_id}"
API = "/api/hr/interviews/{interview_id}"
QUESTION = "/api/interview/questions/{question_id}"

ROUTES: Mapping[str, Who] = {
    # Links, forms, what is signed, and what says nothing about anybody.
    "GET /": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    # Open to the addresses that a setting names, which tests/server/test_metrics.py looks at.
    "GET /metrics": ANYBODY,
    "GET /static": ANYBODY,
    "GET /i/{token}": ANYBODY,
    "POST /i/{token}": ANYBODY,
    "GET /i/{token}/privacy": ANYBODY,
    "GET /i/{token}/appointment.ics": ANYBODY,
    "GET /privacy": ANYBODY,
    "GET /hr/sign-in": ANYBODY,
    "POST /hr/sign-in": ANYBODY,
    "POST /hr/sign-out": ANYBODY,
    "GET /hr/oidc": ANYBODY,
    "GET /hr/oidc/callback": ANYBODY,
    "GET /hr/welcome/{token}": ANYBODY,
    "POST /hr/welcome/{token}": ANYBODY,
    "POST /ehr/reports": ANYBODY,
    # Proven by the connection's own connector, which tests/server/ehr looks at.
    **{f"{method} /ehr/in/{{connection_id}}/{{path}}": ANYBODY for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
    # Open to keys with the scope that each operation names, which tests/server/ehr/api/test_machinery.py looks at.
    **{f"{one.method} /api/v1{one.path}": ANYBODY for one in OPERATIONS},
    "GET /api/v1/openapi.json": ANYBODY,
    "GET /api/v1/problems/{code}": ANYBODY,
    # Only by a link with a signature.
    "GET /api/v1/recordings/{interview_id}": ANYBODY,
    # One's own account.
    "GET /hr/account": SIGNED_IN,
    "POST /hr/account/password": SIGNED_IN,
    "POST /hr/account/sessions/{session_id}/end": SIGNED_IN,
    # HR's people and what they did.
    "GET /hr/people": ONLY_ADMIN,
    "POST /hr/people": ONLY_ADMIN,
    "GET /hr/people/{user_id}": ONLY_ADMIN,
    "POST /hr/people/{user_id}": ONLY_ADMIN,
    "POST /hr/people/{user_id}/disable": ONLY_ADMIN,
    "POST /hr/people/{user_id}/enable": ONLY_ADMIN,
    "POST /hr/people/{user_id}/password-link": ONLY_ADMIN,
    "POST /hr/people/{user_id}/sessions/end": ONLY_ADMIN,
    "GET /hr/audit": AUDITING,
    # Connected systems, and what was delivered to them.
    "GET /hr/api-keys": ONLY_ADMIN,
    "POST /hr/api-keys": ONLY_ADMIN,
    "POST /hr/api-keys/{key_id}/revoke": ONLY_ADMIN,
    "GET /hr/deliveries/received": ONLY_ADMIN,
    "POST /hr/deliveries/received/replay": ONLY_ADMIN,
    "POST /hr/deliveries/received/set-aside": ONLY_ADMIN,
    "POST /hr/deliveries/replay": ONLY_ADMIN,
    "POST /hr/deliveries/{message_id}/replay": ONLY_ADMIN,
    "GET /hr/connections": ONLY_ADMIN,
    "POST /hr/connections": ONLY_ADMIN,
    "GET /hr/connections/new/{kind}": ONLY_ADMIN,
    "GET /hr/connections/{connection_id}": ONLY_ADMIN,
    "POST /hr/connections/{connection_id}": ONLY_ADMIN,
    "POST /hr/connections/{connection_id}/switch": ONLY_ADMIN,
    "POST /hr/connections/{connection_id}/test": ONLY_ADMIN,
    "GET /hr/deliveries": ONLY_ADMIN,
    "GET /hr/deliveries/{message_id}": ONLY_ADMIN,
    # Watching.
    "GET /hr": REVIEWING,
    "GET /api/hr/events": REVIEWING,
    "GET /api/hr/recognition": REVIEWING,
    "GET /api/hr/interviews": REVIEWING,
    f"GET {INTERVIEW}": REVIEWING,
    f"GET {API}": REVIEWING,
    f"GET {API}/events": REVIEWING,
    "GET /api/hr/ice": REVIEWING,
    f"POST {API}/whep": REVIEWING,
    f"OPTIONS {API}/whep": REVIEWING,
    f"PATCH {API}/whep/{{viewer_id}}": REVIEWING,
    f"DELETE {API}/whep/{{viewer_id}}": REVIEWING,
    f"OPTIONS {API}/whep/{{viewer_id}}": REVIEWING,
    f"GET {API}/timeline": REVIEWING,
    # Stepping in.
    f"POST {API}/help/acknowledge": HIRING,
    f"POST {API}/pause": HIRING,
    f"POST {API}/resume": HIRING,
    f"POST {API}/give-time": HIRING,
    f"POST {API}/hint": HIRING,
    f"POST {API}/ask": HIRING,
    f"POST {API}/mark": REVIEWING,
    f"POST {API}/hand-over": HIRING,
    f"POST {API}/end": HIRING,
    # Inviting.
    "GET /hr/invitations": HIRING,
    "POST /hr/invitations": HIRING,
    "GET /hr/invitations/csv": HIRING,
    "POST /hr/invitations/csv": HIRING,
    f"GET {INTERVIEW}/invitation": HIRING,
    f"POST {INTERVIEW}/invitation/appointment": HIRING,
    f"POST {INTERVIEW}/invitation/cancel": HIRING,
    f"POST {INTERVIEW}/invitation/again": HIRING,
    # Jobs, and which flow is switched on for them.
    "POST /hr/jobs": HIRING,
    "POST /hr/jobs/{job_id}": HIRING,
    "POST /hr/flows/{flow_id}/try": HIRING,
    "POST /hr/flows/{flow_id}/switch-on": HIRING,
    # What people do with applications.
    "POST /hr/applications/{application_id}/step": HIRING,
    "POST /hr/applications/{application_id}/interview": HIRING,
    "POST /hr/applications/{application_id}/follow-up": HIRING,
    "POST /hr/applications/{application_id}/cancel-follow-up": HIRING,
    "POST /hr/applications/{application_id}/close": HIRING,
    "POST /hr/applications/{application_id}/reopen": HIRING,
    "POST /hr/candidates/{candidate_id}/applications": HIRING,
    "POST /hr/candidates/{candidate_id}/merge": HIRING,
    "POST /hr/candidates/{candidate_id}/identity": HIRING,
    "POST /hr/candidates/{candidate_id}/availability": HIRING,
    "POST /hr/candidates/{candidate_id}/resumes": HIRING,
    "GET /hr/candidates/{candidate_id}/resumes/{resume_id}": REVIEWING,
    "POST /hr/rules": HIRING,
    "POST /hr/rules/{rule_id}": HIRING,
    "POST /hr/rules/{rule_id}/switch": HIRING,
    "GET /hr/rules": READING,
    "GET /hr/rules/{rule_id}": READING,
    "GET /hr/flows": READING,
    "GET /hr/flows/{flow_id}": READING,
    # Reading and rating.
    "GET /hr/interviews": READING,
    "GET /hr/process": READING,
    "GET /hr/applications/{application_id}": READING,
    "GET /hr/candidates": READING,
    "GET /hr/candidates/{candidate_id}": READING,
    "GET /hr/jobs": READING,
    "GET /hr/jobs/{job_id}": READING,
    "GET /hr/jobs/{job_id}/compare": READING,
    f"GET {INTERVIEW}/review": READING,
    f"GET {INTERVIEW}/report": READING,
    f"GET {API}/report": READING,
    f"GET {INTERVIEW}/recording": REVIEWING,
    f"POST {INTERVIEW}/dimensions/{{dimension_id}}": REVIEWING,
    f"POST {INTERVIEW}/competencies/{{competency_id}}": REVIEWING,
    f"POST {INTERVIEW}/review-finished": REVIEWING,
    # Deciding, and taking something out of the house.
    f"POST {INTERVIEW}/answers/{{question_id}}/indicators/{{indicator_id}}/override": HIRING,
    f"POST {INTERVIEW}/decision": HIRING,
    f"POST {INTERVIEW}/assignments": HIRING,
    "GET /hr/interviews/export.csv": HIRING,
    f"GET {INTERVIEW}/print": HIRING,
    f"GET {INTERVIEW}/report.pdf": HIRING,
    f"GET {INTERVIEW}/feedback": HIRING,
    f"POST {INTERVIEW}/feedback": HIRING,
    # The candidate's own.
    "GET /interview": CANDIDATE,
    "GET /api/interview": CANDIDATE,
    "GET /api/interview/events": CANDIDATE,
    "POST /api/interview/consent": CANDIDATE,
    "POST /api/interview/start": CANDIDATE,
    f"POST {QUESTION}/start-answer": CANDIDATE,
    f"POST {QUESTION}/hints/{{hint}}": CANDIDATE,
    f"PUT {QUESTION}/draft": CANDIDATE,
    f"POST {QUESTION}/answer": CANDIDATE,
    f"POST {QUESTION}/skip": CANDIDATE,
    f"POST {QUESTION}/restart": CANDIDATE,
    f"POST {QUESTION}/moment": CANDIDATE,
    "POST /api/interview/continue": CANDIDATE,
    f"PUT {QUESTION}/correction": CANDIDATE,
    "POST /api/interview/confirm-transcripts": CANDIDATE,
    "POST /api/interview/check/sentence": CANDIDATE,
    "GET /api/interview/check/ping": CANDIDATE,
    "POST /api/interview/help": CANDIDATE,
    "DELETE /api/interview/help": CANDIDATE,
    "POST /api/interview/pause": CANDIDATE,
    "POST /api/interview/resume": CANDIDATE,
    "POST /api/interview/feedback": CANDIDATE,
    "GET /api/interview/ice": CANDIDATE,
    "POST /api/interview/whip": CANDIDATE,
    "OPTIONS /api/interview/whip": CANDIDATE,
    "PATCH /api/interview/whip/{peer_id}": CANDIDATE,
    "DELETE /api/interview/whip/{peer_id}": CANDIDATE,
    "OPTIONS /api/interview/whip/{peer_id}": CANDIDATE,
}


class Rule(NamedTuple):
    """A route and who may ask for it."""

    method: str
    pattern: str
    who: Who


def rules(app: Application) -> list[Rule]:
    """Every route with its row of the table; a HEAD goes with its GET."""
    found, missing, used = [], [], set()
    for route in app.router.routes():
        assert route.resource is not None
        row = f"{'GET' if route.method == 'HEAD' else route.method} {route.resource.canonical}"
        used.add(row)
        if row in ROUTES:
            found.append(Rule(route.method, route.resource.canonical, ROUTES[row]))
        else:
            missing.append(row)
    assert missing == [], "say in ROUTES who may ask for these"
    assert ROUTES.keys() - used == set(), "these routes are not there"
    return found


@dataclass
class House:
    """A server with one account of each role, an interview that is the reviewer's to see, and one that is not."""

    door: Client
    cookies: Mapping[Role, str]
    assigned: str
    unassigned: str
    candidate: str
    somebody: str
    """An account to be changed."""

    async def ask(self, rule: Rule, cookie: str = "", interview_id: str = "") -> Answer:
        """Asks for the route, its places filled, with nothing in the body."""
        places = {"interview_id": interview_id or self.assigned, "user_id": self.somebody, "hint": "0"}
        row = await self.door.app[INTERVIEWS].event_log.row(places["interview_id"])
        assert row is not None
        places["candidate_id"] = row.candidate_id or "x"
        places |= {
            "flow_id": "customer_service",
            "question_id": "experience",
            "dimension_id": "motivation",
            "competency_id": "empathy",
        }
        path = re.sub(r"{(\w+)}", lambda place: places.get(place[1], "x" * 32), rule.pattern)
        # Whoever signs out asks for nothing more.
        headers = {"Cookie": cookie if rule.pattern != "/hr/sign-out" else "", "Accept-Language": "en"}
        self.door.session.cookie_jar.clear()
        async with self.door.request(rule.method, path, allow_redirects=False, headers=headers) as response:
            # A stream has no end.
            text = "" if response.content_type == "text/event-stream" else await response.text(errors="replace")
            return Answer(response.status, response.headers.get("Location", ""), text)

    def of(self, role: Role) -> str:
        """The cookie of this role's browser."""
        return f"hr_session={self.cookies[role]}"


class Answer(NamedTuple):
    """What came back."""

    status: int
    location: str
    text: str

    @property
    def asks_to_sign_in(self) -> bool:
        """Whether nobody is known here."""
        return self.status == 401 or (self.status == 303 and self.location.startswith("/hr/sign-in"))

    @property
    def code(self) -> str:
        """The refusal's code, on a page or as JSON."""
        found = re.search(r'data-code="(\w+)"|"code": "(\w+)"', self.text)
        return (found[1] or found[2]) if found else ""


@pytest.fixture
async def house(door: Client) -> House:
    users, now = Users(door.app[DATABASE]), datetime.now(UTC)
    # One hash for all: making one takes a while.
    people, password = People(door.app[DATABASE]), await users.hashed("correct horse battery")
    cookies, ids = {}, {}
    for role in Role:
        ids[role] = await people.add(f"{role}@example.com", password, now, role=role)
        async with door.app[DATABASE].begin() as connection:
            cookies[role] = await new_session(connection, ids[role], now)
    somebody = await people.add("somebody@example.com", password, now, role=RECRUITER)
    (assigned, token), (unassigned, _) = await invite(door), await invite(door)
    await Assignments(door.app[DATABASE]).set(assigned, [ids[REVIEWER]], ids[ADMIN], now)
    candidate = await door.app[INTERVIEWS].invitations.redeem(token, now)
    return House(door, cookies, assigned, unassigned, f"candidate_session={candidate}", somebody)


async def test_every_route_is_open_to_exactly_those_in_the_table(house: House) -> None:
    asked = 0
    for rule in rules(house.door.app):
        for role in Role:
            if rule.method == "HEAD" and (isinstance(rule.who, str) or role in rule.who):
                continue  # Its GET is asked.
            answer = await house.ask(rule, house.of(role))
            asked += 1
            case = (rule.method, rule.pattern, role.value, answer.status)
            if rule.who == CANDIDATE:
                assert answer.asks_to_sign_in, case
            elif isinstance(rule.who, str) or role in rule.who:
                assert answer.code != "right_missing", case
                assert rule.who == ANYBODY or not answer.asks_to_sign_in, case
                assert answer.status < 500, case
            elif rule.pattern == "/hr":
                assert (answer.status, answer.location) == (303, home_of(user_with(role))), case
            else:
                assert answer.status == 403, case
                assert rule.method == "HEAD" or answer.code == "right_missing", case
    assert asked > 250


async def test_strangers_and_candidates_get_nothing_of_hrs(house: House) -> None:
    forged = house.candidate + "; hr_session=" + house.candidate.split("=")[1]
    for rule in rules(house.door.app):
        for cookie in ("", forged):
            answer = await house.ask(rule, cookie)
            case = (rule.method, rule.pattern, cookie[:9], answer.status)
            if rule.who == ANYBODY or (rule.who == CANDIDATE and cookie):
                assert answer.code != "right_missing", case
            else:
                assert answer.asks_to_sign_in, case


async def test_a_reviewer_finds_only_what_is_assigned(house: House) -> None:
    seen = 0
    for rule in rules(house.door.app):
        if "{interview_id}" in rule.pattern and not isinstance(rule.who, str) and REVIEWER in rule.who:
            answer = await house.ask(rule, house.of(REVIEWER), house.unassigned)
            case = (rule.method, rule.pattern, answer.status)
            assert answer.status == 404, case
            assert rule.method == "HEAD" or answer.code == "interview_unknown", case
            seen += 1
        elif rule.method == "GET" and not isinstance(rule.who, str) and REVIEWER in rule.who:
            answer = await house.ask(rule, house.of(REVIEWER), house.unassigned)
            assert answer.status == 404 or "{candidate_id}" not in rule.pattern, (rule.method, rule.pattern)
            assert house.unassigned not in answer.text, (rule.method, rule.pattern)
    assert seen > 10


async def test_whatever_hr_changes_has_its_own_name_in_the_trail(door: Client) -> None:
    words = Messages()
    for rule in rules(door.app):
        if rule.method in ("GET", "HEAD", "OPTIONS") or rule.who in (ANYBODY, CANDIDATE) or rule.pattern in QUIET:
            continue
        action = CHANGES.get(rule.pattern)
        assert action is not None, (rule.method, rule.pattern, "say in server.hr.audited what it is called")
        for language in Language:
            assert f"access.did_{action}" in words.keys(language)
    for action in (*LOOKS.values(), CHANGED, EXPORTED):
        assert f"access.did_{action}" in words.keys(Language.ENGLISH)


def user_with(role: Role) -> HrUser:
    """Somebody with this role."""
    return HrUser("", "", "", role, "")


async def invite(door: Client) -> tuple[str, str]:
    """(interview id, token of the link)."""
    invited: tuple[str, str] = await door.app[INTERVIEWS].invite(
        flow_id="customer_service",
        language=Language.ENGLISH,
        candidate_name="Mei Lin",
        email="",
        jurisdiction="EU",
        now=datetime.now(UTC),
    )
    return invited
