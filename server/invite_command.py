"""The command line's `invite`: an invitation made in the database, and its link."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from question_flows.model import Flow, Language
from server.announcing import base_url
from server.app import flows_of
from server.interview.inviting import Wanted, checked, make
from server.settings import Settings
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.invitations import Invitations


def add_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `invite`."""
    inviting = commands.add_parser("invite", help="invite a candidate and print the link")
    inviting.add_argument("--flow", required=True, help="which interview, e.g. customer_service or software_engineer")
    inviting.add_argument("--language", required=True, choices=[language.value for language in Language])
    inviting.add_argument("--name", required=True, help="the candidate's name, as HR should see it")
    inviting.add_argument("--email", default="", help="the candidate's address, kept with the record")
    inviting.add_argument("--jurisdiction", help="law that holds; default: INTERVIEW_JURISDICTION")


async def invite(settings: Settings, database: Database, arguments: argparse.Namespace) -> None:
    """Makes an invitation and prints its link. Raises UserError."""
    flows = flows_of(settings)
    if arguments.flow not in flows:
        sys.exit(f"There is no question flow {arguments.flow}. There are: {', '.join(sorted(flows))}.")
    wanted = Wanted(
        flow_id=arguments.flow,
        language=Language(arguments.language),
        candidate_name=arguments.name,
        email=arguments.email,
        jurisdiction=arguments.jurisdiction or settings.jurisdiction,
    )
    interview_id, link = await made(settings, database, flows, wanted)
    print(f"Interview: {interview_id}\nLink: {link}")


async def made(settings: Settings, database: Database, flows: Mapping[str, Flow], wanted: Wanted) -> tuple[str, str]:
    """(interview id, link) of a new invitation. Raises as `checked`."""
    now = datetime.now(UTC)
    [(invited, _)] = await make(
        database,
        EventLog(database),
        Invitations(database),
        flows,
        [checked(wanted, flows)],
        now=now,
        expires_at=now + timedelta(days=settings.invitation_days),
    )
    return invited.interview_id, f"{base_url(settings, settings.port)}/i/{invited.token}"
