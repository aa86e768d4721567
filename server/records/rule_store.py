"""Rules as they are kept: every version for ever, the last one counts, switched on or off."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from server.errors import UserError
from server.records.default_rules import DEFAULT_RULES
from server.records.rule_reading import RuleBody, read_rule, write_rule
from server.records.rules import Rule
from server.storage import record_tables as tables
from server.storage.database import Database

_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class FiredRule:
    """One firing, for HR's pages."""

    rule_id: str
    rule_version: int
    application_id: str
    step: str
    at: datetime
    reason: Mapping[str, Any]


class Rules:
    """Reads rules and adds versions; nothing is changed but the switch, nothing deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Rule]:
        """The last version of each, in the order they came to be."""
        return await self._last(sa.true())

    async def active(self) -> list[Rule]:
        """The last version of each that is switched on."""
        return await self._last(tables.rules.c.is_on)

    async def versions(self, rule_id: str) -> list[Rule]:
        """Every version of one rule, the newest first. Raises UserError rule_unknown (404)."""
        table = tables.rules
        query = sa.select(table).where(table.c.id == _known(rule_id)).order_by(table.c.version.desc())
        async with self._database.read() as connection:
            found = [_row(row) for row in (await connection.execute(query)).all()]
        if not found:
            raise UserError("rule_unknown", status=404)
        return found

    async def add(self, rule_id: str, body: object, by: str, now: datetime) -> Rule:
        """The first version of a new rule, switched on. by: an account's id.

        Raises UserError as `read_rule`, rule_id_unfit, rule_exists (409).
        """
        if not _ID.fullmatch(rule_id):
            raise UserError("rule_id_unfit", field="id")
        return await self._insert(Rule(rule_id, 1, *_parts(read_rule(body)), True, now, by), "rule_exists")

    async def change(self, rule_id: str, version: int, body: object, by: str, now: datetime) -> Rule:
        """A new version behind this one, which is the last, with its switch. What holds already changes nothing.

        Raises UserError as `read_rule`, rule_unknown (404), rule_changed (409: somebody else was quicker).
        """
        said, last = read_rule(body), (await self.versions(rule_id))[0]
        if (said.name, said.when, said.then) == (last.name, last.when, last.then):
            return last
        if last.version != version:
            raise UserError("rule_changed", status=409)
        return await self._insert(Rule(rule_id, version + 1, *_parts(said), last.is_on, now, by), "rule_changed")

    async def switch(self, rule_id: str, by: str, now: datetime, *, is_on: bool) -> None:
        """Switches it off, or on by a new version that says the same: it acts on nothing that was while it was off.

        by: an account's id. Raises UserError rule_unknown (404), rule_changed (409: somebody else was quicker).
        """
        table = tables.rules
        last = (await self.versions(rule_id))[0]
        if is_on:
            if not last.is_on:
                on = replace(last, version=last.version + 1, is_on=True, created_at=now, created_by=by)
                await self._insert(on, "rule_changed")
            return
        newest = sa.select(sa.func.max(table.c.version)).where(table.c.id == _known(rule_id)).scalar_subquery()
        async with self._database.begin() as connection:
            changed = await connection.execute(
                table.update().where(table.c.id == _known(rule_id), table.c.version == newest).values(is_on=False)
            )
        if changed.rowcount != 1:
            raise UserError("rule_unknown", status=404)

    async def ensure_defaults(self, now: datetime) -> None:
        """Puts in those that come with the server and have never been there. For every start."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        rows = [_values(Rule(rule_id, 1, *_parts(body), True, now)) for rule_id, body in DEFAULT_RULES.items()]
        async with self._database.begin() as connection:
            await connection.execute(insert(tables.rules).on_conflict_do_nothing(), rows)

    async def counts(self) -> Mapping[str, int]:
        """Rule → how often it has fired, in all its versions; those that never did are not in it."""
        table = tables.firings
        query = sa.select(table.c.rule_id, sa.func.count().label("n")).group_by(table.c.rule_id)
        async with self._database.read() as connection:
            return {row.rule_id: row.n for row in (await connection.execute(query)).all()}

    async def firings(self, rule_id: str, limit: int = 50) -> Sequence[FiredRule]:
        """The last firings of a rule, the newest first."""
        table = tables.firings
        query = sa.select(table).where(table.c.rule_id == _known(rule_id)).order_by(table.c.at.desc()).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            FiredRule(row.rule_id, row.rule_version, row.application_id, row.step, row.at, row.reason) for row in rows
        ]

    async def _last(self, condition: sa.ColumnElement[bool]) -> list[Rule]:
        table = tables.rules
        newest = (
            sa.select(
                table.c.id,
                sa.func.max(table.c.version).label("version"),
                sa.func.min(table.c.created_at).label("first"),
            )
            .group_by(table.c.id)
            .subquery()
        )
        query = (
            sa.select(table)
            .join(newest, sa.and_(newest.c.id == table.c.id, newest.c.version == table.c.version))
            .where(condition)
            .order_by(newest.c.first, table.c.id)
        )
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query)).all()]

    async def _insert(self, rule: Rule, otherwise: str) -> Rule:
        try:
            async with self._database.begin() as connection:
                await connection.execute(tables.rules.insert().values(**_values(rule)))
        except IntegrityError as error:
            raise UserError(otherwise, status=409) from error
        return rule


def _parts(body: RuleBody) -> tuple[Any, Any, Any]:
    return body.name, body.when, body.then


def _known(rule_id: str) -> str:
    """PostgreSQL refuses to look for a NUL."""
    return rule_id if _ID.fullmatch(rule_id) else ""


def _values(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "version": rule.version,
        "body": write_rule(RuleBody(rule.name, rule.when, rule.then)),
        "is_on": rule.is_on,
        "created_at": rule.created_at,
        "created_by": rule.created_by,
    }


def _row(row: sa.Row[Any]) -> Rule:
    return Rule(row.id, row.version, *_parts(read_rule(row.body)), row.is_on, row.created_at, row.created_by)
