"""Secrets that are handed out once and kept as hashes only."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """SHA-256, hexadecimal: enough for random tokens, which cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
