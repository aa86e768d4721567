"""One candidate's page: applications, identities, who may be the same, and the résumé as it was read."""

from __future__ import annotations

from server.keys import DATABASE, RECORDS
from server.records.application_log import ApplicationLog
from server.records.incoming import CandidateSeen
from server.resumes.codec import encode
from server.resumes.resume import Contact, Experience, Found, Kind, Line, Resume, Where
from server.storage.candidates import Candidates
from server.storage.hr_user import Role
from server.storage.record_tables import competency_models, resumes
from tests.hr.applied import NOW, a_candidate, a_job, applied
from tests.hr.conftest import House
from tests.hr.test_people import page, post, trail


async def a_resume(house: House, candidate_id: str) -> None:
    """A file that was read, with one find that is not certain."""
    first = Where(page=1, line=1)
    parsed = Resume(
        Kind.PDF,
        "en",
        (Line(first, "Ada Lovelace"),),
        contact=Contact(name=Found("Ada Lovelace", first, True), email=Found("ada@example.com", Where(1, 2), True)),
        experience=(Experience(employer=Found("Analytical Engines", Where(2, 14), False)),),
        skills=(Found("Python", Where(2, 30), True),),
    )
    row = {"file_name": "ada.pdf", "media_type": "application/pdf", "sha256": "0" * 64, "content": b"%PDF"}
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(
            resumes.insert().values(id="r1", candidate_id=candidate_id, parsed=encode(parsed), created_at=NOW, **row)
        )


async def test_who_is_twice_becomes_one_and_their_resume_shows_what_to_check(house: House) -> None:
    job, other_job = await a_job(house), await a_job(house, "Store manager")
    ada = await a_candidate(house, "Ada Lovelace", "ada@example.com")
    again = await a_candidate(house, "ada  LOVELACE", "ada@home.example")
    await a_resume(house, ada)
    first, second = await applied(house, ada, job), await applied(house, again, other_job)
    body = {"competencies": [{"id": "1", "name": "Python"}, {"id": "2", "name": "Patience"}]}
    model = {"id": "m" * 32, "version": 1, "job_id": job, "body": body, "created_at": NOW}
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(competency_models.insert().values(**model))
    html = await page(house, f"/hr/candidates/{ada}")
    assert first in html
    for text in ("Listed as a skill: “Python” (page 2, line 30)", "Not found in the résumé. Please ask."):
        assert text in html
    assert second not in html
    for text in (
        "Perhaps the same person",
        "ada@home.example",
        "Analytical Engines",
        "please check",
        "page 2, line 14",
    ):
        assert text in html
    assert "Not found, please look: Phone" in html
    auditor, _ = await house.person(Role.AUDITOR)
    html = await page(house, f"/hr/candidates/{ada}", auditor)
    assert first in html
    for text in ("Lovelace", "ada@", "Analytical Engines", "duplicates", "Listed as a skill"):
        assert text not in html
    assert (await post(house, f"/hr/candidates/{ada}/merge", other=again))[0] == 400
    status, path, _ = await post(house, f"/hr/candidates/{ada}/merge", other=again, confirm="yes")
    assert (status, path) == (303, f"/hr/candidates/{ada}")
    html = await page(house, path)
    assert first in html
    assert second in html
    assert "ada@home.example" in html
    assert "Perhaps the same person" not in html
    # The other's address leads here from now on.
    assert (await Candidates(house.app[DATABASE]).get(again)).id == ada
    assert (await ApplicationLog(house.app[DATABASE]).state(second)).is_open
    assert [detail for _, _, detail in await trail(house, "candidates_merged")] == [{"other": again}]


async def test_what_others_say_of_a_candidate_is_settled_by_a_person(house: House) -> None:
    ada, people = await a_candidate(house, "Ada Lovelace", "ada@example.com"), house.app[RECORDS].people
    for address in ("ada@example.com", "ada@work.example"):
        await people.take_in("odoo", CandidateSeen("7", "Ada", address), NOW)
    html = await page(house, f"/hr/candidates/{ada}")
    assert "ada@work.example" in html
    assert "only said by others" in html
    form = {"kind": "email", "value": "ada@work.example"}
    auditor, _ = await house.person(Role.AUDITOR)
    assert "ada@work.example" not in await page(house, f"/hr/candidates/{ada}", auditor)
    status, path, _ = await post(house, f"/hr/candidates/{ada}/identity", **form)
    assert (status, path) == (303, f"/hr/candidates/{ada}")
    assert "mailto:ada%40work.example" in (html := await page(house, path))
    assert "only said by others" not in html
    assert (await post(house, f"/hr/candidates/{ada}/identity", kind="email", value="x@example.com"))[0] == 404
    assert [detail for _, _, detail in await trail(house, "candidate_reached")] == [{"kind": "email"}]


async def test_what_a_candidate_says_of_their_time_is_kept_as_times_or_refused(house: House) -> None:
    ada = await a_candidate(house, "Ada Lovelace", "ada@suits.example")
    path = f"/hr/candidates/{ada}"
    assert "Nothing is known." in await page(house, path)
    words = "weekdays, but not Mondays"
    status, _, html = await post(house, f"{path}/availability", availability_text=words, time_zone="Europe/Berlin")
    assert (status, "“but not mondays” was not understood" in html, f'value="{words}"' in html) == (400, True, True)
    status, _, html = await post(house, f"{path}/availability", availability_text="weekdays after 6pm")
    assert (status, "Say whose clock" in html) == (400, True)
    status, _, html = await post(house, f"{path}/availability", availability_text="Mon 9-12", time_zone="Berlin")
    assert (status, "There is no such time zone" in html) == (400, True)
    status, leads, _ = await post(house, f"{path}/availability", availability_text="工作日晚上七点以后（北京时间）")
    assert (status, leads) == (303, f"{path}#suits")
    html = await page(house, path)
    assert html.count(" 19:00 – 24:00") == 5
    assert "Asia/Shanghai" in html
    [(_, subject, _)] = await trail(house, "availability_stated")
    assert subject == ada
    auditor, _ = await house.person(Role.AUDITOR)
    assert " 19:00 – " not in await page(house, path, auditor)
