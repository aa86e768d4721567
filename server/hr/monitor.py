"""One interview as it happens: everything so far, then every word and score as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER, USERS, may
from server.hr.blind import sees_scores, without_scores
from server.hr.cards import CARDS
from server.hr.live import for_hr
from server.hr.offered_steps import offered_steps
from server.hr.rights import Right
from server.hr.texts import json_for_script, recognition_json
from server.hr.visible import is_trial
from server.hr.watchers import WATCHERS
from server.interview.session import InterviewSession
from server.interview.snapshot import hr_snapshot
from server.interview.state import InterviewState
from server.interview.timeline import timeline
from server.interview.timeline_entry import timeline_json
from server.keys import HUB, INTERVIEWS
from server.live.hub import Signal
from server.live.wire import to_sse
from server.pages import page_language, render
from server.sse import ServerSentEvent, last_event_id, stream


async def state_of(request: web.Request) -> InterviewState:
    """The interview the address names. Raises UserError interview_unknown (404)."""
    interview_id = request.match_info["interview_id"]
    if not interview_id.isalnum() or len(interview_id) > 32:
        raise UserError("interview_unknown", status=404)
    return await request.app[INTERVIEWS].state(interview_id)


async def session_of(request: web.Request) -> InterviewSession:
    """The session of the interview the address names, taken up if need be. Raises UserError interview_unknown (404)."""
    await state_of(request)
    session: InterviewSession = await request.app[INTERVIEWS].get(request.match_info["interview_id"])
    return session


async def page(request: web.Request) -> web.StreamResponse:
    """The monitor; its script goes on from the snapshot that stands in the page."""
    state, user = await state_of(request), request[USER]
    flow = request.app[INTERVIEWS].flow_of(state)
    snapshot = _snapshot(request, state)
    intervenes = may(user, Right.INTERVENE)
    initial = {
        "interview": snapshot,
        "recognition": recognition_json(request.app),
        "me": {"id": user.id, "email": user.email},
        "rights": {"intervene": intervenes, "mark": intervenes or may(user, Right.RATE)},
        "steps": offered_steps(flow, state.language, page_language(request)) if intervenes else {},
    }
    script, trial = json_for_script(initial), await is_trial(request)
    return render(request, "hr_monitor.html", user=user, snapshot=snapshot, initial=script, is_trial=trial)


async def interview(request: web.Request) -> web.Response:
    """The snapshot as JSON; `?card=1`: only what a card on the wall shows."""
    state = await state_of(request)
    if request.query.get("card"):
        interview_id, language = request.match_info["interview_id"], page_language(request)
        return web.json_response(await request.app[CARDS].one(interview_id, language, request[USER]))
    return web.json_response(_snapshot(request, state))


def _snapshot(request: web.Request, state: InterviewState) -> dict[str, Any]:
    """As this person may see it, in their language."""
    flow = request.app[INTERVIEWS].flow_of(state)
    shown = hr_snapshot(request.match_info["interview_id"], state, flow, language=page_language(request))
    return shown if sees_scores(request[USER], state, flow) else without_scores(shown)


async def entries(request: web.Request) -> web.Response:
    """The timeline, {"entries", "people": e-mail address → how that person is shown}."""
    state, language = await state_of(request), page_language(request)
    interviews = request.app[INTERVIEWS]
    events = await interviews.event_log.read(request.match_info["interview_id"])
    found = await asyncio.to_thread(timeline, events, interviews.flow_of(state), language)
    people = await request.app[USERS].shown(one.by for one in found if one.by)
    return web.json_response({"entries": timeline_json(found), "people": people})


async def events(request: web.Request) -> web.StreamResponse:
    """What happened behind Last-Event-ID, then what happens. Whoever reads it is seen by the others at the monitor."""
    await state_of(request)
    messages = monitor_messages(request, request.match_info["interview_id"], last_event_id(request))
    async with aclosing(messages):
        return await stream(request, messages)


async def monitor_messages(request: web.Request, interview_id: str, after_seq: int) -> AsyncGenerator[ServerSentEvent]:
    """What happened behind after_seq, then what happens; as long as it is read, this person is at the monitor."""
    app, user = request.app, request[USER]
    async with app[WATCHERS].watching(interview_id, user):
        yield to_sse(app[WATCHERS].now(interview_id))
        async for message in app[HUB].follow(interview_id, after_seq):
            watchers = app[WATCHERS].hear(message) if isinstance(message, Signal) else None
            if watchers is not None:
                yield to_sse(watchers)
                continue
            async for event in for_hr(app, message, user):
                yield event
