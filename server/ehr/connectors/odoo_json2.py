"""Calls of Odoo 19's JSON-2, and what its refusals mean: decided by the error's name, since 500 says nothing.

After "External JSON-2 API" of Odoo 19's developer documentation, and a running server's answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.delivery.answers import retry_after
from server.delivery.connector import Sent
from server.delivery.safe_client import NoAnswer, Response, SafeClient

WITH_ARCHIVED: Mapping[str, Any] = {"active_test": False}
"""Refused applicants are archived, and not found without this."""

NOT_FOUND = "NotFound"
_HOPELESS = {
    "odoo.exceptions.ValidationError": "ValidationError",
    "odoo.exceptions.UserError": "UserError",
    "odoo.exceptions.MissingError": "MissingError",
    "werkzeug.exceptions.UnprocessableEntity": "UnprocessableEntity",
    "werkzeug.exceptions.BadRequest": "BadRequest",
}
"""Refusals of what is asked: the same would be refused again."""
_UNKNOWN_THERE = {f"builtins.{name}" for name in ("AttributeError", "KeyError", "TypeError", "ValueError")}
"""A field, a selection or an argument that this Odoo does not know. Others are its own: a full disk, no memory."""
_MENDABLE = {
    "odoo.exceptions.AccessError": "AccessError",
    "odoo.exceptions.AccessDenied": "AccessDenied",
    "werkzeug.exceptions.Unauthorized": "Unauthorized",
    "werkzeug.exceptions.Forbidden": "Forbidden",
    "werkzeug.exceptions.NotFound": NOT_FOUND,
}
"""An administrator of Odoo can set these right: a key that expired, a right, a module that is not installed yet."""


class OdooRefused(Exception):
    """Odoo answered, and not with a result. name: of its error, one of those known here, or empty."""

    def __init__(self, response: Response | None, name: str, *, final: bool) -> None:
        status = response.status if response else None
        self.error = f"HTTP {status} {name}".rstrip() if response else name
        super().__init__(self.error)
        self.name, self.final, self.status = name, final, status
        self._wait = response.headers.get("retry-after", "") if response else ""

    def sent(self, now: datetime) -> Sent:
        """What it means for a message on its way."""
        return Sent(self.error, self.status, retry_after(self._wait, now), final=self.final)


def refusal(response: Response) -> OdooRefused:
    """What an answer other than 200 means. Some are HTML: a wrong database, a proxy before Odoo."""
    try:
        given = response.json()
    except ValueError:
        given = None
    name = given.get("name") if isinstance(given, dict) else None
    if not isinstance(name, str):
        return OdooRefused(response, "", final=False)
    if name in _UNKNOWN_THERE:
        return OdooRefused(response, "field or value unknown there", final=True)
    return OdooRefused(response, _HOPELESS.get(name) or _MENDABLE.get(name, ""), final=name in _HOPELESS)


class Odoo:
    """One database of one Odoo. Every call raises OdooRefused, or NoAnswer when nothing usable came back."""

    def __init__(self, client: SafeClient, url: str, database: str, key: str) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": database}

    async def call(self, model: str, method: str, **arguments: Any) -> Any:
        """The method's bare result. Arguments go by name."""
        response = await self._client.request(
            "POST", f"{self._url}/json/2/{model}/{method}", headers=self._headers, json=arguments
        )
        if response.status != 200:
            raise refusal(response)
        try:
            return response.json()
        except ValueError as error:
            raise NoAnswer("no JSON") from error

    async def search_read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], *, order: str = "id", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows with `id` and the fields; archived ones too."""
        found = await self.call(
            model,
            "search_read",
            domain=list(domain),
            fields=list(fields),
            order=order,
            limit=limit,
            context=WITH_ARCHIVED,
        )
        asked = {"id", *fields}
        if not isinstance(found, list) or not all(isinstance(row, dict) and asked <= row.keys() for row in found):
            raise NoAnswer("no rows as asked")
        return found

    async def create(self, model: str, values: Mapping[str, Any]) -> int:
        """The new row's id."""
        made = await self.call(model, "create", vals_list=[dict(values)])
        if not isinstance(made, list) or len(made) != 1 or not isinstance(made[0], int):
            raise NoAnswer("no id")
        return made[0]

    async def write(self, model: str, row_id: int, values: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Changes one row."""
        await self.call(model, "write", ids=[row_id], vals=dict(values), context=dict(context))
