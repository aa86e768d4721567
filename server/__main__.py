"""Starts the server; from the command line also invites a candidate, and looks after HR's accounts."""

from __future__ import annotations

import argparse
import asyncio
import sys

from pydantic import ValidationError

from question_flows.loader import FlowError
from question_flows.model import Language
from server import api_key_command, invite_command, people_command
from server.errors import UserError
from server.i18n import Messages
from server.logs import configure
from server.serving import serve
from server.settings import Settings
from server.starting import CannotStart, open_database
from server.workers.place import Place
from server.workers.supervisor import supervise
from server.workers.zygote import Zygote, fork_zygote

COMMANDS = {
    "api-key": api_key_command.api_key,
    "invite": invite_command.invite,
    "hr-link": people_command.hr_link,
    "hr-user": people_command.hr_user,
}
"""What is done and over; without one the server serves."""


def main() -> None:
    """Reads the command line and the settings; ends with a sentence when one of them is wrong."""
    arguments = parse_arguments()
    try:
        settings = Settings()
        configure(settings.log_level)
        if arguments.command in COMMANDS:
            asyncio.run(command(settings, arguments))
        elif settings.worker_count > 1:
            # Before any event loop: workers are forked off what this process is now.
            match fork_zygote():
                case Zygote() as zygote:
                    asyncio.run(supervise(settings, zygote))
                case Place() as place:
                    asyncio.run(serve(settings, place))
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
    """The command line: nothing to serve, `invite` with the particulars, `api-key`, `hr-link` or `hr-user`."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Starts the interview server. Settings are environment variables; the README lists them.",
        epilog="scripts/run --demo adds two simulated candidates; with --once it ends when both are done.",
    )
    commands = parser.add_subparsers(dest="command")
    invite_command.add_arguments(commands)
    api_key_command.add_arguments(commands)
    people_command.add_arguments(commands)
    return parser.parse_args()


async def command(settings: Settings, arguments: argparse.Namespace) -> None:
    """Does what a single command asks for in the database. Raises UserError or CannotStart."""
    async with open_database(settings) as database:
        await COMMANDS[arguments.command](settings, database, arguments)


if __name__ == "__main__":
    main()
