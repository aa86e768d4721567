"""Starts the server; from the command line also invites a candidate, or prints a sign-in link for HR."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web
from pydantic import ValidationError

from analyzers.transcription.dispatcher import EngineStatus
from media.ice import IceSettings
from question_flows.loader import FlowError
from question_flows.model import Language
from server.app import create_app, flows_of
from server.errors import UserError
from server.i18n import Messages
from server.interview.registry import Interviews
from server.keys import DATABASE, ENGINE, RECOGNITION_SETTLED, REPORT_ENDPOINT, SETTINGS
from server.live.hub import Hub
from server.live.memory import MemoryBroker
from server.logs import AccessLogger, configure
from server.recognition import new_engine
from server.settings import Settings
from server.starting import CannotStart, database_opens, listen, make_data_dir, tls_context
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.users import Users

SHUTDOWN_SECONDS = 5.0


def main() -> None:
    """Reads the command line and the settings; ends with a sentence when one of them is wrong."""
    arguments = parse_arguments()
    try:
        settings = Settings()
        configure(settings.log_level)
        if arguments.command == "invite":
            asyncio.run(invite(settings, arguments))
        elif arguments.command == "hr-link":
            asyncio.run(hr_link(settings))
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
    """The command line: nothing to serve, `invite` with the candidate's particulars, or `hr-link`."""
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
    commands.add_parser("hr-link", help="print a one-time link that makes another account for HR")
    return parser.parse_args()


def base_url(settings: Settings, port: int) -> str:
    """Where browsers reach the server, without a slash at the end."""
    scheme = "https" if settings.tls_certificate else "http"
    return settings.public_url.rstrip("/") or f"{scheme}://localhost:{port}"


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


async def hr_link(settings: Settings) -> None:
    """Makes a sign-in link in the database and prints it: for a colleague's own account."""
    async with open_database(settings) as database:
        token = await Users(database).issue_link(datetime.now(UTC))
    print(f"Sign-in link for HR (works once, for a day): {base_url(settings, settings.port)}/hr/welcome/{token}")


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


async def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM. Raises CannotStart."""
    context = tls_context(settings)
    make_data_dir(settings)
    runner = web.AppRunner(
        create_app(settings), access_log_class=AccessLogger, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False
    )
    with database_opens(settings):
        await runner.setup()
    try:
        await listen(runner, settings, context)
        port: int = runner.addresses[0][1]
        await open_report_endpoint(runner, settings, port)
        await announce(runner.app, base_url(settings, port))
        await until_told_to_stop()
        print("Stopping: running interviews are kept and go on after the next start.", flush=True)
    finally:
        await runner.cleanup()


async def open_report_endpoint(runner: web.AppRunner, settings: Settings, port: int) -> None:
    """Settles where reports go. The built-in records are reached over loopback, under HTTPS by a port of their own."""
    url = settings.ehr_url
    if not url:
        if settings.tls_certificate or settings.host not in {"127.0.0.1", "localhost", "0.0.0.0"}:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[-1][1]
        url = f"http://127.0.0.1:{port}/ehr/reports"
    runner.app[REPORT_ENDPOINT].set_result(url)


async def announce(app: web.Application, base: str) -> None:
    """Prints where HR signs in, how to invite, and whether answers can be spoken, as soon as each is known."""
    settings = app[SETTINGS]
    users = Users(app[DATABASE])
    if not await users.exists():
        token = await users.issue_link(datetime.now(UTC))
        print(f"First sign-in for HR (works once): {base}/hr/welcome/{token}")
    print(f"HR's page: {base}/hr")
    print("Invite a candidate there, or: scripts/run invite --flow customer_service --language en --name 'Ada'")
    print(f"Speech recognition: loading the model '{settings.whisper_model}' …", flush=True)
    await app[RECOGNITION_SETTLED].wait()
    engine = app[ENGINE]
    if engine.status is EngineStatus.AVAILABLE:
        print("Ready: answers can be spoken or typed.", flush=True)
    else:
        print(f"Ready, but answers can only be typed: {engine.reason}", flush=True)


async def until_told_to_stop() -> None:
    """Returns at the first SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    main()
