"""Candidates are one each, by whatever channels they come, and merging loses nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from shutil import copy

import pytest
import sqlalchemy as sa

from question_flows.model import Language
from server.errors import UserError
from server.records.application_events import Closed, Outcome, Step, StepReached
from server.records.application_log import ApplicationLog
from server.records.applications import Applications, Filter
from server.records.identities import address_of, phone_of, region_of
from server.records.incoming import CandidateSeen
from server.records.people import People
from server.records.remote_ids import CANDIDATE, RemoteIds
from server.storage import schema
from server.storage.candidates import Candidates
from server.storage.database import Database
from server.storage.record_tables import candidate_identities
from tests.records.conftest import NOW, a_candidate, a_job


@pytest.fixture
def people(database: Database) -> People:
    return People(database, language=Language.ENGLISH, region="CN")


def seen(remote_id: str, email: str | None = None, phone: str | None = None, name: str = "Li Na") -> CandidateSeen:
    return CandidateSeen(remote_id, name, email, phone)


def test_numbers_are_compared_as_e164() -> None:
    assert phone_of("138 1234 5678", "CN") == phone_of("+86 138-1234-5678", None) == "+8613812345678"
    assert phone_of("(020) 7946 0018", region_of("UK")) == "+442079460018"
    assert phone_of("13812345678", None) is None
    assert [phone_of(text, "CN") for text in (None, "", "ask me", "12")] == [None] * 4
    assert (region_of("US-IL"), region_of("EU")) == ("US", None)
    assert address_of(" Ada@Example.org ") == "ada@example.org"
    assert [address_of(text) for text in (None, " ", "not given", f"{'a' * 400}@example.org")] == [None] * 4


async def test_one_candidate_by_address_and_by_number(people: People, database: Database) -> None:
    invited = await a_candidate(database, email="li@example.org")
    assert await people.take_in("odoo", seen("7", "LI@example.org"), NOW) == invited
    assert await people.take_in("feishu", seen("ou_1", "li@example.org", "138 1234 5678"), NOW) == invited
    assert await people.take_in("checkr", seen("c1", None, "+8613812345678"), NOW) == invited
    assert await people.take_in("checkr", seen("c1"), NOW) == invited
    assert (await people.get(invited)).phone == "+8613812345678"
    assert await RemoteIds(database).everywhere(CANDIDATE, invited) == {
        "odoo": ["7"],
        "feishu": ["ou_1"],
        "checkr": ["c1"],
    }
    assert await people.take_in("odoo", seen("8", "other@example.org"), NOW) != invited


async def test_who_brings_both_makes_two_one_in_any_order(empty_file: Path, tmp_path: Path) -> None:
    three = (seen("1", "li@example.org"), seen("2", None, "13812345678"), seen("3", "li@example.org", "13812345678"))
    for n, order in enumerate(permutations(three)):
        copy(empty_file, path := tmp_path / f"{n}.sqlite")
        database = Database(f"sqlite+aiosqlite:///{path}")
        people = People(database, language=Language.ENGLISH, region="CN")
        for one in order:
            await people.take_in("odoo", one, NOW)
        ids = {await RemoteIds(database).local("odoo", CANDIDATE, one.remote_id) for one in order}
        found = await Candidates(database).page("", None, by_name=True, reviewer_id=None)
        await database.close()
        assert (len(ids), found.total) == (1, 1)


async def test_a_familys_number_makes_nobody_one(people: People) -> None:
    first = await people.take_in("odoo", seen("1", "a@example.org", "13812345678"), NOW)
    second = await people.take_in("odoo", seen("2", "b@example.org", "13812345678"), NOW)
    assert first != second
    [both] = await people.possible_duplicates()
    assert set(both.candidate_ids) == {first, second}
    await people.merge(first, second, "u" * 32, NOW)
    assert await people.possible_duplicates() == []


async def test_merging_keeps_both_histories(people: People, database: Database) -> None:
    applications, log = Applications(database), ApplicationLog(database)
    kept = await people.take_in("odoo", seen("1", "a@example.org"), NOW)
    gone = await people.take_in("odoo", seen("2", "b@example.org", "13812345678"), NOW)
    job, other_job = await a_job(database), await a_job(database, "Nurse")
    early = await applications.open_for(kept, job, "odoo", NOW)
    further = await applications.open_for(gone, job, "odoo", NOW)
    elsewhere = await applications.open_for(gone, other_job, "odoo", NOW)
    await log.append(further, 1, [StepReached(Step.INVITED, "u" * 32)], at=NOW)
    assert await people.merge(kept, gone, "u" * 32, NOW) == kept
    assert await people.merge(kept, gone, "u" * 32, NOW) == kept
    assert {one.id for one in (await applications.page(Filter(candidate_id=kept), None)).rows} == {
        early,
        further,
        elsewhere,
    }
    closed = await log.state(early)
    assert (closed.outcome, closed.closed_reason) == (Outcome.WITHDRAWN, f"duplicate of {further}")
    assert (await log.state(further)).is_open
    assert await RemoteIds(database).everywhere(CANDIDATE, kept) == {"odoo": ["1", "2"]}
    person = await people.get(gone)
    assert (person.id, person.email, person.phone) == (kept, "a@example.org", "+8613812345678")
    assert (await Candidates(database).get(gone)).id == kept
    assert await a_candidate(database, email="b@example.org") == kept
    assert await applications.open_for(gone, job, "console", NOW) == further
    third = await people.take_in("odoo", seen("3", "c@example.org"), NOW)
    await people.merge(third, kept, "u" * 32, NOW)
    assert (await people.get(gone)).id == third
    with pytest.raises(UserError, match="candidate_same"):
        await people.merge(third, third, "u" * 32, NOW)
    with pytest.raises(UserError, match="candidate_not_listed"):
        await people.merge(third, "nobody", "u" * 32, NOW)


async def test_no_system_closes_an_application_by_showing_two_to_be_one(people: People, database: Database) -> None:
    applications, job = Applications(database), await a_job(database)
    first = await people.take_in("odoo", seen("1", "a@example.org"), NOW)
    second = await people.take_in("feishu", seen("2", None, "13812345678"), NOW)
    ids = [await applications.open_for(one, job, "odoo", NOW) for one in (first, second)]
    assert await people.take_in("odoo", seen("1", "a@example.org", "13812345678"), NOW) == first
    assert [(await applications.get(one)).outcome for one in ids] == [None, None]
    assert len(await people.possible_duplicates()) == 1


async def test_a_system_corrects_what_it_said_and_adds_to_what_others_said(people: People, database: Database) -> None:
    candidate_id = await people.take_in("odoo", seen("1", "a@example.org", name="Lina"), NOW)
    day = (NOW, NOW + timedelta(hours=2))
    more = CandidateSeen("f", "李娜", "a@example.org", "13812345678", Language.CHINESE, "Asia/Shanghai", [day])
    assert await people.take_in("feishu", more, NOW) == candidate_id
    person = await people.get(candidate_id)
    assert (person.name, person.language, person.time_zone) == ("Lina", Language.ENGLISH, "Asia/Shanghai")
    await people.take_in("odoo", seen("1", "new@example.org", name="Li Na"), NOW)
    person = await people.get(candidate_id)
    assert (person.name, person.email) == ("Li Na", "new@example.org")
    assert await people.take_in("else", seen("9", "A@example.org"), NOW) == candidate_id
    found = await Candidates(database).page("li new@", None, by_name=True, reviewer_id=None)
    assert [one.id for one in found.rows] == [candidate_id]
    async with database.read() as connection:
        stated = await connection.scalar(sa.select(schema.candidates.c.availability))
    assert stated == [{"from": day[0].isoformat(), "to": day[1].isoformat()}]
    with pytest.raises(UserError, match="remote_id_unfit"):
        await people.take_in("odoo", seen("x" * 201), NOW)


async def test_nobody_but_who_brought_a_candidate_says_where_letters_go(people: People, database: Database) -> None:
    later = NOW + timedelta(days=1)
    li = await people.take_in("odoo", seen("1", "li@example.org", "13812345678"), NOW)
    mallory = await people.take_in("evil", seen("m", "mallory@example.org"), NOW)
    # By the address, by what it is called since then, by the number.
    for one in (
        seen("x", "li@example.org", "13800000000", name="Not Li"),
        seen("x", "thief@example.org", name="Not Li"),
        seen("", "li@example.org", "13800000000"),
    ):
        assert await people.take_in("evil", one, later) == li
    person = await people.get(li)
    assert (person.name, person.email, person.phone) == ("Li Na", "li@example.org", "+8613812345678")
    assert await people.take_in("feishu", seen("f", "thief@example.org"), later) != li, "nobody knew it to be Li's"
    said = {("email_said", "thief@example.org"), ("phone_said", "+8613800000000")}
    own = {("email", "li@example.org"), ("phone", "+8613812345678")}
    assert await identities(database, li) == own | said, "a person sees what is said"
    # An empty candidate of one's own makes nobody else's one's own.
    empty = await people.take_in("evil", seen("e"), NOW - timedelta(days=1))
    assert await people.take_in("evil", seen("e", "li@example.org"), later) == empty
    assert await people.take_in("evil", seen("m", "mallory@example.org", "13812345678"), later) == mallory
    assert (await people.get(li)).id == li
    assert (await people.get(mallory)).email == "mallory@example.org"
    # Who is known by a number only gets no address from others.
    numbered = await people.take_in("odoo", seen("2", None, "13911112222"), NOW)
    assert await people.take_in("evil", seen("n", "thief2@example.org", "13911112222"), later) == numbered
    assert (await people.get(numbered)).email is None
    assert await people.take_in("odoo", seen("2", "wang@example.org"), later) == numbered
    assert (await people.get(numbered)).email == "wang@example.org"


async def test_a_person_settles_where_a_candidate_is_reached(people: People, database: Database) -> None:
    li = await people.take_in("odoo", seen("1", "li@example.org"), NOW)
    other = await people.take_in("odoo", seen("2", "other@example.org"), NOW)
    for address in ("home@example.org", "other@example.org"):
        await people.take_in("feishu", seen("f", "li@example.org"), NOW)
        await people.take_in("feishu", seen("f", address), NOW)
    await people.settle(li, "email", "home@example.org")
    assert (await people.get(li)).email == "home@example.org"
    found = await Candidates(database).page("home@", None, by_name=True, reviewer_id=None)
    assert [one.id for one in found.rows] == [li]
    assert await people.take_in("else", seen("9", "home@example.org"), NOW) == li
    await people.take_in("odoo", seen("1", "third@example.org"), NOW)
    assert (await people.get(li)).email == "home@example.org", "a person has decided"
    with pytest.raises(UserError, match="identity_taken"):
        await people.settle(li, "email", "other@example.org")
    for kind, value in (("email", "nobody@example.org"), ("email_said", "third@example.org")):
        with pytest.raises(UserError, match="identity_unknown"):
            await people.settle(li, kind, value)
    await people.merge(li, other, "u" * 32, NOW)
    assert ("email_said", "other@example.org") not in await identities(database, li)
    await people.settle(li, "email", "other@example.org")
    assert (await people.get(li)).email == "other@example.org"


async def identities(database: Database, candidate_id: str) -> set[tuple[str, str]]:
    table = candidate_identities
    query = sa.select(table.c.kind, table.c.value).where(table.c.candidate_id == candidate_id)
    async with database.read() as connection:
        return {(row.kind, row.value) for row in await connection.execute(query)}


async def test_two_processes_take_one_person_in_once(postgresql: Database) -> None:
    other = Database(postgresql.url.render_as_string(hide_password=False))
    try:
        taking = [
            People(database, language=Language.ENGLISH).take_in(
                "odoo", seen(str(n), "li@example.org", "+8613812345678"), NOW
            )
            for n, database in enumerate((postgresql, other) * 4)
        ]
        ids = await asyncio.gather(*taking)
    finally:
        await other.close()
    assert len(set(ids)) == 1
    found = await Candidates(postgresql).page("", None, by_name=True, reviewer_id=None)
    assert found.total == 1
    job = await a_job(postgresql)
    applications = Applications(postgresql)
    opened = await asyncio.gather(*(applications.open_for(ids[0], job, "odoo", NOW) for _ in range(4)))
    assert len(set(opened)) == 1
    await ApplicationLog(postgresql).append(opened[0], 1, [Closed(Outcome.WITHDRAWN, "u", "")], at=NOW)
    assert await applications.open_for(ids[0], job, "odoo", NOW) not in opened
