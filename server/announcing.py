"""What a starting server prints: where HR signs in, how to invite, and whether answers can be spoken."""

from __future__ import annotations

from datetime import UTC, datetime

from server.settings import Settings
from server.storage.database import Database
from server.storage.users import Users


def base_url(settings: Settings, port: int) -> str:
    """Where browsers reach the server, without a slash at the end."""
    scheme = "https" if settings.tls_certificate else "http"
    return settings.public_url.rstrip("/") or f"{scheme}://localhost:{port}"


async def announce_doors(settings: Settings, database: Database, port: int) -> None:
    """Prints the first sign-in link while nobody has an account, HR's page, and how to invite a candidate."""
    base, users = base_url(settings, port), Users(database)
    if not await users.exists():
        token = await users.issue_link(datetime.now(UTC))
        print(f"First sign-in for HR (works once): {base}/hr/welcome/{token}")
    print(f"HR's page: {base}/hr")
    print("Invite a candidate there, or: scripts/run invite --flow customer_service --language en --name 'Ada'")
    print(f"Speech recognition: loading the model '{settings.whisper_model}' …", flush=True)


def announce_ready(*, speech: bool, reason: str) -> None:
    """Prints that interviews can begin. reason: why answers can only be typed, when speech is not recognised."""
    if speech:
        print("Ready: answers can be spoken or typed.", flush=True)
    else:
        print(f"Ready, but answers can only be typed: {reason}", flush=True)


def announce_stop() -> None:
    """Prints that the server ends."""
    print("Stopping: running interviews are kept and go on after the next start.", flush=True)
