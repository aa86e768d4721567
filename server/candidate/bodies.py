"""What the candidate's page sends, checked at the door."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field, StrictBool, StrictInt
from pydantic_core import ErrorDetails

import server.bodies
from server.bodies import Body, BodyT
from server.errors import UserError
from server.interview.commands import LONGEST_COMMENT, LONGEST_HELP_MESSAGE, LONGEST_TEXT
from server.interview.events import AnswerMode, Purpose, SurveyItem


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


_OWN_SENTENCES = {
    ("rating", ""): "rating_invalid",
    ("comment", "string_too_long"): "comment_too_long",
    ("message", "string_too_long"): "help_too_long",
    ("text", "string_too_long"): "answer_too_long",
}
"""(field, pydantic's kind of mistake or "" for any) → the sentence that says it best."""


async def read(request: web.Request, model: type[BodyT]) -> BodyT:
    """The request's body. Raises UserError malformed_json, field_missing or field_wrong (400) naming the field."""
    return await server.bodies.read(request, model, _mistake)


def _mistake(field: str, detail: ErrorDetails) -> UserError:
    own = _OWN_SENTENCES.get((field, detail["type"])) or _OWN_SENTENCES.get((field, ""))
    if own is None:
        return server.bodies.mistake(field, detail)
    longest = {"comment": LONGEST_COMMENT, "message": LONGEST_HELP_MESSAGE}.get(field, LONGEST_TEXT)
    return UserError(own, field=field, params={"field": field, "length": f"{longest:,}"})
