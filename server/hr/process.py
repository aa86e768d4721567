"""The process page: where every application stands and why, what is stuck, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiohttp import web

from server.hr.access import USER
from server.hr.blind import hidden_among
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.names import Mask, hides_names, pseudonym, shown_name
from server.hr.next_act import Next, next_act
from server.hr.process_list import USUAL, ListedApplication, ProcessList, Wanted
from server.hr.reasons import Reasons, in_words, reasons_for
from server.hr.visible import reviewer_of
from server.i18n import MESSAGES
from server.keys import DATABASE
from server.pages import page_language, render, texts
from server.records.application import ApplicationState
from server.records.application_events import Outcome, Step
from server.storage.jobs import Jobs
from server.storage.paging import Page

FIELDS = ("q", "job", "step", "show")
STUCK, CLOSED = "stuck", "closed"
MOST_OF_STEP = 10
MOST_STUCK = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """One line: the application, why it stands there, what it waits for, and why it is stuck (one sentence each).

    since: when it came there, or was closed. next: what a person should do, if anything.
    """

    one: ListedApplication
    why: str
    waits: Sequence[str]
    troubles: Sequence[str]
    here_for: str
    since: datetime
    next: Next | None


async def page(request: web.Request) -> web.StreamResponse:
    """By step, unless the address asks for a step, for what is stuck or for what is closed: then all of that."""
    asked, now = asked_of(request, FIELDS), datetime.now(UTC)
    listed, without = ProcessList(request.app[DATABASE]), await hidden_applications(request)
    base = Wanted(
        job_id=asked["job"],
        text=asked["q"],
        by_id=hides_names(request),
        reviewer_id=reviewer_of(request),
        without=without,
    )
    stuck = replace(base, only_stuck=now)
    wanted = replace(base, step=asked["step"] if asked["step"] in set(Step) else "")
    if asked["show"] == STUCK:
        wanted = replace(wanted, only_stuck=now)
    elif asked["show"] == CLOSED or asked["show"] in set(Outcome):
        wanted = replace(wanted, closed="any" if asked["show"] == CLOSED else asked["show"])
    is_flat = bool(wanted.step or wanted.closed or wanted.only_stuck)
    found = await listed.page(wanted, cursor_in(request)) if is_flat else Page([], 0, None, None)
    groups = {} if is_flat else await listed.by_step(base, MOST_OF_STEP)
    first = [] if is_flat else await listed.stuck(stuck, MOST_STUCK)
    rows = [*found.rows, *first, *(one for group in groups.values() for one in group)]
    shown = {one.one.id: one for one in await shown_applications(request, rows, now)}
    t = texts(request, page_language(request))["t"]
    return render(
        request,
        "hr_process.html",
        user=request[USER],
        asked=asked,
        is_flat=is_flat,
        is_filtered=any(asked.values()),
        counts=await listed.counts(base),
        stuck_counts=await listed.counts(stuck),
        found=Page([shown[one.id] for one in found.rows], found.total, found.before, found.after),
        stuck=[shown[one.id] for one in first],
        groups={step: [shown[one.id] for one in group] for step, group in groups.items()},
        links=links_of(request, found) if is_flat else {},
        hidden=len(without),
        jobs=[(one.id, one.title) for one in await Jobs(request.app[DATABASE]).all()],
        views=[(STUCK, t("console.show_stuck")), (CLOSED, t("console.show_closed"))]
        + [(one.value, t(f"console.outcome_{one}")) for one in Outcome],
    )


async def hidden_applications(request: web.Request) -> set[str]:
    """Those that a reviewer who rates blind may not see yet: where they stand would tell what the scores are."""
    reviewer = reviewer_of(request)
    if reviewer is None:
        return set()
    theirs = await ProcessList(request.app[DATABASE]).interviews_of(reviewer)
    hidden = await hidden_among(request.app, request[USER], [(id_, flow_id) for _, id_, flow_id in theirs])
    return {application_id for application_id, id_, _ in theirs if id_ in hidden}


async def shown_applications(
    request: web.Request, found: Iterable[ListedApplication], now: datetime
) -> Sequence[Shown]:
    """The lines as the person asking may see them; each once."""
    rows = {one.id: one for one in found}
    words = await reasons_for(request)
    states = await ProcessList(request.app[DATABASE]).states(rows, words.own)
    return [_shown(request, one, states[id_], words, now) for id_, one in rows.items()]


def _shown(
    request: web.Request, one: ListedApplication, state: ApplicationState, words: Reasons, now: datetime
) -> Shown:
    mask = mask_of(request, one.candidate_id, one.candidate_name, one.candidate_email)
    since = state.closed_at if state.closed_at is not None else one.step_since
    if words.own is not None:
        one = replace(one, total=state.total)
    line = Shown(
        one,
        mask(words.why(state)),
        [mask(text) for text in (words.waits(state) if one.outcome is None else [])],
        [mask(text) for text in troubles(one, state, words, now)],
        in_words(words.t, since, now),
        since,
        next_act(words.t, request[USER], one, state, is_late=one.overdue_days(now) is not None),
    )
    if not hides_names(request):
        return line
    hidden = replace(one, candidate_name=shown_name(request, one.candidate_name, one.candidate_id), candidate_email="")
    return replace(line, one=hidden)


def troubles(one: ListedApplication, state: ApplicationState, words: Reasons, now: datetime) -> list[str]:
    """Why it is stuck, a sentence each; empty when it is not, and of a closed one."""
    if one.outcome is not None:
        return []
    found = [words.blocked(blocked) for blocked in state.blocked]
    if one.stuck and not found:
        found.append(words.failed(state) or words.because(one.stuck))
    if one.undelivered:
        found.append(words.t("console.undelivered"))
    if (days := one.overdue_days(now)) is not None:
        found.append(words.t("console.overdue", days=days, usual=USUAL[one.step].days))
    return found


def mask_of(request: web.Request, candidate_id: str, name: str, email: str) -> Callable[[str], str]:
    """Takes the candidate out of what people wrote, for whoever may not know who it is."""
    if not hides_names(request):
        return str
    hidden = request.app[MESSAGES].text(page_language(request), "access.hidden")
    return Mask(name, email, pseudonym(request, candidate_id), hidden).of
