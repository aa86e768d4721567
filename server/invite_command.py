"""The command line's `invite`: an invitation made in the database, and its link."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from media.ice import IceSettings
from question_flows.model import Language
from server.announcing import base_url
from server.app import flows_of
from server.interview.registry import Interviews
from server.live.hub import Hub
from server.live.memory import MemoryBroker
from server.recognition import new_engine
from server.settings import Settings
from server.starting import CannotStart
from server.storage.database import Database
from server.storage.event_log import EventLog


def add_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `invite`."""
    inviting = commands.add_parser("invite", help="invite a candidate and print the link")
    inviting.add_argument("--flow", required=True, help="which interview, e.g. customer_service or software_engineer")
    inviting.add_argument("--language", required=True, choices=[language.value for language in Language])
    inviting.add_argument("--name", required=True, help="the candidate's name, as HR should see it")
    inviting.add_argument("--email", default="", help="the candidate's address, kept with the record")
    inviting.add_argument("--jurisdiction", help="law that holds; default: INTERVIEW_JURISDICTION")


async def invite(settings: Settings, database: Database, arguments: argparse.Namespace) -> None:
    """Makes an invitation and prints its link. Raises UserError or CannotStart."""
    interview_id, link = await made(
        settings,
        database,
        flow=arguments.flow,
        language=Language(arguments.language),
        name=arguments.name,
        email=arguments.email,
        jurisdiction=arguments.jurisdiction or settings.jurisdiction,
    )
    print(f"Interview: {interview_id}\nLink: {link}")


async def made(
    settings: Settings,
    database: Database,
    *,
    flow: str,
    language: Language,
    name: str,
    jurisdiction: str,
    email: str = "",
) -> tuple[str, str]:
    """(interview id, link) of a new invitation. Raises UserError, or CannotStart when there is no such flow."""
    flows = flows_of(settings)
    if flow not in flows:
        raise CannotStart(f"there is no question flow {flow}. There are: {', '.join(sorted(flows))}.")
    interviews = Interviews(
        database,
        Hub(MemoryBroker(), EventLog(database)),
        flows,
        engine=new_engine(settings),
        ice=IceSettings(hosts=(), servers=(), turn_secret=""),
        invitation_days=settings.invitation_days,
    )
    interview_id, token = await interviews.invite(
        flow_id=flow,
        language=language,
        candidate_name=name,
        email=email,
        jurisdiction=jurisdiction,
        now=datetime.now(UTC),
    )
    return interview_id, f"{base_url(settings, settings.port)}/i/{token}"
