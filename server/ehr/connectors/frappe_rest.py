"""Calls of Frappe's REST interface, and what its refusals mean: decided by `exc_type`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from server.delivery.answers import retry_after
from server.delivery.connector import Sent
from server.delivery.safe_client import NoAnswer, Response, SafeClient

_HOPELESS = frozenset(
    {
        "CannotChangeConstantError",
        "CharacterLengthExceededError",
        "DataError",
        "DoesNotExistError",
        "InvalidStatusError",
        "LinkValidationError",
        "MandatoryError",
        "UpdateAfterSubmitError",
    }
)
"""Refusals of what is asked. A plain ValidationError may be over tomorrow: a date, an interviewer HR has to add."""
_KNOWN = _HOPELESS | {
    "AuthenticationError",
    "DocstatusTransitionError",
    "DuplicateEntryError",
    "DuplicateInterviewRoundError",
    "ImportError",
    "PermissionError",
    "QueryDeadlockError",
    "QueryTimeoutError",
    "RateLimitExceededError",
    "SessionStopped",
    "TimestampMismatchError",
    "ValidationError",
}


ROUNDS: Mapping[str, str] = {"interview_round": "Interview Round", "interview_type": "Interview Type"}
"""Field of Interview → its doctype. Since version 16 a round is an Interview Type; before, that was another thing."""
NO_DOCTYPE = "ImportError"
"""Frappe's answer when a document of a doctype is read that this version does not have."""
NO_SUCH_LINK, NOT_THERE = "LinkValidationError", "DoesNotExistError"


class FrappeRefused(Exception):
    """Frappe answered, and not with a result, or it cannot be asked yet. wait: how long, if that is known.

    name: its `exc_type`, one of those known here, or empty.
    """

    def __init__(
        self, error: str, *, status: int | None = None, final: bool, wait: timedelta | None = None, name: str = ""
    ) -> None:
        super().__init__(error)
        self.error, self.status, self.final, self.wait, self.name = error, status, final, wait, name

    def sent(self) -> Sent:
        """What it means for a message on its way."""
        return Sent(self.error, self.status, self.wait, final=self.final)


def refusal(response: Response, now: datetime) -> FrappeRefused:
    """What an answer other than 200 means."""
    try:
        given = response.json()
    except ValueError:
        given = None
    name = given.get("exc_type") if isinstance(given, dict) else None
    known = name if isinstance(name, str) and name in _KNOWN else ""
    wait = retry_after(response.headers.get("retry-after", ""), now)
    error = f"HTTP {response.status} {known}".rstrip()
    return FrappeRefused(error, status=response.status, final=known in _HOPELESS, wait=wait, name=known)


@dataclass(frozen=True, slots=True)
class Round:
    """field: of Interview, that names it. document: with its expected skills."""

    field: str
    name: str
    document: Mapping[str, Any]


class Frappe:
    """One site. Every call raises FrappeRefused, or NoAnswer when nothing usable came back."""

    def __init__(self, client: SafeClient, url: str, key: str, secret: str, now: datetime) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"token {key}:{secret}", "Accept": "application/json"}
        self._now = now

    async def list(
        self, doctype: str, filters: Sequence[Sequence[Any]], fields: Sequence[str], *, order: str, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """Documents with these fields; without a limit Frappe gives 20."""
        asked = {
            "filters": json.dumps(filters),
            "fields": json.dumps(list(fields)),
            "order_by": order,
            "limit_page_length": str(limit),
        }
        found = await self._ask("GET", doctype, params=asked)
        if not isinstance(found, list) or not all(isinstance(row, dict) and set(fields) <= row.keys() for row in found):
            raise NoAnswer("no documents as asked")
        return found

    async def read(self, doctype: str, name: str) -> Mapping[str, Any]:
        """One document with its tables."""
        return await self._one("GET", f"{doctype}/{name}")

    async def create(self, doctype: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The new document; with docstatus 1 it is submitted at once."""
        return await self._one("POST", doctype, values)

    async def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The changed document; with docstatus 2 it is cancelled."""
        return await self._one("PUT", f"{doctype}/{name}", values)

    async def round(self, name: str) -> Round:
        """The interview round, called so or otherwise. One that is not there is for HR to set right."""
        for field, doctype in ROUNDS.items():
            try:
                found = await self.read(doctype, name)
            except FrappeRefused as refused:
                if refused.name not in (NOT_THERE, NO_DOCTYPE):
                    raise
                continue
            if "expected_skill_set" in found:
                return Round(field, name, found)
        raise FrappeRefused("no interview round of this name", final=False)

    async def _one(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        found = await self._ask(method, path, values)
        if not isinstance(found, dict):
            raise NoAnswer("no document")
        return found

    async def _ask(
        self,
        method: str,
        path: str,
        values: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        url = f"{self._url}/api/resource/{'/'.join(quote(part, safe='') for part in path.split('/', 1))}"
        response = await self._client.request(method, url, headers=self._headers, params=params, json=values)
        if not response.ok:
            raise refusal(response, self._now)
        try:
            return response.json()["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise NoAnswer("no JSON as documented") from error
