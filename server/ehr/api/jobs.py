"""Jobs and what they ask for, over the API."""

from __future__ import annotations

from server.ehr.api.declaring import Call, operation
from server.ehr.api.fields import PageQuery, cursor_in
from server.ehr.api.record_models import CompetencyModel, CompetencyModelIn, Job, JobIn, JobPage
from server.ehr.api.remote import remote_ids_of
from server.errors import UserError
from server.keys import DATABASE, FLOWS, GENERATED_FLOWS
from server.records.incoming import CompetencySeen, JobSeen
from server.records.jobs_seen import keep_model, model_body, take_in_job
from server.records.remote_ids import JOB
from server.storage import jobs as stored
from server.storage.api_keys import Scope


@operation("POST", "/jobs", scope=Scope.JOBS_WRITE)
async def upsert_job(call: Call, body: JobIn) -> Job:
    """Makes a job, or changes the one that your system calls so."""
    if body.flow_id is not None and body.flow_id not in call.app[FLOWS]:
        raise UserError("flow_unknown", field="flow_id")
    seen = JobSeen(body.remote_id, body.title, body.department, body.is_open)
    job_id = await take_in_job(call.app[DATABASE], call.key.system, seen, call.now)
    if body.flow_id is not None:
        await stored.Jobs(call.app[DATABASE]).switch_on(job_id, body.flow_id)
    return await _job(call, job_id)


@operation("GET", "/jobs", scope=Scope.JOBS_READ)
async def list_jobs(call: Call, query: PageQuery) -> JobPage:
    """Lists jobs, the newest first."""
    page = await stored.Jobs(call.app[DATABASE]).page("", cursor_in(query), is_open=None, limit=query.limit)
    theirs = await remote_ids_of(call, JOB, [one.id for one in page.rows])
    return JobPage(items=[_shown(one, theirs.get(one.id)) for one in page.rows], next=page.after)


@operation("GET", "/jobs/{job_id}", scope=Scope.JOBS_READ)
async def get_job(call: Call, job_id: str) -> Job:
    """Reads one job."""
    return await _job(call, job_id)


@operation("PUT", "/jobs/{job_id}/competency-model", scope=Scope.JOBS_WRITE)
async def put_competency_model(call: Call, job_id: str, body: CompetencyModelIn) -> CompetencyModel:
    """Says what a job asks for.

    A changed model is a new version, and questions are made of it: its flow is switched on for the job unless HR
    switched on another. Interviews that were ordered keep theirs.
    """
    jobs, database = stored.Jobs(call.app[DATABASE]), call.app[DATABASE]
    await jobs.get(job_id)
    asked = [
        CompetencySeen(one.remote_id, one.name, one.weight, one.level, tuple(one.indicators))
        for one in body.competencies
    ]
    if len({one.remote_id for one in asked}) != len(asked):
        raise UserError("field_wrong", field="competencies", params={"field": "competencies"})
    async with database.begin() as connection:
        model_id, version = await keep_model(connection, job_id, asked, call.now)
    # What is asked for is asked about at once.
    await call.app[GENERATED_FLOWS].look()
    return CompetencyModel(
        id=model_id, job_id=job_id, version=version, flow_id=(await jobs.get(job_id)).flow_id, **model_body(asked)
    )


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
