"""What is sent in a body: read within bounds of size and time; JSON objects checked at the door by a pydantic model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from server.errors import UserError


class Body(BaseModel):
    """A JSON object; fields it does not know are ignored, so that an older page works with a newer server."""

    model_config = ConfigDict(frozen=True)


async def bounded(request: web.Request, largest: int, seconds: float) -> bytes:
    """The body's bytes, for one who may send no cookie and has proven nothing yet.

    Raises UserError too_large (413; before anything is read where the length is said) above `largest` bytes, and
    request_slow (408) when it has not arrived within `seconds`.
    """
    if (request.content_length or 0) > largest:
        raise UserError("too_large", status=413)
    try:
        async with asyncio.timeout(seconds):
            return await request.clone(client_max_size=largest).read()
    except TimeoutError as error:
        raise UserError("request_slow", status=408) from error


BodyT = TypeVar("BodyT", bound=Body)


def mistake(field: str, detail: ErrorDetails) -> UserError:
    """The sentence that fits any field."""
    return UserError(
        "field_missing" if detail["type"] == "missing" else "field_wrong", field=field, params={"field": field}
    )


async def read(
    request: web.Request, model: type[BodyT], mistake_in: Callable[[str, ErrorDetails], UserError] = mistake
) -> BodyT:
    """The request's body. Raises UserError malformed_json, or what mistake_in makes of a field's name and mistake."""
    try:
        # From the bytes: JSON is Unicode, whatever charset the request claims.
        return model.model_validate(json.loads(await request.read()))
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        raise (mistake_in(str(detail["loc"][0]), detail) if detail["loc"] else UserError("malformed_json")) from None
    except (ValueError, RecursionError):
        raise UserError("malformed_json") from None
