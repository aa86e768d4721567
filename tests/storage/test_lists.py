"""Lists of interviews and candidates: found by any spelling, paged without gaps, and of a trial nothing goes out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from question_flows.model import Language
from server.errors import UserError
from server.interview.events import InterviewStarted
from server.interview.inviting import AlreadyInvited, Invited, Wanted, make
from server.storage import schema
from server.storage.assignments import Assignments
from server.storage.candidates import Candidates, NewCandidate, ensure
from server.storage.database import MIGRATIONS, Database
from server.storage.event_log import EventLog, Listed
from server.storage.hr_user import Role
from server.storage.interview_list import UNDECIDED, InterviewList, ListedInterview, Sort
from server.storage.interview_list import Wanted as Filter
from server.storage.invitations import Invitations
from server.storage.jobs import Jobs
from server.storage.outbox import OutboxMessage
from server.storage.paging import Page, cursor_of
from server.storage.people import People
from tests.fixed_flows import fixed_flows
from tests.storage.conftest import NOW

FLOWS = fixed_flows()


async def invite(database: Database, *wanted: Wanted, minutes: int = 0) -> list[Invited]:
    """Makes these at so many minutes behind NOW."""
    now = NOW + timedelta(minutes=minutes)
    log, invitations = EventLog(database), Invitations(database)
    made = await make(database, log, invitations, FLOWS, wanted, now=now, expires_at=now + timedelta(days=14))
    return [invited for invited, _ in made]


def wanted(name: str, email: str = "", number: int = 0, **more: object) -> Wanted:
    """An interview of customer service."""
    values = {"interview_id": f"{number:032x}", **more}
    return Wanted("customer_service", Language.ENGLISH, name, email, "EU", **values)  # type: ignore[arg-type]


async def test_one_candidate_for_each_address_and_all_or_nothing(database: Database) -> None:
    [first, second, third] = await invite(
        database, wanted("Ada", "ada@example.org", 1), wanted("A. L.", "ada@example.org", 2), wanted("Ada", "", 3)
    )
    log, candidates = EventLog(database), Candidates(database)
    rows = [row for one in (first, second, third) if (row := await log.row(one.interview_id)) is not None]
    assert rows[0].candidate_id == rows[1].candidate_id != rows[2].candidate_id
    assert (await candidates.get(rows[0].candidate_id or "")).name == "Ada"
    with pytest.raises(AlreadyInvited):
        await invite(database, wanted("Grace", "grace@example.org", 4), wanted("Ada", "", 3))
    page = await candidates.page("", None, by_name=True, reviewer_id=None)
    assert [one.name for one in page.rows] == ["Ada", "Ada"]
    assert (await log.row(f"{4:032x}")) is None

    async def meet(name: str) -> str:
        async with database.begin() as connection:
            return (await ensure(connection, [NewCandidate(name, "new@example.org", "en")], NOW))[0]

    assert len(set(await asyncio.gather(meet("One"), meet("Other")))) == 1


async def test_names_are_found_in_any_case_width_and_script(database: Database) -> None:
    names = ["Ada Lovelace", "ＧＲＡＣＥ Ｈｏｐｐｅｒ", "王小明", "100% Straße", "Jürgen"]
    await invite(database, *(wanted(name, f"n{i}@example.org", i) for i, name in enumerate(names)))
    lists, candidates = InterviewList(database), Candidates(database)
    for text, found in {
        "LOVELACE ada": ["Ada Lovelace"],
        "grace": ["ＧＲＡＣＥ Ｈｏｐｐｅｒ"],
        "ｈｏｐｐｅｒ": ["ＧＲＡＣＥ Ｈｏｐｐｅｒ"],
        "小明": ["王小明"],
        "100%": ["100% Straße"],
        "STRASSE": ["100% Straße"],
        "jürgen": ["Jürgen"],
        "N2@EXAMPLE": ["王小明"],
        "_": [],
        "": names,
    }.items():
        page = await lists.page(Filter(text=text), Sort.NAME)
        assert sorted(one.candidate_name for one in page.rows) == sorted(found), text
        people = await candidates.page(text, None, by_name=False, reviewer_id=None)
        assert sorted(one.name for one in people.rows) == sorted(found), text


async def test_pages_have_no_gaps_while_rows_come_and_equal_ones_keep_their_order(database: Database) -> None:
    await invite(database, *(wanted(f"Name {i % 7}", "", i) for i in range(120)))
    lists = InterviewList(database)
    async with database.begin() as connection:
        table = schema.interviews
        await connection.execute(table.update().where(table.c.id < f"{40:032x}").values(total=5.5))
    for sort in Sort:
        seen, cursor = [], None
        pages: list[Page[ListedInterview]] = []
        while cursor is not None or not pages:
            page = await lists.page(Filter(), sort, cursor_of(cursor) if cursor else None)
            if not pages and sort is Sort.NEWEST:
                await invite(database, wanted("Late", "", 500), minutes=5)
            pages.append(page)
            seen += [one.id for one in page.rows]
            cursor = page.after
        late = f"{500:032x}"
        assert len(seen) == len(set(seen)) == (120 if sort is Sort.NEWEST else 121), sort
        assert (late in seen) is (sort is not Sort.NEWEST)
        # Back from the last page is the one before it.
        back = await lists.page(Filter(), sort, cursor_of(pages[-1].before or ""))
        assert [one.id for one in back.rows] == [one.id for one in pages[-2].rows], sort
    assert cursor_of("nonsense") is None
    total = await lists.page(Filter(), Sort.TOTAL)
    assert [one.total for one in total.rows[:41]] == [5.5] * 40 + [None]


async def test_filters_reviewers_jobs_and_trials(database: Database) -> None:
    jobs, lists, candidates = Jobs(database), InterviewList(database), Candidates(database)
    job = await jobs.add("  Shop   assistant ", "Retail", "customer_service", NOW)
    await invite(database, wanted("Ada", "ada@example.org", 1, job_id=job), wanted("Trial", "", 2, is_trial=True))
    await invite(database, wanted("Grace", "grace@example.org", 3), minutes=24 * 60)
    log, ids = EventLog(database), [f"{i:032x}" for i in range(4)]
    message = [OutboxMessage("m", ids[2], "report", {})]
    decided = Listed("running", None, "hold")
    await log.append(ids[2], 1, [(0, InterviewStarted())], at=NOW, outbox=message)
    await log.append(ids[1], 1, [(0, InterviewStarted())], at=NOW, listed=lambda _: decided)
    async with database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(schema.outbox)) == 0

    async def names(**more: object) -> list[str]:
        page = await lists.page(Filter(**more), Sort.NAME)  # type: ignore[arg-type]
        assert page.total == len(page.rows)
        return [one.candidate_name for one in page.rows]

    assert await names() == ["Ada", "Grace"]
    assert await names(job_id=job) == ["Ada"]
    assert await names(status="running") == await names(decision="hold") == ["Ada"]
    assert await names(decision=UNDECIDED) == await names(since=NOW.date() + timedelta(days=1)) == ["Grace"]
    assert await names(until=NOW.date()) == ["Ada"]
    assert await names(flow_id="none") == []
    row = await log.row(ids[1])
    assert row is not None
    assert (row.job_id, row.is_trial) == (job, False)
    assert await jobs.counts([job], None) == {job: {"running": 1}}
    assert await lists.states(Filter()) == {"running": 1, "invited": 1}
    trial = await log.row(ids[2])
    assert trial is not None
    assert (trial.is_trial, trial.candidate_id) == (True, None)
    assert (await candidates.page("", None, by_name=True, reviewer_id=None)).total == 2
    found = await jobs.get(job)
    assert (found.title, found.is_open) == ("Shop assistant", True)
    await jobs.change(job, title="Adviser", department="", flow_id=None, is_open=False)
    assert [one.title for one in (await jobs.page("ADVIS", None, is_open=False)).rows] == ["Adviser"]
    assert (await jobs.page("", None, is_open=True)).total == 0
    with pytest.raises(UserError, match="job_title_missing"):
        await jobs.add(" ", "", None, NOW)
    with pytest.raises(UserError, match="job_unknown"):
        await jobs.switch_on("x", "customer_service")


async def test_a_reviewer_sees_only_what_is_assigned(database: Database) -> None:
    people, lists = People(database), InterviewList(database)
    await people.add("admin@example.org", "x", NOW, role=Role.ADMIN)
    reviewer = await people.add("r@example.org", "x", NOW, role=Role.REVIEWER)
    [one, other] = await invite(database, wanted("Ada", "ada@example.org", 1), wanted("Grace", "g@example.org", 2))
    await Assignments(database).set(one.interview_id, [reviewer], reviewer, NOW)
    page = await lists.page(Filter(reviewer_id=reviewer), Sort.NEWEST)
    assert [row.id for row in page.rows] == [one.interview_id]
    candidates = Candidates(database)
    assert [row.name for row in (await candidates.page("", None, by_name=False, reviewer_id=reviewer)).rows] == ["Ada"]
    hidden = await EventLog(database).row(other.interview_id)
    assert hidden is not None
    with pytest.raises(UserError, match="candidate_not_listed"):
        await candidates.get(hidden.candidate_id or "", reviewer)


async def test_interviews_from_before_get_their_candidates(database_url: str) -> None:
    database = Database(database_url)
    rows = [
        ("a" * 32, "Ada", "ADA@example.org"),
        ("b" * 32, "A. Lovelace", "ada@example.org"),
        ("c" * 32, "王小明", ""),
    ]

    def as_before(connection: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for id_, name, email in rows:
            particulars = "'customer_service', 1, 'en', 'EU', '2026-11-23 09:00:00+00:00'"
            names = "id, candidate_name, candidate_email, flow_id, flow_version, language, jurisdiction, created_at"
            connection.exec_driver_sql(
                f"INSERT INTO interviews ({names}) VALUES ('{id_}', '{name}', '{email}', {particulars})"
            )

    async with database.begin() as connection:
        await connection.run_sync(as_before)
    await database.open()
    log = EventLog(database)
    ids = [row.candidate_id for one in rows if (row := await log.row(one[0])) is not None]
    assert ids[0] == ids[1] != ids[2]
    page = await Candidates(database).page("", None, by_name=True, reviewer_id=None)
    assert [(one.name, one.email) for one in page.rows] == [("Ada", "ada@example.org"), ("王小明", None)]
    assert (await InterviewList(database).page(Filter(text="lovelace"), Sort.NEWEST)).total == 1
    await database.close()
