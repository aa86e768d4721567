"""Jobs and what they ask for, over the API."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ehr.api.declaring import Call, operation
from server.ehr.api.fields import PageQuery
from server.ehr.api.record_models import CompetencyModel, CompetencyModelIn, Job, JobIn, JobPage
from server.ehr.api.remote import remote_ids_of
from server.errors import UserError
from server.keys import DATABASE, FLOWS
from server.records.remote_ids import JOB, RemoteIds, keep
from server.storage import jobs as stored
from server.storage.api_keys import Scope
from server.storage.database import Database
from server.storage.paging import cursor_of
from server.storage.record_tables import competency_models


@operation("POST", "/jobs", scope=Scope.JOBS_WRITE)
async def upsert_job(call: Call, body: JobIn) -> Job:
    """Makes a job, or changes the one that your system calls so."""
    if body.flow_id is not None and body.flow_id not in call.app[FLOWS]:
        raise UserError("flow_unknown", field="flow_id")
    jobs, database = stored.Jobs(call.app[DATABASE]), call.app[DATABASE]
    known = await RemoteIds(database).local(call.key.system, JOB, body.remote_id)
    job_id = known or await _added(database, call, body)
    job = await jobs.get(job_id)
    await jobs.change(
        job_id,
        title=body.title,
        department=body.department,
        flow_id=body.flow_id or job.flow_id,
        is_open=body.is_open,
    )
    return await _job(call, job_id)


@operation("GET", "/jobs", scope=Scope.JOBS_READ)
async def list_jobs(call: Call, query: PageQuery) -> JobPage:
    """Lists jobs, the newest first."""
    page = await stored.Jobs(call.app[DATABASE]).page("", cursor_of(query.cursor), is_open=None, limit=query.limit)
    theirs = await remote_ids_of(call, JOB, [one.id for one in page.rows])
    return JobPage(items=[_shown(one, theirs.get(one.id)) for one in page.rows], next=page.after)


@operation("GET", "/jobs/{job_id}", scope=Scope.JOBS_READ)
async def get_job(call: Call, job_id: str) -> Job:
    """Reads one job."""
    return await _job(call, job_id)


@operation("PUT", "/jobs/{job_id}/competency-model", scope=Scope.JOBS_WRITE)
async def put_competency_model(call: Call, job_id: str, body: CompetencyModelIn) -> CompetencyModel:
    """Says what a job asks for.

    A changed model is a new version. Skills of résumés are matched to it, and interviews are made of it.
    """
    await stored.Jobs(call.app[DATABASE]).get(job_id)
    names = [one.remote_id for one in body.competencies]
    if len(set(names)) != len(names):
        raise UserError("field_wrong", field="competencies", params={"field": "competencies"})
    table, content = competency_models, {"competencies": body.model_dump(mode="json")["competencies"]}
    async with call.app[DATABASE].begin() as connection:
        last = await _last_model(connection, job_id)
        if last is None or last.body != content:
            model_id, version = (last.id, last.version + 1) if last else (uuid.uuid4().hex, 1)
            await connection.execute(
                table.insert().values(id=model_id, version=version, job_id=job_id, body=content, created_at=call.now)
            )
            last = await _last_model(connection, job_id)
    assert last is not None
    return CompetencyModel(id=last.id, job_id=job_id, version=last.version, created_at=last.created_at, **last.body)


async def _last_model(connection: AsyncConnection, job_id: str) -> sa.Row[Any] | None:
    table = competency_models
    query = sa.select(table).where(table.c.job_id == job_id).order_by(table.c.version.desc()).limit(1)
    return (await connection.execute(query)).one_or_none()


async def _added(database: Database, call: Call, body: JobIn) -> str:
    try:
        async with database.begin() as connection:
            job_id = await stored.add_job(connection, body.title, body.department, body.flow_id, call.now)
            if await keep(connection, call.key.system, JOB, body.remote_id, job_id, call.now) != job_id:
                raise _Added
            return job_id
    except _Added:
        return await RemoteIds(database).local(call.key.system, JOB, body.remote_id) or ""


class _Added(Exception):
    """The same job came twice at this moment; the other one was quicker."""


async def _job(call: Call, job_id: str) -> Job:
    job = await stored.Jobs(call.app[DATABASE]).get(job_id)
    return _shown(job, (await remote_ids_of(call, JOB, [job_id])).get(job_id))


def _shown(job: stored.Job, remote_id: str | None) -> Job:
    return Job(
        id=job.id,
        remote_id=remote_id,
        title=job.title,
        department=job.department,
        is_open=job.is_open,
        flow_id=job.flow_id,
        created_at=job.created_at,
    )
