"""HR's addresses."""

from __future__ import annotations

from datetime import timedelta

import aiohttp_jinja2
from aiohttp import web

from server.hr import (
    account,
    api_keys,
    application_acts,
    applications,
    assigning,
    audit_page,
    candidates,
    comparison,
    connections,
    csv_invitations,
    deliveries,
    exports,
    flows,
    identities,
    interventions,
    interviews,
    invitation,
    invitations,
    jobs,
    letter,
    live_view,
    merging,
    monitor,
    oidc,
    people,
    printing,
    process,
    ratings,
    received,
    recording,
    report,
    resume_upload,
    review,
    rules,
    sign_in,
    suiting,
    tabs,
    wall,
)
from server.hr.access import (
    FAILURES,
    FAILURES_WINDOW_S,
    USERS,
    View,
    may,
    signed_in_api,
    signed_in_page,
)
from server.hr.audited import AUDIT, SEEN, SEEN_WINDOW_S, write_note
from server.hr.cards import CARDS, Cards
from server.hr.revoking import VIEWS, revoking
from server.hr.rights import Right
from server.hr.wall_frames import FRAMES, WallFrames
from server.hr.watchers import WATCHERS, Watchers
from server.keys import DATABASE, HUB, SETTINGS
from server.rate_limit import RateLimit
from server.storage.audit import Audit
from server.storage.users import Users

INTERVIEW = "/hr/interviews/{interview_id}"
APPLICATION = "/hr/applications/{application_id}"
OVERRIDE = INTERVIEW + "/answers/{question_id}/indicators/{indicator_id}/override"
RUNNING = "/api/hr/interviews/{interview_id}"
WHEP = "/api/hr/interviews/{interview_id}/whep"


def page(method: str, path: str, view: View, right: Right | None) -> web.RouteDef:
    """A page's route; right: which it needs, None: whoever is signed in."""
    return web.route(method, path, signed_in_page(view, right))


def api(method: str, path: str, view: View, right: Right | None) -> web.RouteDef:
    """An interface's route; right: which it needs, None: whoever is signed in."""
    return web.route(method, path, signed_in_api(view, right))


SIGN_IN = (
    web.get("/hr/welcome/{token}", sign_in.welcome_form),
    web.post("/hr/welcome/{token}", sign_in.welcome),
    web.get("/hr/sign-in", sign_in.sign_in_form),
    web.post("/hr/sign-in", sign_in.sign_in),
    web.post("/hr/sign-out", sign_in.sign_out),
    web.get(oidc.PATH, oidc.begin),
    web.get(oidc.CALLBACK, oidc.callback),
)
"""Open to whoever comes: nobody is signed in yet."""

CONSOLE = (
    page("GET", "/hr", wall.page, Right.WATCH),
    page("GET", "/hr/account", account.page, None),
    page("POST", "/hr/account/password", account.change_password, None),
    page("POST", "/hr/account/sessions/{session_id}/end", account.end_session, None),
    page("GET", "/hr/people", people.page, Right.MANAGE_PEOPLE),
    page("POST", "/hr/people", people.invite, Right.MANAGE_PEOPLE),
    page("GET", "/hr/people/{user_id}", people.person, Right.MANAGE_PEOPLE),
    page("POST", "/hr/people/{user_id}", people.change, Right.MANAGE_PEOPLE),
    page("POST", "/hr/people/{user_id}/disable", people.disable, Right.MANAGE_PEOPLE),
    page("POST", "/hr/people/{user_id}/enable", people.enable, Right.MANAGE_PEOPLE),
    page("POST", "/hr/people/{user_id}/password-link", people.password_link, Right.MANAGE_PEOPLE),
    page("POST", "/hr/people/{user_id}/sessions/end", people.end_sessions, Right.MANAGE_PEOPLE),
    page("GET", "/hr/audit", audit_page.page, Right.READ_AUDIT),
    page("GET", "/hr/process", process.page, Right.READ),
    page("GET", APPLICATION, applications.page, Right.READ),
    page("POST", APPLICATION + "/step", application_acts.move, Right.DECIDE),
    page("POST", APPLICATION + "/interview", application_acts.order_interview, Right.DECIDE),
    page("POST", APPLICATION + "/follow-up", application_acts.order_follow_up, Right.DECIDE),
    page("POST", APPLICATION + "/cancel-follow-up", application_acts.cancel_follow_up, Right.DECIDE),
    page("POST", APPLICATION + "/close", application_acts.close, Right.DECIDE),
    page("POST", APPLICATION + "/reopen", application_acts.reopen, Right.DECIDE),
    page("POST", "/hr/candidates/{candidate_id}/applications", application_acts.open_for_candidate, Right.DECIDE),
    page("POST", "/hr/candidates/{candidate_id}/merge", merging.merge, Right.DECIDE),
    page("POST", "/hr/candidates/{candidate_id}/identity", identities.settle, Right.DECIDE),
    page("POST", "/hr/candidates/{candidate_id}/availability", suiting.state, Right.INVITE),
    page("POST", "/hr/candidates/{candidate_id}/resumes", resume_upload.add, Right.INVITE),
    page("GET", "/hr/candidates/{candidate_id}/resumes/{resume_id}", resume_upload.download, Right.NAMES),
    page("GET", "/hr/rules", rules.list_page, Right.READ),
    page("POST", "/hr/rules", rules.add, Right.CONFIGURE),
    page("GET", "/hr/rules/{rule_id}", rules.page, Right.READ),
    page("POST", "/hr/rules/{rule_id}", rules.change, Right.CONFIGURE),
    page("POST", "/hr/rules/{rule_id}/switch", rules.switch, Right.CONFIGURE),
    page("GET", "/hr/api-keys", api_keys.page, Right.CONNECT),
    page("POST", "/hr/api-keys", api_keys.create, Right.CONNECT),
    page("POST", "/hr/api-keys/{key_id}/revoke", api_keys.revoke, Right.CONNECT),
    page("GET", "/hr/deliveries", deliveries.page, Right.CONNECT),
    page("GET", received.PATH, received.page, Right.CONNECT),
    page("POST", f"{received.PATH}/replay", received.replay, Right.CONNECT),
    page("POST", f"{received.PATH}/set-aside", received.set_aside, Right.CONNECT),
    page("POST", "/hr/deliveries/replay", deliveries.replay_many, Right.CONNECT),
    page("POST", "/hr/deliveries/{message_id}/replay", deliveries.replay_one, Right.CONNECT),
    page("GET", "/hr/connections", connections.list_page, Right.CONNECT),
    page("POST", "/hr/connections", connections.add, Right.CONNECT),
    page("GET", "/hr/connections/new/{kind}", connections.new_page, Right.CONNECT),
    page("GET", "/hr/connections/{connection_id}", connections.page, Right.CONNECT),
    page("POST", "/hr/connections/{connection_id}", connections.change, Right.CONNECT),
    page("POST", "/hr/connections/{connection_id}/switch", connections.switch, Right.CONNECT),
    page("POST", "/hr/connections/{connection_id}/test", connections.test, Right.CONNECT),
    page("GET", "/hr/deliveries/{message_id}", deliveries.message, Right.CONNECT),
)
"""The wall, accounts, and what was done."""

LISTS = (
    page("GET", "/hr/invitations", invitations.form, Right.INVITE),
    page("POST", "/hr/invitations", invitations.invite, Right.INVITE),
    page("GET", "/hr/invitations/csv", csv_invitations.form, Right.INVITE),
    page("POST", "/hr/invitations/csv", csv_invitations.invite, Right.INVITE),
    page("GET", INTERVIEW + "/invitation", invitation.page, Right.INVITE),
    page("POST", INTERVIEW + "/invitation/appointment", invitation.plan, Right.INVITE),
    page("POST", INTERVIEW + "/invitation/cancel", invitation.take_back, Right.INVITE),
    page("POST", INTERVIEW + "/invitation/again", invitation.again, Right.INVITE),
    page("GET", "/hr/interviews", interviews.page, Right.READ),
    page("GET", "/hr/candidates", candidates.list_page, Right.READ),
    page("GET", "/hr/candidates/{candidate_id}", candidates.page, Right.READ),
    page("GET", "/hr/jobs", jobs.list_page, Right.READ),
    page("POST", "/hr/jobs", jobs.add, Right.CONFIGURE),
    page("GET", "/hr/jobs/{job_id}", jobs.page, Right.READ),
    page("POST", "/hr/jobs/{job_id}", jobs.change, Right.CONFIGURE),
    page("GET", "/hr/jobs/{job_id}/compare", comparison.page, Right.READ),
    page("GET", "/hr/flows", flows.list_page, Right.READ),
    page("GET", "/hr/flows/{flow_id}", flows.page, Right.READ),
    page("POST", "/hr/flows/{flow_id}/try", flows.try_out, Right.CONFIGURE),
    page("POST", "/hr/flows/{flow_id}/switch-on", flows.switch_on, Right.CONFIGURE),
    page("GET", "/hr/interviews/export.csv", exports.interviews, Right.EXPORT),
)
"""Invitations, interviews, candidates, jobs, flows, applications and the systems that are told."""

INTERVIEW_PAGES = (
    page("GET", "/hr/interviews/{interview_id}", monitor.page, Right.WATCH),
    page("GET", "/hr/interviews/{interview_id}/report", report.page, Right.READ),
    page("GET", "/hr/interviews/{interview_id}/review", review.page, Right.READ),
    page("GET", "/hr/interviews/{interview_id}/print", printing.page, Right.EXPORT),
    page("GET", "/hr/interviews/{interview_id}/report.pdf", printing.pdf, Right.EXPORT),
    page("POST", INTERVIEW + "/dimensions/{dimension_id}", ratings.rate_dimension, Right.RATE),
    page("POST", INTERVIEW + "/competencies/{competency_id}", ratings.rate_competency, Right.RATE),
    page("POST", OVERRIDE, ratings.override, Right.DECIDE),
    page("POST", INTERVIEW + "/review-finished", ratings.finish_review, Right.RATE),
    page("POST", INTERVIEW + "/decision", ratings.decide, Right.DECIDE),
    page("GET", "/hr/interviews/{interview_id}/feedback", letter.page, Right.DECIDE),
    page("POST", "/hr/interviews/{interview_id}/feedback", letter.release, Right.DECIDE),
    page("POST", "/hr/interviews/{interview_id}/assignments", assigning.assign, Right.DECIDE),
    page("GET", "/hr/interviews/{interview_id}/recording", recording.play, Right.MEDIA),
)
"""One interview: live, its report, and what people make of it."""

INTERFACES = (
    api("GET", "/api/hr/events", tabs.events, Right.WATCH),
    api("GET", "/api/hr/recognition", wall.recognition, Right.WATCH),
    api("GET", "/api/hr/interviews", wall.interviews, Right.WATCH),
    api("GET", "/api/hr/interviews/{interview_id}", monitor.interview, Right.WATCH),
    api("GET", "/api/hr/interviews/{interview_id}/events", monitor.events, Right.WATCH),
    api("GET", "/api/hr/interviews/{interview_id}/timeline", monitor.entries, Right.WATCH),
    api("GET", "/api/hr/interviews/{interview_id}/report", report.json, Right.READ),
    api("POST", f"{RUNNING}/help/acknowledge", interventions.acknowledge_help, Right.INTERVENE),
    api("POST", f"{RUNNING}/pause", interventions.pause, Right.INTERVENE),
    api("POST", f"{RUNNING}/resume", interventions.resume, Right.INTERVENE),
    api("POST", f"{RUNNING}/give-time", interventions.give_time, Right.INTERVENE),
    api("POST", f"{RUNNING}/hint", interventions.hint, Right.INTERVENE),
    api("POST", f"{RUNNING}/ask", interventions.ask, Right.INTERVENE),
    api("POST", f"{RUNNING}/mark", interventions.mark, Right.RATE),
    api("POST", f"{RUNNING}/hand-over", interventions.hand_over, Right.INTERVENE),
    api("POST", f"{RUNNING}/end", interventions.end, Right.INTERVENE),
    api("GET", "/api/hr/ice", live_view.ice, Right.MEDIA),
    api("POST", WHEP, live_view.offer, Right.MEDIA),
    api("OPTIONS", WHEP, live_view.options, Right.MEDIA),
    api("PATCH", WHEP + "/{viewer_id}", live_view.patch, Right.MEDIA),
    api("DELETE", WHEP + "/{viewer_id}", live_view.end, Right.MEDIA),
    api("OPTIONS", WHEP + "/{viewer_id}", live_view.options, Right.MEDIA),
)
"""What scripts of the pages call."""


def add_routes(app: web.Application) -> None:
    """Hangs HR's pages and interfaces onto the application, whose database and hub must be there already."""
    app[USERS] = Users(app[DATABASE], timedelta(minutes=app[SETTINGS].hr_idle_minutes))
    app[FAILURES] = RateLimit(FAILURES_WINDOW_S)
    app[CARDS] = Cards(app)
    app[FRAMES] = WallFrames(app)
    app[WATCHERS] = Watchers(app[HUB].publish_signal)
    aiohttp_jinja2.get_env(app).globals["may"] = may
    app[AUDIT] = Audit(app[DATABASE])
    app[SEEN] = RateLimit(SEEN_WINDOW_S)
    app[VIEWS] = set()
    app[oidc.PROVIDER] = []
    app.cleanup_ctx.append(revoking)
    app.on_response_prepare.append(write_note)
    app.router.add_routes([*SIGN_IN, *CONSOLE, *LISTS, *INTERVIEW_PAGES, *INTERFACES])
