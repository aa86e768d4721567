"""Every address but a short public list is closed to strangers, and to the wrong kind of guest."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp.web import Application

from question_flows.model import Language
from server.keys import INTERVIEWS
from tests.server.conftest import Client

PUBLIC = {
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    # Open to the addresses that a setting names, which tests/server/test_metrics.py looks at.
    ("GET", "/metrics"),
    ("GET", "/static"),
    ("GET", "/i/{token}"),
    ("POST", "/i/{token}"),
    ("GET", "/i/{token}/privacy"),
    ("GET", "/privacy"),
    ("GET", "/hr/sign-in"),
    ("POST", "/hr/sign-in"),
    ("POST", "/hr/sign-out"),
    ("GET", "/hr/welcome/{token}"),
    ("POST", "/hr/welcome/{token}"),
    ("POST", "/ehr/reports"),
}
"""What strangers may ask for: links, forms, what is signed, and what says nothing about anybody."""


def closed_routes(app: Application) -> list[tuple[str, str]]:
    """(method, pattern) of every other route."""
    routes = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}
    return sorted(
        (method, path) for method, path in routes if ("GET" if method == "HEAD" else method, path) not in PUBLIC
    )


def address(pattern: str, interview_id: str) -> str:
    """The pattern with its places filled."""
    filled = pattern.replace("{interview_id}", interview_id).replace("{hint}", "0")
    filled = filled.replace("{viewer_id}", "x" * 32).replace("{peer_id}", "x" * 32)
    return filled.replace("{question_id}", "experience").replace("{dimension_id}", "motivation")


async def test_strangers_get_nothing(door: Client) -> None:
    interview_id, _ = await invite(door)
    routes = closed_routes(door.app)
    assert len(routes) > 30
    for method, pattern in routes:
        path = address(pattern, interview_id)
        response = await door.request(method, path, allow_redirects=False)
        if path.startswith("/hr"):
            assert response.status == 303, (method, path)
            assert response.headers["Location"].startswith("/hr/sign-in"), (method, path)
        else:
            assert response.status == 401, (method, path)


async def test_a_candidate_gets_nothing_of_hrs(door: Client) -> None:
    interview_id, token = await invite(door)
    cookie = await door.app[INTERVIEWS].invitations.redeem(token, datetime.now(UTC))
    cookies = {"Cookie": f"candidate_session={cookie}; hr_session={cookie}"}
    for method, pattern in closed_routes(door.app):
        if pattern.startswith(("/hr", "/api/hr")):
            path = address(pattern, interview_id)
            response = await door.request(method, path, allow_redirects=False, headers=cookies)
            assert response.status in (303, 401), (method, path)


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
