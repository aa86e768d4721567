"""HR's people: invited, changed, switched off; one's own account; and the trail of what they did."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientSession

from server.keys import DATABASE
from server.storage.audit import Audit, Wanted
from server.storage.hr_user import Role
from server.storage.people import People, Person
from tests.hr.conftest import EMAIL, PASSWORD, House

NEW = "another long password"


async def page(house: House, path: str, browser: ClientSession | None = None) -> str:
    async with (browser or house.hr).get(house.url(path)) as response:
        assert response.status == 200, path
        return await response.text()


async def post(house: House, path: str, browser: Any = None, **form: str) -> tuple[int, str, str]:
    """(status, where it leads, the page)."""
    async with (browser or house.hr).post(house.url(path), data=form, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def person(house: House, email: str) -> Person:
    return await People(house.app[DATABASE]).with_email(email)


def link_in(html: str) -> str:
    [link] = re.findall(r'value="(http[^"]+/hr/welcome/[^"]+)"', html)
    return str(link)


async def trail(house: House, action: str = "") -> list[tuple[str, str, dict[str, object]]]:
    entries = await Audit(house.app[DATABASE]).find(Wanted(action=action))
    return [(entry.action, entry.subject, dict(entry.detail)) for entry in entries]


async def test_somebody_is_invited_by_a_link_for_their_address_role_and_department(house: House) -> None:
    form = {"email": "Rita@Example.com", "name": "Rita Lee", "department": "Store 12", "role": "reviewer"}
    status, _, html = await post(house, "/hr/people", **form)
    assert status == 200
    link, browser = link_in(html), house.stranger()
    async with browser.get(link) as response:
        text = await response.text()
        assert 'value="rita@example.com" readonly' in text
        assert "Reviewer" in text
    # The address of the link counts, whatever the form sends.
    async with browser.post(link, data={"email": "x@example.com", "password": NEW}) as response:
        assert response.url.path == "/hr"
    rita = (await person(house, "rita@example.com")).user
    assert (rita.name, rita.role, rita.department) == ("Rita Lee", Role.REVIEWER, "Store 12")
    async with house.stranger().get(link) as response:
        assert response.status == 410
    html = await page(house, "/hr/people")
    assert "Rita Lee" in html
    assert "Store 12" in html
    for wrong, problem in (
        ({"email": "rita@example.com", "role": "recruiter"}, "already an account"),
        ({"email": "nobody", "role": "recruiter"}, "e-mail address"),
        ({"role": "emperor"}, "choose one of the roles"),
        ({"role": "recruiter", "name": "x" * 101}, "at most 100 characters"),
    ):
        status, _, html = await post(house, "/hr/people", **wrong)
        assert status in (400, 409)
        assert problem in html
    assert await trail(house, "person_invited") == [("person_invited", "", {"role": "reviewer"})]


async def test_the_first_account_is_an_admins_and_the_last_admin_stays(house: House) -> None:
    me = (await person(house, EMAIL)).user
    assert me.role is Role.ADMIN
    for path, form in ((f"/hr/people/{me.id}", {"role": "recruiter"}), (f"/hr/people/{me.id}/disable", {})):
        status, _, html = await post(house, path, **form)
        assert status == 409
        assert "only administrator left" in html
    _, second_id = await house.person(Role.ADMIN, "second@example.com")
    assert (await post(house, f"/hr/people/{second_id}/disable"))[0] == 303
    # Switched off, the second is none who could manage people.
    assert (await post(house, f"/hr/people/{me.id}", role="recruiter"))[0] == 409
    assert (await post(house, f"/hr/people/{second_id}/enable"))[0] == 303
    assert (await post(house, f"/hr/people/{me.id}", role="recruiter"))[0] == 303
    assert (await person(house, EMAIL)).user.role is Role.RECRUITER
    async with house.hr.get(house.url("/hr/people")) as response:
        assert response.status == 403
        assert "Your account may not do this" in await response.text()
    assert ("role_changed", me.id, {"from": "admin", "to": "recruiter"}) in await trail(house)


async def test_an_account_is_changed_and_switched_off_and_gets_a_new_password(house: House) -> None:
    status, _, html = await post(house, "/hr/people", email="ann@example.com", role="recruiter")
    async with house.stranger().post(link_in(html), data={"password": NEW}) as response:
        assert response.url.path == "/hr"
    ann = (await person(house, "ann@example.com")).user
    form = {"role": "recruiter", "name": "Ann", "department": "Store 3"}
    assert (await post(house, f"/hr/people/{ann.id}", **form))[:2] == (303, "/hr/people")
    assert (await person(house, "ann@example.com")).user.shown == "Ann"
    _, _, html = await post(house, f"/hr/people/{ann.id}/password-link")
    first = link_in(html)
    _, _, html = await post(house, f"/hr/people/{ann.id}/password-link")
    before = await house.browser_of(ann.id)
    async with house.stranger().post(link_in(html), data={"password": "short"}) as response:
        assert response.status == 400
    async with house.stranger().post(link_in(html), data={"password": NEW + "!"}) as response:
        assert response.url.path == "/hr"
    # The other link is over, and so are the sessions from before.
    async with house.stranger().get(first) as response:
        assert response.status == 410
    async with before.get(house.url("/hr")) as response:
        assert response.url.path == "/hr/sign-in"
    assert (await post(house, f"/hr/people/{ann.id}/disable"))[0] == 303
    sign_in = {"email": "ann@example.com", "password": NEW + "!"}
    status, _, html = await post(house, "/hr/sign-in", house.stranger(), **sign_in)
    assert (status, "switched off" in html) == (403, True)
    assert "Switched off" in await page(house, f"/hr/people/{ann.id}")
    assert (await post(house, f"/hr/people/{ann.id}/password-link"))[0] == 409
    assert (await post(house, f"/hr/people/{ann.id}/enable"))[0] == 303
    assert (await post(house, "/hr/sign-in", house.stranger(), **sign_in))[0] == 303
    async with house.hr.get(house.url(f"/hr/people/{'0' * 32}")) as response:
        assert response.status == 404


async def test_ones_own_password_and_sessions(house: House) -> None:
    me = (await person(house, EMAIL)).user
    other = await house.browser_of(me.id)
    html = await page(house, "/hr/account")
    assert html.count("Another browser") == 1
    [session_id] = re.findall(r"/hr/account/sessions/(\w+)/end", html)
    # Nobody ends somebody else's.
    recruiter, _ = await house.person(Role.RECRUITER)
    assert (await post(house, f"/hr/account/sessions/{session_id}/end", recruiter))[0] == 303
    assert "Another browser" in await page(house, "/hr/account")
    assert (await post(house, f"/hr/account/sessions/{session_id}/end"))[0] == 303
    assert "Another browser" not in await page(house, "/hr/account")
    async with other.get(house.url("/api/hr/interviews")) as response:
        assert response.status == 401
    other = await house.browser_of(me.id)
    status, _, html = await post(house, "/hr/account/password", old="wrong", password=NEW)
    assert (status, "not your present password" in html) == (400, True)
    status, _, html = await post(house, "/hr/account/password", old=PASSWORD, password="short")
    assert (status, "at least 12 characters" in html) == (400, True)
    assert (await post(house, "/hr/account/password", old=PASSWORD, password=NEW))[:2] == (303, "/hr/account?changed=1")
    assert "Your password is changed" in await page(house, "/hr/account?changed=1")
    async with other.get(house.url("/api/hr/interviews")) as response:
        assert response.status == 401
    for _ in range(5):
        assert (await post(house, "/hr/account/password", old="wrong", password=NEW))[0] == 400
    assert (await post(house, "/hr/account/password", old=NEW, password=PASSWORD))[0] == 429
    assert "You sign in at your company" in await page(house, "/hr/account", recruiter)


async def test_the_trail_holds_ids_and_never_what_was_said_and_is_found_by_day_person_and_action(house: House) -> None:
    interview_id, _ = await house.invite()
    recruiter, recruiter_id = await house.person(Role.RECRUITER, name="Robin")
    for _ in range(2):
        await page(house, f"/hr/interviews/{interview_id}/report", recruiter)
    form = {"name": "Mei Lin", "email": "mei@example.com", "flow": "customer_service", "language": "en"}
    assert (await post(house, "/hr/invitations", **form))[0] == 200
    async with recruiter.get(house.url(f"/hr/interviews/{interview_id}/recording")) as response:
        assert response.status == 404
    read = [entry for entry in await trail(house) if entry[0] == "report_read"]
    # A second look within minutes is the same; what was refused is not noted.
    assert read == [("report_read", interview_id, {})]
    assert "recording_played" not in {action for action, _, _ in await trail(house)}
    text = str(await trail(house))
    assert "invited" in text
    for word in ("Mei", "mei@", "Ada", "Robin", EMAIL):
        assert word not in text
    auditor, auditor_id = await house.person(Role.AUDITOR)
    async with auditor.get(house.url("/hr")) as response:
        assert response.url.path == "/hr/audit"
    today = datetime.now(UTC).date().isoformat()
    for query, rows in (
        ("", len(await trail(house))),
        (f"?person={recruiter_id}", 1),
        (f"?action=report_read&from={today}&to={today}", 1),
        (f"?subject={interview_id}", 1),
        ("?to=2020-01-01", 0),
        ("?from=nonsense&action=%00&person=x", 0),
        (f"?person={auditor_id}", 0),
    ):
        html = await page(house, f"/hr/audit{query}", auditor)
        assert html.count('<tr role="row" data-action=') == rows, query
    assert "阅读报告" in await page(house, "/hr/audit?lang=zh-CN", auditor)
    # Beyond a hundred there are older ones, all of them once.
    for place in range(120):
        await Audit(house.app[DATABASE]).note(
            "exported", by=recruiter_id, now=datetime.now(UTC), subject=f"s{place:03}"
        )
    first = await page(house, "/hr/audit?action=exported&lang=en", auditor)
    [older] = re.findall(r'<a class="button" href="(/hr/audit[^"]+)"', first)
    second = await page(house, older.replace("&amp;", "&"), auditor)
    seen = re.findall(r'title="(s\d{3})"', first + second)
    assert seen == [f"s{place:03}" for place in reversed(range(120))]


async def test_who_decides_assigns_reviewers_and_they_see_only_that(house: House) -> None:
    (mine, _), (other, _) = await house.invite(), await house.invite(name="Grace Hopper")
    reviewer, reviewer_id = await house.person(Role.REVIEWER, name="Rita Lee")
    recruiter, recruiter_id = await house.person(Role.RECRUITER)
    html = await page(house, f"/hr/interviews/{mine}/report")
    assert f'name="reviewer-{reviewer_id}"' in html
    assert recruiter_id not in html
    form = {f"reviewer-{reviewer_id}": "1", f"reviewer-{recruiter_id}": "1", "next": f"/hr/interviews/{mine}/report"}
    status, where, _ = await post(house, f"/hr/interviews/{mine}/assignments", recruiter, **form)
    assert (status, where) == (303, f"/hr/interviews/{mine}/report#assignments")
    assert 'data-testid="reviewer-reviewer@example.com" checked' in await page(house, f"/hr/interviews/{mine}/report")
    html = await page(house, f"/hr/interviews/{mine}/report", reviewer)
    assert "/assignments" not in html
    async with reviewer.get(house.url(f"/hr/interviews/{other}/report")) as response:
        assert response.status == 404
    async with reviewer.get(house.url("/api/hr/interviews")) as response:
        assert [card["interview_id"] for card in (await response.json())["interviews"]] == [mine]
    assert (await post(house, f"/hr/interviews/{mine}/assignments", reviewer, **form))[0] == 403
    assigned = [detail for action, _, detail in await trail(house) if action == "reviewers_assigned"]
    assert assigned == [{"assigned": [reviewer_id], "removed": []}]
