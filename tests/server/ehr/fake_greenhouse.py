"""Greenhouse as an assessment partner meets it: calls the partner's four addresses, hears completion at its own.

It authenticates by HTTP Basic with the key and no password, reads strictly what it is answered, and reports what it
cannot read to response_error, where what has no value is null. Completion is a PATCH without a body, which must bear
the same key; after it Greenhouse asks for the status.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from tests.server.ehr.faults import Faults

KEY = "greenhouse-key-0123456789"
Ask = Callable[[str, str, Mapping[str, str], Mapping[str, str], bytes], Awaitable[tuple[int, Any]]]
"""(method, path, query, headers, body) → (status, JSON): how it reaches the partner."""


class GreenhouseFailed(AssertionError):
    """It cannot go on with what the partner answered."""


class FakeGreenhouse:
    """url: where it runs, once it does. key: as the partner gave it out."""

    def __init__(self, key: str = KEY) -> None:
        self.key = key
        self.url = ""
        self.faults = Faults()
        self.patched: list[str] = []
        self.app = web.Application(middlewares=[self.faults.middleware])
        self.app.router.add_patch("/integrations/testing_partners/take_home_tests/{number}", self._complete)

    async def _complete(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != self.headers()["Authorization"]:
            return web.json_response({"errors": ["unauthorized"]}, status=401)
        if await request.read():
            return web.json_response({"errors": ["unexpected body"]}, status=422)
        self.patched.append(request.match_info["number"])
        return web.Response(status=200)

    def headers(self) -> dict[str, str]:
        """With every call."""
        basic = b64encode(f"{self.key}:".encode()).decode()
        return {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}

    def address(self, number: int) -> str:
        """Where completion of this take-home test is told to."""
        return f"{self.url}/integrations/testing_partners/take_home_tests/{number}"

    async def list_tests(self, ask: Ask) -> dict[str, str]:
        """Id → name. Raises GreenhouseFailed."""
        status, tests = await ask("GET", "list_tests", {}, self.headers(), b"")
        if status != 200 or not isinstance(tests, list):
            raise GreenhouseFailed(f"list_tests {status}")
        for test in tests:
            if set(test) != {"partner_test_id", "partner_test_name"} or not all(
                isinstance(v, str) for v in test.values()
            ):
                raise GreenhouseFailed("list_tests")
        return {test["partner_test_id"]: test["partner_test_name"] for test in tests}

    async def send_test(self, ask: Ask, test: str, number: int, **candidate: Any) -> str:
        """Gives partner_interview_id. Raises GreenhouseFailed."""
        person = {
            "first_name": "Harriet",
            "last_name": "Doe",
            "preferred_name": None,
            "resume_url": f"{self.url}/resumes/1",
            "phone_number": "+1 415 555 0100",
            "email": "harriet@example.org",
            "greenhouse_profile_url": f"{self.url}/people/17681532",
            **candidate,
        }
        body = {"partner_test_id": test, "candidate": person, "sent_by": "hr@example.org", "url": self.address(number)}
        status, answer = await ask("POST", "send_test", {}, self.headers(), json.dumps(body).encode())
        if (
            status != 200
            or set(answer) != {"partner_interview_id"}
            or not isinstance(answer["partner_interview_id"], str)
        ):
            raise GreenhouseFailed(f"send_test {status}")
        return str(answer["partner_interview_id"])

    async def test_status(self, ask: Ask, partner_interview_id: str) -> dict[str, Any]:
        """The status, checked as Greenhouse checks it. Raises GreenhouseFailed, after telling response_error."""
        query = {"partner_interview_id": partner_interview_id}
        status, answer = await ask("GET", "test_status", query, self.headers(), b"")
        errors = [] if status == 200 else [f"HTTP {status}"]
        if status == 200:
            known = {"partner_status", "partner_profile_url", "partner_score", "metadata"}
            errors += [f"unknown {name}" for name in set(answer) - known]
            if not isinstance(answer.get("partner_status"), str):
                errors.append("partner_status")
            if answer.get("partner_status") == "complete" and not str(answer.get("partner_profile_url")).startswith(
                "http"
            ):
                errors.append("partner_profile_url")
            if not isinstance(answer.get("partner_score", 0), int | float):
                errors.append("partner_score")
            if any(isinstance(value, dict | list) for value in answer.get("metadata", {}).values()):
                errors.append("metadata is not flat")
        if errors:
            about = {"api_call": "test_status", "errors": errors, "partner_interview_id": partner_interview_id}
            rest = dict.fromkeys(("partner_test_id", "partner_test_name", "candidate_email"))
            report = json.dumps({**about, **rest}).encode()
            status, _ = await ask("POST", "response_error", {}, self.headers(), report)
            raise GreenhouseFailed(f"{errors}, told: {status}")
        return dict(answer)
