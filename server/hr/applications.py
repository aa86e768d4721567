"""One application: where it stands and why, what happened, what others do for it, and what a person can do now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER, may
from server.hr.application_entries import Entry, entries, outcome, safe_link
from server.hr.form_ids import new_form_id
from server.hr.names import hides_names, shown_name
from server.hr.next_act import next_act
from server.hr.own_rounds import seen
from server.hr.process import hidden_applications, mask_of, troubles
from server.hr.process_list import ListedApplication, ProcessList
from server.hr.reasons import Reasons, in_words, reasons_for
from server.hr.rights import Right
from server.hr.texts import sentence
from server.hr.visible import reviewer_of, shown_interviews
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render
from server.records.application import ApplicationState, FollowUp, fold
from server.records.application_events import ApplicationEvent, FollowUpKind, Outcome, Step
from server.records.application_log import ApplicationLog
from server.storage.interview_list import InterviewList, ListedInterview
from server.storage.interview_list import Wanted as WantedInterviews
from server.storage.jobs import Jobs

FIELDS = ("reason", "step", "flow", "kind", "connection", "department", "outcome", "confirm")
"""Of the page's forms; what is wrong with anything else is said at the top."""


@dataclass(frozen=True, slots=True)
class ShownFollowUp:
    """One line: what it is and who does it, how far it is, and what came of it."""

    one: FollowUp
    what: str
    outcome: str
    link: str


async def page(request: web.Request) -> web.StreamResponse:
    """The page. Raises UserError application_unknown (404)."""
    return await application_page(request, {})


async def application_page(
    request: web.Request, sent: Mapping[str, str], error: UserError | None = None
) -> web.Response:
    """The page with what a form sent and what was wrong with it."""
    one = await visible_application(request)
    words, now = await reasons_for(request), datetime.now(UTC)
    events = [seen(event, words.own) for event in await ApplicationLog(request.app[DATABASE]).read(one.id)]
    state = fold(events)
    mask = mask_of(request, one.candidate_id, one.candidate_name, one.candidate_email)
    language = page_language(request)
    flows = {id_: flow.title[language] for id_, flow in request.app[FLOWS].items()}
    shown = one if words.own is None else replace(one, total=state.total)
    if hides_names(request):
        name = shown_name(request, one.candidate_name, one.candidate_id)
        shown = replace(shown, candidate_name=name, candidate_email="")
    return render(
        request,
        "hr_application.html",
        status=error.status if error else 200,
        user=request[USER],
        one=shown,
        state=state,
        here_for=in_words(words.t, state.closed_at or one.step_since, now),
        why=mask(words.why(state)),
        since=state.closed_at or one.step_since,
        next=next_act(words.t, request[USER], one, state, is_late=one.overdue_days(now) is not None),
        troubles=[mask(text) for text in troubles(one, state, words, now)],
        reached=_reached(events),
        steps=list(Step),
        rounds=await _rounds(request, state),
        follow_ups=[_follow_up(follow_up, words, mask) for follow_up in reversed(state.follow_ups)],
        log=[_masked(entry, mask) for entry in entries(events, state, words, flows)],
        outcomes=list(Outcome),
        kinds=list(FollowUpKind),
        flows=flows,
        job=await Jobs(request.app[DATABASE]).get(one.job_id),
        connections=words.connections,
        form_id=sent.get("form_id") or new_form_id(),
        can_act=may(request[USER], Right.DECIDE),
        sent=sent,
        field=error.field if error and error.field in FIELDS else None,
        problem=sentence(request, error),
    )


async def visible_application(request: web.Request) -> ListedApplication:
    """The application of the address. Raises UserError application_unknown (404), also where it is not to be seen."""
    id_ = request.match_info["application_id"]
    found = await ProcessList(request.app[DATABASE]).get(id_, reviewer_of(request))
    if found is None or found.id in await hidden_applications(request):
        raise UserError("application_unknown", status=404)
    return found


async def _rounds(request: web.Request, state: ApplicationState) -> Sequence[tuple[int, ListedInterview]]:
    """(round, interview) of those that may be seen, the last first."""
    numbers = {one.id: one.round for one in state.interviews}
    wanted = WantedInterviews(ids=list(numbers), reviewer_id=reviewer_of(request))
    found = await shown_interviews(request, await InterviewList(request.app[DATABASE]).all(wanted))
    return sorted(((numbers[one.id], one) for one in found), key=lambda pair: -pair[0])


def _reached(events: Sequence[ApplicationEvent]) -> dict[str, datetime]:
    """Step → when it was last reached."""
    found = {Step.APPLIED.value: events[0].at}
    for event in events:
        step = getattr(event.body, "step", None)
        if isinstance(step, Step):
            found[step.value] = event.at
    return found


def _follow_up(one: FollowUp, words: Reasons, mask: Callable[[str], str]) -> ShownFollowUp:
    return ShownFollowUp(
        one, mask(words.follow_up(one)), mask(outcome(words, one.score, one.result)), safe_link(one.url)
    )


def _masked(entry: Entry, mask: Callable[[str], str]) -> Entry:
    return replace(entry, text=mask(entry.text), detail=mask(entry.detail))
