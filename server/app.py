"""The wiring, on one screen: what is made, in which order, and where each door hangs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from aiohttp import web

import server.candidate.routes
import server.ehr.api.routes
import server.ehr.routes
import server.health
import server.hr.routes
import server.metrics
from analyzers.expression import ExpressionAnalyzer
from media.ice import IceSettings
from media.recorder import Recorder
from question_flows.loader import load_flows, shipped_flows
from question_flows.model import Flow
from server.admission import Admission, Limits
from server.caps import CAPS, Caps
from server.delivery.serving import connected, messages
from server.ehr.builtin import builtin
from server.ehr.kinds import KINDS, given
from server.i18n import MESSAGES, Messages
from server.interview.registry import Interviews
from server.keeping_records import records
from server.keys import (
    CONNECTORS,
    DATABASE,
    DRAINING,
    ENGINE,
    FLOWS,
    GENERATED_FLOWS,
    HUB,
    INBOX,
    INTERVIEWS,
    MAILER,
    OUTBOX,
    OWN_FLOWS,
    OWNERSHIP,
    RECOGNITION_SETTLED,
    RECORDER,
    REPORT_ENDPOINT,
    RESUME_READER,
    SETTINGS,
)
from server.live.hub import Hub
from server.live.memory import MemoryBroker
from server.live.redis import RedisBroker
from server.load_sampling import load_sampling
from server.loop_lag import LOOP_LAG, LoopLag, loop_lag
from server.mail.mailer import Mailer
from server.mail.reminders import reminding
from server.metrics import counted
from server.middleware import MIDDLEWARES, security_headers
from server.pages import setup_templates
from server.recognition import new_engine, recognition
from server.recordings.serving import recordings
from server.recordings.spool import Spool, sink_opener
from server.records.models import GeneratedFlows
from server.resumes.reader import Reader
from server.second_scorer import models
from server.settings import Settings
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.inbox import Inbox
from server.storage.outbox import Outbox
from server.workers.forwarding import to_owner
from server.workers.ownership import Ownership
from server.workers.place import Place
from server.workers.serving import heartbeat, ownership

log = logging.getLogger(__name__)

Context = Callable[[web.Application], AsyncIterator[None]]

LARGEST_BODY = 1 << 20
"""Bytes of a request's body: an answer of 20,000 characters or an SDP offer is far smaller."""


def own_flows(settings: Settings) -> dict[str, Flow]:
    """The flows of the settings' folder. Raises FlowError that names file, line and field."""
    return load_flows(settings.flows_dir) if settings.flows_dir else {}


def flows_of(settings: Settings) -> dict[str, Flow]:
    """The shipped flows and those of the settings' folder. Raises FlowError that names file, line and field."""
    return {**shipped_flows(), **own_flows(settings)}


def create_app(settings: Settings, place: Place | None = None) -> web.Application:
    """The application, ready to run; nothing is opened before it starts. Raises FlowError for a wrong flow file.

    place: this process's among several workers; None: it serves alone.
    """
    middlewares = (counted, *MIDDLEWARES, to_owner) if place else (counted, *MIDDLEWARES)
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(security_headers)
    app[SETTINGS] = settings
    own = own_flows(settings)
    app[FLOWS] = flows = {**shipped_flows(), **own}
    app[OWN_FLOWS] = frozenset(own)
    app[MESSAGES] = Messages()
    if (mailer := Mailer.of(settings, app[FLOWS])) is not None:
        app[MAILER] = mailer
    app[DATABASE] = Database(settings.sqlalchemy_url)
    app[OUTBOX] = Outbox(app[DATABASE])
    app[INBOX] = Inbox(app[DATABASE])
    app[RESUME_READER] = Reader()
    app[CONNECTORS] = KINDS
    app[GENERATED_FLOWS] = GeneratedFlows(app[DATABASE], flows)
    broker = RedisBroker(settings.redis_url) if settings.redis_url else MemoryBroker()
    app[HUB] = Hub(broker, EventLog(app[DATABASE]))
    app[ENGINE] = new_engine(settings)
    app[LOOP_LAG] = LoopLag()
    app[CAPS] = Caps(settings)
    setup_templates(app)
    server.candidate.routes.add_routes(app)
    server.hr.routes.add_routes(app)
    server.ehr.routes.add_routes(app)
    server.ehr.api.routes.add_routes(app)
    server.health.add_routes(app)
    server.metrics.add_routes(app)
    app.router.add_get("/", to_hr)
    # Ended in the opposite order: interviews write down their last words while recognition still runs.
    kept: tuple[Context, ...] = (interviews,)
    if place:
        app[OWNERSHIP] = Ownership(place, settings.redis_url)
        kept = (ownership, interviews, heartbeat)
    app.cleanup_ctx.extend(
        (
            storage,
            generated_flows,
            live_events,
            recognition,
            *kept,
            recordings,
            records,
            connected(given),
            *messages(builtin),
            reminding,
            loop_lag,
            load_sampling,
        )
    )
    app.on_shutdown.append(end_streams)
    return app


async def storage(app: web.Application) -> AsyncIterator[None]:
    """Opens the database and brings its schema up to date."""
    app[SETTINGS].data_dir.mkdir(parents=True, exist_ok=True)
    await app[DATABASE].open()
    app[RECOGNITION_SETTLED] = asyncio.Event()
    app[DRAINING] = asyncio.Event()
    app[REPORT_ENDPOINT] = asyncio.get_running_loop().create_future()
    yield
    await app[DATABASE].close()


async def generated_flows(app: web.Application) -> AsyncIterator[None]:
    """Learns the flows of stored competency models, before interviews are taken up and as long as the server serves."""
    await app[GENERATED_FLOWS].look()
    task = asyncio.create_task(app[GENERATED_FLOWS].keep_looking(), name="generated flows")
    yield
    task.cancel()
    await asyncio.wait([task])


async def live_events(app: web.Application) -> AsyncIterator[None]:
    """Opens the hub that carries what happens to the pages."""
    await app[HUB].open()
    yield
    await app[HUB].close()


async def end_streams(app: web.Application) -> None:
    """Ends the pages' event streams, which would otherwise hold up the stop for its whole time limit."""
    app[HUB].end_streams()


async def interviews(app: web.Application) -> AsyncIterator[None]:
    """Keeps the live interviews, and the face analysis they share (its process starts with its first picture)."""
    settings = app[SETTINGS]
    ice = IceSettings(
        hosts=tuple(settings.ice_hosts),
        servers=tuple(settings.ice_servers),
        turn_secret=settings.turn_secret.get_secret_value(),
        allow_private=settings.ice_allow_private,
        most_candidates=settings.ice_most_candidates,
    )
    spool = await asyncio.to_thread(Spool.of, settings.recordings_dir)
    async with (
        ExpressionAnalyzer() as expression,
        Recorder(sink_opener(settings.recording_keys)) as recorder,
        models(settings) as (opinion, chooser),
    ):
        app[RECORDER] = recorder
        registry = Interviews(
            app[DATABASE],
            app[HUB],
            app[FLOWS],
            engine=app[ENGINE],
            ice=ice,
            admission=Admission(
                Limits(
                    loop_lag_ms=settings.most_loop_lag_ms,
                    loop_load=settings.most_loop_load,
                    interviews=settings.most_interviews,
                )
            ),
            invitation_days=settings.invitation_days,
            expression=expression,
            record=lambda interview_id, lost: recorder.record(spool.of_interview(interview_id), lost),
            ownership=app.get(OWNERSHIP),
            second_scorer=opinion,
            check_minutes=settings.check_minutes,
            probe_chooser=chooser,
            look_for_flows=app[GENERATED_FLOWS].look,
        )
        async with registry:
            app[INTERVIEWS] = registry
            yield


async def to_hr(request: web.Request) -> web.Response:
    """The bare address leads HR to its page; candidates come by their links."""
    raise web.HTTPSeeOther("/hr")
