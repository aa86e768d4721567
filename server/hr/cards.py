"""All cards of the live wall: which interviews are on it, and each as it stands, made anew after a change only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from question_flows.model import Language
from server.errors import UserError
from server.hr.blind import sees_scores, without_scores
from server.hr.card import card_of, flow_for_cards
from server.interview.fold import apply, fold
from server.interview.registry import Interviews
from server.interview.state import InterviewState, Status
from server.keys import DATABASE, FLOWS, INTERVIEWS
from server.storage import schema
from server.storage.database import Database
from server.storage.interview_list import visible
from server.storage.users import HrUser

MOST_UNDER_WAY = 1000
MOST_INVITED = 50
"""Invitations whose link nobody has opened, the newest first; there may be thousands, and nothing happens in them."""


class Cards:
    """Interviews of this process are read from memory; of others, the events behind those read before."""

    def __init__(self, app: web.Application) -> None:
        self._app = app  # the interviews hang on it only once it has started
        self._states: dict[str, InterviewState] = {}
        """Of interviews that no session here holds."""
        self._made: dict[str, tuple[InterviewState, str | None, dict[str, Any]]] = {}

    @property
    def _database(self) -> Database:
        return self._app[DATABASE]

    @property
    def _interviews(self) -> Interviews:
        return self._app[INTERVIEWS]

    async def all(self, language: Language, user: HrUser) -> dict[str, Any]:
        """Every card that this person may see, the newest interview first, and their flows; texts in `language`."""
        jobs = await self._on_the_wall(user)
        states = await self._up_to_date(list(jobs))
        cards = [
            card for id_, job in jobs.items() if (card := self._card_for(user, id_, states.get(id_), job)) is not None
        ]
        if not user.only_assigned:
            self._forget_all_but(jobs)
        used = {card["flow_id"] for card in cards}
        flows = {id_: flow_for_cards(flow, language) for id_, flow in self._app[FLOWS].items() if id_ in used}
        return {"interviews": cards, "flows": flows}

    async def one(self, interview_id: str, language: Language, user: HrUser) -> dict[str, Any]:
        """One card with its flow, for this person. Raises UserError interview_unknown or flow_unknown (404)."""
        table = schema.interviews
        query = _with_job(table.c.is_trial).where(table.c.id == interview_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UserError("interview_unknown", status=404)
        state = await self._interviews.state(interview_id)
        flow = self._interviews.flow_of(state)
        card = card_of(interview_id, state, flow, job=row.job)
        card = card if sees_scores(user, state, flow) else without_scores(card)
        return {**card, "flow": flow_for_cards(flow, language), "is_trial": row.is_trial}

    async def _on_the_wall(self, user: HrUser) -> dict[str, str | None]:
        """Interview id → title of its job, or None."""
        table = schema.interviews
        shown = _with_job().where(table.c.completed_at.is_(None), visible(user.id if user.only_assigned else None))
        shown = shown.order_by(table.c.created_at.desc(), table.c.id)
        shown = shown.where(table.c.status != Status.CANCELLED.value)
        invited = table.c.status == Status.INVITED.value
        async with self._database.read() as connection:
            begun = (await connection.execute(shown.where(~invited).limit(MOST_UNDER_WAY))).all()
            waiting = (await connection.execute(shown.where(invited).limit(MOST_INVITED))).all()
        return {row.id: row.job for row in (*begun, *waiting)}

    async def _up_to_date(self, ids: Sequence[str]) -> dict[str, InterviewState]:
        here = {session.interview_id: session.state for session in self._interviews.running()}
        elsewhere = [id_ for id_ in ids if id_ not in here]
        for id_, last in (await self._last_seqs(elsewhere)).items():
            known = self._states.get(id_)
            if known is None or known.seq < last:
                self._states[id_] = await self._read_on(id_, known)
        return {id_: state for id_ in ids if (state := here.get(id_) or self._states.get(id_)) is not None}

    async def _read_on(self, interview_id: str, state: InterviewState | None) -> InterviewState:
        events = await self._interviews.event_log.read(interview_id, state.seq if state is not None else 0)
        if state is None:
            return fold(events)
        for event in events:
            state = apply(state, event)
        return state

    async def _last_seqs(self, ids: Sequence[str]) -> dict[str, int]:
        if not ids:
            return {}
        table = schema.events
        query = sa.select(table.c.interview_id, sa.func.max(table.c.seq)).group_by(table.c.interview_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.where(table.c.interview_id.in_(ids)))).all()
        return {row[0]: row[1] for row in rows}

    def _card_for(
        self, user: HrUser, interview_id: str, state: InterviewState | None, job: str | None
    ) -> dict[str, Any] | None:
        card = self._card(interview_id, state, job)
        if card is None or state is None or sees_scores(user, state, self._app[FLOWS][state.flow_id]):
            return card
        return without_scores(card)

    def _card(self, interview_id: str, state: InterviewState | None, job: str | None) -> dict[str, Any] | None:
        # A flow whose file is gone must not take the other interviews off the wall.
        flow = self._app[FLOWS].get(state.flow_id) if state is not None else None
        if state is None or flow is None:
            return None
        made = self._made.get(interview_id)
        if made is None or made[0] is not state or made[1] != job:
            made = self._made[interview_id] = (state, job, card_of(interview_id, state, flow, job=job))
        return made[2]

    def _forget_all_but(self, ids: Mapping[str, object]) -> None:
        for kept in (self._states, self._made):
            for gone in [id_ for id_ in kept if id_ not in ids]:
                del kept[gone]


def _with_job(*more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    jobs = schema.jobs
    table = schema.interviews
    joined = table.outerjoin(jobs, jobs.c.id == table.c.job_id)
    return sa.select(table.c.id, jobs.c.title.label("job"), *more).select_from(joined)


CARDS = web.AppKey("cards", Cards)
