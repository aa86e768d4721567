"""Connections: checked by their connector's own models, secrets sealed, and made anew when they change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import ValidationError

from server.delivery.connections import Connections
from server.delivery.safe_client import SafeClient
from server.delivery.sealing import SealBroken, Sealer
from server.errors import UserError
from server.settings import Settings
from server.storage.database import Database
from server.storage.record_tables import connections as table
from tests.delivery.conftest import TOKEN
from tests.delivery.plain_connector import Plain

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
URL = {"url": "https://hr.example.com/in"}


async def test_a_connection_is_kept_with_its_secrets_sealed_and_changes_what_is_said(
    database: Database, connections: Connections
) -> None:
    made = await connections.add("plain", " HR system ", URL, {"token": TOKEN}, NOW)
    assert (made.name, made.settings, made.is_on) == ("HR system", URL, True)
    assert made.subscriptions == tuple(Plain.SUBSCRIPTIONS)
    async with database.read() as connection:
        row = (await connection.execute(sa.select(table))).one()
    assert TOKEN.encode() not in row.secrets
    first = await connections.connector(made.id)
    assert await connections.connector(made.id) is first, "made once"
    changed = await connections.change(
        made.id, name="Other", settings={"url": "https://hr.example.com/other"}, subscriptions=["report.ready"]
    )
    assert (changed.name, changed.subscriptions) == ("Other", ("report.ready",))
    second = await connections.connector(made.id)
    assert isinstance(first, Plain)
    assert isinstance(second, Plain)
    assert (second.url, second is first) == ("https://hr.example.com/other", False)
    # The token that is kept is not sent to whom the address is turned to.
    for elsewhere in ("https://evil.example.org/other", "http://hr.example.com/other", "https://hr.example.com:8443/"):
        with pytest.raises(UserError, match="connection_secrets_again") as refused:
            await connections.change(made.id, settings={"url": elsewhere}, secrets={"token": None})
        assert refused.value.field == "secrets.token"
    assert await connections.connector(made.id) is second
    moved = await connections.change(made.id, settings={"url": "https://new.example.com"}, secrets={"token": TOKEN})
    assert moved.settings == {"url": "https://new.example.com"}
    # A token that is not given stays as it is.
    await connections.change(made.id, secrets={"token": None})
    assert (await connections.switch(made.id, False)).is_on is False
    assert await connections.connector(made.id) is None
    assert [one.id for one in await connections.all()] == [made.id]
    assert await connections.of_kind("plain") == []


async def test_bad_input_is_refused_by_field_and_changes_nothing(connections: Connections) -> None:
    cases = [
        (("nothing", "A", URL, {"token": TOKEN}), "connection_kind_unknown", "kind"),
        (("plain", "  ", URL, {"token": TOKEN}), "connection_name_missing", "name"),
        (("plain", "A" * 101, URL, {"token": TOKEN}), "connection_name_missing", "name"),
        (("plain", "A", {}, {"token": TOKEN}), "connection_field_wrong", "settings.url"),
        (("plain", "A", URL, {"token": "short"}), "connection_field_wrong", "secrets.token"),
    ]
    for (kind, name, settings, secrets), code, field in cases:
        with pytest.raises(UserError) as refused:
            await connections.add(kind, name, settings, secrets, NOW)
        assert (refused.value.code, refused.value.field) == (code, field)
        assert "short" not in str(refused.value.params)
    with pytest.raises(UserError, match="subscription_unknown"):
        await connections.add("plain", "A", URL, {"token": TOKEN}, NOW, subscriptions=["everything"])
    for change in (connections.change("unknown", name="A"), connections.switch("unknown", True)):
        with pytest.raises(UserError, match="connection_unknown"):
            await change
    assert await connections.all() == []


async def test_with_another_key_a_connection_waits_until_its_secrets_are_given_anew(
    database: Database, connections: Connections
) -> None:
    made = await connections.add("plain", "HR", URL, {"token": TOKEN}, NOW)
    async with SafeClient() as client:
        other = Connections(database, Sealer([Fernet.generate_key().decode()]), {"plain": Plain}, client)
        assert await other.connector(made.id) is None
        await other.change(made.id, secrets={"token": "another token"})
        assert await other.connector(made.id) is not None


def test_the_first_key_seals_all_open_and_a_changed_seal_is_none() -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = Sealer([old]).seal({"token": "密"})
    assert Sealer([new, old]).open(sealed) == {"token": "密"}
    with pytest.raises(SealBroken):
        Sealer([new]).open(sealed)
    with pytest.raises(SealBroken):
        Sealer([old]).open(sealed[:-4] + b"AAAA")


def test_the_key_is_made_once_for_this_user_alone_or_comes_from_the_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", _env_file=None)
    sealed = settings.sealer().seal({"a": "b"})
    assert settings.sealer().open(sealed) == {"a": "b"}
    [file] = (tmp_path / "data").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    key = Fernet.generate_key().decode()
    assert Settings(data_dir=tmp_path, connection_key=f'["{key}"]', _env_file=None).sealer().seal({})
    for wrong in ("short", "[1]", '{"a": 1}', "[]"):
        with pytest.raises(ValidationError, match="openssl rand"):
            Settings(data_dir=tmp_path, connection_key=wrong, _env_file=None)
