"""For whoever watches the process: does it live (/healthz), and should new visitors be sent here (/readyz)?"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from server.keys import DATABASE, DRAINING, ENGINE, HUB, INTERVIEWS, OWNERSHIP, RECOGNITION_SETTLED
from server.loop_lag import LOOP_LAG

log = logging.getLogger(__name__)

DATABASE_SECONDS = 2.0
"""How long the database may take to answer before it counts as out of reach."""


def add_routes(app: web.Application) -> None:
    """Hangs both addresses onto the application. They say nothing about anybody, and are open."""
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


async def healthz(request: web.Request) -> web.Response:
    """Answers while the event loop runs; says how promptly, how recognition stands and whether there is room."""
    engine, room = request.app[ENGINE], request.app[INTERVIEWS].room
    usual, refusal = room.admission.usual, room.refusal()
    body = {
        "status": "ok",
        "recognition": engine.status,
        "queue_wait_ms": round(engine.queue_wait_ms),
        "admits": refusal is None,
        "refuses_for": refusal,
        "interviews": room.under_way,
        "lines": usual.lines,
        "loop_load": round(usual.loop_load, 3),
        "process_load": round(usual.process_load, 3),
        "loop_lag_ms": request.app[LOOP_LAG].summary(),
    }
    return web.json_response(body)


async def readyz(request: web.Request) -> web.Response:
    """200, or 503 with the reasons why no further visitors should be sent here; those who are here are served."""
    reasons = await reasons_against(request.app)
    return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


async def reasons_against(app: web.Application) -> list[str]:
    """draining; recognition_loading, until it is settled for the first time; database; redis, where workers need it."""
    reasons = []
    if app[DRAINING].is_set():
        reasons.append("draining")
    if not app[RECOGNITION_SETTLED].is_set():
        reasons.append("recognition_loading")
    if not await database_answers(app):
        reasons.append("database")
    if OWNERSHIP in app and not app[HUB].reachable:
        reasons.append("redis")
    return reasons


async def database_answers(app: web.Application) -> bool:
    """Whether the database can be read within two seconds."""
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            await app[DATABASE].check()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("the database does not answer", extra={"error": type(error).__name__})
        return False
    return True
