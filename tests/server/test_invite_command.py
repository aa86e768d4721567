"""The command `invite` makes an interview, and prints what its candidate opens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from question_flows.model import Language
from server.__main__ import command, parse_arguments
from server.settings import Settings
from server.starting import open_database
from server.storage.event_log import EventLog
from server.storage.invitations import Invitations


async def test_the_link_opens_the_interview_and_its_candidate_is_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=tmp_path, jurisdiction="CN", public_url="https://ask.example.com", _env_file=None)
    given = ["--flow", "customer_service", "--language", "zh-CN", "--name", " 王敏 ", "--email", "Min@example.com"]
    monkeypatch.setattr("sys.argv", ["scripts/run", "invite", *given])
    await command(settings, parse_arguments())
    first, second = capsys.readouterr().out.splitlines()
    interview_id, link = first.removeprefix("Interview: "), second.removeprefix("Link: ")
    assert link.startswith("https://ask.example.com/i/")
    async with open_database(settings) as database:
        found = await Invitations(database).find(link.rsplit("/", 1)[1], datetime.now(UTC))
        row = await EventLog(database).row(interview_id)
    assert found.interview_id == interview_id
    assert row is not None
    assert (row.flow_id, row.language, row.jurisdiction) == ("customer_service", Language.CHINESE, "CN")
    assert (row.candidate_name, row.candidate_email) == ("王敏", "min@example.com")
