"""HR's lists, jobs, inviting many, comparing and flows, over HTTP: one server, whose house fills up as tests go on."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from aiohttp import ClientSession, CookieJar, FormData

from question_flows.model import Language, Review
from server.interview.hr_commands import GiveTime
from server.keys import DATABASE, FLOWS, INTERVIEWS
from server.storage import schema
from server.storage.assignments import Assignments
from server.storage.hr_user import Role
from server.storage.people import People
from server.storage.sessions import new_session
from tests.hr.conftest import House, answer, answer_all

LIST = "name,email\nAda,ada@example.org\n王小明,wang@example.cn\n"


async def get(house: House, path: str, status: int = 200, browser: ClientSession | None = None) -> str:
    """The page as text."""
    async with (browser or house.hr).get(house.url(path)) as response:
        text = await response.text()
        assert response.status == status, text
        return html.unescape(text)


async def post(house: House, path: str, data: Any, status: int = 200) -> str:
    """Where it leads (303), else the page."""
    async with house.hr.post(house.url(path), data=data, allow_redirects=False) as response:
        text = await response.text()
        assert response.status == status, text
        return response.headers["Location"] if status == 303 else html.unescape(text)


async def send_list(house: House, content: str | bytes, status: int = 200, **fields: str) -> str:
    """Uploads the list."""
    data = FormData()
    sent = {"flow": "customer_service", "language": "en", "jurisdiction": "EU", "form_id": "f" * 32, **fields}
    for name, value in sent.items():
        data.add_field(name, value)
    content = content.encode() if isinstance(content, str) else content
    data.add_field("file", io.BytesIO(content), filename="list.csv", content_type="text/csv")
    return await post(house, "/hr/invitations/csv", data, status)


async def make_job(house: House, title: str = "Shop assistant", flow: str = "customer_service") -> str:
    """A job's id."""
    where = await post(house, "/hr/jobs", {"title": title, "department": "Retail", "flow": flow}, 303)
    return where.rpartition("/")[2]


async def as_role(house: House, role: Role, assigned: list[str] | None = None) -> ClientSession:
    """A browser of somebody with this role."""
    now, database = datetime.now(UTC), house.app[DATABASE]
    user_id = await People(database).add(f"{role}@example.com", "x", now, role=role)
    async with database.begin() as connection:
        cookie = await new_session(connection, user_id, now)
    for interview_id in assigned or []:
        await Assignments(database).set(interview_id, [user_id], user_id, now)
    browser = ClientSession(
        cookie_jar=CookieJar(unsafe=True), cookies={"hr_session": cookie}, headers={"Accept-Language": "en"}
    )
    house.sessions.append(browser)
    return browser


def interviews_in(page: str) -> list[str]:
    """Ids of the lines, in order."""
    return re.findall(r'data-interview="(\w+)"', page)


async def inviting_many(house: House) -> None:
    """A list with bad rows invites nobody; a right one everybody, once."""
    job = await make_job(house)
    bad = await send_list(house, "name,email,language\nAda,nobody,fr\n,x@example.org,\nGrace,,\n", 400, job=job)
    assert re.findall(r'data-row="(\d+)" data-column="(\w*)"', bad) == [
        ("2", "language"),
        ("2", "email"),
        ("3", "name"),
    ]
    assert "2 of 3 rows" in bad
    assert "Grace,," in bad
    assert interviews_in(await get(house, "/hr/interviews")) == []
    for content, sentence in (
        (b"\xff\xff", "not a CSV file"),
        ("x" * 1_000_001, "larger than 1 MB"),
        ("a,b\n1,2", "name"),
    ):
        assert sentence in await send_list(house, content, 400), sentence
    assert "larger than 1 MB" in await send_list(house, "x" * 3_000_000, 413)
    for field in ("job", "language", "jurisdiction"):
        await send_list(house, LIST, 404 if field == "job" else 400, **{"job": job, field: "\0"})
    no_form = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--x", b"--x\r\n\r\nname\r\n--x--\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\na"):
        async with house.hr.post(house.url("/hr/invitations/csv"), data=body, headers=no_form) as response:
            assert response.status == 400, body

    made = await send_list(house, LIST.encode("gb18030"), job=job)
    links = re.findall(r'lists-link">(http\S+/i/[\w-]+)<', made)
    assert len(links) == 2
    [file] = re.findall(r"base64,([\w+/=]+)", made)
    rows = list(csv.reader(io.StringIO(base64.b64decode(file).decode("utf-8-sig"))))
    assert rows == [
        ["Name", "E-mail", "Link"],
        ["Ada", "ada@example.org", links[0]],
        ["王小明", "wang@example.cn", links[1]],
    ]
    async with house.stranger().get(links[1]) as response:
        assert response.status == 200
    again = await send_list(house, LIST, 409, job=job)
    assert links[0] not in again
    assert "made already" in again
    running = await send_list(house, LIST + "Ada,ada@example.org\n", 400, job=job, form_id="e" * 32)
    assert re.findall(r'data-row="(\d+)" data-column="(\w*)"', running) == [
        ("2", "email"),
        ("3", "email"),
        ("4", "email"),
        ("4", "email"),
    ]
    elsewhere = await send_list(house, LIST, form_id="d" * 32)
    assert "Invited: 2" in elsewhere
    assert len(interviews_in(await get(house, "/hr/interviews"))) == 4
    # Four interviews, and still two candidates.
    assert len(re.findall(r'href="/hr/candidates/\w{32}"', await get(house, "/hr/candidates"))) == 2


async def inviting_one(house: House) -> None:
    """The form for one takes the job's flow, and the candidate by the address."""
    job, gone = await make_job(house), await make_job(house, "Gone", "")
    async with house.app[DATABASE].begin() as connection:
        table = schema.jobs
        await connection.execute(table.update().where(table.c.id == gone).values(flow_id="not_there"))
    form = {"name": "Ada", "email": "ADELE@example.org", "language": "en", "jurisdiction": "EU", "form_id": "a" * 32}
    refused = await post(house, "/hr/invitations", {**form, "job": gone}, 400)
    assert re.search(r'id="job-problem"[^>]*>The file of the question flow “not_there”', refused)
    assert 'data-testid="flow-gone"' in await get(house, f"/hr/jobs/{gone}")
    assert "Gone" in await get(house, "/hr/flows")
    first = await post(house, "/hr/invitations", {**form, "job": job, "flow": "store_manager"})
    [interview_id] = set(re.findall(r"/hr/interviews/(\w{32})", first))
    assert interview_id in await post(house, "/hr/invitations", {**form, "job": job}, 409)
    row = await house.app[INTERVIEWS].event_log.row(interview_id)
    assert (row.flow_id, row.job_id, row.candidate_email) == ("customer_service", job, "adele@example.org")
    page = await get(house, f"/hr/candidates/{row.candidate_id}")
    assert "adele@example.org" in page
    assert f"candidate={row.candidate_id}" in page
    prefilled = await get(house, f"/hr/invitations?candidate={row.candidate_id}")
    assert 'value="Ada"' in prefilled
    await post(house, "/hr/invitations", {**form, "form_id": "b" * 32, "job": job})
    assert (
        len(re.findall(r'<tr role="row" data-interview', await get(house, f"/hr/candidates/{row.candidate_id}"))) == 2
    )
    listed = await get(house, f"/hr/jobs/{job}")
    assert interview_id in interviews_in(listed)
    await post(house, f"/hr/jobs/{job}", {"title": "Adviser", "flow": "store_manager"}, 303)
    assert "Closed" in (changed := await get(house, f"/hr/jobs/{job}"))
    assert "Adviser" in changed
    assert "is closed" in await post(house, "/hr/invitations", {**form, "form_id": "c" * 32, "job": job}, 400)
    assert "Please enter the job's title" in await post(
        house, f"/hr/jobs/{gone}", {"title": " ", "flow": "not_there"}, 400
    )


async def searching(house: House) -> None:
    """Found, filtered, and each role sees its own."""
    assert 'data-testid="nothing"' in await get(house, "/hr/interviews")
    made = [await house.invite(name, email=email) for name, email in (("Ada", "ada@example.org"), ("王小明", ""))]
    ada, wang = (interview_id for interview_id, _ in made)
    assert interviews_in(await get(house, "/hr/interviews?q=ＡＤＡ")) == [ada]
    assert interviews_in(await get(house, "/hr/interviews?q=小明&state=invited&sort=name")) == [wang]
    assert interviews_in(await get(house, "/hr/interviews?decision=none&flow=customer_service")) == [wang, ada]
    for nothing in ("state=completed", "decision=hold", "job=x", "from=2999-01-01", "q=%00x&state=nonsense"):
        assert interviews_in(await get(house, f"/hr/interviews?{nothing}")) == [], nothing
    for odd in ("cursor=nonsense", "from=nonsense", "sort=nonsense", "cursor=W10", "to=9999-12-31"):
        assert len(interviews_in(await get(house, f"/hr/interviews?{odd}"))) == 2, odd

    reviewer, auditor = await as_role(house, Role.REVIEWER, [ada]), await as_role(house, Role.AUDITOR)
    assert interviews_in(await get(house, "/hr/interviews", browser=reviewer)) == [ada]
    flow, shown = house.app[FLOWS]["customer_service"], r'lists-table__figure">\s*<span class="number">7.7<'
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(schema.interviews.update().values(total=7.7, decision="hold"))
    assert re.search(shown, await get(house, "/hr/interviews", browser=reviewer))
    house.app[FLOWS]["customer_service"] = replace(flow, review=Review(blind=True))
    assert re.search(shown, await get(house, "/hr/interviews?sort=total"))
    for path in ("/hr/interviews?sort=total", "/hr/interviews?decision=advance"):
        page = await get(house, path, browser=reviewer)
        assert interviews_in(page) == [ada]
        assert "7.7" not in page
        assert "Hold" not in page
    house.app[FLOWS]["customer_service"] = flow
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(schema.interviews.update().values(total=None, decision=None))
    people = await get(house, "/hr/candidates", browser=reviewer)
    assert "王小明" not in people
    [candidate] = re.findall(r"/hr/candidates/(\w{32})", people)
    other = (await house.app[INTERVIEWS].event_log.row(wang)).candidate_id
    await get(house, f"/hr/candidates/{other}", 404, browser=reviewer)
    for path in (
        "/hr/interviews",
        "/hr/interviews?sort=name",
        "/hr/candidates?sort=name",
        f"/hr/candidates/{candidate}",
    ):
        page = await get(house, path, browser=auditor)
        assert "Ada" not in page, path
        assert "ada@" not in page, path
        assert f"Candidate {candidate[:6].upper()}" in page, path
    assert interviews_in(await get(house, "/hr/interviews?q=ada", browser=auditor)) == []
    assert interviews_in(await get(house, f"/hr/interviews?q=candidate+{candidate[:6].upper()}", browser=auditor)) == [
        ada
    ]
    assert "/hr/people" not in await get(house, "/hr/jobs", browser=reviewer)
    assert 'href="/hr/people"' in await get(house, "/hr/rules")
    assert 'href="/hr/rules"' in (mine := await get(house, "/hr/jobs"))
    assert re.search(r'href="/hr/jobs" aria-current="page"', mine)


async def ten_thousand(house: House) -> None:
    """As many statements as for three, and none slow."""
    statements: list[str] = []
    engine = house.app[DATABASE].engine.sync_engine

    async def measured(path: str) -> tuple[int, float, str]:
        statements.clear()
        began = perf_counter()
        page = await get(house, path)
        # Not those of the outbox's worker, and of who is asking.
        of_lists = [one for one in statements if any(table in one for table in ("interviews", "candidates", "jobs"))]
        return len([one for one in of_lists if "outbox" not in one]), perf_counter() - began, page

    paths = ["/hr/interviews", "/hr/interviews?q=name+77&sort=name", "/hr/interviews?sort=total", "/hr/candidates?q=77"]
    for _ in range(3):
        await house.invite("Name 77")
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2].split("FROM", 1)[-1]))
    before = {path: (await measured(path))[0] for path in paths}
    at = datetime.now(UTC)
    async with house.app[DATABASE].begin() as connection:
        rows = [
            {
                "id": f"{n:032x}",
                "name": f"Name {n}",
                "email": f"n{n}@example.org",
                "created_at": at - timedelta(seconds=n),
            }
            for n in range(10_000)
        ]
        people = [{**row, "language": "en", "search_key": f"name {row['id']}"} for row in rows]
        await connection.execute(schema.candidates.insert(), people)
        interviews = [
            {
                "id": row["id"],
                "candidate_id": row["id"],
                "candidate_name": row["name"],
                "candidate_email": row["email"],
                "created_at": row["created_at"],
                "search_key": f"{str(row['name']).lower()}\n{row['email']}",
                "flow_id": "customer_service",
                "flow_version": 1,
                "language": "en",
                "jurisdiction": "EU",
            }
            for row in rows
        ]
        await connection.execute(schema.interviews.insert(), interviews)
    for path in paths:
        count, seconds, page = await measured(path)
        assert count == before[path], path
        assert seconds < 2, path
        assert "page-after" in page, path
    page = (await measured(paths[0]))[2]
    assert ">10005<" in page
    seen = set(interviews_in(page))
    for _ in range(3):
        [after] = re.findall(r'rel="next" href="([^"]+)"', page)
        page = await get(house, after)
        assert not seen & set(interviews_in(page))
        seen |= set(interviews_in(page))
    assert len(seen) == 200


async def comparing(house: House) -> None:
    """Side by side, with evidence, and what cannot be compared."""
    job, ids = await make_job(house), []
    for name in ("Ada", "Grace", "Alan"):
        interview_id, _ = await house.app[INTERVIEWS].invite(
            flow_id="customer_service",
            language=Language.ENGLISH,
            candidate_name=name,
            email=f"{name}@example.org",
            jurisdiction="EU",
            now=datetime.now(UTC),
            job_id=job,
        )
        ids.append(interview_id)
        async with house.begun(interview_id) as session:
            if name == "Alan":
                await session.execute(GiveTime(60, "hr@example.com"))
                await answer(session, "No.")
            else:
                await answer_all(session)
    compare = f"/hr/jobs/{job}/compare?"
    page = await get(house, compare + "&".join(f"interview={id_}" for id_ in ids))
    flow = house.app[FLOWS]["customer_service"]
    assert re.findall(r'data-competency="(\w+)"', page) == [one.id for one in flow.competencies]
    for interview_id in ids[:2]:
        assert re.search(rf"/hr/interviews/{interview_id}/review\?question=\w+&at=\d+", page)
    assert "Not answered yet" in page
    assert "Too few words" in page
    assert 'data-testid="not-comparable"' not in page
    assert re.findall(r'data-testid="departures">(.*?)</span>', page, re.S) == [
        "<strong>Different from the standard interview:</strong> time given"
    ]
    for query, sentence in {
        f"interview={ids[0]}": "choose 2 to 6",
        "&".join(f"interview={n}" for n in range(7)): "choose 2 to 6",
        f"interview={ids[0]}&interview=x": "do not belong to this job",
    }.items():
        assert sentence in await get(house, compare + query, 400)
    async with house.app[DATABASE].begin() as connection:
        table = schema.events
        where = sa.and_(table.c.interview_id == ids[1], table.c.seq == 1)
        data = await connection.scalar(sa.select(table.c.data).where(where))
        await connection.execute(table.update().where(where).values(data={**data, "flow_version": 99}))
    two = "&".join(f"interview={id_}" for id_ in ids[:2])
    differing = await get(house, compare + two)
    assert 'data-testid="not-comparable"' in differing
    assert "version 99" in differing
    reviewer = await as_role(house, Role.REVIEWER, ids[:1])
    await get(house, compare + two, 400, browser=reviewer)
    auditor = await as_role(house, Role.AUDITOR)
    assert "Ada" not in await get(house, compare + two, browser=auditor)


async def flows(house: House) -> None:
    """Looked at, switched on, and a trial that leaves no trace."""
    job = await make_job(house, flow="")
    assert "No question flow is switched on" in await get(house, f"/hr/jobs/{job}")
    listed = await get(house, "/hr/flows")
    for flow_id, flow in house.app[FLOWS].items():
        assert f"/hr/flows/{flow_id}" in listed
        for language in flow.languages:
            page = await get(house, f"/hr/flows/{flow_id}?in={language.value}")
            for question in flow.questions:
                assert question.text[language] in page, (flow_id, question.id)
            for competency in flow.competencies:
                assert all(one.name[language] in page for one in (competency, *competency.indicators))
                assert all(probe[language] in page for one in competency.indicators for probe in one.probes)
    await get(house, "/hr/flows/nonsense", 404)
    assert await post(house, "/hr/flows/store_manager/switch-on", {"job": job}, 303) == f"/hr/jobs/{job}"
    assert "/hr/flows/store_manager" in await get(house, f"/hr/jobs/{job}")
    await post(house, "/hr/flows/store_manager/switch-on", {"job": "x"}, 404)

    where = await post(house, "/hr/flows/customer_service/try", {"language": "en"}, 303)
    assert re.fullmatch(r"/i/[\w-]+", where)
    async with house.app[DATABASE].read() as connection:
        [trial] = (await connection.execute(sa.select(schema.interviews))).all()
    assert (trial.is_trial, trial.candidate_id) == (True, None)
    async with house.begun(trial.id) as session:
        await answer_all(session)
    async with house.app[DATABASE].read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(schema.outbox)) == 0
    for path in ("/hr", "/hr/interviews", "/hr/candidates", f"/hr/jobs/{job}"):
        assert trial.id not in await get(house, path), path
    assert (await house.json("/api/hr/interviews"))["interviews"] == []
    for path in ("", "/report"):
        assert 'data-testid="trial"' in await get(house, f"/hr/interviews/{trial.id}{path}"), path
    assert "None yet" in await get(house, "/hr/flows/customer_service")


async def test_inviting_names_every_mistake_and_invites_once(house: House) -> None:
    await inviting_many(house)
    await inviting_one(house)


async def test_lists_are_searched_filtered_and_paged_for_each_role_and_stay_fast(house: House) -> None:
    await searching(house)
    await ten_thousand(house)


async def test_flows_are_looked_at_tried_out_and_switched_on_and_their_candidates_compared(house: House) -> None:
    await flows(house)
    await comparing(house)
