"""How a candidate's résumé fits what each job they apply for asks for: skill by skill, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from question_flows.model import Language
from server.hr.resume_shown import place
from server.records.models import CompetencyModels
from server.resumes.skills import Reason, SkillMatch, matches
from server.resumes.stored import Resumes
from server.storage import schema
from server.storage.database import Database
from server.storage.record_tables import applications

MOST_JOBS = 5


@dataclass(frozen=True, slots=True)
class ShownSkill:
    """name: in the reader's language where it is known in it. reason: a sentence with the résumé's words and place.

    is_found: False says that nothing was found, which is never a no. certain: False: a person has to look.
    """

    name: str
    reason: str
    is_found: bool
    certain: bool


@dataclass(frozen=True, slots=True)
class ShownFit:
    """A job the candidate applies for, with what its last competency model asks for, in its order."""

    job_title: str
    file_name: str
    skills: Sequence[ShownSkill]


async def fits_of(
    database: Database, candidate_id: str, language: Language, t: Callable[..., str]
) -> Sequence[ShownFit]:
    """For each open application to a job with a competency model, by the newest résumé that could be read."""
    stored = [one for one in await Resumes(database).of_candidate(candidate_id) if one.resume is not None]
    if not stored or stored[0].resume is None:
        return []
    jobs = schema.jobs
    query = (
        sa.select(jobs.c.id, jobs.c.title)
        .join(applications, applications.c.job_id == jobs.c.id)
        .where(applications.c.candidate_id == candidate_id, applications.c.outcome.is_(None))
        .order_by(applications.c.created_at.desc(), applications.c.id)
        .limit(MOST_JOBS)
    )
    async with database.read() as connection:
        applied_for = (await connection.execute(query)).all()
    fits: list[ShownFit] = []
    for job in applied_for:
        model = await CompetencyModels(database).of_job(job.id)
        if model is not None and model.asked.competencies:
            found = [_skill(one, language, t) for one in matches(model.asked, stored[0].resume)]
            fits.append(ShownFit(job.title, stored[0].file_name, found))
    return fits


def _skill(match: SkillMatch, language: Language, t: Callable[..., str]) -> ShownSkill:
    name = match.name.get(language) or next(iter(match.name.values()))
    if match.found is None:
        return ShownSkill(name, t("fit.not_found"), False, False)
    kind = f"{match.reason}_level" if match.reason is Reason.LANGUAGE and match.level else match.reason.value
    reason = t(f"fit.{kind}", words=match.found.value, level=match.level, where=place(match.found.where, t))
    return ShownSkill(name, reason, True, match.certain)
