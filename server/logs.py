"""Structured logs: a JSON object a line, or readable lines on a terminal. Never a candidate's words or a token."""

from __future__ import annotations

import logging
import sys
import traceback

import structlog
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from server.middleware import route_of


class AccessLogger(AbstractAccessLogger):
    """Logs a request by its route's pattern: paths can hold an invitation's token."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Writes one line for one finished request; time is in seconds."""
        if isinstance(request, web.Request):
            extra = {"method": request.method, "route": route_of(request), "status": response.status}
            self.logger.debug("request", extra=extra | {"ms": round(time * 1000, 1)})


def _without_values(
    logger: logging.Logger | None, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Says where an error was raised and its class, never its message: messages quote what people said or typed."""
    if event.get("logger") == "asyncio":
        # Behind the first line it shows the task, and with it the error's message.
        event["event"] = str(event["event"]).split("\n", 1)[0]
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def configure(level: str) -> None:
    """Sends every logger's lines to stderr in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_values, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aioice", "aiortc", "alembic", "faster_whisper", "aiosqlite", "httpx", "huggingface_hub"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
