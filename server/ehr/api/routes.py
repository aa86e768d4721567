"""Every operation of the API, and where it is hung: `/api/v1`."""

from __future__ import annotations

import json
from collections import Counter

from aiohttp import web

from server.ehr.api import (
    applications,
    candidates,
    erasing,
    follow_ups,
    interviews,
    jobs,
    recordings,
    results,
    resumes,
)
from server.ehr.api.addresses import base_url
from server.ehr.api.declaring import Operation
from server.ehr.api.document import document
from server.ehr.api.serving import RATES, UNDER_WAY, WINDOW_S, WRONG_KEYS, served
from server.errors import UserError
from server.i18n import MESSAGES, language_of
from server.keys import SETTINGS
from server.problems import API_PREFIX, sentence_of
from server.rate_limit import RateLimit

OPERATIONS: tuple[Operation, ...] = (
    candidates.upsert_candidate,
    candidates.list_candidates,
    candidates.get_candidate,
    resumes.add_resume,
    erasing.erase_candidate,
    jobs.upsert_job,
    jobs.list_jobs,
    jobs.get_job,
    jobs.put_competency_model,
    applications.open_application,
    applications.list_applications,
    applications.get_application,
    applications.close_application,
    follow_ups.report_follow_up,
    interviews.order_interview,
    interviews.list_interviews,
    interviews.get_interview,
    interviews.cancel_interview,
    results.get_transcript,
    results.get_scores,
    results.get_report,
    results.rate_interview,
    recordings.make_recording_link,
)
DOCUMENT_PATH = f"{API_PREFIX}openapi.json"


def add_routes(app: web.Application) -> None:
    """Hangs every operation, the document and what the problems' addresses lead to onto the application."""
    app[UNDER_WAY] = Counter()
    app[RATES], app[WRONG_KEYS] = RateLimit(WINDOW_S), RateLimit(WINDOW_S)
    for one in OPERATIONS:
        app.router.add_route(one.method, API_PREFIX.rstrip("/") + one.path, served(one))
    app.router.add_get(DOCUMENT_PATH, openapi, allow_head=False)
    app.router.add_get(recordings.PLAYED_AT, recordings.play)
    app.router.add_get(f"{API_PREFIX}problems/{{code}}", explain, allow_head=False)


async def openapi(request: web.Request) -> web.Response:
    """The document; open to everybody: it says nothing about anybody."""
    made = json.dumps(document(OPERATIONS, base_url(request)), ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=made, content_type="application/json")


async def explain(request: web.Request) -> web.Response:
    """What a problem's `type` leads to: its sentence, in the language of the request."""
    code, messages = request.match_info["code"], request.app[MESSAGES]
    language = language_of(request, request.app[SETTINGS].language)
    sentence = sentence_of(code, messages, language)
    if sentence not in messages.keys(language):
        raise UserError("not_found", status=404)
    return web.json_response({"code": code, "detail": messages.text(language, sentence, _Dots({"": ""}))})


class _Dots(dict[str, str]):
    """Fills whatever a sentence names."""

    def __missing__(self, name: str) -> str:
        return "…"
