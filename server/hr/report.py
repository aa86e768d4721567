"""The report of one interview as a page that prints, and as the JSON that goes to the HR system."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from aiohttp import web

from analyzers.results import Transcript, join_words
from server.errors import UserError
from server.hr.access import USER, USERS
from server.hr.assigning import reviewing
from server.hr.corrections import Piece, changes
from server.hr.invitations import JURISDICTIONS
from server.hr.listing import deliveries
from server.hr.monitor import state_of
from server.hr.names import shown_report
from server.hr.recording import positions_json
from server.hr.texts import json_for_script
from server.hr.visible import is_trial
from server.i18n import MESSAGES
from server.interview.indicator_scores import indicator_scores
from server.interview.report import Report, report_json
from server.interview.state import GIVEN_BACK
from server.keys import DATABASE
from server.pages import page_language, render


@dataclass(frozen=True, slots=True)
class Refused:
    """A form of the report that was not taken. form: its id in the page; sent: its fields; error: why, with a field."""

    form: str
    sent: Mapping[str, str]
    error: UserError


async def page(request: web.Request) -> web.StreamResponse:
    """The report, finished or as far as the interview has got."""
    return await report_page(request)


async def report_page(request: web.Request, refused: Refused | None = None) -> web.Response:
    """The report as this person may see it, with what was refused and why at the field."""
    report, language = await _report(request), page_language(request)
    error = refused.error if refused is not None else None
    delivery = (await deliveries(request.app[DATABASE], [report.interview_id])).get(report.interview_id)
    positions = positions_json(report)
    return render(
        request,
        "hr_report.html",
        status=error.status if error else 200,
        user=request[USER],
        reviewing=await reviewing(request),
        is_trial=await is_trial(request),
        sent=refused.sent if refused else {},
        refused_form=refused.form if refused else "",
        problem=request.app[MESSAGES].text(language, f"error.{error.code}", error.params) if error else "",
        problem_field=error.field if error else None,
        report=report,
        shown=await request.app[USERS].shown(people_of(report)),
        own_review_finished=request[USER].email in [one.rater for one in report.people.finished],
        scores={score.competency_id: score for score in report.score.competencies},
        indicators=indicator_scores(report),
        words_of=words_of,
        in_code=in_code,
        # In a thread: two long versions take longer to compare than the event loop may stand still.
        changes=await asyncio.to_thread(_changes, report),
        question_count=sum(answer.follow_up_of is None for answer in report.answers),
        given_back=GIVEN_BACK,
        positions=positions,
        positions_script=json_for_script(positions),
        known_laws=JURISDICTIONS,
        delivery=asdict(delivery) if delivery else None,
    )


async def json(request: web.Request) -> web.Response:
    """The report in the form of the webhook's data."""
    return web.json_response(report_json(await _report(request)))


def words_of(transcript: Transcript) -> list[str]:
    """Each word with the space that stands before it, so that the pieces joined are the transcript's text."""
    texts = [word.text for word in transcript.words]
    before = ["", *texts[:-1]]
    return [
        join_words([earlier, text], transcript.language)[len(earlier) :] if earlier else text
        for earlier, text in zip(before, texts, strict=True)
    ]


def in_code(code: str, transcript: Transcript) -> Iterator[tuple[str, str]]:
    """(what stands before the word, the word) for each word of a typed code answer; last, what is behind them.

    The pieces joined are the code, whose lines and spaces the transcript does not hold.
    """
    position = 0
    for word in transcript.words:
        # In Chinese a sign is part of the word before it, whatever space lies between.
        found = re.compile(r"\s*".join(map(re.escape, word.text))).search(code, position)
        if found is None:
            break
        yield code[position : found.start()], found[0]
        position = found.end()
    yield code[position:], ""


def _changes(report: Report) -> dict[str, list[Piece]]:
    """Question id → what the candidate changed in its transcript, for those that were corrected."""
    return {answer.question_id: changes(answer.heard.text, answer.text) for answer in report.answers if answer.heard}


def people_of(report: Report) -> set[str]:
    """The e-mail addresses of whoever stepped in, rated, overrode or decided."""
    people = report.people
    parts = [*(one.ratings for one in people.competencies), *(one.ratings for one in report.dimensions)]
    return {
        *(one.rater for part in parts for one in part),
        *(one.rater for one in people.finished),
        *(one.by for one in people.overrides),
        *(one.by for one in people.decisions),
        *(one.by for one in (*report.departures, *report.marks)),
    }


async def _report(request: web.Request) -> Report:
    await state_of(request)
    return await shown_report(request, request.match_info["interview_id"])
