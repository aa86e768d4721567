"""Résumés over the API: read at once, kept with what was found and where, and compared with what a job asks for."""

from __future__ import annotations

from pydantic import Field

from server.ehr.api.declaring import Call, Query, operation
from server.ehr.api.fields import PERHAPS_A_LINE, Id
from server.ehr.api.record_models import Resume, ResumeFind, SkillMatch
from server.keys import DATABASE, RESUME_READER
from server.records.models import CompetencyModels
from server.records.people import read_person
from server.records.remote_ids import brought_by
from server.resumes.limits import LARGEST_FILE
from server.resumes.resume import Found, finds, to_check
from server.resumes.skills import matches
from server.resumes.stored import Resumes
from server.storage.api_keys import Scope

MEDIA_TYPES = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/json",
    "text/plain",
    "application/octet-stream",
)


MOST_AT_ONCE = 4
"""Files of one key: those that are sent, wait or are read."""


class ResumeQuery(Query):
    """What the file is called, and for which job its skills are looked at."""

    file_name: str = Field("resume", max_length=200, pattern=PERHAPS_A_LINE)
    job_id: Id | None = Field(None, description="Whose competency model the skills are compared with.")


@operation(
    "POST",
    "/candidates/{candidate_id}/resumes",
    scope=Scope.CANDIDATES_WRITE,
    status=201,
    refuses=(503,),
    largest=LARGEST_FILE,
    at_once=MOST_AT_ONCE,
    media_types=MEDIA_TYPES,
)
async def add_resume(call: Call, candidate_id: str, query: ResumeQuery, body: bytes) -> Resume:
    """Keeps a résumé: PDF, Word (docx), JSON Resume or plain text, in English or Chinese.

    It is read at once. Each find says where it stands; what is uncertain or missing is listed for a person. An address
    or number that was read surely goes to the candidate where none was known; the address only if your system brought
    the candidate, else a person decides. 422 when the file cannot be read, with the reason; it is not kept then. One
    key may have four files under way at once (else 429); 503 while the server has too many to read. Both say in
    `Retry-After` when to send it again.
    """
    database = call.app[DATABASE]
    async with database.read() as connection:
        person = await read_person(connection, candidate_id)
        own = await brought_by(connection, call.key.system, [person.id])
    kept = Resumes(database, call.app[RESUME_READER])
    stored = await kept.add(person.id, query.file_name, body, call.now)
    filled = await kept.fill(stored, may_address=person.id in own)
    # What cannot be read is refused above.
    assert stored.resume is not None
    model = await CompetencyModels(database).of_job(query.job_id) if query.job_id else None
    return Resume(
        id=stored.id,
        candidate_id=person.id,
        language=stored.resume.language,
        finds=[_find(name, one) for name, one in finds(stored.resume)],
        to_check=list(to_check(stored.resume)),
        filled=list(filled.fields),
        possible_duplicates=list(filled.others),
        matches=[
            SkillMatch(
                competency_id=one.competency_id,
                name={language.value: text for language, text in one.name.items()},
                reason=one.reason.value,
                found=_find("", one.found) if one.found else None,
                level=one.level,
                certain=one.certain,
            )
            for one in (matches(model.asked, stored.resume) if model else ())
        ],
    )


def _find(name: str, one: Found) -> ResumeFind:
    return ResumeFind(
        field=name,
        value=one.value,
        normal=one.normal,
        certain=one.certain,
        page=one.where.page,
        line=one.where.line,
        path=one.where.path,
    )
