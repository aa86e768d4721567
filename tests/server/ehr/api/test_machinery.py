"""Keys, scopes, refusals, what is sent twice: what every operation of the API shares."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from server import api_key_command
from server.ehr.api.resumes import MOST_AT_ONCE
from server.ehr.api.routes import OPERATIONS
from server.ehr.api.serving import UNDER_WAY
from server.errors import UserError
from server.i18n import Messages
from server.keys import DATABASE
from server.settings import Settings
from server.storage.api_keys import ApiKeys, Scope
from server.storage.database import Database
from server.storage.idempotency import DIED_AFTER, KEPT_FOR, Answered, Idempotency
from server.storage.record_tables import idempotency_keys
from tests.server.ehr.api.conftest import Api, serving

JSON = {"headers": {"Content-Type": "application/json"}}
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ORDER = {"candidate_name": "Ada Lovelace", "flow_id": "customer_service", "language": "en"}


async def refusal(response: aiohttp.ClientResponse) -> tuple[int, str]:
    """(status, code) of a problem, whose other fields are as RFC 9457 has them."""
    assert response.content_type == "application/problem+json", await response.text()
    body = await response.json()
    assert body["status"] == response.status
    assert body["type"].endswith(body["code"])
    assert len(body["title"]) > 3
    assert len(body["detail"]) > 10
    return response.status, body["code"]


async def test_every_operation_needs_its_own_scope_and_no_other(api: Api) -> None:
    """Scope × operation: the right scope alone gets in, all the others together do not."""
    with_one = {scope: api.key([scope])[1] for scope in Scope}
    without = {scope: api.key([one for one in Scope if one is not scope])[1] for scope in Scope}
    async with api.client() as client:
        for operation in OPERATIONS:
            path = re.sub(r"{\w+}", "0" * 32, operation.path).lstrip("/")

            async def ask(secret: str, method: str = operation.method, path: str = path) -> tuple[int, str]:
                async with client.request(method, path, headers={"Authorization": f"Bearer {secret}"}) as response:
                    return (response.status, "") if response.status < 400 else await refusal(response)

            assert await ask(without[operation.scope]) == (403, "scope_missing"), operation.id
            status, code = await ask(with_one[operation.scope])
            assert status not in (401, 403, 405, 500), (operation.id, code)
            assert await ask("ivk_nobody") == (401, "api_key_wrong"), operation.id


async def test_a_key_opens_nothing_once_it_is_revoked_or_expired(api: Api) -> None:
    key_id, secret = api.key()
    _, short = api.key(now=NOW, expires_at=NOW + timedelta(seconds=1))
    async with api.client(secret) as client:
        async with client.get("interviews") as response:
            assert response.status == 200
        api.run(ApiKeys(api.app[DATABASE]).revoke(key_id, datetime.now(UTC)))
        for headers in ({}, {"Authorization": f"Bearer {short}"}, {"Authorization": "Basic x"}):
            async with client.get("interviews", headers=headers) as response:
                assert await refusal(response) == (401, "api_key_wrong")
                assert response.headers["WWW-Authenticate"] == "Bearer"
    used = api.run(ApiKeys(api.app[DATABASE]).get(key_id))
    assert used.last_used_at is not None
    assert used.revoked_at is not None


async def test_a_key_is_kept_as_a_hash_and_refused_with_its_field(database: Database) -> None:
    keys = ApiKeys(database)
    given: dict[str, Any] = {"name": "Workday", "system": "workday-eu", "scopes": ["jobs:read"], "by": "a", "now": NOW}
    key, secret = await keys.create(**given)
    assert re.fullmatch(r"ivk_[\w-]{43}", secret)
    async with database.read() as connection:
        [row] = (await connection.execute(sa.text("select * from api_keys"))).all()
    assert secret not in str(row)
    assert await keys.of_secret(secret, NOW) == key
    for field, wrong in (
        ("name", " "), ("system", "two words"), ("scopes", ["everything"]), ("scopes", []), ("expires_at", NOW),
    ):  # fmt: skip
        with pytest.raises(UserError) as refused:
            await keys.create(**{**given, field: wrong})
        assert refused.value.field == field
    with pytest.raises(UserError) as misspelt:
        await keys.create(**{**given, "scopes": ["jobs:read", "job:write"]})
    assert (misspelt.value.code, misspelt.value.params) == ("api_key_scope_unknown", {"scope": "job:write"})
    assert [one.id for one in await keys.all()] == [key.id]


async def test_the_command_makes_a_key_that_opens(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    api_key_command.add_arguments(parser.add_subparsers())
    asked = ["api-key", "--system", "acme", "--name", "ATS", "--scopes", "jobs:read, erase", "--days", "30"]
    await api_key_command.api_key(Settings(_env_file=None), database, parser.parse_args(asked))
    secret = capsys.readouterr().out.split("Key: ")[1].strip()
    key = await ApiKeys(database).of_secret(secret, datetime.now(UTC))
    assert key is not None
    assert (key.scopes, key.system) == (frozenset({Scope.JOBS_READ, Scope.ERASE}), "acme")
    assert not key.opens(datetime.now(UTC) + timedelta(days=31))


async def test_refusals_are_problems_in_the_callers_language(api: Api) -> None:
    for language, begins in (("en", "The field “limit” has"), ("zh-CN", "字段“limit”")):
        async with (
            api.client(**{"Accept-Language": language}) as client,
            client.get("interviews", params={"limit": "many"}) as response,
        ):
            assert await refusal(response) == (400, "field_wrong")
            body = await response.json()
            assert body["field"] == "limit"
            assert body["detail"].startswith(begins)
        async with api.client() as client, client.get(api.url + body["type"]) as response:
            assert (await response.json())["code"] == "field_wrong"


async def test_what_is_no_request_of_ours_is_a_problem_too(api: Api) -> None:
    async with api.client() as client:
        for method, path, sent, expected in (
            ("GET", "nothing/here", {}, (404, "not_found")),
            ("DELETE", "interviews", {}, (405, "method_not_allowed")),
            ("GET", f"interviews/{'0' * 32}", {}, (404, "interview_unknown")),
            ("GET", "interviews/NOT-AN-ID", {}, (404, "not_found")),
            ("GET", "interviews?limit=1&limit=2", {}, (400, "field_wrong")),
            ("GET", "interviews?colour=red", {}, (400, "field_unknown")),
            ("POST", "interviews", {"data": "{", **JSON}, (400, "malformed_json")),
            ("POST", "interviews", {"data": "[" * 100_000, **JSON}, (400, "malformed_json")),
            ("POST", "interviews", {"data": "{}"}, (415, "media_type_wrong")),
            ("POST", "interviews", {"json": {**ORDER, "colour": "red"}}, (400, "field_unknown")),
            ("POST", "interviews", {"json": {**ORDER, "candidate_name": "\0"}}, (400, "field_wrong")),
            ("POST", "interviews", {"json": {**ORDER, "candidate_name": "x" * 300_000}}, (413, "too_large")),
            ("POST", "interviews", {"json": {**ORDER, "flow_id": "nothing"}}, (400, "flow_unknown")),
        ):  # fmt: skip
            async with client.request(method, path, **sent) as response:
                assert await refusal(response) == expected, (method, path, str(sent)[:80])
                if response.status == 405:
                    assert response.headers["Allow"] == "GET,POST"
        async with client.post("interviews", json=ORDER, headers={"Origin": "https://elsewhere.example"}) as response:
            assert response.status == 201, "whoever sends a key is no page of another site"


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


async def test_a_cursor_that_is_not_ours_is_refused_and_never_answered_with_the_first_page(api: Api) -> None:
    wrong = ["AAAA", cursor(), cursor("x", "y", False), cursor(1, "y", False), cursor(10**400, "y", False)]
    moments = ("2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
    wrong += [cursor({"at": one}, "y", False) for one in moments]
    wrong += [cursor({"at": "2026-01-01T00:00:00+00:00"}, one, False) for one in ("\0", "\ud800", 1)]
    async with api.client() as client:
        for path in ("candidates", "jobs", "applications", "interviews"):
            for one in wrong:
                async with client.get(path, params={"cursor": one}) as response:
                    assert await refusal(response) == (400, "field_wrong"), (path, one)
            ours = cursor({"at": "2026-01-01T00:00:00+00:00"}, "y", False)
            async with client.get(path, params={"cursor": ours}) as response:
                assert response.status == 200, path


async def test_names_that_cannot_be_seen_or_turn_others_around_are_refused(api: Api) -> None:
    async with api.client() as client:
        for name in ("\u200b", "\u3000 ", "Ada \u202e", "a\u2066b", "a\u2028b", "a\x85b"):
            async with client.post("candidates", json={"remote_id": "unseen", "name": name}) as response:
                assert await refusal(response) == (400, "field_wrong"), ascii(name)
        # Joiners within a word belong to Persian and to Hindi.
        for name in ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u674e\u660e"):
            async with client.post("candidates", json={"remote_id": f"seen-{len(name)}", "name": name}) as response:
                assert response.status == 200, ascii(name)


async def test_broken_requests_on_the_wire_are_refused_and_are_no_fault(api: Api) -> None:
    _, _, port = api.url.rpartition(":")
    key, json_body = f"Authorization: Bearer {api.secret}".encode(), b"Content-Type: application/json"
    for lines, status in (
        ([b"GET /api/v1/openapi.json HTTP/1.1", b"Host: a\xff"], 400),
        ([b"GET /api/v1/openapi.json HTTP/1.1", b'Host: a"><script>'], 400),
        ([b"GET /api/v1/jobs HTTP/1.1", b"Host: x y", key], 400),
        ([b"GET /api/v1/jobs HTTP/1.1", b"Host: x", b"Authorization: Bearer \xff"], 401),
        ([b"POST /api/v1/jobs HTTP/1.1", b"Host: x", key, json_body, b"Content-Encoding: gzip"], 400),
        ([b"POST /api/v1/jobs HTTP/1.1", b"Host: x", key, json_body, b"Content-Encoding: deflate"], 400),
        ([b"POST /api/v1/jobs HTTP/1.1", b"Host: x", key, json_body, b"Idempotency-Key: \xff"], 400),
        ([b"POST /ehr/reports HTTP/1.1", b"Host: x", b"webhook-id: \xff", b"webhook-timestamp: \xb2"], 401),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"\r\n".join([*lines, b"Content-Length: 30", b"", b"x" * 30]))
        async with asyncio.timeout(5):
            assert f" {status} ".encode() in await reader.readline(), lines
        writer.close()


async def test_the_same_order_sent_twice_is_one_interview_with_one_link(api: Api) -> None:
    async with api.client(**{"Idempotency-Key": "order-1"}) as client:
        answers = []
        for _ in range(2):
            async with client.post("interviews", json=ORDER) as response:
                assert response.status == 201
                answers.append((await response.json(), response.headers.get("Idempotent-Replayed")))
        assert answers[0] == (answers[1][0], None)
        assert answers[1][1] == "true"
        async with client.post("interviews", json={**ORDER, "language": "zh-CN"}) as response:
            assert await refusal(response) == (422, "idempotency_reused")
        async with client.post("interviews", json=ORDER, headers={"Idempotency-Key": "ü"}) as response:
            assert await refusal(response) == (400, "idempotency_key_wrong")
    # Another key's requests are others.
    async with (
        api.client(api.key()[1], **{"Idempotency-Key": "order-1"}) as client,
        client.post("interviews", json=ORDER) as response,
    ):
        assert (await response.json())["id"] != answers[0][0]["id"]

    async def kept() -> str:
        async with api.app[DATABASE].read() as connection:
            return str((await connection.execute(sa.select(idempotency_keys))).all())

    token = answers[0][0]["link"].rsplit("/", 1)[1]
    assert token not in api.run(kept()), "a link can be read in the database"


async def test_ten_at_once_under_one_key_make_one_interview(api: Api) -> None:
    async with api.client(**{"Idempotency-Key": "at-once"}) as client:

        async def order() -> tuple[int, str]:
            async with client.post("interviews", json={**ORDER, "candidate_name": "Only Once"}) as response:
                return response.status, (await response.json()).get("id", "")

        answers = await asyncio.gather(*(order() for _ in range(10)))
    assert {status for status, _ in answers} <= {201, 409}
    assert len({id_ for status, id_ in answers if status == 201}) == 1


async def test_a_refused_request_may_come_again_under_its_key(api: Api) -> None:
    async with api.client(**{"Idempotency-Key": "second-try"}) as client:
        async with client.post("interviews", json={**ORDER, "flow_id": "nothing"}) as response:
            assert response.status == 400
        async with client.post("interviews", json=ORDER) as response:
            assert response.status == 201


async def test_another_order_under_a_key_that_is_forgotten_is_an_interview_of_its_own(api: Api) -> None:
    async def a_day_passes() -> None:
        async with api.app[DATABASE].begin() as connection:
            old = datetime.now(UTC) - KEPT_FOR
            await connection.execute(idempotency_keys.update().values(created_at=old))

    made = []
    async with api.client(**{"Idempotency-Key": "counted-from-one"}) as client:
        for name in ("Ada Lovelace", "Grace Hopper"):
            async with client.post("interviews", json={**ORDER, "candidate_name": name}) as response:
                assert response.status == 201
                made.append(await response.json())
            api.run(a_day_passes())
    assert len({one["id"] for one in made}) == len({one["candidate_id"] for one in made}) == 2
    assert all(one["link"] for one in made)


async def test_what_was_cut_off_between_its_effect_and_its_answer_is_done_once(api: Api) -> None:
    """As a server that dies behind the commit leaves it: the key is taken, and nothing is answered."""

    async def cut_off() -> None:
        async with api.app[DATABASE].begin() as connection:
            begun = datetime.now(UTC) - DIED_AFTER
            await connection.execute(idempotency_keys.update().values(status=None, body=None, created_at=begun))

    async with api.client() as client:

        async def twice(path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
            answers = []
            for _ in range(2):
                async with client.post(
                    path, json=body, headers={"Idempotency-Key": f"cut-{path}-{len(body)}"}
                ) as response:
                    assert response.status in (200, 201), await response.text()
                    answers.append(await response.json())
                api.run(cut_off())
            return answers

        first, second = await twice("interviews", {**ORDER, "candidate_name": "Cut Off", "email": "cut@example.org"})
        assert (second["id"], second["candidate_id"], second["link"]) == (first["id"], first["candidate_id"], None)
        job, same = await twice("jobs", {"remote_id": "cut", "title": "Agent", "flow_id": "customer_service"})
        assert same == job
        applied = {"candidate_id": first["candidate_id"], "job_id": job["id"]}
        application, again = await twice("applications", applied)
        assert again == application
        round_, once = await twice("interviews", {"application_id": application["id"]})
        assert (once["id"], once["link"]) == (round_["id"], None)
        async with client.get("interviews", params={"candidate_id": first["candidate_id"]}) as response:
            assert {one["id"] for one in (await response.json())["items"]} == {first["id"], round_["id"]}


async def test_what_was_answered_is_kept_a_day_and_a_dead_request_blocks_five_minutes(database: Database) -> None:
    key, _ = await ApiKeys(database).create(name="a", system="b", scopes=["erase"], by="", now=NOW)
    kept = Idempotency(database)
    assert await kept.begin(key.id, "x", "hash", NOW) is None
    with pytest.raises(UserError) as under_way:
        await kept.begin(key.id, "x", "hash", NOW + DIED_AFTER - timedelta(seconds=1))
    assert (under_way.value.code, under_way.value.status) == ("idempotency_under_way", 409)
    assert await kept.begin(key.id, "x", "hash", NOW + DIED_AFTER) is None
    answered = Answered(201, {"about": "", "sealed": "…"})
    await kept.answered(key.id, "x", answered)
    assert await kept.begin(key.id, "x", "hash", NOW + DIED_AFTER + KEPT_FOR - timedelta(seconds=1)) == answered
    assert await kept.begin(key.id, "x", "other", NOW + DIED_AFTER + KEPT_FOR) is None


async def test_a_key_that_asks_too_often_waits(tmp_path: Path) -> None:
    with serving(tmp_path, api_requests_per_minute=2) as slow:
        async with slow.client() as client:
            seen = []
            for _ in range(3):
                async with client.get("interviews") as response:
                    seen.append(response.status)
                    if response.status == 429:
                        assert await refusal(response) == (429, "too_many_requests")
                        assert 1 <= int(response.headers["Retry-After"]) <= 60
            assert seen == [200, 200, 429]
            async with client.get("interviews", headers={"Authorization": f"Bearer {slow.key()[1]}"}) as response:
                assert response.status == 200, "another key need not wait"


async def test_a_key_has_few_resumes_under_way_and_another_key_need_not_wait(api: Api) -> None:
    async with api.client() as client:
        async with client.post("candidates", json={"remote_id": "many-files", "name": "Many Files"}) as response:
            path = f"candidates/{(await response.json())['id']}/resumes"
        plain = {"Content-Type": "text/plain"}
        head = (
            f"POST /api/v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.secret}\r\nContent-Length: 9\r\n"
            "Content-Type: text/plain\r\n\r\n"
        )
        _, _, port = api.url.rpartition(":")
        slow = [await asyncio.open_connection("127.0.0.1", int(port)) for _ in range(MOST_AT_ONCE)]
        for _, writer in slow:
            writer.write(head.encode())
        async with asyncio.timeout(10):
            while len(under_way := [*api.app[UNDER_WAY].elements()]) < MOST_AT_ONCE:
                await asyncio.sleep(0.02)
        assert under_way == [("add_resume", api.key_id)] * MOST_AT_ONCE
        async with client.post(path, data=b"x", headers=plain) as response:
            assert await refusal(response) == (429, "too_many_at_once")
            assert int(response.headers["Retry-After"]) > 0
        theirs = {**plain, "Authorization": f"Bearer {api.key()[1]}"}
        async with client.post(path, data=b"Mary Jackson\n\nSkills\nSQL\n", headers=theirs) as response:
            assert response.status == 201
        for _, writer in slow:
            writer.close()
        async with asyncio.timeout(10):
            while api.app[UNDER_WAY]:
                await asyncio.sleep(0.02)


def test_every_operation_and_status_has_its_words() -> None:
    known = Messages().keys(next(iter(Messages()._texts)))
    for operation in OPERATIONS:
        assert {f"api.title_{status}" for status in operation.statuses} <= known, operation.id
        if operation.method != "GET" or operation.audited:
            assert f"access.did_{operation.audited or 'api_' + operation.id}" in known, operation.id
