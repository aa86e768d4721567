"""A start that fails says in one sentence what to do; so does an invitation from the command line."""

from __future__ import annotations

import asyncio
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from scripts.local_server import LocalServer
from server.__main__ import wrong_setting
from server.settings import Settings
from server.starting import CannotStart, database_opens, listen, make_data_dir, tls_context
from server.storage.database import Database
from server.storage.users import Users

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"port": "99999"}, "INTERVIEW_PORT: "),
        ({"trusted_proxies": '["not an address"]'}, "INTERVIEW_TRUSTED_PROXIES: "),
        ({"trusted_proxies": "10.0.0.0/8"}, "INTERVIEW_TRUSTED_PROXIES: must be a JSON list"),
        ({"redis_url": "localhost:6379"}, "INTERVIEW_REDIS_URL: must begin with redis://"),
        ({"workers": "4"}, "INTERVIEW_WORKERS other than 1 needs INTERVIEW_REDIS_URL"),
        ({"database_url": "postgresql://hr@db/interviews"}, "INTERVIEW_DATABASE_URL: must begin with sqlite+aiosqlite"),
        ({"public_url": "interviews.example.org"}, "INTERVIEW_PUBLIC_URL: must begin with http://"),
        ({"ehr_secret": "not base64!"}, "INTERVIEW_EHR_SECRET: must be whsec_"),
        ({"tls_certificate": "/nowhere/cert.pem"}, "INTERVIEW_TLS_CERTIFICATE: there is no file /nowhere/cert.pem"),
        ({"tls_certificate": __file__}, "INTERVIEW_TLS_CERTIFICATE and INTERVIEW_TLS_KEY go together"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, **settings)
    lines = [wrong_setting(details["loc"], details["msg"]) for details in caught.value.errors()]
    assert len(lines) == 1
    assert lines[0].startswith(said)


async def test_a_port_in_use_is_named() -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} of 127.0.0.1 is in use"):
            await listen(runner, Settings(_env_file=None, port=port), None)
    await runner.cleanup()


def test_files_that_are_no_certificate_are_named(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text("no certificate")
    with pytest.raises(CannotStart, match="INTERVIEW_TLS_CERTIFICATE and INTERVIEW_TLS_KEY cannot be used"):
        tls_context(Settings(_env_file=None, tls_certificate=file, tls_key=file))


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="INTERVIEW_DATA_DIR"):
        make_data_dir(Settings(_env_file=None, data_dir=tmp_path / "file" / "data"))


async def test_a_database_out_of_reach_is_named_without_its_password() -> None:
    settings = Settings(_env_file=None, database_url="postgresql+asyncpg://hr:hunter2@127.0.0.1:1/interviews")
    database = Database(settings.sqlalchemy_url)
    with pytest.raises(CannotStart, match="INTERVIEW_DATABASE_URL") as caught, database_opens(settings):
        await database.open()
    assert "hunter2" not in str(caught.value)
    await database.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "interviews.sqlite").write_text("this is a text and not a database " * 100)
    settings = Settings(_env_file=None, data_dir=tmp_path)
    database = Database(settings.sqlalchemy_url)
    with pytest.raises(CannotStart, match=r"interviews\.sqlite"), database_opens(settings):
        await database.open()
    await database.close()


@pytest.mark.parametrize(("workers", "wanted", "threads"), [(1, 0, 0), (1, 2, 2), (64, 0, 1), (64, 3, 3)])
def test_workers_share_the_cores_for_recognition(workers: int, wanted: int, threads: int) -> None:
    """Unless told how many threads each takes; alone, the recogniser chooses."""
    redis = {"redis_url": "redis://127.0.0.1:1/0"}
    settings = Settings(_env_file=None, workers=workers, whisper_threads=wanted, **redis)  # type: ignore[arg-type]
    assert settings.recognition_threads == threads


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ([], {"INTERVIEW_PORT": "99999"}, "INTERVIEW_PORT"),
        ([], {"INTERVIEW_FLOWS_DIR": "flows"}, "mine.yaml:1: "),
        (["invite", "--flow", "nope", "--language", "en", "--name", "Ada"], {}, "There are: customer_service"),
        (["invite", "--flow", "customer_service", "--language", "en", "--name", " "], {}, "candidate's name"),
    ],
)
async def test_the_command_line_ends_with_a_sentence(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "mine.yaml").write_text("id: [")
    if "INTERVIEW_FLOWS_DIR" in variables:
        variables = {"INTERVIEW_FLOWS_DIR": str(tmp_path / "flows")}
    environment = LocalServer(tmp_path / "data").environment | variables
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", *arguments, cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, stderr = await process.communicate()
    assert process.returncode == 1
    assert said in stderr.decode()
    assert "Traceback" not in stderr.decode()


async def test_a_colleague_gets_an_account_by_a_link_from_the_command_line(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "hr-link", cwd=ROOT, env=LocalServer(tmp_path / "data").environment,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    stdout, _ = await process.communicate()
    token = stdout.decode().strip().rsplit("/hr/welcome/", 1)[1]
    database = Database(Settings(_env_file=None, data_dir=tmp_path / "data").sqlalchemy_url)
    await database.open()
    try:
        users, now = Users(database), datetime.now(UTC)
        cookie = await users.create_account(token, "colleague@example.org", "long enough to be taken", now)
        user = await users.user_of(cookie, now)
        assert user is not None
        assert user.email == "colleague@example.org"
    finally:
        await database.close()
