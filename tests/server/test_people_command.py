"""HR's accounts from the command line: no password is ever an argument."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.__main__ import command, parse_arguments
from server.errors import UserError
from server.settings import Settings
from server.storage.audit import Audit, Wanted
from server.storage.database import Database
from server.storage.users import Users

PASSWORD = "correct horse battery"


async def test_accounts_are_made_changed_and_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)

    async def run(*arguments: str, typed: str = "") -> str:
        monkeypatch.setattr("sys.argv", ["scripts/run", *arguments])
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        await command(settings, parse_arguments())
        return capsys.readouterr().out

    # Whatever is asked for, the first account administrates.
    assert "(admin;" in await run("hr-link", "--role", "auditor")
    out = await run("hr-user", "add", "Ann@example.com", "--role", "reviewer", "--name", "Ann", typed=f"{PASSWORD}\n")
    assert out == "ann@example.com is now admin.\n"
    assert "(reviewer;" in await run("hr-link", "--role", "reviewer", "--department", "Store 12")
    await run("hr-user", "add", "bob@example.com", "--role", "reviewer", "--department", "Store 3", typed=PASSWORD)
    for arguments, code in (
        (("hr-user", "disable", "ann@example.com"), "last_admin"),
        (("hr-user", "role", "ann@example.com", "auditor"), "last_admin"),
        (("hr-user", "role", "nobody@example.com", "auditor"), "person_unknown"),
        (("hr-user", "add", "eve@example.com"), "password_short"),
    ):
        with pytest.raises(UserError, match=code):
            await run(*arguments)
    assert await run("hr-user", "role", "bob@example.com", "admin") == "bob@example.com is now admin.\n"
    await run("hr-user", "disable", "ann@example.com")
    assert await run("hr-user", "list") == (
        "bob@example.com\tadmin\ton\t\tStore 3\nann@example.com\tadmin\tswitched off\tAnn\n"
    )
    with pytest.raises(UserError, match="account_disabled"):
        await run("hr-user", "link", "ann@example.com")
    await run("hr-user", "enable", "ann@example.com")
    found = re.search(r"/hr/welcome/([\w-]+)", await run("hr-user", "link", "ann@example.com"))
    assert found is not None
    database = Database(settings.sqlalchemy_url)
    await database.open()
    users, now = Users(database), datetime.now(UTC)
    assert await users.sign_in("bob@example.com", PASSWORD, now) is not None
    user = await users.user_of(await users.reset_password(found[1], "another long password", now), now)
    assert user is not None
    assert user.name == "Ann"
    entries = await Audit(database).find(Wanted(user_id="command"))
    assert [entry.action for entry in reversed(entries)] == [
        "person_invited", "account_made", "person_invited", "account_made",
        "role_changed", "account_switched_off", "account_switched_on", "password_link_made",
    ]  # fmt: skip
    await database.close()
