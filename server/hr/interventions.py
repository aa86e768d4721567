"""What HR does in a running interview: POST a JSON object → {"seq": n}, the log's last event behind it.

Refused with a sentence: 400 naming the field, 404, or 409 for what does not fit where the interview stands. The same
sent twice, by one person or by two, happens once.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field, StrictInt

from server.bodies import Body, BodyT, read
from server.errors import UserError
from server.hr.access import USER
from server.hr.monitor import session_of
from server.interview.commands import AcknowledgeHelp, Command, Pause, Resume
from server.interview.events import PausedBy
from server.interview.hr_commands import (
    AskProbe,
    AskQuestion,
    EndInterview,
    GiveTime,
    HandOver,
    MarkMoment,
    SendHint,
)

LONGEST_BODY = 64 * 1024
"""Bytes."""

Text = Annotated[str, Field(max_length=10_000)]
"""What is too long for its purpose is refused by the interview, with the right sentence."""


class TimeBody(Body):
    """seconds: 30-600."""

    seconds: StrictInt


class HintBody(Body):
    """text: at most 300 characters."""

    text: Text


class AskBody(Body):
    """indicator_id and probe, counted from 0: one of the flow's; or text, at most 500 characters: one's own words."""

    indicator_id: Annotated[str, Field(max_length=100)] | None = None
    probe: StrictInt = 0
    text: Text | None = None


class MarkBody(Body):
    """note: at most 300 characters, may be empty."""

    note: Text = ""


class HandOverBody(Body):
    """message: what the candidate reads, at most 500 characters."""

    message: Text


class EndBody(Body):
    """reason: at most 500 characters; the candidate never reads it."""

    reason: Text


async def pause(request: web.Request) -> web.Response:
    """Stops the interview clock until HR goes on."""
    return await _obeyed(request, Pause(PausedBy.HR, request[USER].email))


async def resume(request: web.Request) -> web.Response:
    """Goes on where HR paused."""
    return await _obeyed(request, Resume(PausedBy.HR, request[USER].email))


async def give_time(request: web.Request) -> web.Response:
    """More time for the open question."""
    body = await _read(request, TimeBody)
    return await _obeyed(request, GiveTime(body.seconds, request[USER].email))


async def hint(request: web.Request) -> web.Response:
    """A hint for the open question."""
    body = await _read(request, HintBody)
    return await _obeyed(request, SendHint(body.text, request[USER].email))


async def ask(request: web.Request) -> web.Response:
    """Puts a question behind the present answer."""
    body, by = await _read(request, AskBody), request[USER].email
    if (body.indicator_id is None) is (body.text is None):
        raise UserError("ask_one", field="text")
    if body.indicator_id is not None:
        return await _obeyed(request, AskProbe(body.indicator_id, body.probe, by))
    return await _obeyed(request, AskQuestion(body.text or "", by))


async def mark(request: web.Request) -> web.Response:
    """Marks this moment."""
    body = await _read(request, MarkBody)
    return await _obeyed(request, MarkMoment(body.note, request[USER].email))


async def hand_over(request: web.Request) -> web.Response:
    """A person goes on."""
    body = await _read(request, HandOverBody)
    return await _obeyed(request, HandOver(body.message, request[USER].email))


async def end(request: web.Request) -> web.Response:
    """Ends the questions."""
    body = await _read(request, EndBody)
    return await _obeyed(request, EndInterview(body.reason, request[USER].email))


async def acknowledge_help(request: web.Request) -> web.Response:
    """Tells the candidate who called for help that somebody is on it."""
    return await _obeyed(request, AcknowledgeHelp(request[USER].email))


async def _obeyed(request: web.Request, command: Command) -> web.Response:
    session = await session_of(request)
    state = await session.execute(command)
    return web.json_response({"seq": state.seq})


async def _read(request: web.Request, model: type[BodyT]) -> BodyT:
    """The request's body. Raises UserError malformed_json, field_missing or field_wrong (400), or too_large (413)."""
    if (request.content_length or 0) > LONGEST_BODY:
        raise UserError("too_large", status=413)
    return await read(request, model)
