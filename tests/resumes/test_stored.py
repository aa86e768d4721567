"""Stored résumés: each file once, and a candidate gets what is missing, never anything else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from question_flows.model import Language
from server.errors import UserError
from server.hr.resume_fit import fits_of
from server.i18n import Messages
from server.resumes.stored import Resumes
from server.storage import schema
from server.storage.candidates import NewCandidate, ensure
from server.storage.database import Database
from server.storage.jobs import Jobs
from server.storage.record_tables import applications, candidate_identities, competency_models, resumes
from tests.empty_database import put_empty
from tests.resumes.conftest import ENGLISH

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    put_empty(tmp_path / "resumes.sqlite")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'resumes.sqlite'}")
    await database.open()
    yield database
    await database.close()


async def a_candidate(database: Database, name: str, email: str = "", **values: object) -> str:
    async with database.begin() as connection:
        [candidate_id] = await ensure(connection, [NewCandidate(name, email, "en")], NOW)
        if values:
            table = schema.candidates
            await connection.execute(table.update().where(table.c.id == candidate_id).values(**values))
    return candidate_id


async def candidate(database: Database, candidate_id: str) -> sa.Row[tuple[object, ...]]:
    table = schema.candidates
    async with database.read() as connection:
        return (await connection.execute(sa.select(table).where(table.c.id == candidate_id))).one()


async def test_a_file_is_stored_once_and_fills_only_what_is_missing(database: Database) -> None:
    stored = Resumes(database)
    ada = await a_candidate(database, "A. Lovelace")
    first = await stored.add(ada, "C:\\files\\ada<1>.txt", ENGLISH.encode(), NOW)
    again = await stored.add(ada, "other name.txt", ENGLISH.encode(), NOW)
    assert again == first
    assert (first.file_name, first.media_type, first.failed) == ("ada1.txt", "text/plain", None)
    assert await stored.content(first.id) == ENGLISH.encode()
    assert await stored.of_candidate(ada) == [first]
    assert (await stored.fill(first)).fields == ("email", "phone")
    row = await candidate(database, ada)
    assert (row.name, row.email, row.phone) == ("A. Lovelace", "ada.lovelace@example.org", "+4930901820")
    assert "ada.lovelace@example.org" in row.search_key
    assert await stored.fill(first) == await stored.fill(again), "a second time there is nothing to fill"

    grace = await a_candidate(database, "Grace", "grace@example.org", phone="+4930111111")
    hers = await stored.add(grace, "grace.txt", ENGLISH.encode(), NOW)
    assert hers.id != first.id, "another candidate's"
    filled = await stored.fill(hers)
    assert (filled.fields, filled.others) == ((), (ada,)), "a person may merge them"
    row = await candidate(database, grace)
    assert (row.email, row.phone) == ("grace@example.org", "+4930111111")

    alan = await a_candidate(database, "Alan", "alan@example.org")
    text = ENGLISH.replace("ada.lovelace@example.org", "turing@example.org").replace("901820", "901821")
    assert (await stored.fill(await stored.add(alan, "", text.encode(), NOW))).fields == ("phone",)
    assert (await candidate(database, alan)).email == "alan@example.org"
    async with database.read() as connection:
        table = candidate_identities
        query = sa.select(table.c.kind, table.c.value).where(table.c.candidate_id == alan)
        his = {tuple(row) for row in await connection.execute(query)}
    own = {("email", "alan@example.org"), ("phone", "+4930901821")}
    assert his == own | {("email_said", "turing@example.org")}, "beside his own address a file makes no other his"

    nobody = await a_candidate(database, "Nobody")
    text = ENGLISH.replace("ada.lovelace@example.org", "thief@example.org").replace("901820", "901822")
    filled = await stored.fill(await stored.add(nobody, "", text.encode(), NOW), may_address=False)
    assert (filled.fields, (await candidate(database, nobody)).email) == (("phone",), None)


async def test_what_cannot_be_read_is_refused_or_kept_for_a_person(database: Database) -> None:
    stored = Resumes(database)
    ada = await a_candidate(database, "Ada")
    broken = b"%PDF-1.7 broken beyond repair"
    with pytest.raises(UserError) as caught:
        await stored.add(ada, "cv.pdf", broken, NOW)
    assert caught.value.status == 422
    async with database.read() as connection:
        assert (await connection.execute(sa.select(resumes.c.id))).all() == []
    kept = await stored.add(ada, "cv.pdf", broken, NOW, keep_unreadable=True)
    assert (kept.resume, kept.failed, kept.media_type) == (None, caught.value.code, "application/pdf")
    assert (await stored.fill(kept)).fields == ()
    with pytest.raises(UserError) as caught:
        await stored.get("f" * 32)
    assert caught.value.code == "resume_unknown"


async def test_hr_sees_how_the_resume_fits_each_job_that_is_applied_for(database: Database) -> None:
    ada = await a_candidate(database, "Ada")
    job_id = await Jobs(database).add("Engineer", "", None, NOW)
    names = ["Kubernetes", "German", "PostgreSQL", "Underwater welding"]
    body = {"competencies": [{"id": str(at), "name": name} for at, name in enumerate(names)]}
    async with database.begin() as connection:
        model = {"id": "m" * 32, "version": 1, "job_id": job_id, "body": body, "created_at": NOW}
        await connection.execute(competency_models.insert().values(**model))
        applied = {"candidate_id": ada, "job_id": job_id, "source": "console", "step": "applied"}
        values = {"id": "a" * 32, "created_at": NOW, "step_since": NOW, **applied}
        await connection.execute(applications.insert().values(**values))
    messages = Messages()

    async def told(language: Language) -> list[tuple[str, str, bool]]:
        fits = await fits_of(database, ada, language, lambda key, **of: messages.text(language, key, of))
        return [(skill.name, skill.reason, skill.certain) for fit in fits for skill in fit.skills]

    assert await told(Language.ENGLISH) == [], "there is no résumé yet"
    await Resumes(database).add(ada, "ada.txt", ENGLISH.encode(), NOW)
    assert await told(Language.ENGLISH) == [
        ("Kubernetes", "Listed by another name: “K8s” (page 1, line 19)", True),
        ("German", "Listed as a language: “German”, B2 (page 1, line 21)", True),
        ("PostgreSQL", "Mentioned in the text: “PostgreSQL” (page 1, line 9)", False),
        ("Underwater welding", "Not found in the résumé. Please ask.", False),
    ]
    assert (await told(Language.CHINESE))[3][1] == "简历中未找到，请向候选人了解。"
