"""What HR's streams carry beyond the hub's messages: the interview's score as soon as an answer is settled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from server.hr.blind import hiding_scores, is_hidden, tells_scores
from server.interview.events import AnswerScored
from server.interview.running_score import score_json, unscored
from server.keys import INTERVIEWS
from server.live.hub import LiveEvent, LiveMessage, Signal
from server.live.wire import to_sse
from server.sse import ServerSentEvent
from server.storage.hr_user import HrUser


async def for_hr(app: web.Application, message: LiveMessage, user: HrUser) -> AsyncIterator[ServerSentEvent]:
    """The message and, behind a stored score, the signal `scores` with the interview's score after it.

    Somebody who rates blind gets neither.
    """
    if tells_scores(message) and await is_hidden(app, user, message.interview_id):
        hidden = hiding_scores(message, user.email)
        if hidden is not None:
            yield hidden
        return
    yield to_sse(message)
    if not isinstance(message, LiveEvent) or not isinstance(message.event.body, AnswerScored):
        return
    state = await app[INTERVIEWS].state(message.interview_id)
    if unscored(state):
        return  # The interview's own signal comes within a second, with what the other answers would get.
    score = score_json(app[INTERVIEWS].flow_of(state), state, {})
    data: dict[str, Any] = {"question_id": None, "score": score, "answer": None, "answers": []}
    yield to_sse(Signal(message.interview_id, "scores", state.seq, data))
