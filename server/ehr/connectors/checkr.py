"""Checkr's background checks: an ordered check becomes a candidate and an invitation there; its report comes back.

After "Checkr API" (docs.checkr.com): Candidates, Invitations, Webhooks, and of its Reference: Idempotency support, Rate
limiting, Error codes. Checkr writes to the candidate, who fills in and agrees to everything there; so it gets only an
address and a telephone number of the US. What an earlier attempt left is found three ways: by what it learned; by the
Idempotency-Key, for 24 h; and by the candidate's custom_id, which is our follow-up's id, for ever, but only in the US:
Checkr lists nobody who works elsewhere. Its webhook needs "include_object" on: an event that does not say whose report
it is, is refused, so that Checkr shows it in its log and says it again for a day.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal

from aiohttp import encode_basic_auth
from pydantic import BaseModel, Field, HttpUrl, SecretStr, ValidationInfo, field_validator

from server.delivery.answers import LONGEST_WAIT, judged, unanswered
from server.delivery.connector import BadSignature, LookUp, Outgoing, Received, Reply, Sent
from server.delivery.safe_client import NoAnswer, Response, SafeClient
from server.ehr.connectors import unasked
from server.ehr.connectors.signed import OptionalKey, parsed
from server.records.incoming import FollowUpReturned, Incoming

KIND = "background_check"
FINAL = (400, 404, 410, 422)
"""Checkr refuses the same request for ever. A wrong key (401, 403) can be set right in the meantime, and 409 says that
the same is under way, or was asked too often within a day."""
TOO_MANY = 429
US = "US"
US_NUMBER = re.compile(r"\+1(\d{10})")
INCOMPLETE = "clear_includes_canceled"
"""Result of a report that is clear as far as it goes, and has screenings that were never made: a person reads it."""


class CheckrSettings(BaseModel):
    """What is ordered."""

    url: HttpUrl = Field(HttpUrl("https://api.checkr.com"), description="Address of Checkr's API.")
    package: str = Field(min_length=1, max_length=100, description="Slug of the package that is ordered.")
    country: str = Field("US", pattern="^[A-Z]{2}$", description="Country of the work's location, two letters.")
    state: str = Field(
        "",
        max_length=10,
        validate_default=True,
        description="State of the work's location, such as CA; the US need it.",
    )
    city: str = Field("", max_length=100, description="City of the work's location; may be empty.")
    node: str = Field("", max_length=100, description="custom_id of the node, where the account has nodes. Or empty.")
    dashboard: HttpUrl = Field(HttpUrl("https://dashboard.checkr.com"), description="Where HR reads reports.")

    @field_validator("state")
    @classmethod
    def _is_needed_in_the_us(cls, state: str, info: ValidationInfo) -> str:
        if info.data.get("country") == US and re.fullmatch("[A-Z]{2}", state) is None:
            raise ValueError("two letters are needed in the US")
        return state


class CheckrSecrets(BaseModel):
    """The account's key, which also signs what comes in."""

    api_key: SecretStr = Field(min_length=16, max_length=200, description="Secret key of the Checkr account.")
    former_api_key: OptionalKey = Field(SecretStr(""), description="The key before this one, while it changes.")


Id = Annotated[str, Field(min_length=1, max_length=100)]


class _Object(BaseModel):
    id: Id
    candidate_id: Id
    result: Annotated[str | None, Field(max_length=60)] = None
    includes_canceled: bool | None = None


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
        learned: dict[str, str] = {}
        try:
            sent = await self._order(message, learned, now)
        except NoAnswer as error:
            sent = unanswered(error)
        except _Refused as refused:
            sent = _judged(refused.response, now)
        except (KeyError, TypeError, ValueError):
            sent = Sent(error="answer not understood")
        return replace(sent, learned=learned or None)

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
        if result == "clear" and about.includes_canceled:
            result = INCOMPLETE
        return (FollowUpReturned(None, about.candidate_id, MEANT[event.type], result=result, url=url),)

    poll = unasked.poll

    async def _order(self, message: Outgoing, learned: dict[str, str], now: datetime) -> Sent:
        """learned: gets what Checkr calls the candidate as soon as that is known."""
        data = message.body["data"]
        follow_up_id, person = data["follow_up_id"], data["candidate"]
        place = {"country": self._settings.country, "state": self._settings.state, "city": self._settings.city}
        where = {"work_locations": [{name: value for name, value in place.items() if value}]}
        candidate_id = message.remote_ids.get("follow_up") or await self._candidate(follow_up_id)
        if candidate_id is None:
            number = US_NUMBER.fullmatch(person.get("phone") or "")
            asked = {
                "email": person["email"],
                "custom_id": follow_up_id,
                **({"phone": number[1]} if number else {}),
                **(where if self._settings.country != US else {}),
            }
            made = await self._call("POST", "/v1/candidates", asked, key=f"{follow_up_id}-candidate")
            candidate_id = _id(made)
        learned["follow_up"] = candidate_id
        found = await self._call("GET", "/v1/invitations", params={"candidate_id": candidate_id})
        if found.json()["data"]:
            return Sent(status=found.status)
        node = {"node": self._settings.node} if self._settings.node else {}
        order = {"candidate_id": candidate_id, "package": self._settings.package, **where, **node}
        return _judged(await self._call("POST", "/v1/invitations", order, key=f"{follow_up_id}-invitation"), now)

    async def _candidate(self, follow_up_id: str) -> str | None:
        """The candidate that an earlier attempt made, if Checkr lists them."""
        listed = (await self._call("GET", "/v1/candidates", params={"custom_id": follow_up_id})).json()
        return next((str(one["id"]) for one in listed["data"] if one["custom_id"] == follow_up_id), None)

    async def _call(
        self,
        method: str,
        path: str,
        values: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        key: str = "",
    ) -> Response:
        headers = {"Authorization": encode_basic_auth(self._keys[0], "")}
        if key:
            headers["Idempotency-Key"] = key
        response = await self._client.request(method, self._url + path, headers=headers, params=params, json=values)
        if not response.ok:
            raise _Refused(response)
        return response


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class _Made(BaseModel):
    id: Id


def _id(response: Response) -> str:
    return _Made.model_validate_json(response.body).id


def _judged(response: Response, now: datetime) -> Sent:
    """Checkr says until when to wait, not how long."""
    sent = judged(response, now, final=FINAL)
    if sent.status != TOO_MANY or sent.retry_after is not None:
        return sent
    try:
        until = datetime.fromisoformat(response.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return sent
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return replace(sent, retry_after=min(max(until - now, timedelta()), LONGEST_WAIT))
