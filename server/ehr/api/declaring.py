"""What an operation of the API is: declared once, by a function with types; routed, checked and documented from that.

    @operation("POST", "/jobs", scope=Scope.JOBS_WRITE)
    async def upsert_job(call: Call, body: JobIn) -> Job:
        \"\"\"Makes or changes a job.\"\"\"

A parameter named in the path is a part of the address; `body` is a model, or bytes for a file; `query` is a model of
what follows the question mark. None as answer: 204.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from server.storage.api_keys import ApiKey, Scope

LARGEST_BODY = 256 << 10
"""Bytes of a JSON body."""


class Sent(BaseModel):
    """A JSON object that is sent to us: exactly these fields, of exactly these types; a typing error is told of."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Query(BaseModel):
    """What follows the question mark."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """A JSON object that we answer; fields are only ever added."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. key: who calls. now: aware UTC, the same throughout. operation_id: of this very request.

    operation_id: the same when the request is sent again under its Idempotency-Key, so that what it makes can be given
    ids that are not given twice.
    """

    request: web.Request
    key: ApiKey
    now: datetime
    operation_id: str

    @property
    def app(self) -> web.Application:
        """The application, for what is shared."""
        return self.request.app

    @property
    def by(self) -> str:
        """Who does it, as logs name it."""
        return f"key:{self.key.id}"

    @property
    def sees_scores(self) -> bool:
        """Whether the key may know how somebody did, wherever that stands."""
        return Scope.REPORTS_READ in self.key.scopes


Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. path: below /api/v1. refuses: statuses beside those that every operation can answer.

    largest: bytes of the body. at_once: how many requests of one key may be under way here; 0: as many as come.
    media_types: of a body that is a file, then it is no model. audited: its name in the audit trail; empty: what
    changes something is there under its id, and what only reads is not.
    """

    method: str
    path: str
    scope: Scope
    handler: Handler
    status: int
    refuses: tuple[int, ...]
    largest: int
    at_once: int
    media_types: tuple[str, ...]
    audited: str
    body: type[Sent] | None
    query: type[Query] | None
    answer: type[Answer] | None

    @property
    def id(self) -> str:
        """Its name in the document and the client's method."""
        return self.handler.__name__

    @property
    def places(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def takes_idempotency_key(self) -> bool:
        """Whether it can be sent twice with one effect by a header; the others have one effect as they are."""
        return self.method == "POST"

    @property
    def takes_body(self) -> bool:
        """Whether something is sent in its body."""
        return self.body is not None or bool(self.media_types)

    @property
    def statuses(self) -> list[int]:
        """Everything it can refuse with."""
        own = set(self.refuses) | {400, 401, 403, 429, 500}
        if self.places:
            own.add(404)
        if self.takes_body:
            own |= {408, 413, 415}
        if self.takes_idempotency_key:
            own |= {409, 422}
        return sorted(own)


FunctionT = TypeVar("FunctionT", bound=Handler)


def operation(
    method: str,
    path: str,
    *,
    scope: Scope,
    status: int = 200,
    refuses: tuple[int, ...] = (),
    largest: int = LARGEST_BODY,
    at_once: int = 0,
    media_types: tuple[str, ...] = (),
    audited: str = "",
) -> Callable[[FunctionT], Operation]:
    """Makes an operation of a function. Raises TypeError where its parameters and path do not fit together."""

    def declare(function: FunctionT) -> Operation:
        hints = get_type_hints(function)
        answer = hints.pop("return")
        declared = Operation(
            method,
            path,
            scope,
            function,
            204 if answer is type(None) else status,
            refuses,
            largest,
            at_once,
            media_types,
            audited,
            None if hints.get("body") is bytes else hints.get("body"),
            hints.get("query"),
            None if answer is type(None) else answer,
        )
        expected = {"call", *declared.places} | ({"body", "query"} & hints.keys())
        if set(inspect.signature(function).parameters) != expected:
            raise TypeError(f"{declared.id}: its parameters are not those of {path}")
        return declared

    return declare


Operations = Mapping[str, Operation]
"""By id."""
