"""What the candidate's page sends, checked at the door."""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError
from pydantic_core import ErrorDetails

from server.errors import UserError
from server.interview.commands import LONGEST_COMMENT, LONGEST_HELP_MESSAGE, LONGEST_TEXT
from server.interview.events import AnswerMode, Purpose, SurveyItem


class Body(BaseModel):
    """A JSON object; fields it does not know are ignored, so that an older page works with a newer server."""

    model_config = ConfigDict(frozen=True)


class ConsentBody(Body):
    """granted: yes or no for every purpose that was asked. second_scorer: whether the page told of one."""

    granted: dict[Purpose, StrictBool]
    second_scorer: StrictBool = False


class DraftBody(Body):
    """A draft, or a transcript put right. cleared: the candidate emptied the field, so an empty text is meant."""

    text: str = Field(max_length=LONGEST_TEXT)
    cleared: StrictBool = False


class AnswerBody(Body):
    """text: the answer, for mode typed. option: the id of what was chosen, for mode choice."""

    mode: AnswerMode
    text: str | None = Field(None, max_length=LONGEST_TEXT)
    option: str | None = Field(None, max_length=100)


class HelpBody(Body):
    """message: what the candidate needs, may be empty."""

    message: str = Field("", max_length=LONGEST_HELP_MESSAGE)


class FeedbackBody(Body):
    """rating: 1-5. answers: survey item → 1-5, of those that were answered."""

    rating: StrictInt = Field(ge=1, le=5)
    answers: dict[SurveyItem, Annotated[StrictInt, Field(ge=1, le=5)]] = Field(default_factory=dict)
    comment: str = Field("", max_length=LONGEST_COMMENT)


BodyT = TypeVar("BodyT", bound=Body)

_OWN_SENTENCES = {
    ("rating", ""): "rating_invalid",
    ("comment", "string_too_long"): "comment_too_long",
    ("message", "string_too_long"): "help_too_long",
    ("text", "string_too_long"): "answer_too_long",
}
"""(field, pydantic's kind of mistake or "" for any) → the sentence that says it best."""


async def read(request: web.Request, model: type[BodyT]) -> BodyT:
    """The request's body. Raises UserError malformed_json, field_missing or field_wrong (400) naming the field."""
    try:
        # From the bytes: JSON is Unicode, whatever charset the request claims.
        return model.model_validate(json.loads(await request.read()))
    except ValidationError as error:
        raise _mistake(error.errors(include_url=False, include_input=False)[0]) from None
    except (ValueError, RecursionError):
        raise UserError("malformed_json") from None


def _mistake(detail: ErrorDetails) -> UserError:
    if not detail["loc"]:
        return UserError("malformed_json")
    field, kind = str(detail["loc"][0]), detail["type"]
    own = _OWN_SENTENCES.get((field, kind)) or _OWN_SENTENCES.get((field, ""))
    general = "field_missing" if kind == "missing" else "field_wrong"
    longest = {"comment": LONGEST_COMMENT, "message": LONGEST_HELP_MESSAGE}.get(field, LONGEST_TEXT)
    return UserError(own or general, field=field, params={"field": field, "length": f"{longest:,}"})
