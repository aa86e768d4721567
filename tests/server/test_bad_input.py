"""Whatever is sent, the answer is a refusal in words, never a failure of the server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from question_flows.model import Language
from server.hr.access import USERS, page_behind
from server.keys import INTERVIEWS
from tests.server.conftest import Client

BODIES = (
    b"",
    b"null",
    b"[]",
    b"\xff\xfe\x00",
    b'{"text": "\\ud800\\u0000", "mode": "typed", "rating": 1e400, "granted": [], "comment": 1}',
    b'{"granted": {"\\ud800": true}, "mode": 1, "text": {}, "rating": 1' + b"0" * 5000 + b"}",
    b"[" * 50_000,
)
TYPES = (
    "application/json; charset=nonsense",
    "application/x-www-form-urlencoded; charset=nonsense",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/sdp; charset=nonsense",
    "text/plain; charset=utf-16",
)
CHANGES = (
    ("POST", "/api/interview/consent"),
    ("POST", "/api/interview/feedback"),
    ("POST", "/api/interview/questions/experience/answer"),
    ("PUT", "/api/interview/questions/experience/draft"),
    ("POST", "/api/interview/whip"),
    ("POST", "/hr/invitations"),
    ("POST", "/hr/sign-in"),
    ("POST", "/hr/welcome/unknown"),
    ("POST", "/ehr/reports"),
    ("POST", "/ehr/in/unknown/any"),
)


async def guests(door: Client) -> tuple[str, str]:
    """(interview id, Cookie header of somebody who is both its candidate and signed in)."""
    now, registry, users = datetime.now(UTC), door.app[INTERVIEWS], door.app[USERS]
    interview_id, token = await registry.invite(
        flow_id="customer_service",
        language=Language.ENGLISH,
        candidate_name="Mei Lin",
        email="",
        jurisdiction="EU",
        now=now,
    )
    candidate = await registry.invitations.redeem(token, now)
    hr = await users.create_account(await users.issue_link(now), "hr@example.com", "correct horse battery", now)
    return interview_id, f"candidate_session={candidate}; hr_session={hr}"


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_no_body_brings_the_server_down(door: Client, method: str, path: str) -> None:
    _, cookie = await guests(door)
    for content_type in TYPES:
        for body in BODIES:
            headers = {"Content-Type": content_type, "Cookie": cookie}
            response = await door.request(method, path, data=body, headers=headers, allow_redirects=False)
            assert response.status < 500, (content_type, body[:40])


@pytest.mark.parametrize("origin", ["null", "http://[", "https://", "file://", "http://localhost:x"])
async def test_an_origin_without_a_host_is_foreign(door: Client, origin: str) -> None:
    response = await door.post("/hr/sign-out", headers={"Origin": origin}, allow_redirects=False)
    assert response.status == 403


@pytest.mark.parametrize("number", ["9" * 9, "9" * 30, "9" * 5000, "-1", "x"])
async def test_a_nonsensical_last_event_id_starts_from_the_beginning(door: Client, number: str) -> None:
    interview_id, cookie = await guests(door)
    headers = {"Cookie": cookie, "Last-Event-ID": number}
    async with door.get(f"/api/hr/interviews/{interview_id}/events", headers=headers) as response:
        assert response.status == 200
        async for line in response.content:
            if line.startswith(b"event: ") and line != b"event: watchers\n":
                assert line == b"event: InterviewInvited\n"
                break


def test_nobody_is_led_elsewhere_after_signing_in() -> None:
    assert page_behind("/hr/interviews/1") == "/hr/interviews/1"
    for path in (None, "", "//evil.example", "https://evil.example", "/hr/\r\nSet-Cookie: a=b", "/hr/sign-out"):
        assert page_behind(path) == "/hr"


async def test_a_strange_host_breaks_no_invitation(door: Client) -> None:
    _, cookie = await guests(door)
    form = {"flow": "customer_service", "language": "en", "name": "Ada", "jurisdiction": "EU"}
    for host in ("[", "@", "x:99999999"):
        response = await door.post("/hr/invitations", data=form, headers={"Cookie": cookie, "Host": host})
        assert response.status == 200, host
