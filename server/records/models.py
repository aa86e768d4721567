"""Competency models as stored, one version after another, and the flow that each is made into.

Whoever stores a model (a connector, the API) writes its row and nothing else. Every process looks for new rows, makes
the flows that are missing, and knows those that others made; the flow of a model's last version is switched on for its
job, unless HR switched on another one. A flow's id holds the version: an interview keeps the flow that it began with.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.asked_model import AskedCompetency, AskedIndicator, AskedModel
from question_flows.from_competencies import flow_from
from question_flows.loader import FlowError, flow_of
from question_flows.model import Flow, Language
from question_flows.problems import NO_TEXT
from question_flows.writing import flow_data
from server.interview.flow_versions import flow_id_of
from server.storage import schema
from server.storage.database import Database
from server.storage.record_tables import competency_models, generated_flows

log = logging.getLogger(__name__)

LONGEST_NAME = 200
LOOK_EVERY_SECONDS = 2.0
"""Whoever needs a flow that is not known yet looks at once."""
_HAN = re.compile("[一-鿿]")


@dataclass(frozen=True, slots=True)
class CompetencyModel:
    """One version of a job's model. body: {"competencies": […]}, as who stored it wrote it. asked: the same, read."""

    id: str
    version: int
    job_id: str | None
    asked: AskedModel
    created_at: datetime

    @property
    def flow_id(self) -> str:
        """That of the flow it is made into."""
        return flow_id_of(self.id, self.version)


class CompetencyModels:
    """Reads models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_job(self, job_id: str) -> CompetencyModel | None:
        """The last version of what the job asks for; None: nothing is known."""
        table = competency_models
        query = _QUERY.where(table.c.job_id == job_id).order_by(table.c.version.desc()).limit(1)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        return _model(found) if found is not None else None


def asked_of(body: Mapping[str, Any], job: str) -> AskedModel:
    """What a stored body asks for; what is none of its fields, or of another type, is passed over.

    A text's language is that of its characters.
    """
    given = body.get("competencies")
    competencies = [one for one in given if isinstance(one, Mapping)] if isinstance(given, Sequence) else []
    return AskedModel(_said(job) or {Language.ENGLISH: "?"}, tuple(_competencies(competencies)))


def _competencies(given: Iterable[Mapping[str, Any]]) -> Iterable[AskedCompetency]:
    for one in given:
        weight, level = one.get("weight"), one.get("level")
        if name := _said(one.get("name")):
            yield AskedCompetency(
                id=str(one.get("id") or one.get("remote_id") or ""),
                name=name,
                weight=float(weight) if isinstance(weight, int | float) and 0 < weight < 1e9 else 1.0,
                level=min(1.0, max(0.0, float(level))) if isinstance(level, int | float) else None,
                indicators=tuple(
                    AskedIndicator(text, {}) for each in one.get("indicators") or () if (text := _said(each))
                ),
            )


def _said(given: Any) -> dict[Language, str]:
    """A text per language, or plain."""
    if isinstance(given, str):
        given = {Language.CHINESE if _HAN.search(given) else Language.ENGLISH: given}
    texts = given.items() if isinstance(given, Mapping) else ()
    known = {
        Language(tag): " ".join(NO_TEXT.sub(" ", str(text)).split())[:LONGEST_NAME]
        for tag, text in texts
        if tag in list(Language)
    }
    return {language: text for language, text in known.items() if any(map(str.isalnum, text))}


class GeneratedFlows:
    """Keeps a process's flows up with the stored models."""

    def __init__(self, database: Database, flows: dict[str, Flow]) -> None:
        """flows: those of this process, which new ones are added to; those in it now are what questions come from."""
        self._database = database
        self._flows = flows
        self._bank = tuple(flows.values())
        self._seen = (0, 0)
        self._unusable: set[str] = set()
        self._turn = asyncio.Lock()

    async def look(self) -> None:
        """Makes and learns what is new; when there is nothing, two rows are counted. Raises SQLAlchemyError."""
        async with self._turn:
            counts = await self._counts()
            if counts == self._seen:
                return
            for model in await self._without_flow():
                await self._make(model)
            await self._learn()
            # Those from before: what has come meanwhile is seen the next time, with the flows that were made here.
            self._seen = counts

    async def keep_looking(self) -> None:
        """Until cancelled; a database that is away for a while is asked again."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await self.look()
            except SQLAlchemyError as error:
                log.warning("competency models are looked at later (%s)", type(error).__name__)

    async def _counts(self) -> tuple[int, int]:
        """Rows are added to both tables, never changed or taken away."""
        count = sa.func.count()
        query = sa.select(
            sa.select(count).select_from(competency_models).scalar_subquery(),
            sa.select(count).select_from(generated_flows).scalar_subquery(),
        )
        async with self._database.read() as connection:
            models, flows = (await connection.execute(query)).one()
        return models, flows

    async def _without_flow(self) -> list[CompetencyModel]:
        table, made = competency_models, generated_flows
        there = sa.select(made.c.id).where(made.c.model_id == table.c.id, made.c.model_version == table.c.version)
        query = _QUERY.where(~there.exists()).order_by(table.c.created_at, table.c.id, table.c.version)
        async with self._database.read() as connection:
            models = [_model(row) for row in (await connection.execute(query)).all()]
        # A job that asks for nothing is none that somebody must mend.
        return [model for model in models if model.asked.competencies and model.flow_id not in self._unusable]

    async def _make(self, model: CompetencyModel) -> None:
        try:
            body = await asyncio.to_thread(_made, model, self._bank)
        except (FlowError, ValueError) as error:
            # It stays as it was stored, and its job has no flow: a person is told so where an interview is wanted.
            log.warning("no flow can be made of competency model %s (%s)", model.flow_id, type(error).__name__)
            self._unusable.add(model.flow_id)
            return
        values = {"id": model.flow_id, "model_id": model.id, "model_version": model.version, "body": body}
        async with self._database.begin() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            # Another process may make the same this moment.
            query = insert(generated_flows).values(**values, created_at=datetime.now(UTC)).on_conflict_do_nothing()
            if (await connection.execute(query)).rowcount == 1:
                await _switch_on(connection, model)

    async def _learn(self) -> None:
        async with self._database.read() as connection:
            ids = (await connection.execute(sa.select(generated_flows.c.id))).scalars().all()
            new = [id_ for id_ in ids if id_ not in self._flows and id_ not in self._unusable]
            query = sa.select(generated_flows.c.id, generated_flows.c.body).where(generated_flows.c.id.in_(new))
            rows = (await connection.execute(query)).all() if new else []
        for row in rows:
            try:
                self._flows[row.id] = await asyncio.to_thread(flow_of, row.body, row.id)
            except FlowError:
                # Of a newer version of the server, whose flows hold more.
                log.warning("flow %s cannot be read", row.id)
                self._unusable.add(row.id)


def _made(model: CompetencyModel, bank: Sequence[Flow]) -> dict[str, Any]:
    body = flow_data(flow_from(model.asked, model.flow_id, model.version, bank))
    flow_of(body, model.flow_id)
    return body


async def _switch_on(connection: AsyncConnection, model: CompetencyModel) -> None:
    """For the model's job, unless a later version is there or HR switched on a flow that is not of this model."""
    table, jobs = competency_models, schema.jobs
    last = sa.select(sa.func.max(table.c.version)).where(table.c.id == model.id)
    if model.job_id is None or (await connection.execute(last)).scalar() != model.version:
        return
    own = jobs.c.flow_id.is_(None) | jobs.c.flow_id.startswith(f"{model.id}_v", autoescape=True)
    await connection.execute(jobs.update().where(jobs.c.id == model.job_id, own).values(flow_id=model.flow_id))


_QUERY = sa.select(competency_models, schema.jobs.c.title).outerjoin(
    schema.jobs, schema.jobs.c.id == competency_models.c.job_id
)


def _model(row: sa.Row[Any]) -> CompetencyModel:
    return CompetencyModel(row.id, row.version, row.job_id, asked_of(row.body, row.title or ""), row.created_at)
