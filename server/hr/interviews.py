"""All interviews as a list: searched, filtered, sorted, a page at a time; what is asked for stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from server.hr.access import USER
from server.hr.names import hides_names
from server.hr.visible import reviewer_of, shown_interviews
from server.interview.hr_events import Decision
from server.interview.state import Status
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render, texts
from server.storage.interview_list import UNDECIDED, InterviewList, Sort, Wanted
from server.storage.jobs import Jobs
from server.storage.paging import Cursor, Page, cursor_of

LONGEST = 200
FIELDS = ("q", "state", "job", "flow", "decision", "from", "to", "sort")


async def page(request: web.Request) -> web.StreamResponse:
    """The list."""
    asked, sorts = _asked(request), _sorts(request)
    sort = Sort(asked["sort"]) if asked["sort"] in sorts else Sort.NEWEST
    found = await InterviewList(request.app[DATABASE]).page(wanted_in(request), sort, cursor_in(request))
    language, flows = page_language(request), request.app[FLOWS]
    t = texts(request, language)["t"]
    return render(
        request,
        "hr_interviews.html",
        user=request[USER],
        asked=asked,
        is_filtered=any(asked[name] for name in FIELDS if name != "sort"),
        sort=sort.value,
        sorts=[(one.value, t(f"lists.sort_{one}")) for one in sorts],
        rows=await shown_interviews(request, found.rows),
        total=found.total,
        export=urlencode({name: value for name, value in asked.items() if value}),
        links=links_of(request, found),
        jobs=[(one.id, one.title) for one in await Jobs(request.app[DATABASE]).all()],
        flows={id_: flow.title[language] for id_, flow in flows.items()},
        jobs_of_flows={id_: flow.job[language] for id_, flow in flows.items()},
        statuses=[(one.value, t(f"hr.status_{one}")) for one in Status],
        decisions=[(one, t(f"lists.decision_{one}")) for one in (*(d.value for d in Decision), UNDECIDED)],
    )


def _sorts(request: web.Request) -> list[Sort]:
    """Who may not know names cannot sort by them either, nor by scores who may not see them yet."""
    hidden = {Sort.NAME} if hides_names(request) else set()
    return [one for one in Sort if one not in hidden | ({Sort.TOTAL} if request[USER].only_assigned else set())]


def _asked(request: web.Request) -> dict[str, str]:
    asked = asked_of(request, FIELDS)
    if request[USER].only_assigned:
        # A filter would tell who rates blind what others decided.
        asked["decision"] = ""
    return asked


def asked_of(request: web.Request, names: tuple[str, ...]) -> dict[str, str]:
    """What the address asks for, trimmed; PostgreSQL refuses to look for a NUL."""
    texts = {name: request.query.get(name, "").strip()[:LONGEST] for name in names}
    return {name: text if text.isprintable() else "" for name, text in texts.items()}


def links_of(request: web.Request, found: Page[Any]) -> Mapping[str, str | None]:
    """The addresses of the pages beside this one, each or None: before, after, first; empty when there is none."""
    here = request.rel_url
    query = {name: value for name, value in here.query.items() if name not in ("cursor", "lang")}
    cursors = {"before": found.before, "after": found.after, "first": "" if "cursor" in here.query else None}
    links = {
        name: None if cursor is None else str(here.with_query({**query, **({"cursor": cursor} if cursor else {})}))
        for name, cursor in cursors.items()
    }
    return links if any(links.values()) else {}


def cursor_in(request: web.Request) -> Cursor | None:
    """Where the page begins."""
    return cursor_of(request.query.get("cursor", ""))


def wanted_in(request: web.Request) -> Wanted:
    """The interviews that the address asks for, of those that this person may see."""
    asked = _asked(request)
    return Wanted(
        text=asked["q"],
        status=asked["state"],
        job_id=asked["job"],
        flow_id=asked["flow"],
        decision=asked["decision"],
        since=_day(asked["from"]),
        until=_day(asked["to"]),
        reviewer_id=reviewer_of(request),
        by_id=hides_names(request),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
