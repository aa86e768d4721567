"""One process serves: alone on its own port, or as one of several workers on a port they share."""

from __future__ import annotations

import asyncio
import ssl

from aiohttp import web

from analyzers.transcription.dispatcher import EngineStatus
from server.announcing import announce_doors, announce_ready, announce_stop
from server.app import create_app
from server.draining import Stopping
from server.keys import DATABASE, ENGINE, OWNERSHIP, RECOGNITION_SETTLED, REPORT_ENDPOINT
from server.logs import AccessLogger
from server.settings import Settings
from server.starting import database_opens, listen, make_data_dir, tls_context
from server.workers.place import Place
from server.workers.serving import DRAIN, Lifeline

SHUTDOWN_SECONDS = 5.0


async def serve(settings: Settings, place: Place | None = None) -> None:
    """Serves until told to end, then drains. place: as which worker; None: alone. Raises CannotStart."""
    stopping = Stopping()
    lifeline = Lifeline(place) if place else None
    if lifeline:
        lifeline.follow(lambda order: stopping.drain() if order == DRAIN else stopping.stop())
    context = tls_context(settings)
    make_data_dir(settings)
    runner = web.AppRunner(
        create_app(settings, place),
        access_log_class=AccessLogger,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handle_signals=False,
    )
    with database_opens(settings):
        await runner.setup()
    try:
        stopping.follow_signals(second_stops=place is None)
        port = await _listen(runner, settings, context, place)
        await open_report_endpoint(runner, settings, port)
        if place is None:
            await announce_doors(settings, runner.app[DATABASE], port)
        telling = asyncio.create_task(_tell_readiness(runner.app, lifeline))
        await stopping.drained(runner.app, settings.drain_seconds)
        telling.cancel()
        if place is None:
            announce_stop()
    finally:
        await runner.cleanup()


async def _listen(
    runner: web.AppRunner, settings: Settings, context: ssl.SSLContext | None, place: Place | None
) -> int:
    """Opens the port, or begins to serve the shared one and the worker's private socket. Returns the port."""
    if place is None:
        await listen(runner, settings, context)
        own: int = runner.addresses[0][1]
        return own
    await web.SockSite(runner, runner.app[OWNERSHIP].private).start()
    ports = place.ports()
    for shared in ports:
        await web.SockSite(runner, shared, ssl_context=context).start()
    port: int = ports[0].getsockname()[1]
    return port


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


async def _tell_readiness(app: web.Application, lifeline: Lifeline | None) -> None:
    await app[RECOGNITION_SETTLED].wait()
    engine = app[ENGINE]
    tell = lifeline.ready if lifeline else announce_ready
    tell(speech=engine.status is EngineStatus.AVAILABLE, reason=engine.reason)
