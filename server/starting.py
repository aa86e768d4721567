"""The first steps of a start that can fail, each with a sentence that tells the operator what to do."""

from __future__ import annotations

import errno
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from server.settings import Settings
from server.storage.database import Database, SchemaNewer


class CannotStart(Exception):
    """What this machine or its settings lack, as a sentence for the operator."""


async def listen(runner: web.AppRunner, settings: Settings, context: ssl.SSLContext | None) -> None:
    """Opens the server's port. Raises CannotStart."""
    with port_opens(settings):
        await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()


@contextmanager
def port_opens(settings: Settings) -> Iterator[None]:
    """Around what opens the server's port. Raises CannotStart."""
    try:
        yield
    except OSError as error:
        place = f"port {settings.port} of {settings.host}"
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"{place} is in use. Stop what uses it, or set INTERVIEW_PORT to another.") from error
        if error.errno == errno.EACCES:
            raise CannotStart(f"{place} may not be opened by this user. Set INTERVIEW_PORT above 1023.") from error
        raise CannotStart(f"{place} cannot be opened ({error.strerror}). Is INTERVIEW_HOST one of its own?") from error


def make_data_dir(settings: Settings) -> None:
    """Makes the data folder and tries whether it can be written. Raises CannotStart."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            pass
    except OSError as error:
        raise CannotStart(
            f"the data folder {settings.data_dir.resolve()} cannot be written ({error.strerror}). "
            "Set INTERVIEW_DATA_DIR to one that can."
        ) from error


@contextmanager
def database_opens(settings: Settings) -> Iterator[None]:
    """Around what opens the database. Raises CannotStart, never with its URL, which holds the password."""
    try:
        yield
    except SchemaNewer as error:
        raise CannotStart(
            "the database was changed by a newer release of this server. Start that one, or restore the backup that "
            "was made before the upgrade."
        ) from error
    except (OSError, SQLAlchemyError) as error:
        reason = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
        if not settings.database_url:
            file = settings.data_dir.resolve() / "interviews.sqlite"
            raise CannotStart(f"{file} cannot be opened as a database ({reason}).") from error
        raise CannotStart(
            f"the database of INTERVIEW_DATABASE_URL does not open ({reason}). Does it run, and are its address, "
            "name, user and password right?"
        ) from error


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


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """HTTPS from the settings' certificate, or None. Raises CannotStart when the files are not what they should be."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:
        raise CannotStart(
            f"INTERVIEW_TLS_CERTIFICATE and INTERVIEW_TLS_KEY cannot be used ({error}). Both must be PEM files, "
            "and the key the certificate's own."
        ) from error
    return context
