"""Somebody of HR: who they are, and which of four roles they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from server.errors import UserError

LONGEST_NAME = 100
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class Role(StrEnum):
    """What somebody of HR is; `server.hr.rights` says what that allows."""

    ADMIN = "admin"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"
    """Sees only the interviews assigned to them."""
    AUDITOR = "auditor"
    """Sees no names and no media."""


@dataclass(frozen=True, slots=True)
class HrUser:
    """Somebody who may see interviews. name and department may be empty."""

    id: str
    email: str
    name: str
    role: Role
    department: str

    @property
    def shown(self) -> str:
        """How others see them."""
        return self.name or self.email

    @property
    def only_assigned(self) -> bool:
        """Whether every list holds only what is assigned to them."""
        return self.role is Role.REVIEWER


def email_of(text: str) -> str:
    """The address, trimmed and in lower case. Raises UserError email_invalid."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise UserError("email_invalid", field="email")
    return email


def name_of(text: str) -> str:
    """A name or a department as kept: trimmed, may be empty. Raises UserError name_long."""
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError("name_long", field="name", params={"length": str(LONGEST_NAME)})
    return name
