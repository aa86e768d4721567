"""The README's example of a connector, run as it stands there."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.delivery.connector import BadSignature, Received, Unreadable
from server.delivery.safe_client import SafeClient
from server.records.incoming import CandidateSeen
from tests.server.ehr.reports import NOON, message

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module")
def example() -> Iterator[Any]:
    """The module that the README shows."""
    [source] = re.findall(r'```python\n("""Example HR.*?)```', README.read_text(encoding="utf-8"), re.DOTALL)
    module = types.ModuleType("example_of_readme")
    # Where pydantic looks for what annotations name.
    sys.modules[module.__name__] = module
    exec(compile(source, "README.md", "exec"), module.__dict__)
    yield module
    del sys.modules[module.__name__]


def made(example: Any, url: str, client: SafeClient) -> Any:
    settings = example.ExampleSettings.model_validate({"url": url})
    return example.Example(settings, example.ExampleSecrets.model_validate({"token": "t"}), client)


async def test_it_sends_a_report_under_one_key_however_often(example: Any) -> None:
    kept: dict[str, Any] = {}
    statuses = [503, 204, 204, 422]

    async def keep(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t"
        kept[request.headers["Idempotency-Key"]] = (request.match_info["person"], await request.json())
        return web.Response(status=statuses.pop(0))

    app = web.Application()
    app.router.add_put("/reports/{person}", keep)
    told = message(7, "report.ready", {"total": 8.2})
    about = type(told)(told.id, told.type, told.body, "i", "a", NOON, 1, {"candidate": "ada"})
    async with TestServer(app) as running, SafeClient(inside=["127.0.0.0/8"]) as client:
        connector = made(example, str(running.make_url("")), client)
        sent = [await connector.deliver(about, NOON) for _ in range(4)]
        assert (await connector.deliver(told, NOON)).delivered
    assert [(one.delivered, one.final) for one in sent] == [(False, False), (True, False), (True, False), (False, True)]
    assert kept == {told.id: ("ada", {"total": 8.2})}


async def test_it_takes_what_bears_its_token_and_says_which_field_is_wrong(example: Any) -> None:
    connector = made(example, "https://hr.example.com", SafeClient())
    raw = b'{"id": "e1", "type": "candidate", "person": "ada", "name": "Ada", "email": "ada@example.org"}'
    answer = connector.receive(Received("POST", "", {}, {"x-token": "t"}, raw), NOON)
    assert answer.status == 200
    event_id, type_, body = answer.keep
    assert (event_id, connector.read(type_, body)) == ("e1", (CandidateSeen("ada", "Ada", "ada@example.org"),))
    with pytest.raises(BadSignature):
        connector.receive(Received("POST", "", {}, {"x-token": "u"}, raw), NOON)
    with pytest.raises(Unreadable, match="person"):
        connector.receive(Received("POST", "", {}, {"x-token": "t"}, b'{"id": "e1", "type": "c"}'), NOON)
    assert [page async for page in connector.poll({}, NOON)] == []
