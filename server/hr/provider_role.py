"""Which role somebody has by what the company's provider says of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.storage.hr_user import Role

STRENGTH = tuple(Role)
"""The strongest first."""


def role_by(claims: Mapping[str, Any], claim: str, roles: Mapping[str, Role], default: Role | None) -> Role | None:
    """The strongest role that the claim's values map to, else the default; None: they are not let in.

    claim: its name; a dot leads into an object, as in `realm_access.roles`. Its value: a text or a list of texts.
    """
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    mapped = [roles[value] for value in values if isinstance(value, str) and value in roles]
    return min(mapped, key=STRENGTH.index, default=default)
