"""The delivery log: what went out, its filters, one message with its attempts, and what of it is never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from server.hr.message_body import HIDDEN, shown_body
from server.keys import DATABASE
from server.storage import schema
from server.storage.record_tables import connections, deliveries
from tests.hr.conftest import House
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
    status, path, _ = await post(house, "/hr/deliveries/msg_1/replay", confirm="yes")
    assert (status, path) == (303, "/hr/deliveries/msg_1")
    assert "发送记录" in await page(house, "/hr/deliveries?lang=zh-CN")


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
