"""`scripts/run api-key`: makes a key of the API and prints it, once."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from server.settings import Settings
from server.storage.api_keys import ApiKeys, Scope
from server.storage.audit import Audit
from server.storage.database import Database

BY_COMMAND = "command"


def add_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the others."""
    key = commands.add_parser("api-key", help="make a key for an HR system and print it, once")
    key.add_argument("--system", required=True, help="which system uses it, in one word; its keys share remote ids")
    key.add_argument("--name", required=True, help="what it is for")
    key.add_argument("--scopes", required=True, help=f"what it may do, with commas between: {', '.join(Scope)}; or all")
    key.add_argument("--days", type=int, help="after how many days it ends; default: never")


async def api_key(_settings: Settings, database: Database, arguments: argparse.Namespace) -> None:
    """Prints the key and its id. Raises UserError as `ApiKeys.create`."""
    now = datetime.now(UTC)
    scopes = list(Scope) if arguments.scopes == "all" else [one.strip() for one in arguments.scopes.split(",")]
    key, secret = await ApiKeys(database).create(
        name=arguments.name,
        system=arguments.system,
        scopes=scopes,
        by=BY_COMMAND,
        now=now,
        expires_at=now + timedelta(days=arguments.days) if arguments.days is not None else None,
    )
    await Audit(database).note("api_key_made", by=BY_COMMAND, now=now, subject=key.id)
    print(f"Key id: {key.id}\nKey: {secret}")
