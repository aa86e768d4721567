"""How an operation is served: who calls, how often, what was sent, whether it was sent before; then its function."""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil
from time import monotonic
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from server.ehr.api.addresses import base_url
from server.ehr.api.declaring import Answer, Call, Operation
from server.ehr.api.document import ID_PATTERN, KEY_PATTERN, LONGEST_KEY
from server.errors import UserError
from server.keys import DATABASE, OWNERSHIP, RESUME_READER, SETTINGS
from server.middleware import came_privately
from server.rate_limit import RateLimit, of_address
from server.recordings.keys import KeyRing, header_bytes
from server.resumes.reader import RETRY_AFTER_S
from server.storage.api_keys import ApiKey, ApiKeys
from server.storage.audit import Audit
from server.storage.idempotency import Answered, Idempotency

WINDOW_S = 60.0
BODY_SECONDS = 60.0
"""How long a body may take to arrive."""
AT_ONCE_RETRY_S = 10
MOST_WRONG_KEYS = 30
"""Requests with a key that opens nothing, from one address in a minute."""
RATES = web.AppKey("api_rates", RateLimit)
WRONG_KEYS = web.AppKey("api_wrong_keys", RateLimit)
UNDER_WAY: web.AppKey[Counter[tuple[str, str]]] = web.AppKey("api_under_way")
"""(operation, key) → how many of its requests are under way, where that is limited."""
_NAMES = {RATES: "api", WRONG_KEYS: "api_wrong"}
_MAGIC = b"ANSWER01"
_REPLAYED = "Idempotent-Replayed"


def served(operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of its route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        # Before anything is done: answers may hold links.
        base_url(request)
        now = datetime.now(UTC)
        secret, key = await _caller(request, now)
        if operation.scope not in key.scopes:
            raise UserError("scope_missing", status=403, params={"scope": operation.scope.value})
        with _turn(operation, request.app[UNDER_WAY], key):
            arguments, raw = await _arguments(operation, request)
            once = _idempotency_key(operation, request)
            if once is None:
                call = Call(request, key, now, uuid.uuid4().hex)
                return _response(operation, await _done(operation, call, arguments))
            return await _once(operation, request, _Once(request, once, secret, key, now, raw), arguments)

    return handle


@contextmanager
def _turn(operation: Operation, under_way: Counter[tuple[str, str]], key: ApiKey) -> Iterator[None]:
    """Before anything of the body is read. Raises UserError too_many_at_once (429)."""
    mine = (operation.id, key.id)
    if operation.at_once and under_way[mine] >= operation.at_once:
        params = {"most": str(operation.at_once)}
        raise UserError("too_many_at_once", status=429, params=params, retry_after_s=AT_ONCE_RETRY_S)
    under_way[mine] += 1
    try:
        yield
    finally:
        under_way[mine] -= 1
        if not under_way[mine]:
            del under_way[mine]


async def _caller(request: web.Request, now: datetime) -> tuple[str, ApiKey]:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    address = of_address(request.remote)
    key = None
    if scheme.lower() == "bearer":
        key = await ApiKeys(request.app[DATABASE]).of_secret(secret.strip(), now)
    if key is None:
        # Who shares the address with a client that has lost its key is not kept waiting.
        wait_s = await _taken(request, WRONG_KEYS, address, MOST_WRONG_KEYS)
        if wait_s:
            raise _too_many(wait_s)
        raise UserError("api_key_wrong", status=401)
    wait_s = await _taken(request, RATES, key.id, request.app[SETTINGS].api_requests_per_minute)
    if wait_s:
        raise _too_many(wait_s)
    return secret.strip(), key


async def _taken(request: web.Request, limit: web.AppKey[RateLimit], who: str, most: int) -> float:
    """Seconds to wait, 0: none. Counted once, however many workers there are and whichever of them answers."""
    if came_privately(request):
        # By the worker that it has come to first.
        return 0.0
    if OWNERSHIP in request.app:
        wait_s = await request.app[OWNERSHIP].take(f"{_NAMES[limit]}:{who}", most, WINDOW_S)
        if wait_s is not None:
            return wait_s
    return request.app[limit].take(who, most, monotonic())


def _too_many(wait_s: float) -> UserError:
    return UserError("too_many_requests", status=429, retry_after_s=max(1, ceil(wait_s)))


async def _arguments(operation: Operation, request: web.Request) -> tuple[dict[str, Any], bytes]:
    found: dict[str, Any] = {}
    for place in operation.places:
        found[place] = request.match_info[place]
        if not re.fullmatch(ID_PATTERN, found[place]):
            raise UserError("not_found", status=404)
    # What comes twice is said once more than it can be meant.
    sent = dict(request.query)
    twice = next((name for name in sent if len(request.query.getall(name)) > 1), None)
    if twice is not None:
        raise UserError("field_wrong", field=twice, params={"field": twice})
    if operation.query is not None:
        found["query"] = _checked(operation.query, lambda model: model.model_validate(sent))
    elif sent:
        raise UserError("field_unknown", field=next(iter(sent)), params={"field": next(iter(sent))})
    raw = await _body(operation, request)
    if operation.media_types:
        found["body"] = raw
    elif operation.body is not None:
        found["body"] = _checked(operation.body, lambda model: model.model_validate_json(raw))
    return found, raw


async def _body(operation: Operation, request: web.Request) -> bytes:
    if not operation.takes_body:
        return b""
    allowed = operation.media_types or ("application/json",)
    if request.content_type not in allowed:
        raise UserError("media_type_wrong", status=415, params={"types": ", ".join(allowed)})
    if (request.content_length or 0) > operation.largest:
        raise UserError("too_large", status=413)
    # A clone would leave nothing to a worker that the request is forwarded to; files are never forwarded.
    if operation.media_types and request.app[RESUME_READER].is_full:
        raise UserError("resumes_waiting", status=503, field="resume", retry_after_s=RETRY_AFTER_S)
    source = request.clone(client_max_size=operation.largest) if operation.media_types else request
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await source.read()
    except TimeoutError as error:
        raise UserError("request_slow", status=408) from error
    if len(raw) > operation.largest:
        raise UserError("too_large", status=413)
    if not raw and operation.media_types:
        raise UserError("field_missing", field="body", params={"field": "body"})
    return raw


def _checked(model: Any, read: Callable[[Any], BaseModel]) -> BaseModel:
    try:
        return read(model)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False, include_context=False)[0]
    except RecursionError:
        raise UserError("malformed_json") from None
    if detail["type"] == "json_invalid":
        raise UserError("malformed_json")
    field = ".".join(str(part) for part in detail["loc"]) or "body"
    code = {"missing": "field_missing", "extra_forbidden": "field_unknown"}.get(detail["type"], "field_wrong")
    shown = field if field.isprintable() and len(field) <= 200 else "body"
    raise UserError(code, field=shown, params={"field": shown})


def _idempotency_key(operation: Operation, request: web.Request) -> str | None:
    sent = request.headers.get("Idempotency-Key")
    if sent is None or not operation.takes_idempotency_key:
        return None
    if not re.fullmatch(KEY_PATTERN, sent):
        raise UserError("idempotency_key_wrong", field="Idempotency-Key", params={"length": str(LONGEST_KEY)})
    return sent


async def _done(operation: Operation, call: Call, arguments: Mapping[str, Any]) -> Answer | None:
    answer: Answer | None = await operation.handler(call, **arguments)
    changes = operation.method != "GET"
    if changes or operation.audited:
        subject = next((arguments[place] for place in operation.places), "")
        await Audit(call.app[DATABASE]).note(
            operation.audited or f"api_{operation.id}",
            by=call.key.id,
            now=call.now,
            subject=subject,
            detail={"api_key": call.key.id},
        )
    return answer


def _response(operation: Operation, answer: Answer | None) -> web.Response:
    if answer is None:
        return web.Response(status=operation.status)
    return web.Response(
        body=answer.model_dump_json().encode(), status=operation.status, content_type="application/json"
    )


class _Once:
    """A request with an Idempotency-Key. Its kept answer is sealed by the caller's own secret, which nobody here has:
    links and names in it cannot be read from the database."""

    def __init__(self, request: web.Request, sent: str, secret: str, key: ApiKey, now: datetime, raw: bytes) -> None:
        self.sent, self.key, self.now = sent, key, now
        asked = f"{request.method} {request.path_qs}\n".encode("utf-8", "surrogatepass")
        self.request_hash = hashlib.sha256(asked + raw).hexdigest()
        """Of method, address and body."""
        self._ring = KeyRing((hashlib.sha256(f"answers of {secret}".encode()).digest(),))

    @property
    def operation_id(self) -> str:
        """The same for the same request under the same key; another one, a day later, makes something of its own."""
        return hashlib.sha256(f"{self.key.id} {self.sent} {self.request_hash}".encode()).hexdigest()[:32]

    def sealed(self, response: web.Response, about: str) -> dict[str, str]:
        """What is kept of the answer. about: the candidate's id, by which erasing finds it."""
        begin, seal = self._ring.new_seal(_MAGIC, self.sent)
        body = response.body if isinstance(response.body, bytes) else b""
        return {"about": about, "sealed": b64encode(begin + seal.close(0, body)).decode()}

    def opened(self, kept: Mapping[str, Any]) -> bytes:
        """The answer's body."""
        sealed = b64decode(kept["sealed"])
        length = header_bytes(_MAGIC)
        begin, content = sealed[:length], sealed[length:]
        return self._ring.seal_of(begin, _MAGIC, self.sent).open(0, content)


async def _once(
    operation: Operation, request: web.Request, once: _Once, arguments: Mapping[str, Any]
) -> web.StreamResponse:
    kept = Idempotency(request.app[DATABASE])
    former = await kept.begin(once.key.id, once.sent, once.request_hash, once.now)
    if former is not None:
        body = once.opened(former.body)
        replayed = {_REPLAYED: "true", **({"Content-Type": "application/json"} if body else {})}
        return web.Response(body=body or None, status=former.status, headers=replayed)
    try:
        answer = await _done(operation, Call(request, once.key, once.now, once.operation_id), arguments)
    except BaseException:
        # Refused, or another worker's to do. Where it was cut off half-way, coming again makes nothing twice: what is
        # made has ids that follow from operation_id.
        await kept.forget(once.key.id, once.sent)
        raise
    response = _response(operation, answer)
    about = getattr(answer, "candidate_id", None) or getattr(answer, "id", None) or ""
    await kept.answered(once.key.id, once.sent, Answered(response.status, once.sealed(response, str(about))))
    return response
