"""Greenhouse, for which this server is an assessment partner: it calls four addresses, and is told when one is done.

After Greenhouse's "Assessment API" (developers.greenhouse.io/assessment.html): List Tests, Send Test, Test Status,
Response Error and "PATCH - Mark Test as Completed". Both sides prove themselves by HTTP Basic with the same key.
Greenhouse gives no idempotency key, so an order is known by the address (`url`) that it wants to be told at: the same
address is the same order. What Greenhouse calls partner_interview_id is that address in base64, so that it can be
answered at once, before anything is made of it. A property without a value is null there, and never left out.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, ClassVar

from aiohttp import encode_basic_auth
from pydantic import BaseModel, Field, SecretStr
from yarl import URL

from question_flows.model import Language
from server.delivery.answers import judged, unanswered
from server.delivery.connector import BadSignature, Known, LookUp, Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient
from server.ehr.connectors import unasked
from server.ehr.connectors.signed import OptionalKey, parsed
from server.records.incoming import CandidateSeen, Incoming, InterviewOrdered

LONGEST_URL = 200
"""An interview's remote id may have this many characters."""
UNDONE = {"invited": "invited", "ready": "invited", "expired": "expired", "cancelled": "cancelled"}
"""Greenhouse shows partner_status as it is; only "complete" has a meaning to it."""

UNAUTHORIZED = 401

Text = Annotated[str, Field(max_length=200)]


class GreenhouseSettings(BaseModel):
    """What Greenhouse may name."""

    callback_domain: str = Field(
        "greenhouse.io", min_length=1, max_length=200, description="Domain of the addresses that completion is told to."
    )
    language: Language = Field(Language.ENGLISH, description="Language in which candidates are invited.")


class GreenhouseSecrets(BaseModel):
    """The key that Greenhouse was given."""

    api_key: SecretStr = Field(
        min_length=16, max_length=170, description="Key that Greenhouse sends as HTTP Basic's user name."
    )
    former_api_key: OptionalKey = Field(SecretStr(""), description="The key before this one, while it changes.")


class _Candidate(BaseModel):
    first_name: Text
    last_name: Text
    preferred_name: Text | None = None
    phone_number: Annotated[str | None, Field(max_length=40)] = None
    email: Annotated[str, Field(min_length=3, max_length=320)]


class _SendTest(BaseModel):
    partner_test_id: Annotated[str, Field(min_length=1, max_length=200)]
    candidate: _Candidate
    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]


class _ResponseError(BaseModel):
    api_call: Text | None = None
    errors: Annotated[list[Annotated[str, Field(max_length=1000)]] | None, Field(max_length=100)] = None


class Greenhouse:
    """Answers Greenhouse from what is known, and tells it when an interview is complete."""

    kind: ClassVar[str] = "greenhouse"
    Settings: ClassVar[type[BaseModel]] = GreenhouseSettings
    Secrets: ClassVar[type[BaseModel]] = GreenhouseSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("report.ready", "report.updated")

    def __init__(self, settings: GreenhouseSettings, secrets: GreenhouseSecrets, client: SafeClient) -> None:
        self._domain = settings.callback_domain.lower()
        self._language = settings.language
        self._keys = [one.get_secret_value() for one in (secrets.api_key, secrets.former_api_key)]
        self._client = client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """PATCHes the order's address, without a body; Greenhouse then asks for the status. Twice does no harm."""
        url = message.remote_ids.get("interview")
        if url is None:
            return Sent()
        if not self._is_greenhouses(url):
            # The key goes nowhere else, also when the domain was changed after the order came.
            return Sent(error="no address of Greenhouse's", final=True)
        try:
            return await self._complete(url, now)
        except NoAnswer as error:
            return unanswered(error)

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """list_tests, send_test, test_status and response_error."""
        self._prove(request)
        match request.method, request.path.strip("/"):
            case "GET", "list_tests":
                return LookUp() if request.known is None else Reply(200, _tests(request.known))
            case "POST", "send_test":
                return self._send_test(request)
            case "GET", "test_status":
                return _test_status(request)
            case "POST", "response_error":
                return _response_error(request)
        return Reply(404, {"errors": ["unknown endpoint"]})

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """An ordered interview."""
        if type_ != "send_test":
            return ()
        order = parsed(_SendTest, body)
        one = order.candidate
        name = f"{one.preferred_name or one.first_name} {one.last_name}".strip()
        person = CandidateSeen(f"email:{_digest(one.email.lower())}", name, one.email, one.phone_number, self._language)
        return (InterviewOrdered(order.url, order.partner_test_id, person),)

    poll = unasked.poll

    async def _complete(self, url: str, now: datetime) -> Sent:
        for key in filter(None, self._keys):
            response = await self._client.request("PATCH", url, headers={"Authorization": encode_basic_auth(key, "")})
            if response.status != UNAUTHORIZED:
                break
        # Of a test that is no more; the others go on.
        return judged(response, now, final=(404, 410))

    def _prove(self, request: Received) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, _ = b64decode(value.strip(), validate=True).partition(b":")
        except ValueError as error:
            raise BadSignature("no Basic authorization") from error
        held = [hmac.compare_digest(user, key.encode()) for key in self._keys if key]
        if scheme.lower() != "basic" or not any(held):
            raise BadSignature("wrong key")

    def _send_test(self, request: Received) -> Reply | LookUp:
        order = parsed(_SendTest, request.raw)
        if not self._is_greenhouses(order.url):
            raise Unreadable("url")
        if request.known is None:
            return LookUp()
        if order.partner_test_id not in request.known.flows:
            raise Unreadable("partner_test_id")
        body = order.model_dump(mode="json")
        return Reply(200, {"partner_interview_id": _encoded(order.url)}, keep=(_digest(order.url), "send_test", body))

    def _is_greenhouses(self, address: str) -> bool:
        try:
            url = URL(address)
        except ValueError:
            return False
        host = (url.host or "").lower()
        return url.scheme in ("https", "http") and (host == self._domain or host.endswith(f".{self._domain}"))


def _tests(known: Known) -> list[dict[str, str]]:
    return [{"partner_test_id": flow, "partner_test_name": title} for flow, title in known.flows.items()]


def _test_status(request: Received) -> Reply | LookUp:
    url = _decoded(request.query.get("partner_interview_id", ""))
    if request.known is None:
        return LookUp(interview=url, event_id=_digest(url))
    standing = request.known.interview
    if standing is None:
        known = request.known.waiting
        return Reply(200, {"partner_status": "ordered"}) if known else Reply(404, {"errors": ["partner_interview_id"]})
    if standing.status != "completed":
        return Reply(200, {"partner_status": UNDONE.get(standing.status, "in progress")})
    done = {"partner_status": "complete", "partner_profile_url": standing.report_url}
    # A total that is withheld is left out; it is no 0.
    score = {} if standing.total is None else {"partner_score": standing.total}
    return Reply(200, {**done, **score, "metadata": dict(standing.competencies)})


def _response_error(request: Received) -> Reply:
    """What Greenhouse could not read of ours is kept for whoever mends it; the next poll asks anew."""
    error = parsed(_ResponseError, request.raw)
    keep = (f"error-{sha256(request.raw).hexdigest()}", "response_error", error.model_dump(mode="json"))
    return Reply(200, {}, keep=keep)


def _encoded(url: str) -> str:
    return urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _decoded(text: str) -> str:
    try:
        url = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError as error:
        raise Unreadable("partner_interview_id") from error
    if not 0 < len(url) <= LONGEST_URL:
        raise Unreadable("partner_interview_id")
    return url


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
