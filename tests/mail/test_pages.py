"""HR invites by e-mail from the pages, one and many, and moves, cancels and renews what was sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import FormData
from icalendar import Calendar

from server.keys import DATABASE
from server.settings import Settings
from server.storage import schema
from tests.hr.conftest import UNHURRIED, House, serving
from tests.mail.conftest import settings_with

FORM = {"name": "李小龙", "flow": "customer_service", "language": "zh-CN", "jurisdiction": "CN", "form_id": "f" * 32}
MANY = "name,email\nAda,ada@example.org\nBob,\n"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT10:00")


def settings_of(folder: Path, **more: Any) -> Settings:
    return settings_with(
        9,
        data_dir=folder / "data",
        whisper_model=str(folder / "no-model"),
        ice_hosts=["127.0.0.1"],
        **UNHURRIED,
        **more,
    )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with serving(settings_of(tmp_path)) as running:
        yield running


async def posted(house: House, path: str, status: int, **fields: str) -> str:
    """The page that comes after the form."""
    async with house.hr.post(house.url(path), data=fields) as response:
        assert response.status == status, await response.text()
        return await response.text()


async def posted_form(house: House, path: str) -> str:
    """The form as it is before anything is sent."""
    async with house.hr.get(house.url(path)) as response:
        assert response.status == 200
        return await response.text()


async def letters(house: House) -> list[dict[str, Any]]:
    """What waits for the mail server."""
    query = sa.select(schema.outbox.c.body).order_by(schema.outbox.c.created_at, schema.outbox.c.position)
    async with house.app[DATABASE].read() as connection:
        return [body["data"] for body in (await connection.scalars(query)).all()]


async def test_one_invitation_from_its_letter_to_its_end(house: House) -> None:
    for change, field in (
        ({"email": ""}, "email"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": TOMORROW, "time_zone": "Mars"}, "time_zone"),
        ({"starts_at": "2020-01-01T10:00"}, "starts_at"),
    ):
        fields = {**FORM, "email": "li@example.org", "by_mail": "yes", "time_zone": "Asia/Shanghai", **change}
        assert f'id="{field}-problem"' in await posted(house, "/hr/invitations", 400, **fields)
    assert await letters(house) == []
    assert (await house.json("/api/hr/interviews"))["interviews"] == []
    page = await posted(
        house,
        "/hr/invitations",
        200,
        **FORM,
        email="li@example.org",
        by_mail="yes",
        starts_at=TOMORROW,
        time_zone="Asia/Shanghai",
    )
    assert "on its way to li@example.org" in page
    [link] = re.findall(r'value="(https://interviews.example.com/i/[^"]+)"', page)
    [message] = re.findall(r'<textarea id="message"[^>]*>([^<]+)</textarea>', page)
    assert message.startswith("李小龙，您好！\n")
    assert message.endswith(f"\n{link}")
    [invited] = await letters(house)
    assert (invited["kind"], invited["language"], invited["appointment"]["sequence"]) == ("invited", "zh-CN", 0)
    [path] = re.findall(r'href="(/hr/interviews/\w+/invitation)"', page)
    async with house.hr.get(house.url(path)) as response:
        shown = await response.text()
    assert 'data-state="waiting"' in shown
    assert "10:00 (Asia/Shanghai, UTC+08:00)" in shown
    landing = house.url("/i/" + link.rpartition("/")[2])
    async with house.stranger().get(landing) as response:
        assert "10:00（Asia/Shanghai, UTC+08:00）" in await response.text()
    async with house.stranger().get(f"{landing}/appointment.ics") as response:
        assert response.content_type == "text/calendar"
        calendar = Calendar.from_ical(await response.read())
    [event] = calendar.walk("VEVENT")
    assert (calendar["METHOD"], event["SEQUENCE"], event["URL"], "ATTENDEE" in event) == ("PUBLISH", 0, link, False)
    moved = TOMORROW.replace("T10", "T16")
    assert "16:00" in await posted(house, f"{path}/appointment", 200, starts_at=moved, time_zone="Asia/Shanghai")
    await posted(house, f"{path}/appointment", 400, starts_at="", time_zone="Asia/Shanghai")
    renewed = await posted(house, f"{path}/again", 200)
    assert link not in renewed
    assert "on its way" in renewed
    [link] = re.findall(r'value="(https://interviews.example.com/i/[^"]+)"', renewed)
    assert 'id="reason-problem"' in await posted(house, f"{path}/cancel", 400, reason=" ")
    assert len(await letters(house)) == 3, "nothing happens without a reason"
    for _ in range(2):
        assert 'data-state="called_off"' in await posted(house, f"{path}/cancel", 200, reason="The job is filled.")
    async with house.stranger().get(house.url("/i/" + link.rpartition("/")[2])) as response:
        assert response.status == 410
        assert "The job is filled" not in await response.text()
    assert "cannot be resumed" in await posted(house, f"{path}/again", 409)
    kinds = [
        (one["kind"], one["calendar"], one["appointment"] and one["appointment"]["sequence"])
        for one in await letters(house)
    ]
    assert kinds == [
        ("invited", "REQUEST", 0),
        ("rescheduled", "REQUEST", 1),
        ("invited_again", "REQUEST", 2),
        ("cancelled", "CANCEL", 3),
    ]
    async with house.hr.get(house.url(path)) as response:
        listed = re.findall(r'data-letter="(\w+)"', await response.text())
    assert listed == [kind for kind, _, _ in kinds]


async def test_a_list_and_links_by_hand(house: House) -> None:
    fields = {key: FORM[key] for key in ("flow", "jurisdiction", "form_id")} | {"language": "en", "text": MANY}
    async with house.hr.post(house.url("/hr/invitations/csv"), data=multipart(fields | {"by_mail": "yes"})) as response:
        page = await response.text()
    assert "E-mails on their way: 1." in page
    assert [one["to"] for one in await letters(house)] == ["ada@example.org"]
    assert page.count("https://interviews.example.com/i/") >= 2
    # Without the tick nothing is sent.
    await posted(house, "/hr/invitations", 200, **{**FORM, "form_id": "e" * 32, "email": "eve@example.org"})
    assert len(await letters(house)) == 1


def multipart(fields: dict[str, str]) -> Any:
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


async def test_without_a_mail_server_pages_say_that_links_are_passed_on_by_hand(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, smtp_url="", mail_from="")
    async with serving(settings) as house:
        for path in ("/hr/invitations", "/hr/invitations/csv"):
            async with house.hr.get(house.url(path)) as response:
                page = await response.text()
            assert "No mail server is set up" in page
            assert 'name="by_mail"' not in page
        page = await posted(house, "/hr/invitations", 200, **FORM, email="li@example.org", by_mail="yes")
        assert "No mail server is set up" in page
        [path] = re.findall(r'href="(/hr/interviews/\w+/invitation)"', page)
        await posted(house, f"{path}/appointment", 409, starts_at=TOMORROW, time_zone="UTC")
        assert await letters(house) == []


async def test_who_has_said_when_it_suits_gets_an_appointment_then_on_their_own_clock(house: House) -> None:
    await posted(house, "/hr/invitations", 200, **FORM, email="li@example.org")
    async with house.app[DATABASE].read() as connection:
        [candidate] = (await connection.scalars(sa.select(schema.candidates.c.id))).all()
    words = {"availability_text": "每天下午两点到四点（北京时间）"}
    page = await posted(house, f"/hr/candidates/{candidate}/availability", 200, **words)
    assert "14:00 – 16:00" in page
    page = await posted_form(house, f"/hr/invitations?candidate={candidate}")
    assert 'value="Asia/Shanghai"' in page
    again = {**FORM, "form_id": "a" * 32, "candidate": candidate, "email": "li@example.org", "by_mail": "yes"}
    await posted(house, "/hr/invitations", 200, **again)
    last = (await letters(house))[-1]
    starts_at = datetime.fromisoformat(last["appointment"]["starts_at"])
    assert (starts_at.astimezone(UTC).hour, last["appointment"]["time_zone"]) == (6, "Asia/Shanghai")
