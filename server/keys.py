"""What is shared hangs on the aiohttp application under these keys; `app.py` puts it there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from analyzers.transcription.scheduler import Scheduler
from media.recorder import Recorder
from question_flows.model import Flow
from server.delivery.connections import Connections
from server.delivery.connector import Connector
from server.interview.registry import Interviews
from server.live.hub import Hub
from server.mail.mailer import Mailer
from server.records.engine import Records
from server.records.models import GeneratedFlows
from server.resumes.reader import Reader
from server.settings import Settings
from server.storage.database import Database
from server.storage.inbox import Inbox
from server.storage.outbox import Outbox
from server.workers.ownership import Ownership

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
FLOWS: web.AppKey[Mapping[str, Flow]] = web.AppKey("flows")
GENERATED_FLOWS = web.AppKey("generated_flows", GeneratedFlows)
"""Adds to FLOWS what is made of stored competency models, here or in another process."""
OWN_FLOWS: web.AppKey[frozenset[str]] = web.AppKey("own_flows")
"""Ids of those that do not come with the server."""
HUB = web.AppKey("hub", Hub)
ENGINE = web.AppKey("engine", Scheduler)
RECOGNITION_SETTLED = web.AppKey("recognition_settled", asyncio.Event)
"""Set once the speech model is loaded or known to be missing."""
INTERVIEWS = web.AppKey("interviews", Interviews)
RECORDER = web.AppKey("recorder", Recorder)
REPORT_ENDPOINT = web.AppKey("report_endpoint", asyncio.Future[str])
"""Where reports are posted; known once the server listens, since the built-in endpoint is at its own address."""
DRAINING = web.AppKey("draining", asyncio.Event)
"""Set when this process was told to end and begins no interview any more; those under way go on for a while."""
OWNERSHIP = web.AppKey("ownership", Ownership)
"""Which of several workers owns which interview; not there in a server of one process."""
MAILER = web.AppKey("mailer", Mailer)
"""Not there where no letters can be sent: links are passed on by hand then."""
CONNECTORS: web.AppKey[Mapping[str, type[Connector]]] = web.AppKey("connectors")
"""The systems that can be connected, by kind."""
CONNECTIONS = web.AppKey("connections", Connections)
OUTBOX = web.AppKey("outbox", Outbox)
INBOX = web.AppKey("inbox", Inbox)
RECORDS = web.AppKey("records", Records)
"""What has come in and what interviews tell ends up there."""
RESUME_READER = web.AppKey("resume_reader", Reader)
"""One for all doors: it reads so many files at once, wherever they come from."""
