"""Starts the server; from the command line also invites a candidate, and looks after HR's accounts."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pydantic import ValidationError

from media.ice import IceSettings
from question_flows.loader import FlowError
from question_flows.model import Language
from server import people_command
from server.announcing import base_url
from server.app import flows_of
from server.errors import UserError
from server.i18n import Messages
from server.interview.registry import Interviews
from server.live.hub import Hub
from server.live.memory import MemoryBroker
from server.logs import configure
from server.recognition import new_engine
from server.serving import serve
from server.settings import Settings
from server.starting import CannotStart, database_opens, make_data_dir
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.workers.place import Place
from server.workers.supervisor import supervise


def main() -> None:
    """Reads the command line and the settings; ends with a sentence when one of them is wrong."""
    arguments = parse_arguments()
    try:
        settings = Settings()
        configure(settings.log_level)
        if arguments.command == "invite":
            asyncio.run(invite(settings, arguments))
        elif arguments.command in ("hr-link", "hr-user"):
            asyncio.run(people(settings, arguments))
        elif place := Place.taken_from(os.environ):
            asyncio.run(serve(settings, place))
        elif settings.worker_count > 1:
            asyncio.run(supervise(settings))
        else:
            asyncio.run(serve(settings))
    except ValidationError as error:
        sys.exit("\n".join(wrong_setting(details["loc"], details["msg"]) for details in error.errors()))
    except FlowError as error:
        sys.exit(f"A question flow cannot be read:\n{error}")
    except UserError as error:
        sys.exit(Messages().text(Language.ENGLISH, f"error.{error.code}", error.params))
    except CannotStart as error:
        sys.exit(f"The server cannot start: {error}")


def wrong_setting(location: tuple[int | str, ...], problem: str) -> str:
    """One line of a setting's mistake: its variable, unless it concerns several, and what is wrong with it."""
    problem = problem.removeprefix("Value error, ")
    return f"INTERVIEW_{str(location[0]).upper()}: {problem}" if location else problem


def parse_arguments() -> argparse.Namespace:
    """The command line: nothing to serve, `invite` with the candidate's particulars, `hr-link` or `hr-user`."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Starts the interview server. Settings are environment variables; the README lists them.",
        epilog="scripts/run --demo adds two simulated candidates; with --once it ends when both are done.",
    )
    commands = parser.add_subparsers(dest="command")
    inviting = commands.add_parser("invite", help="invite a candidate and print the link")
    inviting.add_argument("--flow", required=True, help="which interview, e.g. customer_service or software_engineer")
    inviting.add_argument("--language", required=True, choices=[language.value for language in Language])
    inviting.add_argument("--name", required=True, help="the candidate's name, as HR should see it")
    inviting.add_argument("--email", default="", help="the candidate's address, kept with the record")
    inviting.add_argument("--jurisdiction", help="law that holds; default: INTERVIEW_JURISDICTION")
    people_command.add_arguments(commands)
    return parser.parse_args()


async def invite(settings: Settings, arguments: argparse.Namespace) -> None:
    """Makes an invitation in the database and prints its link. Raises UserError or CannotStart."""
    flows = flows_of(settings)
    if arguments.flow not in flows:
        sys.exit(f"There is no question flow {arguments.flow}. There are: {', '.join(sorted(flows))}.")
    async with open_database(settings) as database:
        interviews = Interviews(
            database,
            Hub(MemoryBroker(), EventLog(database)),
            flows,
            engine=new_engine(settings),
            ice=IceSettings(hosts=(), servers=(), turn_secret=""),
            invitation_days=settings.invitation_days,
        )
        interview_id, token = await interviews.invite(
            flow_id=arguments.flow,
            language=Language(arguments.language),
            candidate_name=arguments.name,
            email=arguments.email,
            jurisdiction=arguments.jurisdiction or settings.jurisdiction,
            now=datetime.now(UTC),
        )
    print(f"Interview: {interview_id}\nLink: {base_url(settings, settings.port)}/i/{token}")


async def people(settings: Settings, arguments: argparse.Namespace) -> None:
    """Looks after HR's accounts in the database. Raises UserError or CannotStart."""
    command = people_command.hr_link if arguments.command == "hr-link" else people_command.hr_user
    async with open_database(settings) as database:
        await command(settings, database, arguments)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The server's database for a single command. Raises CannotStart."""
    make_data_dir(settings)
    database = Database(settings.sqlalchemy_url)
    with database_opens(settings):
        await database.open()
    try:
        yield database
    finally:
        await database.close()


if __name__ == "__main__":
    main()
