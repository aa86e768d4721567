"""HR's addresses."""

from __future__ import annotations

from aiohttp import web

from server.hr import invitations, live_view, monitor, recording, report, sign_in, wall
from server.hr.access import FAILURES, FAILURES_WINDOW_S, USERS, signed_in_api, signed_in_page
from server.keys import DATABASE
from server.rate_limit import RateLimit
from server.storage.users import Users

WHEP = "/api/hr/interviews/{interview_id}/whep"


def add_routes(app: web.Application) -> None:
    """Hangs HR's pages and interfaces onto the application, whose database must be there already."""
    app[USERS] = Users(app[DATABASE])
    app[FAILURES] = RateLimit(FAILURES_WINDOW_S)
    app.router.add_routes(
        [
            web.get("/hr/welcome/{token}", sign_in.welcome_form),
            web.post("/hr/welcome/{token}", sign_in.welcome),
            web.get("/hr/sign-in", sign_in.sign_in_form),
            web.post("/hr/sign-in", sign_in.sign_in),
            web.post("/hr/sign-out", sign_in.sign_out),
            web.get("/hr", signed_in_page(wall.page)),
            web.get("/hr/invitations", signed_in_page(invitations.form)),
            web.post("/hr/invitations", signed_in_page(invitations.invite)),
            web.get("/hr/interviews/{interview_id}", signed_in_page(monitor.page)),
            web.post("/api/hr/interviews/{interview_id}/help/acknowledge", signed_in_api(monitor.acknowledge_help)),
            web.get("/hr/interviews/{interview_id}/report", signed_in_page(report.page)),
            web.post("/hr/interviews/{interview_id}/dimensions/{dimension_id}", signed_in_page(report.rate)),
            web.get("/hr/interviews/{interview_id}/recording", signed_in_page(recording.play)),
            web.get("/api/hr/events", signed_in_api(wall.events)),
            web.get("/api/hr/recognition", signed_in_api(wall.recognition)),
            web.get("/api/hr/interviews", signed_in_api(wall.interviews)),
            web.get("/api/hr/interviews/{interview_id}", signed_in_api(monitor.interview)),
            web.get("/api/hr/interviews/{interview_id}/events", signed_in_api(monitor.events)),
            web.get("/api/hr/interviews/{interview_id}/report", signed_in_api(report.json)),
            web.get("/api/hr/ice", signed_in_api(live_view.ice)),
            web.post(WHEP, signed_in_api(live_view.offer)),
            web.options(WHEP, signed_in_api(live_view.options)),
            web.patch(WHEP + "/{viewer_id}", signed_in_api(live_view.patch)),
            web.delete(WHEP + "/{viewer_id}", signed_in_api(live_view.end)),
            web.options(WHEP + "/{viewer_id}", signed_in_api(live_view.options)),
        ]
    )
