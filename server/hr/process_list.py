"""Applications as the process page lists them: by step, what is stuck, within what somebody may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from server.hr.own_rounds import seen
from server.records.application import ApplicationState, fold
from server.records.application_events import ApplicationEvent, Outcome, Step, decode
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from server.storage.interview_list import visible
from server.storage.paging import Cursor, Order, Page, read_page
from server.storage.search_key import holds_words

USUAL: Mapping[Step, timedelta] = {
    Step.APPLIED: timedelta(days=3),
    Step.INVITED: timedelta(days=7),
    Step.INTERVIEW: timedelta(days=2),
    Step.INTERVIEWED: timedelta(days=3),
    Step.ASSESSMENT: timedelta(days=7),
    Step.BACKGROUND_CHECK: timedelta(days=10),
    Step.DEPARTMENT_RATING: timedelta(days=5),
    Step.READY_FOR_OFFER: timedelta(days=5),
    Step.OFFERED: timedelta(days=14),
}
"""How long an application stands at a step as a rule; whoever waits longer is shown as stuck."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which applications; empty: all open ones. by_id: text is looked for in the candidates' ids only.

    only_stuck: at this time. closed: the outcome, "any" for all closed ones, "all" for open ones too.
    reviewer_id: only with an interview assigned to this account. without: ids that may not be seen yet.
    """

    job_id: str = ""
    step: str = ""
    text: str = ""
    by_id: bool = False
    only_stuck: datetime | None = None
    closed: str = ""
    candidate_id: str = ""
    reviewer_id: str | None = None
    without: Collection[str] = ()
    ids: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class ListedApplication:
    """One line. total: 0-10, None: none or withheld. stuck: the records' name for why it waits for a person, or None.

    undelivered: whether a message about it was given up.
    """

    id: str
    candidate_id: str
    candidate_name: str
    candidate_email: str
    job_id: str
    job: str
    created_at: datetime
    step: Step
    step_since: datetime
    outcome: Outcome | None
    total: float | None
    stuck: str | None
    undelivered: bool

    def overdue_days(self, now: datetime) -> int | None:
        """How many days it has stood there, when that is more than usual; else None, and None for closed ones."""
        stood = now - self.step_since
        return stood.days if self.outcome is None and stood > USUAL[self.step] else None


class ProcessList:
    """Reads; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, wanted: Wanted) -> Mapping[Step, int]:
        """Step → how many of these stand there; every step is in it."""
        listed = _query(wanted).subquery()
        query = sa.select(listed.c.step, sa.func.count().label("n")).group_by(listed.c.step)
        found = dict.fromkeys(Step, 0)
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found[Step(row.step)] = row.n
        return found

    async def page(self, wanted: Wanted, cursor: Cursor | None, limit: int = 50) -> Page[ListedApplication]:
        """Who has stood there longest comes first; of closed ones the newest."""
        table = tables.applications
        order = Order(table.c.step_since, table.c.id, descending=bool(wanted.closed))
        return await read_page(self._database, _query(wanted), order, cursor, _row, limit)

    async def stuck(self, wanted: Wanted, most: int) -> Sequence[ListedApplication]:
        """At most so many that are stuck: first those that something stopped, then who has stood there longest."""
        table = tables.applications
        stopped = sa.case((sa.or_(table.c.stuck.is_not(None), _undelivered()), 0), else_=1)
        query = _query(wanted).order_by(stopped, table.c.step_since, table.c.id).limit(most)
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query)).all()]

    async def by_step(self, wanted: Wanted, most: int) -> Mapping[Step, Sequence[ListedApplication]]:
        """Step → who has stood there longest, at most so many; steps where nobody stands are left out."""
        table = tables.applications
        place = sa.func.row_number().over(partition_by=table.c.step, order_by=(table.c.step_since, table.c.id))
        numbered = _query(wanted).add_columns(place.label("place")).subquery()
        query = sa.select(numbered).where(numbered.c.place <= most).order_by(numbered.c.place)
        found: dict[Step, list[ListedApplication]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found.setdefault(Step(row.step), []).append(_row(row))
        return {step: found[step] for step in Step if step in found}

    async def get(self, application_id: str, reviewer_id: str | None) -> ListedApplication | None:
        """The application, open or closed; None for none that this reviewer, if it is one, may see."""
        known = application_id if application_id.isalnum() else ""
        query = _selected().where(tables.applications.c.id == known, *_assigned(reviewer_id))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        return _row(found) if found else None

    async def states(
        self, application_ids: Collection[str], own: Collection[str] | None
    ) -> Mapping[str, ApplicationState]:
        """Id → where it stands and why, by its log as `seen` shows it to whom these interviews are assigned."""
        table = tables.application_events
        query = sa.select(table).where(table.c.application_id.in_(application_ids))
        logs: dict[str, list[ApplicationEvent]] = {}
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(table.c.application_id, table.c.seq))).all()
        for row in rows:
            event = ApplicationEvent(row.seq, row.at, decode(row.type, row.data))
            logs.setdefault(row.application_id, []).append(seen(event, own))
        return {id_: fold(events) for id_, events in logs.items()}

    async def interviews_of(self, reviewer_id: str) -> Sequence[tuple[str, str, str]]:
        """(application id, interview id, flow id) of what is assigned to the reviewer."""
        table = schema.interviews
        query = sa.select(table.c.application_id, table.c.id, table.c.flow_id).where(
            table.c.application_id.is_not(None), visible(reviewer_id)
        )
        async with self._database.read() as connection:
            return [(row[0], row[1], row[2]) for row in (await connection.execute(query)).all()]


def _query(wanted: Wanted) -> sa.Select[Any]:
    return _selected().where(*_conditions(wanted))


def _selected() -> sa.Select[Any]:
    table, people, jobs = tables.applications, schema.candidates, schema.jobs
    return (
        sa.select(
            table.c.id,
            table.c.candidate_id,
            people.c.name.label("candidate_name"),
            people.c.email.label("candidate_email"),
            table.c.job_id,
            jobs.c.title.label("job"),
            table.c.created_at,
            table.c.step,
            table.c.step_since,
            table.c.outcome,
            table.c.total,
            table.c.stuck,
            _undelivered().label("undelivered"),
        )
        .join(people, people.c.id == table.c.candidate_id)
        .join(jobs, jobs.c.id == table.c.job_id)
    )


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    table, people = tables.applications, schema.candidates
    found: list[sa.ColumnElement[bool]] = []
    if wanted.closed == "all":
        pass
    elif not wanted.closed:
        found.append(table.c.outcome.is_(None))
    elif wanted.closed == "any":
        found.append(table.c.outcome.is_not(None))
    else:
        found.append(table.c.outcome == wanted.closed)
    for column, value in (
        (table.c.job_id, wanted.job_id),
        (table.c.step, wanted.step),
        (table.c.candidate_id, wanted.candidate_id),
    ):
        if value:
            found.append(column == value)
    if wanted.text and wanted.by_id:
        found.append(table.c.candidate_id.startswith(wanted.text.split()[-1].lower(), autoescape=True))
    elif wanted.text:
        found.append(holds_words(people.c.search_key, wanted.text))
    if wanted.only_stuck is not None:
        found.append(sa.or_(table.c.stuck.is_not(None), _overdue(wanted.only_stuck), _undelivered()))
    if wanted.ids is not None:
        found.append(table.c.id.in_(wanted.ids))
    if wanted.without:
        found.append(table.c.id.not_in(wanted.without))
    return [*found, *_assigned(wanted.reviewer_id)]


def _assigned(reviewer_id: str | None) -> list[sa.ColumnElement[bool]]:
    if reviewer_id is None:
        return []
    table = schema.interviews
    theirs = sa.select(table.c.application_id).where(table.c.application_id.is_not(None), visible(reviewer_id))
    return [tables.applications.c.id.in_(theirs)]


def _overdue(now: datetime) -> sa.ColumnElement[bool]:
    table = tables.applications
    return sa.or_(
        *(sa.and_(table.c.step == step.value, table.c.step_since < now - usual) for step, usual in USUAL.items())
    )


def _undelivered() -> sa.ColumnElement[bool]:
    # The few that were given up are looked up once, not for every application.
    outbox = schema.outbox
    dead = sa.select(outbox.c.application_id).where(outbox.c.dead.is_(True), outbox.c.application_id.is_not(None))
    return tables.applications.c.id.in_(dead)


def _row(row: sa.Row[Any]) -> ListedApplication:
    return ListedApplication(
        id=row.id,
        candidate_id=row.candidate_id,
        candidate_name=row.candidate_name,
        candidate_email=row.candidate_email or "",
        job_id=row.job_id,
        job=row.job,
        created_at=row.created_at,
        step=Step(row.step),
        step_since=row.step_since,
        outcome=Outcome(row.outcome) if row.outcome else None,
        total=row.total,
        stuck=row.stuck,
        undelivered=bool(row.undelivered),
    )
