"""The command line's part of HR's accounts: one-time links, and `hr-user add|role|disable|enable|link|list`."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime

from server.announcing import base_url
from server.errors import UserError
from server.settings import Settings
from server.storage.audit import Audit
from server.storage.database import Database
from server.storage.hr_user import Role, name_of
from server.storage.people import People
from server.storage.users import Users

BY = "command"
"""Who did it, in the audit trail."""


def add_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands `hr-link` and `hr-user`."""
    link = commands.add_parser("hr-link", help="print a one-time link that makes an account for somebody of HR")
    _particulars(link)
    link.add_argument("--email", default="", help="the only address the account may have; default: any")
    user = commands.add_parser("hr-user", help="make, change and list HR's accounts")
    acts = user.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="make an account; the password is asked for, never an argument")
    add.add_argument("email")
    _particulars(add)
    role = acts.add_parser("role", help="change somebody's role")
    role.add_argument("email")
    role.add_argument("role", choices=[one.value for one in Role])
    for act, text in (
        ("disable", "switch an account off and sign it out"),
        ("enable", "switch an account on again"),
        ("link", "print a one-time link by which somebody chooses a new password"),
    ):
        acts.add_parser(act, help=text).add_argument("email")
    acts.add_parser("list", help="list the accounts")


def _particulars(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=[one.value for one in Role], default=Role.RECRUITER.value)
    parser.add_argument("--name", default="", help="as others see them")
    parser.add_argument("--department", default="", help="e.g. the store whose manager they are")


async def hr_link(settings: Settings, database: Database, arguments: argparse.Namespace) -> None:
    """Makes a sign-in link and prints it. The first account is an administrator's, whatever its link says."""
    users = Users(database)
    role = Role(arguments.role) if await users.exists() else Role.ADMIN
    token = await users.issue_link(
        datetime.now(UTC),
        role=role,
        name=name_of(arguments.name),
        department=name_of(arguments.department),
        email=arguments.email,
    )
    await Audit(database).note("person_invited", by=BY, now=datetime.now(UTC), detail={"role": role.value})
    print(f"Sign-in link for HR ({role.value}; works once, for a day): {_welcome(settings, token)}")


async def hr_user(settings: Settings, database: Database, arguments: argparse.Namespace) -> None:
    """Does what `hr-user` asks for and says what was done. Raises UserError."""
    people, now = People(database), datetime.now(UTC)
    match arguments.act:
        case "list":
            for one in await people.all():
                state = "switched off" if one.disabled_at else "on"
                print("\t".join((one.user.email, one.user.role, state, one.user.name, one.user.department)).rstrip())
        case "add":
            await _add(database, arguments)
        case "role":
            user = (await people.with_email(arguments.email)).user
            role = Role(arguments.role)
            await people.change(user.id, role=role, name=user.name, department=user.department)
            await _note(database, "role_changed", user.id, {"from": user.role.value, "to": role.value})
            print(f"{user.email} is now {role.value}.")
        case "disable":
            user = (await people.with_email(arguments.email)).user
            await people.disable(user.id, now)
            await _note(database, "account_switched_off", user.id)
            print(f"{user.email} is switched off and signed out.")
        case "enable":
            user = (await people.with_email(arguments.email)).user
            await people.enable(user.id)
            await _note(database, "account_switched_on", user.id)
            print(f"{user.email} is switched on.")
        case "link":
            person = await people.with_email(arguments.email)
            if person.disabled_at is not None:
                raise UserError("account_disabled")
            token = await Users(database).issue_link(now, user_id=person.user.id)
            await _note(database, "password_link_made", person.user.id)
            print(f"Password link (works once, for a day): {_welcome(settings, token)}")


async def _add(database: Database, arguments: argparse.Namespace) -> None:
    people, users, now = People(database), Users(database), datetime.now(UTC)
    password_hash = await users.hashed(_asked_password())
    user_id = await people.add(
        arguments.email,
        password_hash,
        now,
        role=Role(arguments.role),
        name=arguments.name,
        department=arguments.department,
    )
    made = (await people.get(user_id)).user
    await _note(database, "account_made", user_id, {"role": made.role.value})
    print(f"{made.email} is now {made.role.value}.")


def _asked_password() -> str:
    """Asked for twice on a terminal; else the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        sys.exit("The two are not the same.")
    return password


async def _note(database: Database, action: str, user_id: str, detail: dict[str, str] | None = None) -> None:
    await Audit(database).note(action, by=BY, now=datetime.now(UTC), subject=user_id, detail=detail)


def _welcome(settings: Settings, token: str) -> str:
    return f"{base_url(settings, settings.port)}/hr/welcome/{token}"
