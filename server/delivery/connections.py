"""The connections that HR has set up: to which system, with what settings, which messages, on or off."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import BaseModel, SecretStr, ValidationError

from server.delivery.connector import Connector
from server.delivery.safe_client import SafeClient
from server.delivery.sealing import SealBroken, Sealer
from server.errors import UserError
from server.interview.failures import describe
from server.storage.database import Database
from server.storage.outbox import BUILTIN
from server.storage.record_tables import connections

log = logging.getLogger(__name__)

LONGEST_NAME = 100
TAKEN_IDS = frozenset({BUILTIN, "interviews"})
"""What the outbox and the inbox call something else."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One row, without what is secret. subscriptions: message types it is sent. polled_at: in the future: under way.

    off_because: why it was switched off by itself ("gone"); None: it is on, or a person switched it off.
    """

    id: str
    kind: str
    name: str
    settings: Mapping[str, Any]
    subscriptions: tuple[str, ...]
    is_on: bool
    off_because: str | None
    created_at: datetime
    polled_at: datetime | None


class Connections:
    """Adds, changes and switches them, and makes their connectors. kinds: a connector's kind → its class."""

    def __init__(
        self, database: Database, sealer: Sealer, kinds: Mapping[str, type[Connector]], client: SafeClient
    ) -> None:
        self.kinds = kinds
        self._database = database
        self._sealer = sealer
        self._client = client
        self.given: Mapping[str, Connector] = {}
        """Those that the server's settings make, by id; they stand in no table and are always on."""
        self._made: dict[str, tuple[object, Connector | None]] = {}

    async def all(self) -> list[Connection]:
        """In the order in which they were set up."""
        query = sa.select(connections).order_by(connections.c.created_at, connections.c.id)
        async with self._database.read() as connection:
            return [_connection(row) for row in (await connection.execute(query)).all()]

    async def get(self, connection_id: str) -> Connection | None:
        """One of them, or None."""
        row = await self._row(connection_id)
        return _connection(row) if row is not None else None

    async def of_kind(self, kind: str) -> list[Connection]:
        """Those of this kind that are on."""
        return [one for one in await self.all() if one.kind == kind and one.is_on]

    async def add(
        self,
        kind: str,
        name: str,
        settings: Mapping[str, Any],
        secrets: Mapping[str, Any],
        now: datetime,
        *,
        subscriptions: Sequence[str] | None = None,
        connection_id: str | None = None,
    ) -> Connection:
        """A new one, switched on. subscriptions: None: all that its kind can be sent.

        Raises UserError connection_kind_unknown, connection_name_missing, connection_field_wrong,
        subscription_unknown; each with its field ("settings.url").
        """
        connector = self._kind(kind)
        values = {
            "id": connection_id or uuid.uuid4().hex,
            "kind": kind,
            "name": _name(name),
            "settings": _settings(connector, settings),
            "secrets": self._sealed(connector, secrets),
            "subscriptions": _subscriptions(connector, subscriptions),
            "is_on": True,
            "created_at": now,
        }
        if values["id"] in TAKEN_IDS:
            raise UserError("connection_field_wrong", field="id", params={"field": "id"})
        async with self._database.begin() as connection:
            await connection.execute(connections.insert().values(**values))
        return await self._known(str(values["id"]))

    async def change(
        self,
        connection_id: str,
        *,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        secrets: Mapping[str, Any] | None = None,
        subscriptions: Sequence[str] | None = None,
    ) -> Connection:
        """Changes what is not None. Of secrets those that are given; one that is None stays as it is.

        Raises UserError connection_unknown (404), connection_secrets_again (they would be sent to another host, which
        shows them to whoever changes the address), and what `add` raises.
        """
        former = await self._row(connection_id)
        if former is None:
            raise UserError("connection_unknown", status=404)
        connector = self._kind(former.kind)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _name(name)
        if settings is not None:
            values["settings"] = _settings(connector, settings)
            _check_host(connector, former.settings, values["settings"], secrets or {})
        if secrets is not None:
            given = {key: value for key, value in secrets.items() if value is not None}
            try:
                values["secrets"] = self._sealed(connector, {**self._opened(former), **given})
            except SealBroken:
                values["secrets"] = self._sealed(connector, given)
        if subscriptions is not None:
            values["subscriptions"] = _subscriptions(connector, subscriptions)
        if values:
            await self._update(connection_id, values)
        return await self._known(connection_id)

    async def switch(self, connection_id: str, is_on: bool, because: str | None = None) -> Connection:
        """On: what has waited for it goes out. Off: it waits. Raises UserError connection_unknown (404)."""
        await self._update(connection_id, {"is_on": is_on, "off_because": None if is_on else because})
        return await self._known(connection_id)

    async def connector(self, connection_id: str) -> Connector | None:
        """What speaks with its system; None: unknown, off, or its settings are none any more (which is logged)."""
        if connection_id in self.given:
            return self.given[connection_id]
        row = await self._row(connection_id)
        if row is None or not row.is_on:
            return None
        basis = (row.kind, row.settings, row.secrets)
        made = self._made.get(connection_id)
        if made is None or made[0] != basis:
            made = self._made[connection_id] = (basis, self._make(row))
        return made[1]

    async def readers(self) -> Mapping[str, Connector]:
        """Connection → what reads its events, also of those that are off; those that cannot be made are left out."""
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(connections))).all()
        made = {row.id: self._make(row) for row in rows}
        return {**{id_: one for id_, one in made.items() if one is not None}, **self.given}

    def secrets_of(self, kind: str, given: Mapping[str, Any]) -> BaseModel:
        """Checked as `add` does, for a test of a connection that is not kept. Raises UserError."""
        return _checked(self._kind(kind).Secrets, given, "secrets")

    def _make(self, row: sa.Row[Any]) -> Connector | None:
        kind = self.kinds.get(row.kind)
        if kind is None:
            log.error("a connection's kind is unknown", extra={"id": row.id, "kind": row.kind})
            return None
        try:
            settings = kind.Settings.model_validate(row.settings)
            secrets = kind.Secrets.model_validate(self._opened(row))
            return kind(settings, secrets, self._client)
        except Exception as error:  # noqa: BLE001
            # Settings or a seal that are none any more, or the connector's own fault: neither may end the workers.
            log.error("a connection cannot be used", extra={"id": row.id, "error": describe(error)})
            return None

    def _kind(self, kind: str) -> type[Connector]:
        found = self.kinds.get(kind)
        if found is None:
            raise UserError("connection_kind_unknown", field="kind")
        return found

    def _sealed(self, connector: type[Connector], secrets: Mapping[str, Any]) -> bytes:
        model = _checked(connector.Secrets, secrets, "secrets")
        return self._sealer.seal({name: _plain(getattr(model, name)) for name in type(model).model_fields})

    def _opened(self, row: sa.Row[Any]) -> dict[str, Any]:
        return self._sealer.open(row.secrets) if row.secrets else {}

    async def _row(self, connection_id: str) -> sa.Row[Any] | None:
        async with self._database.read() as connection:
            query = sa.select(connections).where(connections.c.id == connection_id)
            return (await connection.execute(query)).one_or_none()

    async def _known(self, connection_id: str) -> Connection:
        found = await self.get(connection_id)
        if found is None:
            raise UserError("connection_unknown", status=404)
        return found

    async def _update(self, connection_id: str, values: Mapping[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(connections.update().where(connections.c.id == connection_id).values(**values))


def _settings(connector: type[Connector], settings: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _checked(connector.Settings, settings, "settings").model_dump(mode="json")
    return found


def _check_host(
    connector: type[Connector], former: Mapping[str, Any], settings: Mapping[str, Any], secrets: Mapping[str, Any]
) -> None:
    if _origin(former.get("url")) == _origin(settings.get("url")):
        return
    needed = (name for name, info in connector.Secrets.model_fields.items() if info.is_required())
    left_out = next((name for name in needed if not secrets.get(name)), None)
    if left_out is not None:
        raise UserError("connection_secrets_again", field=f"secrets.{left_out}")


def _origin(url: Any) -> tuple[str, str]:
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return "", str(url)
    return parts.scheme, parts.netloc


def _checked(model: type[BaseModel], given: Mapping[str, Any], part: str) -> BaseModel:
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        # Never pydantic's own words: they can hold what was typed in.
        place = ".".join((part, *(str(one) for one in error.errors()[0]["loc"])))
        raise UserError("connection_field_wrong", field=place, params={"field": place}) from None


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _name(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise UserError("connection_name_missing", field="name", params={"length": str(LONGEST_NAME)})
    return text


def _subscriptions(connector: type[Connector], wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return list(connector.SUBSCRIPTIONS)
    if not set(wanted) <= set(connector.SUBSCRIPTIONS):
        raise UserError("subscription_unknown", field="subscriptions")
    return [one for one in connector.SUBSCRIPTIONS if one in wanted]


def _connection(row: sa.Row[Any]) -> Connection:
    return Connection(
        row.id,
        row.kind,
        row.name,
        row.settings,
        tuple(row.subscriptions),
        row.is_on,
        row.off_because,
        row.created_at,
        row.polled_at,
    )
