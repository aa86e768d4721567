"""Checkr's background checks: an ordered check becomes a candidate and an invitation there; its report comes back.

https://docs.checkr.com. Checkr writes to the candidate, who fills in and agrees to everything there; so it gets only
an address and a telephone number. It knows no idempotency key: what an earlier attempt left is looked up by the
candidate's custom_id, which is our follow-up's id.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal

from aiohttp import encode_basic_auth
from pydantic import BaseModel, Field, HttpUrl, SecretStr

from server.delivery.answers import judged, unanswered
from server.delivery.connector import BadSignature, LookUp, Outgoing, Received, Reply, Sent
from server.delivery.safe_client import NoAnswer, Response, SafeClient
from server.ehr.connectors import unasked
from server.ehr.connectors.signed import OptionalKey, parsed
from server.records.incoming import FollowUpReturned, Incoming

KIND = "background_check"
FINAL = (400, 404, 422)
"""Checkr refuses the same request for ever. A wrong key (401, 403) can be set right in the meantime."""
MOST_PAGES = 20


class CheckrSettings(BaseModel):
    """What is ordered."""

    url: HttpUrl = Field(HttpUrl("https://api.checkr.com"), description="Address of Checkr's API.")
    package: str = Field(min_length=1, max_length=100, description="Slug of the package that is ordered.")
    country: str = Field("US", pattern="^[A-Z]{2}$", description="Country of the work's location, two letters.")
    state: str = Field("", max_length=10, description="State of the work's location, such as CA; may be empty.")
    city: str = Field("", max_length=100, description="City of the work's location; may be empty.")
    dashboard: HttpUrl = Field(HttpUrl("https://dashboard.checkr.com"), description="Where HR reads reports.")


class CheckrSecrets(BaseModel):
    """The account's key, which also signs what comes in."""

    api_key: SecretStr = Field(min_length=16, max_length=200, description="Secret key of the Checkr account.")
    former_api_key: OptionalKey = Field(SecretStr(""), description="The key before this one, while it changes.")


Id = Annotated[str, Field(min_length=1, max_length=100)]


class _Object(BaseModel):
    id: Id
    candidate_id: Id
    result: Annotated[str | None, Field(max_length=60)] = None


class _Data(BaseModel):
    object: _Object


class _Event(BaseModel):
    id: Id
    object: Literal["event"]
    type: Annotated[str, Field(min_length=1, max_length=60)]
    data: _Data


class _AnyEvent(BaseModel):
    type: Annotated[str, Field(min_length=1, max_length=200)]


MEANT = {
    "report.completed": "completed",
    "report.canceled": "cancelled",
    "invitation.deleted": "cancelled",
    "invitation.expired": "failed",
}
"""Type of an event → status of the follow-up."""


class Checkr:
    """Orders background checks and takes their reports."""

    kind: ClassVar[str] = "checkr"
    Settings: ClassVar[type[BaseModel]] = CheckrSettings
    Secrets: ClassVar[type[BaseModel]] = CheckrSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("follow_up.ordered",)

    def __init__(self, settings: CheckrSettings, secrets: CheckrSecrets, client: SafeClient) -> None:
        self._settings = settings
        self._url = str(settings.url).rstrip("/")
        self._keys = [one.get_secret_value() for one in (secrets.api_key, secrets.former_api_key)]
        self._client = client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Orders one check: the candidate and the invitation, each only if an earlier attempt has not made it."""
        data = message.body["data"]
        if message.type != "follow_up.ordered":
            return Sent()
        if data["kind"] != KIND:
            return Sent(error=f"does no {data['kind']}", final=True)
        if not data["candidate"].get("email"):
            return Sent(error="no e-mail address", final=True)
        try:
            return await self._order(data["follow_up_id"], data["candidate"], now)
        except NoAnswer as error:
            return unanswered(error)
        except _Refused as refused:
            return judged(refused.response, now, final=FINAL)
        except (KeyError, TypeError, ValueError):
            return Sent(error="answer not understood")

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """Keeps signed events that end a check. They are signed without a time: the event's id makes it count once."""
        given = request.headers.get("x-checkr-signature", "").encode()
        valid = [hmac.new(key.encode(), request.raw, sha256).hexdigest().encode() for key in self._keys if key]
        if not any(hmac.compare_digest(given, one) for one in valid):
            raise BadSignature("X-Checkr-Signature")
        if parsed(_AnyEvent, request.raw).type not in MEANT:
            return Reply(200)
        event = parsed(_Event, request.raw)
        return Reply(200, keep=(event.id, event.type, event.model_dump(mode="json")))

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """How a check ended; "clear" or "consider" is a report's result, and a person reads why."""
        event = parsed(_Event, body)
        about = event.data.object
        if event.type not in MEANT:
            return ()
        is_report = event.type.startswith("report.")
        url = f"{str(self._settings.dashboard).rstrip('/')}/reports/{about.id}" if is_report else ""
        result = (about.result or "").lower() if is_report else event.type.removeprefix("invitation.")
        return (FollowUpReturned(None, about.candidate_id, MEANT[event.type], result=result, url=url),)

    poll = unasked.poll

    async def _order(self, follow_up_id: str, person: Mapping[str, Any], now: datetime) -> Sent:
        candidate_id = await self._candidate(follow_up_id, person["email"])
        if candidate_id is None:
            phone = {"phone": person["phone"]} if person.get("phone") else {}
            made = await self._call(
                "POST", "/v1/candidates", {"email": person["email"], "custom_id": follow_up_id, **phone}
            )
            candidate_id = str(made.json()["id"])
        learned = {"follow_up": candidate_id}
        found = await self._call("GET", "/v1/invitations", params={"candidate_id": candidate_id})
        if found.json()["data"]:
            return Sent(status=found.status, learned=learned)
        place = {"country": self._settings.country, "state": self._settings.state, "city": self._settings.city}
        invited = await self._call(
            "POST",
            "/v1/invitations",
            {
                "candidate_id": candidate_id,
                "package": self._settings.package,
                "work_locations": [{name: value for name, value in place.items() if value}],
            },
        )
        return judged(invited, now, learned=learned)

    async def _candidate(self, follow_up_id: str, email: str) -> str | None:
        """The candidate that an earlier attempt made. Checkr lists by address; the rest is looked through here."""
        for page in range(1, MOST_PAGES + 1):
            params = {"email": email, "page": str(page), "per_page": "100"}
            listed = (await self._call("GET", "/v1/candidates", params=params)).json()
            for one in listed["data"]:
                if one.get("custom_id") == follow_up_id:
                    return str(one["id"])
            if not listed.get("next_href"):
                break
        return None

    async def _call(
        self,
        method: str,
        path: str,
        values: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Response:
        authorization = encode_basic_auth(self._keys[0], "")
        response = await self._client.request(
            method, self._url + path, headers={"Authorization": authorization}, params=params, json=values
        )
        if not response.ok:
            raise _Refused(response)
        return response


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
