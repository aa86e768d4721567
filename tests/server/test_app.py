"""The assembled application: security headers, foreign origins, proxies, errors in the person's language, links."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from scripts.local_server import LocalServer
from server.app import create_app
from server.keys import DATABASE
from server.logs import configure
from server.settings import Settings
from server.storage.users import Users
from tests.empty_database import with_database

Client = TestClient[Request, Application]


def settings_for(folder: Path, **changes: Any) -> Settings:
    """Settings over a folder of this test, with a model that is not there."""
    values: dict[str, Any] = {"data_dir": folder / "data", "whisper_model": str(folder / "no-model"), **changes}
    return Settings(_env_file=None, **values)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """The whole application on a free port."""
    async with TestClient(TestServer(create_app(with_database(settings_for(tmp_path))))) as client:
        yield client


async def test_pages_carry_strict_headers(client: Client) -> None:
    response = await client.get("/hr/sign-in")
    assert response.status == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"


async def test_no_page_holds_an_inline_script_or_style(client: Client) -> None:
    """The policy would stop them; a page must not depend on them."""
    for path in ("/hr/sign-in", "/i/unknown"):
        text = await (await client.get(path)).text()
        assert not re.search(r"\sstyle=|<style|\son\w+=", text), path
        scripts = re.findall(r"<script([^>]*)>", text)
        assert all("src=" in script or "application/json" in script for script in scripts), path


async def test_a_foreign_origin_changes_nothing(client: Client) -> None:
    response = await client.post(
        "/hr/sign-in", data={"email": "a@b.c", "password": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert response.status == 403
    response = await client.post("/api/interview/pause", headers={"Origin": "https://evil.example"})
    assert response.status == 403
    assert (await response.json())["error"]["code"] == "foreign_origin"


async def test_errors_speak_the_readers_language(client: Client) -> None:
    english = await client.get("/i/nobody-knows-this", headers={"Accept-Language": "en"})
    chinese = await client.get("/i/nobody-knows-this", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert english.status == chinese.status == 404
    assert re.search(r"[\u4e00-\u9fff]{4,}", await chinese.text())
    assert "link" in (await english.text()).lower()


async def test_unknown_addresses_and_methods_answer_in_words(client: Client) -> None:
    page = await client.get("/nowhere")
    assert page.status == 404
    assert "text/html" in page.headers["Content-Type"]
    api = await client.get("/api/nowhere")
    assert api.status == 404
    assert set((await api.json())["error"]) == {"code", "message", "field"}
    assert (await client.delete("/api/interview")).status == 405


async def test_forwarded_headers_count_only_from_trusted_proxies(tmp_path: Path) -> None:
    """The cookie is marked Secure when a trusted proxy says https, and only then."""
    for trusted, secure in (([], False), (["127.0.0.1"], True)):
        app = create_app(with_database(settings_for(tmp_path / str(secure), trusted_proxies=trusted)))
        async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
            headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "interviews.example.org"}
            origin = "https://interviews.example.org" if secure else str(client.make_url("")).rstrip("/")
            link = await _welcome_link(app)
            response = await client.post(
                link,
                data={"email": "hr@example.org", "password": "long enough to be taken"},
                headers={**headers, "Origin": origin},
                allow_redirects=False,
            )
            assert response.status == 303, await response.text()
            cookie = response.headers["Set-Cookie"]
            assert ("Secure" in cookie) is secure
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie


async def _welcome_link(app: Application) -> str:
    return f"/hr/welcome/{await Users(app[DATABASE]).issue_link(datetime.now(UTC))}"


async def test_a_missing_model_is_said_and_the_server_serves(client: Client) -> None:
    async with asyncio.timeout(20):
        while (health := await (await client.get("/healthz")).json())["recognition"] == "loading":
            await asyncio.sleep(0.05)
    assert health["recognition"] == "unavailable"
    assert set(health["loop_lag_ms"]) == {"p50", "p99", "worst"}


@pytest.fixture
def restored_logs() -> Iterator[None]:
    """Puts the tests' own logging back after a test that configured the server's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_an_unexpected_error_is_answered_and_never_logged_with_its_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], restored_logs: None
) -> None:
    configure("INFO")
    app = create_app(with_database(settings_for(tmp_path)))

    async def broken(request: Request) -> Any:
        raise RuntimeError("the candidate said something private")

    app.router.add_get("/api/broken", broken)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/api/broken")
        assert response.status == 500
        assert (await response.json())["error"]["code"] == "internal"
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = next(line for line in lines if line["event"] == "request failed")
    assert failed["error"] == "RuntimeError"
    assert failed["route"] == "/api/broken"
    assert any("test_app.py" in frame for frame in failed["where"])
    assert "private" not in json.dumps(lines)


async def test_https_by_setting_and_reports_still_arrive(tmp_path: Path) -> None:
    """A certificate of the test's own; the built-in report endpoint is reached over loopback all the same."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = LocalServer(
        tmp_path / "data",
        settings={
            "tls_certificate": str(certificate),
            "tls_key": str(key),
            "whisper_model": str(tmp_path / "no-model"),
        },
        log=tmp_path / "log",
    )
    await server.start()
    try:
        assert server.welcome_link is not None
        assert server.welcome_link.startswith("https://")
        async with (
            ClientSession() as http,
            http.get(server.url.replace("http:", "https:") + "/healthz", ssl=False) as response,
        ):
            assert response.status == 200
    finally:
        await server.stop()


async def test_scripts_and_styles_are_sent_compressed_and_not_again(door: Client) -> None:
    async with door.get("/static/hr.css", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        whole, etag = await response.text(), response.headers["ETag"]
    async with door.get("/static/hr.css", headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.text() == whole
    # The connection goes on: nothing stands behind the headers.
    for _ in range(2):
        headers = {"Accept-Encoding": "gzip", "If-None-Match": etag}
        async with door.get("/static/hr.css", headers=headers) as response:
            assert response.status == 304
    async with door.head("/static/hr.css", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.status == 200
    async with door.get("/static/hr.css", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"}) as response:
        assert await response.read() == whole.encode()[:10]
