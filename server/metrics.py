"""What the process does, in figures for Prometheus: GET /metrics, for whom the settings name.

With several workers whoever is asked answers for all of them, each with a label `worker`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator

import aiohttp
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from server.errors import UserError
from server.keys import DATABASE, ENGINE, OWNERSHIP, SETTINGS
from server.loop_lag import LOOP_LAG
from server.metric_families import Counts, StateCollector
from server.middleware import Handler, came_privately, route_of, within
from server.storage.outbox import Outbox

log = logging.getLogger(__name__)

LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
WAIT_BUCKETS_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
DATABASE_SECONDS = 1.0
UP, UP_HELP = "interview_worker_up", "Whether this worker's figures are among these."
SIBLING_SECONDS = 2.0
"""A worker that does not answer within it is left out, and its `interview_worker_up` is 0."""
LEFT = 499
"""Counted as the status of a request whose sender left before it was answered (as nginx does)."""
FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For")


class Metrics:
    """One application's figures: its own registry, what is counted as it happens, and the state when it is read."""

    def __init__(self, app: web.Application) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        """By method, route's pattern and status: all of them from bounded sets, none of them about anybody."""
        self.outbox: Counts | None = None
        """Messages to the HR system, as last read; None while the database does not answer."""
        self.registry = CollectorRegistry()
        lag = Histogram(
            "interview_loop_lag_seconds",
            "Lateness of a timer of the event loop that fires every 10 ms.",
            buckets=LAG_BUCKETS_S,
            registry=self.registry,
        )
        app[LOOP_LAG].on_tick(lambda late_ms: lag.observe(late_ms / 1000))
        wait = Histogram(
            "interview_recognition_wait_seconds",
            "How long whole utterances waited before they were decoded.",
            buckets=WAIT_BUCKETS_S,
            registry=self.registry,
        )
        app[ENGINE].on_wait(wait.observe)
        ProcessCollector(registry=self.registry)
        self.registry.register(StateCollector(app, self.requests, lambda: self.outbox))


METRICS = web.AppKey("metrics", Metrics)


def add_routes(app: web.Application) -> None:
    """Hangs the address onto the application, whose engine must be there already."""
    app[METRICS] = Metrics(app)
    app.router.add_get("/metrics", metrics)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts every request by its route's pattern; the outermost middleware, so that it sees what is answered."""
    if came_privately(request):
        # Counted where it came in.
        return await handler(request)
    status = LEFT
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        # Strangers may invent methods; each would be a series of its own.
        method = request.method if request.method in hdrs.METH_ALL else "other"
        request.app[METRICS].requests[method, route_of(request), status] += 1


async def metrics(request: web.Request) -> web.Response:
    """The figures as text. Raises UserError metrics_closed (403)."""
    app = request.app
    if came_privately(request):
        text = await own_text(app)
    elif not may_read(request):
        raise UserError("metrics_closed", status=403)
    elif OWNERSHIP in app:
        text = merged(await asyncio.gather(own_text(app), *(sibling_text(app, worker) for worker in siblings(app))))
    else:
        text = await own_text(app)
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def may_read(request: web.Request) -> bool:
    """Whether the client's address is one of those named. A proxy nobody named is a stranger, however local it is."""
    settings = request.app[SETTINGS]
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    forwarded = any(name in request.headers for name in FORWARDING_HEADERS)
    if forwarded and not (peer and within(peer[0], settings.trusted_proxies)):
        return False
    return within(request.remote, settings.metrics_from)


async def own_text(app: web.Application) -> str:
    """This process's figures."""
    figures = app[METRICS]
    figures.outbox = await outbox_counts(app)
    collector = OfWorker(figures.registry, app[OWNERSHIP].own) if OWNERSHIP in app else figures.registry
    return generate_latest(collector).decode()


class OfWorker(Collector):
    """A process's families, with a label that says which worker's they are. One started again keeps its number."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self._registry = registry
        self._label = {"worker": number_of(worker)}

    def collect(self) -> Iterator[Metric]:
        """The families, and that this worker answers."""
        for family in (GaugeMetricFamily(UP, UP_HELP, value=1.0), *self._registry.collect()):
            labelled = Metric(family.name, family.documentation, family.type, family.unit)
            labelled.samples = [sample._replace(labels=sample.labels | self._label) for sample in family.samples]
            yield labelled


def number_of(worker: str) -> str:
    """A worker's number, from its id."""
    return worker.split(".", 1)[0]


async def outbox_counts(app: web.Application) -> Counts | None:
    """How many messages to the HR system wait and were given up; None when the database does not answer."""
    outbox = Outbox(app[DATABASE])
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            return Counts(waiting=await outbox.waiting(), dead=await outbox.dead())
    except (SQLAlchemyError, OSError, TimeoutError):
        return None


def siblings(app: web.Application) -> list[str]:
    """The other workers of this machine that are not known to be gone."""
    ownership = app[OWNERSHIP]
    return [beat.worker for beat in ownership.directory.living() if beat.worker != ownership.own]


async def sibling_text(app: web.Application, worker: str) -> str:
    """Another worker's figures by its private socket; that it does not answer, when it does not."""
    path = app[OWNERSHIP].place.socket_of(worker)
    timeout = aiohttp.ClientTimeout(total=SIBLING_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path), timeout=timeout) as client,
            client.get("http://worker/metrics") as answer,
        ):
            answer.raise_for_status()
            return await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("a worker's figures are missing", extra={"worker": worker, "error": type(error).__name__})
        return f'# HELP {UP} {UP_HELP}\n# TYPE {UP} gauge\n{UP}{{worker="{number_of(worker)}"}} 0.0\n'


def merged(texts: Iterable[str]) -> str:
    """Several processes' figures as one text: each family once, with the samples of all. Their labels tell them apart.

    Only cut and joined, as parsing takes tens of milliseconds in which candidates would not be heard.
    """
    families: dict[str, list[str]] = {}
    for text in texts:
        for block in ("\n" + text).split("\n# HELP ")[1:]:
            name = block.split(" ", 1)[0]
            lines = block.rstrip("\n").split("\n")
            known = families.setdefault(name, [f"# HELP {lines[0]}", lines[1]])
            known.extend(lines[2:])
    return "\n".join(line for lines in families.values() for line in lines) + "\n"
