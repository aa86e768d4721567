"""Refusals of the API as RFC 9457 has them, in the language that the request asks for."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from question_flows.model import Language
from server.errors import UserError
from server.i18n import MESSAGES, Messages, language_of
from server.keys import SETTINGS

API_PREFIX = "/api/v1/"
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why a request was refused; nothing was changed then, unless the status is 500 or above."""

    type: str = Field(description="Address of the kind of problem, relative to the server; it ends with `code`.")
    title: str = Field(description="The kind of problem in a few words, in the language of Accept-Language.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What to do about it, in the language of Accept-Language.")
    code: str = Field(description="The problem's name, the same in every language: decide by it.")
    field: str | None = Field(None, description="What in the request it is about: a field's path such as `items.0.id`.")


def is_api(path: str) -> bool:
    """Whether whoever asked for this path reads problems."""
    return path.startswith(API_PREFIX)


def problem_of(request: web.Request, error: UserError) -> Problem:
    """The refusal, worded."""
    language, messages = language_of(request, request.app[SETTINGS].language), request.app[MESSAGES]
    known = messages.keys(language)
    title = f"api.title_{error.status}"
    return Problem(
        type=f"{API_PREFIX}problems/{error.code}",
        title=messages.text(language, title if title in known else "api.title_400"),
        status=error.status,
        detail=messages.text(language, sentence_of(error.code, messages, language), error.params),
        code=error.code,
        field=error.field,
    )


def sentence_of(code: str, messages: Messages, language: Language) -> str:
    """The key of a problem's text. What pages say ("load the page again") is no help to a program: it has its own."""
    return f"api.{code}" if f"api.{code}" in messages.keys(language) else f"error.{code}"


def problem_response(request: web.Request, error: UserError) -> web.Response:
    """The refusal, ready to be sent."""
    body: dict[str, Any] = problem_of(request, error).model_dump(exclude_none=True)
    return web.json_response(body, status=error.status, content_type=MEDIA_TYPE)
