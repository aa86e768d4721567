"""Rules that carry applications on: read as sentences, switched, changed by new versions, with what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.names import shown_name
from server.hr.process_list import ProcessList, Wanted
from server.hr.reasons import Reasons, reasons_for
from server.hr.rule_form import body_of, form_field, form_of, new_rule_id
from server.hr.rule_words import RuleWords
from server.hr.texts import sentence
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render, texts
from server.records.application_events import FollowUpKind, FollowUpStatus, Step
from server.records.rule_store import FiredRule, Rules
from server.records.rules import Action, On
from server.storage.jobs import Jobs

MOST_FIRINGS = 50
CAME_BACK = (FollowUpStatus.COMPLETED, FollowUpStatus.FAILED, FollowUpStatus.CANCELLED)


async def list_page(request: web.Request) -> web.StreamResponse:
    """Every rule, and the form for a new one."""
    return await _list(request)


async def add(request: web.Request) -> web.StreamResponse:
    """Makes a rule, which is on at once, then shows it."""
    sent = await form_fields(request)
    try:
        rule = await Rules(request.app[DATABASE]).add(
            new_rule_id(sent), body_of(sent), request[USER].id, datetime.now(UTC)
        )
    except UserError as error:
        return await _list(request, sent, error)
    request[NOTE].subject = rule.id
    raise web.HTTPSeeOther(f"/hr/rules/{rule.id}")


async def page(request: web.Request) -> web.StreamResponse:
    """One rule. Raises UserError rule_unknown (404)."""
    return await _rule(request)


async def change(request: web.Request) -> web.StreamResponse:
    """Adds a version that says what the form says, then shows the rule."""
    sent, rule_id = await form_fields(request), request.match_info["rule_id"]
    version = sent.get("version", "")
    try:
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
        await Rules(request.app[DATABASE]).change(rule_id, known, body_of(sent), request[USER].id, datetime.now(UTC))
    except UserError as error:
        if error.code == "rule_unknown":
            raise
        return await _rule(request, sent, error)
    raise web.HTTPSeeOther(f"/hr/rules/{rule_id}")


async def switch(request: web.Request) -> web.StreamResponse:
    """Switches the rule on or off. Raises UserError rule_unknown (404)."""
    sent, rule_id = await form_fields(request), request.match_info["rule_id"]
    is_on = sent.get("is_on") == "yes"
    await Rules(request.app[DATABASE]).switch(rule_id, request[USER].id, datetime.now(UTC), is_on=is_on)
    request[NOTE].action = "rule_switched_on" if is_on else "rule_switched_off"
    raise web.HTTPSeeOther("/hr/rules" if sent.get("back") == "list" else f"/hr/rules/{rule_id}")


async def _list(
    request: web.Request, sent: Mapping[str, str] | None = None, error: UserError | None = None
) -> web.Response:
    rules = Rules(request.app[DATABASE])
    found, words = await rules.all(), await _words(request)
    return render(
        request,
        "hr_rules.html",
        status=error.status if error else 200,
        user=request[USER],
        rules=[(rule, words.sentence(rule)) for rule in found],
        counts=await rules.counts(),
        language=page_language(request),
        **_form(request, words, sent or {"event": On.REPORT, "action": Action.ASSESSMENT}, error),
    )


async def _rule(
    request: web.Request, sent: Mapping[str, str] | None = None, error: UserError | None = None
) -> web.Response:
    rules, rule_id = Rules(request.app[DATABASE]), request.match_info["rule_id"]
    versions, words, reasons = await rules.versions(rule_id), await _words(request), await reasons_for(request)
    return render(
        request,
        "hr_rule.html",
        status=error.status if error else 200,
        user=request[USER],
        rule=versions[0],
        versions=[(one, words.sentence(one)) for one in versions],
        language=page_language(request),
        people=reasons.people,
        firings=await _firings(request, await rules.firings(rule_id, MOST_FIRINGS), reasons),
        **_form(request, words, sent if sent is not None else form_of(versions[0]), error),
    )


async def _firings(
    request: web.Request, found: Sequence[FiredRule], reasons: Reasons
) -> Sequence[tuple[FiredRule, str, str]]:
    """(firing, who, what was compared); none for who sees only what is assigned to them."""
    if request[USER].only_assigned:
        return []
    wanted = Wanted(ids=[one.application_id for one in found], closed="all")
    named = await ProcessList(request.app[DATABASE]).page(wanted, None, MOST_FIRINGS)
    names = {one.id: shown_name(request, one.candidate_name, one.candidate_id) for one in named.rows}
    return [(one, names.get(one.application_id, one.application_id[:8]), reasons.compared(one.reason)) for one in found]


async def _words(request: web.Request) -> RuleWords:
    language, reasons = page_language(request), await reasons_for(request)
    jobs = await Jobs(request.app[DATABASE]).all()
    flows = {id_: flow.title[language] for id_, flow in request.app[FLOWS].items()}
    return RuleWords(reasons.t, {job.id: job.title for job in jobs}, flows, reasons.connections)


def _form(request: web.Request, words: RuleWords, sent: Mapping[str, str], error: UserError | None) -> dict[str, Any]:
    """What the form's fields offer, and what was wrong with it, the fields called as the form calls them."""
    t = texts(request, page_language(request))["t"]
    field = form_field(error) if error else None
    if error is not None and field is not None and "field" in error.params:
        error = UserError(error.code, params={**error.params, "field": t(f"console.field_{field}")})
    return {
        "sent": sent,
        "field": field,
        "problem": sentence(request, error),
        "events": [(one.value, t(f"console.event_{one}")) for one in On],
        "actions": [(one.value, t(f"console.action_{one}")) for one in Action],
        "steps": [(one.value, t(f"console.step_{one}")) for one in Step],
        "kinds": [(one.value, t(f"console.kind_{one}")) for one in FollowUpKind],
        "statuses": [(one.value, t(f"console.status_{one}")) for one in CAME_BACK],
        "jobs": list(words.jobs.items()),
        "flows": list(words.flows.items()),
        "connections": list(words.connections.items()),
    }
