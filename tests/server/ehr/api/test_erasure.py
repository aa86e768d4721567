"""Who is erased leaves no trace: not in any column of any table, nor among the recordings."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server.ehr.records import Records
from server.keys import CONNECTIONS, DATABASE, SETTINGS
from server.records.remote_ids import RemoteIds
from server.storage import record_tables, schema
from server.storage.audit import Audit, Wanted
from server.storage.candidates import NewCandidate, ensure
from server.storage.database import Database
from server.storage.erasure import erase, whole
from server.storage.identities import note_said
from server.storage.outbox import BUILTIN, OutboxMessage, enqueue
from tests.server.ehr.api.conftest import Api
from tests.server.ehr.api.test_records import JOB, sent

NAME, EMAIL, PHONE = "Zuleika Quarkenbush", "zuleika@example.org", "+49301239999"
TRACES = ("zuleika", "quarkenbush", "1239999", "a parcel that nobody else speaks of")
NAMESAKE = {"remote_id": "c-namesake", "name": "Somebody Else", "email": "else@example.org"}


@pytest.fixture(scope="module")
def api(api_on_both: Api) -> Api:
    return api_on_both


def everything(api: Api) -> Mapping[str, str]:
    """Table → all its text, in lower case."""

    async def read() -> dict[str, str]:
        found = {}
        async with api.app[DATABASE].read() as connection:
            for table in schema.metadata.sorted_tables:
                found[table.name] = str((await connection.execute(sa.select(table))).all()).lower()
        return found

    return api.run(read())


def traces(api: Api, ids: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Table → what of the person stands in it."""
    held = {name: [one for one in (*TRACES, *ids) if one in text] for name, text in everything(api).items()}
    return {name: found for name, found in held.items() if found}


def come_by_other_ways(api: Api, interview_id: str) -> None:
    """A connected system has told of the person, a résumé is kept, a recording is stored, a report was delivered."""
    now = datetime.now(UTC)

    async def write() -> None:
        table, stored = record_tables, schema
        async with api.app[DATABASE].begin() as connection:
            candidate_id = await connection.scalar(
                sa.select(stored.interviews.c.candidate_id).where(stored.interviews.c.id == interview_id)
            )
            application_id = await connection.scalar(
                sa.select(table.applications.c.id).where(table.applications.c.candidate_id == candidate_id)
            )
            check = {"kind": "background_check", "status": "completed", "created_at": now, "updated_at": now}
            await connection.execute(
                table.follow_ups.insert().values(id="f" * 32, application_id=application_id, **check)
            )
            at_checkr = {"system": "checkr", "kind": "follow_up", "remote_id": "quarkenbush-7", "local_id": "f" * 32}
            await connection.execute(table.remote_ids.insert().values(**at_checkr, created_at=now))
            inbox = {"type": "x", "received_at": now, "attempts": 1, "next_attempt_at": now, "dead": False}
            for source, event_id, body, processed in (
                ("acme", "by address", {"candidate": {"mail": EMAIL.upper()}}, None),
                ("acme", "by name", {"candidate": {"name": NAME}}, now),
                ("acme", "by id", {"candidate": candidate_id, "note": "quarkenbush"}, None),
                ("acme", "by their id, under a former name", {"id": "zuleika-1", "name": "Z. Quarkenbush"}, now),
                ("checkr", "a check", {"candidate_id": "quarkenbush-7", "result": "consider"}, now),
                ("other", "a result", {"follow_up_id": "f" * 32, "note": "quarkenbush"}, now),
            ):
                row = {**inbox, "source": source, "event_id": event_id, "body": body, "processed_at": processed}
                await connection.execute(table.inbox.insert().values(**row))
            content = f"Résumé of {NAME}".encode()
            resume = {"media_type": "text/plain", "sha256": "0", "file_name": f"{NAME}.txt", "created_at": now}
            await connection.execute(
                table.resumes.insert().values(id="r1", candidate_id=candidate_id, content=content, **resume)
            )

    api.run(write())
    folder = api.app[SETTINGS].recordings_dir
    for place in (folder / interview_id / "recording.webm", folder / "spool" / interview_id / "1.segment"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"voice")


async def test_who_is_erased_leaves_no_trace_in_any_table_or_folder(api: Api) -> None:
    async with api.client(**{"Idempotency-Key": "erasure"}) as client:
        job = await sent(client, "POST", "jobs", {**JOB, "remote_id": "job-erase"})
    async with api.client() as client:
        await sent(client, "POST", "candidates", NAMESAKE)
        candidate = await sent(
            client, "POST", "candidates", {"remote_id": "zuleika-1", "name": NAME, "email": EMAIL, "phone": PHONE}
        )
        application = await sent(
            client,
            "POST",
            "applications",
            {"candidate_id": candidate["id"], "job_id": job["id"], "remote_id": "zuleika-a"},
        )
        order = {"candidate_id": candidate["id"], "job_id": job["id"], "language": "en"}
        async with client.post("interviews", json=order, headers={"Idempotency-Key": "zuleika"}) as response:
            ordered = await response.json()
        api.begin(ordered["id"], answers=-1)
        waiting = await sent(client, "POST", "interviews", order, 201)
        running = await sent(client, "POST", "interviews", order, 201)
        api.begin(running["id"], answers=1)
        come_by_other_ways(api, ordered["id"])
        ids = (candidate["id"], application["id"], ordered["id"], waiting["id"], running["id"])
        before = traces(api, ids)
        assert {"candidates", "interviews", "events", "outbox", "remote_ids", "inbox", "resumes"} <= before.keys()

        path, why = f"candidates/{candidate['id']}/erase", {"reason": "The candidate asked for it."}
        assert (await sent(client, "POST", path, why, 409))["code"] == "erase_under_way"
        await sent(client, "POST", f"interviews/{running['id']}/cancel", {"reason": "Erasure"})
        api.settle(running["id"])
        answer = await sent(client, "POST", path, why)

        assert (answer["interviews"], answer["resumes"], answer["recordings"], answer["applications"]) == (3, 1, 1, 1)
        left = traces(api, ids)
        assert left.keys() <= {"audit"}, left
        assert all(one not in TRACES for one in left.get("audit", []))
        folder = api.app[SETTINGS].recordings_dir
        assert not [*folder.rglob("recording.webm"), *folder.rglob("*.segment")]
        assert (await sent(client, "GET", f"candidates/{candidate['id']}", status=404))[
            "code"
        ] == "candidate_not_listed"
        assert (await sent(client, "GET", f"interviews/{ordered['id']}", status=404))["code"] == "interview_unknown"
        assert "else@example.org" in everything(api)["candidates"], "nobody else is touched"
        found = api.run(Audit(api.app[DATABASE]).find(Wanted(action="api_erase_candidate")))
        assert [(one.subject, one.user_id) for one in found] == [(candidate["id"], api.key_id)]


async def test_a_report_that_was_on_its_way_is_not_taken_in_behind_the_erasing(api: Api) -> None:
    message = OutboxMessage("msg_late", None, "report.ready", {"type": "report.ready"}, destination=BUILTIN)

    async def work() -> tuple[bool, Any]:
        database, now = api.app[DATABASE], datetime.now(UTC)
        async with database.begin() as connection:
            [id_] = await ensure(connection, [NewCandidate("Late Report", "late@example.org", "en")], now)
            data = {"data": {"candidate_id": id_}}
            await enqueue(connection, [replace(message, body={**message.body, **data})], now + timedelta(days=1))
            await erase(connection, await whole(connection, id_))
        return await Records(database).keep("msg_late", "report.ready", data, now), await Records(database).received(
            "msg_late"
        )

    assert api.run(work()) == (False, {})


async def test_connections_that_want_it_are_told_by_ids_alone_that_somebody_is_erased(api: Api) -> None:
    url, now = {"url": "https://hr.example.com/in"}, datetime.now(UTC)
    secret = {"secret": "whsec_" + b64encode(b"k" * 32).decode()}
    kept = api.app[CONNECTIONS]
    wants = api.run(kept.add("standard_webhooks", "Wants", url, secret, now))
    off = api.run(kept.add("standard_webhooks", "Off", url, secret, now))
    api.run(kept.switch(off.id, False))
    other = api.run(kept.add("training", "Does not want", url, secret, now))
    async with api.client() as client:
        candidate = await sent(
            client, "POST", "candidates", {"remote_id": "n", "name": "Noor Ünal", "email": "n@x.example"}
        )
        job = await sent(client, "POST", "jobs", {**JOB, "remote_id": "job-told"})
        application = await sent(client, "POST", "applications", {"candidate_id": candidate["id"], "job_id": job["id"]})
        remote = RemoteIds(api.app[DATABASE])
        for kind, theirs, ours in (
            ("candidate", "c-9", candidate["id"]),
            ("candidate", "mailto:N@x.example", candidate["id"]),
            ("candidate", "noor ünal", candidate["id"]),
            ("application", "a-9", application["id"]),
        ):
            api.run(remote.keep(wants.id, kind, theirs, ours, now))
        answer = await sent(client, "POST", f"candidates/{candidate['id']}/erase", {"reason": "Asked for."})
    assert answer["told"] == [wants.id]

    async def left() -> list[Any]:
        async with api.app[DATABASE].read() as connection:
            return list((await connection.execute(sa.select(schema.outbox))).all())

    rows = [one for one in api.run(left()) if candidate["id"] in str(one.body)]
    assert [(one.type, one.destination, one.delivered_at) for one in rows] == [("candidate.erased", wants.id, None)]
    data = {
        "candidate_id": candidate["id"],
        "merged_ids": [],
        "remote_ids": {"application": ["a-9"], "candidate": ["c-9"]},
    }
    assert rows[0].body["data"] == data
    assert not [one for one in api.run(left()) if other.id == one.destination]


async def test_who_was_much_spoken_of_can_be_erased_too(database: Database) -> None:
    now = datetime.now(UTC)
    body = {"type": "x", "timestamp": now.isoformat()}
    async with database.begin() as connection:
        [id_] = await ensure(connection, [NewCandidate(NAME, EMAIL, "en")], now)
        told = [
            OutboxMessage(f"msg_{n}", None, "x", {**body, "data": {"candidate_id": id_}}, destination="acme")
            for n in range(1200)
        ]
        await enqueue(connection, told, now)
    async with database.begin() as connection:
        gone = await erase(connection, await whole(connection, id_))
    assert (gone.rows["outbox"], gone.rows["candidates"]) == (1200, 1)


async def test_what_only_others_say_of_who_is_erased_takes_nobody_elses_messages(database: Database) -> None:
    now = datetime.now(UTC)
    waits = {"type": "x", "received_at": now, "attempts": 0, "next_attempt_at": now, "dead": False}
    async with database.begin() as connection:
        [id_] = await ensure(connection, [NewCandidate(NAME, EMAIL, "en")], now)
        await note_said(connection, "email", "bob@example.org", id_)
        row = {**waits, "source": "odoo", "event_id": "1", "body": {"email": "bob@example.org"}}
        await connection.execute(record_tables.inbox.insert().values(**row))
    async with database.begin() as connection:
        await erase(connection, await whole(connection, id_))
        left = (await connection.execute(sa.select(record_tables.inbox))).one()
        identities = await connection.scalar(sa.select(sa.func.count()).select_from(record_tables.candidate_identities))
    assert (left.body, left.processed_at, identities) == ({"email": "bob@example.org"}, None, 0)


def test_every_table_that_belongs_to_somebody_says_so_in_a_column(api: Api) -> None:
    """A new table with people's data is emptied by erasing only if it has one of these, or is named there."""
    known: dict[str, Any] = dict.fromkeys(("candidate_id", "application_id", "interview_id", "outbox_id"))
    named = {"candidates", "inbox", "ehr_inbox", "idempotency_keys", "remote_ids"}
    of_the_house = {
        *("jobs", "competency_models", "generated_flows", "rules", "connections", "api_keys", "audit"),
        *("hr_users", "hr_sessions", "sign_in_links", "oidc_attempts"),
    }
    unclear = [
        table.name
        for table in schema.metadata.sorted_tables
        if not known.keys() & {column.name for column in table.c} and table.name not in named | of_the_house
    ]
    assert unclear == []
