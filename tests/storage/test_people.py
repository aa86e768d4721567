"""HR's accounts in both databases: roles, the last admin, sessions, assignments, company accounts, and the trail."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from server.errors import UserError
from server.storage.assignments import Assignments
from server.storage.audit import Audit, Wanted
from server.storage.database import Database
from server.storage.hr_user import Role
from server.storage.people import People
from server.storage.provider_accounts import ATTEMPT, Attempt, Newcomer, ProviderAccounts
from server.storage.users import Users
from tests.storage.conftest import NOW

PASSWORD = "correct horse 电池"
WHO = Newcomer("https://id.example", "7", "Rita@Example.org", True, "Rita  Lee", Role.REVIEWER, decides=True)


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def code_of(refused: object) -> str:
    with pytest.raises(UserError) as error:
        await refused  # type: ignore[misc]
    return error.value.code


async def test_the_first_account_is_an_admins_whatever_its_link_says(database: Database) -> None:
    users = Users(database)
    first, second, recruiter = [
        await users.issue_link(NOW, role=role) for role in (Role.ADMIN, Role.ADMIN, Role.RECRUITER)
    ]
    cookie = await users.create_account(recruiter, "ann@example.org", PASSWORD, NOW, " Ann  Lee ")
    user = await users.user_of(cookie, NOW)
    assert user is not None
    assert (user.role, user.name) == (Role.ADMIN, "Ann Lee")
    # The links that each start had printed for an administrator are over.
    assert not await users.link_is_open(first, NOW)
    assert await code_of(users.create_account(second, "eve@example.org", PASSWORD, NOW)) == "link_unknown"


async def test_an_administrator_is_always_left(people: People) -> None:
    one = await people.add("one@example.org", "", NOW, role=Role.AUDITOR)
    two = await people.add("two@example.org", "", NOW, role=Role.ADMIN)
    assert [(person.user.email, person.user.role) for person in await people.all()] == [
        ("one@example.org", Role.ADMIN),
        ("two@example.org", Role.ADMIN),
    ]
    # Each takes the other's role at the same moment: one of them fails.
    results = await asyncio.gather(
        *(people.change(user, role=Role.RECRUITER, name="", department="") for user in (one, two)),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, UserError)]
    assert [error.code for error in refused] == ["last_admin"]
    [left] = [person.user for person in await people.all() if person.user.role is Role.ADMIN]
    assert await code_of(people.disable(left.id, NOW)) == "last_admin"
    assert await code_of(people.change("nobody", role=Role.ADMIN, name="", department="")) == "person_unknown"
    assert await code_of(people.add("ONE@example.org", "", NOW, role=Role.ADMIN)) == "email_taken"


async def test_switching_off_ends_sessions_and_links(database: Database, people: People) -> None:
    users = Users(database)
    await people.add("admin@example.org", "", NOW, role=Role.ADMIN)
    user_id = await people.add("ann@example.org", await users.hashed(PASSWORD), NOW, role=Role.RECRUITER)
    cookie = await users.sign_in("ann@example.org", PASSWORD, NOW)
    link = await users.issue_link(NOW, user_id=user_id)
    assert cookie is not None
    await people.disable(user_id, NOW)
    assert await users.user_of(cookie, NOW) is None
    assert not await users.link_is_open(link, NOW)
    assert await code_of(users.sign_in("ann@example.org", PASSWORD, NOW)) == "account_disabled"
    assert await users.sign_in("ann@example.org", "wrong", NOW) is None
    await people.enable(user_id)
    assert await users.user_of(cookie, NOW) is None
    assert await users.sign_in("ann@example.org", PASSWORD, NOW) is not None


async def test_a_session_that_is_not_used_ends_and_one_that_is_lasts(database: Database, people: People) -> None:
    users = Users(database, timedelta(minutes=30))
    user_id = await people.add("ann@example.org", await users.hashed(PASSWORD), NOW, role=Role.ADMIN)
    cookie, other = [await users.sign_in("ann@example.org", PASSWORD, NOW) for _ in range(2)]
    assert cookie is not None
    assert other is not None
    for minutes in (29, 58, 87):
        assert await users.user_of(cookie, NOW + timedelta(minutes=minutes)) is not None
    assert await users.user_of(other, NOW + timedelta(minutes=31)) is None
    later = NOW + timedelta(minutes=88)
    [session] = await users.sessions_of(user_id, cookie, later)
    assert (session.is_this, session.last_seen_at) == (True, NOW + timedelta(minutes=87))
    await users.end_session("another", session.id)
    assert await users.user_of(cookie, later) is not None
    await users.end_session(user_id, session.id)
    assert await users.user_of(cookie, later) is None


async def test_only_reviewers_are_assigned(database: Database, people: People, interview_id: str) -> None:
    admin = await people.add("admin@example.org", "", NOW, role=Role.ADMIN)
    one, two = [await people.add(f"{name}@example.org", "", NOW, role=Role.REVIEWER) for name in ("one", "two")]
    assignments, users = Assignments(database), Users(database)
    assert await assignments.set(interview_id, [one, admin, "nobody"], admin, NOW) == (frozenset({one}), frozenset())
    assert await assignments.set(interview_id, [two], admin, NOW) == (frozenset({two}), frozenset({one}))
    assert await assignments.of_interview(interview_id) == {two}
    assert await users.assigned_to(two) == {interview_id}
    assert not await users.is_assigned(one, interview_id)
    await people.disable(two, NOW)
    assert [user.id for user in await assignments.reviewers()] == [one]


async def test_the_trail_is_found_by_time_person_action_and_subject(database: Database) -> None:
    audit = Audit(database)
    for hour, (by, action) in enumerate([("a", "read"), ("b", "read"), ("a", "decided")]):
        await audit.note(action, by=by, now=NOW + timedelta(hours=hour), subject=f"s{hour}", detail={"n": hour})
    for wanted, subjects in (
        (Wanted(), ["s2", "s1", "s0"]),
        (Wanted(user_id="a"), ["s2", "s0"]),
        (Wanted(action="read"), ["s1", "s0"]),
        (Wanted(since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2)), ["s1"]),
        (Wanted(subject="s2"), ["s2"]),
    ):
        assert [entry.subject for entry in await audit.find(wanted)] == subjects
    [newest] = await audit.find(Wanted(), limit=1)
    assert newest.detail == {"n": 2}
    assert [entry.subject for entry in await audit.find(Wanted(before=newest.id))] == ["s1", "s0"]
    assert await audit.actions() == ["decided", "read"]


async def test_a_company_account_is_made_known_again_and_refused(database: Database, people: People) -> None:
    accounts, users = ProviderAccounts(database), Users(database)
    await people.add("admin@example.org", "", NOW, role=Role.ADMIN)
    first = await users.user_of(await accounts.enter(WHO, NOW), NOW)
    assert first is not None
    assert (first.email, first.name, first.role) == ("rita@example.org", "Rita Lee", Role.REVIEWER)
    moved = Newcomer(WHO.issuer, WHO.subject, "new@example.org", False, "Rita Muster", Role.RECRUITER, decides=True)
    again = await users.user_of(await accounts.enter(moved, NOW), NOW)
    assert again is not None
    assert (again.id, again.email, again.name, again.role) == (first.id, first.email, "Rita Lee", Role.RECRUITER)
    # Where the provider decides no roles, the one given here stays.
    undecided = Newcomer(WHO.issuer, WHO.subject, "", False, "", None, decides=False)
    kept = await accounts.enter(undecided, NOW)
    assert await users.user_of(kept, NOW) == again
    taken_away = Newcomer(WHO.issuer, WHO.subject, "", False, "", None, decides=True)
    assert await code_of(accounts.enter(taken_away, NOW)) == "oidc_unknown_person"
    assert await users.user_of(kept, NOW) is None
    stranger = Newcomer(WHO.issuer, "8", "rita@example.org", True, "", Role.ADMIN, decides=True)
    assert await code_of(accounts.enter(stranger, NOW)) == "oidc_email_taken"
    unconfirmed = Newcomer(WHO.issuer, "9", "admin@example.org", False, "", Role.ADMIN, decides=True)
    assert await code_of(accounts.enter(unconfirmed, NOW)) == "oidc_email_taken"
    nobody = Newcomer(WHO.issuer, "10", "", False, "", Role.ADMIN, decides=True)
    assert await code_of(accounts.enter(nobody, NOW)) == "oidc_no_email"


async def test_an_answer_of_the_providers_fits_once_in_time_and_in_its_browser(database: Database) -> None:
    accounts, attempt = ProviderAccounts(database), Attempt("nonce", "verifier", "/hr")
    await accounts.begin("state", "browser", attempt, NOW)
    for state, browser, late in (
        ("other", "browser", timedelta(0)), ("state", "other", timedelta(0)), ("state", "browser", ATTEMPT),
    ):  # fmt: skip
        assert await code_of(accounts.take(state, browser, NOW + late)) == "oidc_state"
    assert await accounts.take("state", "browser", NOW) == attempt
    assert await code_of(accounts.take("state", "browser", NOW)) == "oidc_state"
