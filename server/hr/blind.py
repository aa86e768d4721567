"""Who may not see scores yet: reviewers of a flow with blind rating, until they have finished their own review.

Every page and stream that shows a score of one interview asks here. Whoever runs interviews sees the scores at all
times, and what they rate is marked as not blind; so is what a reviewer rates after having finished.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from analyzers.results import AnswerScore
from question_flows.model import Flow
from server.interview.events import AnswerScored, DimensionRated, SecondOpinionGiven
from server.interview.hr_events import CompetencyRated, Decided, ReviewFinished, ScoreOverridden
from server.interview.report import Report, for_blind_rater
from server.interview.reviewing import is_blind
from server.interview.state import InterviewState
from server.keys import DATABASE, FLOWS, INTERVIEWS
from server.live.messages import LiveEvent, LiveMessage, event_json
from server.live.wire import to_sse
from server.sse import ServerSentEvent
from server.storage import schema
from server.storage.hr_user import HrUser

_SCORES = ("score", "scorer", "second_opinion", "second_scorer", "second_opinion_failed")
_OPINIONS = DimensionRated | CompetencyRated | ScoreOverridden | Decided
_TELLING = AnswerScored | SecondOpinionGiven | _OPINIONS


def sees_scores(user: HrUser, state: InterviewState, flow: Flow) -> bool:
    """Whether this person may see the machine's scores and others' ratings of this interview now."""
    return not is_blind(state, flow, user.email, only_rates=user.only_assigned)


async def is_hidden(app: web.Application, user: HrUser, interview_id: str) -> bool:
    """The opposite, by the interview's id. Raises UserError interview_unknown, flow_unknown (404)."""
    if not user.only_assigned:
        return False
    state = await app[INTERVIEWS].state(interview_id)
    return not sees_scores(user, state, app[INTERVIEWS].flow_of(state))


async def hidden_among(app: web.Application, user: HrUser, interviews: Iterable[tuple[str, str]]) -> set[str]:
    """For lists, which fold no logs: those of the (interview id, flow id) whose total this person may not see yet."""
    flows = app[FLOWS]
    blind = {id_ for id_, flow_id in interviews if flow_id not in flows or flows[flow_id].review.blind}
    if not user.only_assigned or not blind:
        return set()
    table = schema.events
    query = sa.select(table.c.interview_id, table.c.data).where(
        table.c.interview_id.in_(blind), table.c.type == ReviewFinished.__name__
    )
    async with app[DATABASE].read() as connection:
        rows = (await connection.execute(query)).all()
    return blind - {row.interview_id for row in rows if row.data["rater"] == user.email}


async def report_for(app: web.Application, user: HrUser, interview_id: str) -> Report:
    """The report as this person may see it now. Raises UserError interview_unknown, flow_unknown (404)."""
    hidden = await is_hidden(app, user, interview_id)
    report: Report = await app[INTERVIEWS].report(interview_id)
    return for_blind_rater(report, user.email) if hidden else report


def without_scores(shown: dict[str, Any]) -> dict[str, Any]:
    """HR's snapshot of an interview, or its card, without scores; `scores_hidden` says so."""
    answers = [{**one, **{name: None for name in _SCORES if name in one}} for one in shown["answers"]]
    return {**shown, "score": None, "answers": answers, "scores_hidden": True}


def tells_scores(message: LiveMessage) -> bool:
    """Whether a live message holds a score, a rating or what somebody made of them."""
    if isinstance(message, LiveEvent):
        return isinstance(message.event.body, _TELLING)
    return message.type == "scores"


def hiding_scores(message: LiveMessage, rater: str) -> ServerSentEvent | None:
    """The message without them; None: nothing is left. An event keeps its place, or pages would miss it."""
    if not isinstance(message, LiveEvent):
        return None
    body, event = message.event.body, message.event
    match body:
        case AnswerScored(score):
            hidden = replace(event, body=AnswerScored(AnswerScore(score.question_id, ()), ""))
        case SecondOpinionGiven(score):
            hidden = replace(event, body=SecondOpinionGiven(AnswerScore(score.question_id, ()), ""))
        case DimensionRated(rater=by) | CompetencyRated(rater=by) if by == rater:
            hidden = event
        case _:
            data = {**event_json(message.interview_id, event), "data": {"hidden": True}}
            return ServerSentEvent(event.type, data, event.seq)
    return to_sse(replace(message, event=hidden))
