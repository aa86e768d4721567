"""What is shared hangs on the aiohttp application under these keys; `app.py` puts it there."""

from __future__ import annotations

from aiohttp import web

from question_flows.model import Flow
from server.interview.registry import Interviews
from server.live.hub import Hub
from server.settings import Settings
from server.storage.database import Database

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
FLOWS = web.AppKey("flows", dict[str, Flow])
HUB = web.AppKey("hub", Hub)
INTERVIEWS = web.AppKey("interviews", Interviews)
