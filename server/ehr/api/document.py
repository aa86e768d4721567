"""The OpenAPI 3.1 document, made of the operations' declarations and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from server.ehr.api.declaring import Operation
from server.problems import API_PREFIX, MEDIA_TYPE, Problem

VERSION = "1.0.0"
ID_PATTERN = "^[0-9a-z]{1,32}$"
LONGEST_KEY = 200
KEY_PATTERN = f"^[!-~]{{1,{LONGEST_KEY}}}$"
"""Of an Idempotency-Key: printable ASCII."""

_PLACE = "#/components/schemas/{model}"
_SECONDS: dict[str, Any] = {"schema": {"type": "integer"}, "description": "Seconds."}
_DESCRIPTION = """\
Candidates, jobs and competency models in; interviews, reports and recordings out.

Every request carries `Authorization: Bearer ivk_…`; HR makes keys in the console, each with its scopes. `remote_id` is
what your system calls a thing; all keys of one system share its ids. A POST with an `Idempotency-Key` can be sent again
for 24 hours: it happens once and is answered the same. Refusals are RFC 9457 problems in the language of
`Accept-Language` (`en`, `zh-CN`). Lists come in pages: go on with `next` as `cursor` until it is null. Fields and
operations are only ever added."""


def document(operations: Iterable[Operation], server_url: str) -> dict[str, Any]:
    """The whole document, JSON-ready. server_url: where the API is, without its prefix."""
    listed = list(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    _, schemas = models_json_schema(list(_models(listed)), ref_template=_PLACE)
    defined = dict(schemas.get("$defs", {}))
    for one in listed:
        if one.query is not None:
            defined |= one.query.model_json_schema(ref_template=_PLACE).get("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Live interview server", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": server_url + API_PREFIX.rstrip("/")}],
        "paths": paths,
        "components": {
            "schemas": defined,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "ivk_…"}},
            "responses": {str(status): _problem(status) for status in sorted({s for o in listed for s in o.statuses})},
        },
    }


def _models(operations: Iterable[Operation]) -> Iterator[tuple[type[BaseModel], Any]]:
    yield Problem, "serialization"
    for one in operations:
        if one.body is not None:
            yield one.body, "validation"
        if one.answer is not None:
            yield one.answer, "serialization"


def _operation(one: Operation) -> dict[str, Any]:
    summary, _, rest = inspect.cleandoc(one.handler.__doc__ or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": one.id,
        "tags": [one.path.split("/")[1]],
        "summary": summary.rstrip("."),
        "description": f"{rest.strip()}\n\nScope: `{one.scope.value}`.".strip(),
        "security": [{"key": [one.scope.value]}],
        "parameters": [*_parameters(one)],
        "responses": {str(one.status): _answer(one)}
        | {str(status): {"$ref": f"#/components/responses/{status}"} for status in one.statuses},
    }
    if one.media_types:
        content: dict[str, Any] = {name: {"schema": {"type": "string", "format": "binary"}} for name in one.media_types}
        found["requestBody"] = {"required": True, "content": content}
    elif one.body is not None:
        content = {"application/json": {"schema": _reference(one.body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameters(one: Operation) -> Iterator[dict[str, Any]]:
    for name in one.places:
        schema: dict[str, Any] = {"type": "string", "pattern": ID_PATTERN}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if one.query is not None:
        schema = one.query.model_json_schema(ref_template=_PLACE)
        for name, field in schema["properties"].items():
            required = name in schema.get("required", [])
            own = {key: value for key, value in field.items() if key not in ("title", "description")}
            # What may be left out is null for us; an address has no null.
            if {"type": "null"} in own.get("anyOf", []):
                [own] = [kind for kind in own["anyOf"] if kind != {"type": "null"}]
            described = {"description": field["description"]} if "description" in field else {}
            yield {"name": name, "in": "query", "required": required, "schema": own, **described}
    if one.takes_idempotency_key:
        schema = {"type": "string", "pattern": KEY_PATTERN}
        yield {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}


def _answer(one: Operation) -> dict[str, Any]:
    if one.answer is None:
        return {"description": "Done."}
    replayed = {
        "Idempotent-Replayed": {"schema": {"const": "true"}, "description": "Answered from an earlier request."}
    }
    return {
        "description": HTTPStatus(one.status).phrase,
        "content": {"application/json": {"schema": _reference(one.answer)}},
        **({"headers": replayed} if one.takes_idempotency_key else {}),
    }


def _problem(status: int) -> dict[str, Any]:
    headers = {
        401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
        429: {"Retry-After": {"required": True, **_SECONDS}},
        503: {"Retry-After": {"required": True, **_SECONDS}},
    }.get(status)
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": _reference(Problem)}},
        **({"headers": headers} if headers else {}),
    }


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _PLACE.format(model=model.__name__)}
