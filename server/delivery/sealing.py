"""Seals connections' secrets for the database (Fernet): whoever reads only the database reads none of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

HOW_TO_MAKE_ONE = "make one with: openssl rand -base64 32 | tr '+/' '-_'"


class SealBroken(Exception):
    """Sealed with a key that is not among the present ones, or changed since."""


class Sealer:
    """The first key seals, all open."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """From a setting: one key or a JSON list of them; None: empty. Raises ValueError that says how to make one."""
        if not text:
            return None
        try:
            keys = json.loads(text) if text.lstrip().startswith("[") else [text]
            return cls(keys)
        except (ValueError, TypeError, AttributeError):
            raise ValueError(f"must be one key or a JSON list of them, each 32 bytes; {HOW_TO_MAKE_ONE}") from None

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """The key kept in a file that only this user can read; made if there is none. Raises OSError."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Several processes may start at once: the first to link its file wins.
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return cls([path.read_text().strip()])

    def seal(self, secrets: Mapping[str, Any]) -> bytes:
        """Encrypted and authenticated."""
        return self._fernet.encrypt(json.dumps(secrets, ensure_ascii=False).encode())

    def open(self, sealed: bytes) -> dict[str, Any]:
        """What was sealed. Raises SealBroken."""
        try:
            found: dict[str, Any] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise SealBroken from None
        return found
