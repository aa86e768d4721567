"""The delivery log: what went out, its filters, one message with its attempts, and what of it is never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import BrowserContext, expect

from question_flows.model import Language
from server.hr.failure_words import _NAMED, failure
from server.hr.message_body import HIDDEN, shown_body
from server.i18n import Messages
from server.keys import DATABASE
from server.storage import schema
from server.storage.record_tables import connections, deliveries, inbox
from tests.e2e.axe import expect_accessible
from tests.hr.applied import a_candidate, a_job, applied
from tests.hr.conftest import House
from tests.hr.test_browser import browser as browser
from tests.hr.test_people import page, post, trail

NOW = datetime.now(UTC).replace(microsecond=0)
LETTER = {
    "type": "email.send",
    "timestamp": "2026-11-27T10:00:00+00:00",
    "data": {
        "to": "ada@example.com",
        "params": {"name": "Ada Lovelace", "link": "https://hr.example/i/abcdef"},
        "interview_id": "1" * 32,
        "total": 8.1,
    },
}


async def connected(house: House, id_: str, name: str) -> None:
    """A connection that is on."""
    row = {"kind": "standard_webhooks", "settings": {}, "subscriptions": [], "is_on": False, "created_at": NOW}
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(connections.insert().values(id=id_, name=name, **row))


async def queued(house: House, id_: str, destination: str = "builtin", **values: Any) -> None:
    """A row of the outbox; what is not said is of one that waits."""
    row = {
        "id": id_,
        "destination": destination,
        "stream": id_,
        "position": 1,
        "type": "report.ready",
        "body": LETTER,
        "created_at": NOW,
        "attempts": 0,
        "next_attempt_at": NOW + timedelta(days=1),
        "dead": False,
    }
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(schema.outbox.insert().values({**row, **values}))


async def attempted(house: House, outbox_id: str, *, status: int | None, error: str) -> None:
    """An attempt of this message."""
    row = {"destination": "builtin", "at": NOW, "duration_ms": 340, "status": status, "error": error}
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(deliveries.insert().values(outbox_id=outbox_id, **row))


def messages_in(html: str) -> list[str]:
    return [part.split('"')[0] for part in html.split('data-message="')[1:]]


async def test_the_log_shows_what_waits_what_was_given_up_and_finds_it(house: House) -> None:
    assert "Nothing has been sent yet" in await page(house, "/hr/deliveries")
    await connected(house, "odoo1", "Odoo Berlin")
    await queued(house, "msg_1", delivered_at=NOW, created_at=NOW - timedelta(days=3))
    await queued(house, "msg_2", "odoo1", dead=True, last_error="answered 403", attempts=9, application_id="a" * 32)
    await queued(house, "msg_3", "odoo1", last_error="timed out", attempts=2, type="email.send")
    await queued(house, "msg_4")
    await queued(house, "msg_5", "email", delivered_at=NOW, created_at=NOW - timedelta(days=9), type="email.send")
    html = await page(house, "/hr/deliveries")
    assert set(messages_in(html)) == {"msg_1", "msg_2", "msg_3", "msg_4", "msg_5"}
    assert '<option value="email">E-mail</option>' in html
    for text in ("1 waiting", "1 trying again", "1 given up", "answered 403", "Odoo Berlin", "/hr/applications/aaaaa"):
        assert text in html
    # Each system's health: what was given up, or that it has everything.
    tiles = html[html.index('data-testid="standings"') : html.index("</ul>", html.index('data-testid="standings"'))]
    assert 'data-destination="odoo1"' in tiles
    assert "Switched off; messages wait" in tiles
    assert "Last delivery:" in tiles
    assert 'href="/hr/deliveries/msg_2#replay"' in html
    for query, found in {
        "destination=odoo1": {"msg_2", "msg_3"},
        "state=dead": {"msg_2"},
        "state=waiting": {"msg_4"},
        "state=retrying": {"msg_3"},
        "state=delivered": {"msg_1", "msg_5"},
        "destination=email": {"msg_5"},
        "type=email.send": {"msg_3", "msg_5"},
        f"about={'a' * 32}": {"msg_2"},
        f"from={NOW.date()}": {"msg_2", "msg_3", "msg_4"},
        f"to={(NOW - timedelta(days=1)).date()}": {"msg_1", "msg_5"},
    }.items():
        assert set(messages_in(await page(house, f"/hr/deliveries?{query}"))) == found, query
    status, _, html = await post(house, "/hr/deliveries/replay", destination="odoo1", state="dead")
    assert (status, "Please tick the box" in html) == (400, True)
    assert (await post(house, "/hr/deliveries/replay", confirm="yes"))[0] == 400
    status, path, _ = await post(house, "/hr/deliveries/replay", destination="odoo1", state="dead", confirm="yes")
    assert (status, path) == (303, "/hr/deliveries?destination=odoo1")
    # The connection knows no system that answers, so that whatever was sent again still waits.
    assert 'data-state="dead"' not in await page(house, path)
    [(_, _, detail)] = await trail(house, "messages_replayed")
    assert detail == {"messages": 1, "destination": "odoo1", "state": "dead"}
    await queued(house, "msg_6", "odoo1", last_error="timed out", attempts=2)
    status, path, _ = await post(house, "/hr/deliveries/msg_1/replay", confirm="yes")
    assert (status, path) == (303, "/hr/deliveries/msg_1")
    # What waits for its next try need not wait for it.
    assert 'data-testid="replay-open"' in await page(house, "/hr/deliveries/msg_6")
    assert (await post(house, "/hr/deliveries/msg_6/replay", confirm="yes"))[0] == 303
    assert 'data-testid="replay-open"' not in await page(house, "/hr/deliveries/msg_6")
    # E-mail's; the others have something that waits or was given up.
    assert tiles.count("Everything delivered") == 1
    assert "发送记录" in await page(house, "/hr/deliveries?lang=zh-CN")


async def test_the_log_says_whom_it_is_about_and_why_something_failed(house: House) -> None:
    interview_id, _ = await house.invite("Grace Hopper")
    application_id = await applied(
        house, await a_candidate(house, "Ada Lovelace", "ada@example.com"), await a_job(house)
    )
    await queued(house, "msg_1", last_error="HTTP 503", attempts=2, application_id=application_id)
    await queued(house, "msg_2", last_error="timeout", attempts=1, interview_id=interview_id)
    html = await page(house, "/hr/deliveries")
    for text in ("Ada Lovelace", "Grace Hopper", "the system has a fault of its own (HTTP 503)", "no answer in time"):
        assert text in html
    assert "对方系统出现故障（HTTP 503）" in await page(house, "/hr/deliveries/msg_1?lang=zh-CN")


def test_every_failure_has_words_and_what_nobody_named_stays_as_it_is() -> None:
    words = Messages()
    for language in Language:

        def t(key: str, **params: object) -> str:
            return words.text(language, key, {name: str(value) for name, value in params.items()})  # noqa: B023

        shown = {error: failure(t, error) for error in (*_NAMED, *(f"HTTP {status}" for status in range(300, 600)))}
        assert all(error != text and "failure_" not in text for error, text in shown.items())
    for error in ("", "code 3001", "HTTP 99", "HTTP 2000", "HTTP ４０３", "HTTP 204", "KeyError"):
        assert failure(t, error) == error


async def test_one_message_shows_its_attempts_and_never_the_candidates_link(house: House) -> None:
    await queued(house, "msg_1", last_error="answered 503", attempts=2, type="email.send")
    await attempted(house, "msg_1", status=503, error="answered 503")
    await attempted(house, "msg_1", status=None, error="timed out")
    html = await page(house, "/hr/deliveries/msg_1")
    assert html.index("timed out") < html.index(">503<")
    assert "ada@example.com" in html
    assert "/i/abcdef" not in html
    async with house.hr.get(house.url("/hr/deliveries/msg_9")) as response:
        assert response.status == 404


def test_without_the_right_a_body_keeps_its_shape_ids_and_figures_only() -> None:
    shown = shown_body(LETTER, with_names=False)
    assert shown["data"] == {
        "to": HIDDEN,
        "params": {"name": HIDDEN, "link": HIDDEN},
        "interview_id": "1" * 32,
        "total": 8.1,
    }
    named = shown_body({"text": "see https://hr.example/i/abc", "secrets": ["whsec_1"], "name": "Ada"}, with_names=True)
    assert named == {"text": HIDDEN, "secrets": [HIDDEN], "name": "Ada"}


async def told(house: House, event_id: str, source: str = "odoo1", **values: Any) -> None:
    """A row of the inbox; what is not said is of one that was given up."""
    row = {"type": "application.created", "body": {"name": "Ada Lovelace"}, "received_at": NOW, "attempts": 3}
    row |= {"next_attempt_at": NOW + timedelta(days=1), "dead": True, "last_error": "unreadable: name"}
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(inbox.insert().values(source=source, event_id=event_id, **{**row, **values}))


def events_in(html: str) -> set[tuple[str, str]]:
    """(event, state) of each line."""
    parts = [part.split('"') for part in html.split('data-event="')[1:]]
    return {(part[0], part[2]) for part in parts}


async def test_what_came_in_and_was_not_taken_is_listed_tried_again_and_set_aside(house: House) -> None:
    path = "/hr/deliveries/received"
    assert "Everything that came in is in the records" in await page(house, path)
    await connected(house, "odoo1", "Odoo Berlin")
    waits: dict[str, Any] = {"dead": False, "last_error": None, "attempts": 0}
    await told(house, "e1")
    await told(house, "e2", last_error="the candidate Ada Lovelace is odd")
    await told(house, "e3", "other", **{**waits, "last_error": "NotKnownYet"})
    await told(house, "e4", "other", **waits)
    await told(house, "e5", **{**waits, "processed_at": NOW})
    html = await page(house, path)
    assert events_in(html) == {("e1", "dead"), ("e2", "dead"), ("e3", "retrying"), ("e4", "waiting")}
    assert "Ada" not in html, "neither what an event says nor a reason that is no code"
    for text in ("Field: name", "has not come yet", "2 given up", "Odoo Berlin", 'aria-current="page"'):
        assert text in html
    assert events_in(await page(house, f"{path}?source=other&state=retrying")) == {("e3", "retrying")}
    assert "收到的事件" in await page(house, f"{path}?lang=zh-CN")
    assert (await post(house, f"{path}/replay", source="odoo1"))[0] == 400, "all of them need a tick"
    for form in ({}, {"source": "odoo1"}, {"source": "odoo1", "event_id": "\0"}):
        assert (await post(house, f"{path}/set-aside", **form))[0] == 400
    assert (await post(house, f"{path}/set-aside", source="other", event_id="e4"))[0] == 404, "nobody has tried it yet"
    assert (await post(house, f"{path}/set-aside", source="odoo1", event_id="e2"))[0] == 303
    assert events_in(await page(house, f"{path}?state=aside")) == {("e2", "aside")}
    status, there, _ = await post(house, f"{path}/replay", source="odoo1", confirm="yes")
    assert (status, there) == (303, f"{path}?source=odoo1")
    [(_, _, detail)] = await trail(house, "events_tried_again")
    assert detail == {"events": 1, "source": "odoo1"}
    # What was set aside is so for the many, and comes back by itself.
    assert (await post(house, f"{path}/replay", source="odoo1", event_id="e2"))[0] == 303
    assert events_in(await page(house, f"{path}?state=aside")) == set()


async def test_received_events_on_a_phone_and_by_keyboard(house: House, browser: BrowserContext) -> None:
    await connected(house, "odoo1", "Odoo Berlin")
    await told(house, "application.created:" + "7" * 150)
    tab = await browser.new_page()
    await tab.goto(house.url("/hr/deliveries"))
    await tab.get_by_role("link", name="Received").press("Enter")
    await expect(tab.get_by_test_id("received")).to_be_visible()
    await expect_accessible(tab, "received events")
    await tab.set_viewport_size({"width": 375, "height": 720})
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 375
    await expect_accessible(tab, "received events on a phone")
    await tab.get_by_test_id("set-aside").press("Enter")
    await expect(tab.get_by_test_id("nothing")).to_be_visible()
    await tab.close()
