"""The review room: recording and transcript side by side, and the link that leads a colleague to one moment of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from server.hr.access import USER, USERS, may
from server.hr.monitor import state_of
from server.hr.names import shown_report, without_candidate
from server.hr.report import people_of
from server.hr.review_answers import ReviewedAnswer, reviewed_answers, script_json
from server.hr.rights import Right
from server.hr.texts import json_for_script
from server.interview.indicator_scores import indicator_scores
from server.interview.report import RecordingStatus, Report
from server.interview.timeline import timeline
from server.interview.timeline_entry import Entry, EntryKind
from server.keys import INTERVIEWS
from server.pages import page_language, render

_QUOTE = re.compile(r"(\d{1,6})-(\d{1,6})")
_LONGEST_MS = 24 * 3_600_000

WITH_THE_QUESTIONS = frozenset({EntryKind.QUESTION, EntryKind.ANSWER, EntryKind.SUBMITTED})
"""What the list of questions tells already."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Where a link leads. at: milliseconds of interview clock; first, last: a quote's words in the answer."""

    question: str | None
    at: int | None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """The drawn timeline. end_ms: where it ends, interview clock."""

    end_ms: int

    def place(self, ms: int) -> float:
        """Where a moment is, in percent of the width."""
        return round(100 * min(max(ms, 0), self.end_ms) / self.end_ms, 2)

    def width(self, start_ms: int, end_ms: int | None) -> float:
        """How wide a span is, in percent of the width; wide enough to be seen."""
        end = self.end_ms if end_ms is None else end_ms
        return round(max(0.3, self.place(end) - self.place(start_ms)), 2)


async def page(request: web.Request) -> web.StreamResponse:
    """The review room, of a finished interview or as far as it has got; for its query see `cue_of`."""
    state, language = await state_of(request), page_language(request)
    interviews, interview_id = request.app[INTERVIEWS], request.match_info["interview_id"]
    flow, user = interviews.flow_of(state), request[USER]
    report = await shown_report(request, interview_id)
    events = await interviews.event_log.read(interview_id)
    # In a thread: an hour's words and events take longer than the event loop may stand still.
    answers, entries = await asyncio.to_thread(lambda: (reviewed_answers(report), timeline(events, flow, language)))
    entries = await without_candidate(request, interview_id, entries)
    cue = cue_of(request.query, report)
    plays = report.recording.status is RecordingStatus.STORED and may(user, Right.MEDIA)
    return render(
        request,
        "hr_review.html",
        user=user,
        report=report,
        answers=answers,
        question_count=sum(answer.follow_up_of is None for answer in report.answers),
        scores={score.competency_id: score for score in report.score.competencies},
        indicators=indicator_scores(report),
        own_review_finished=user.email in [one.rater for one in report.people.finished],
        sent={},
        refused_form="",
        figures_of={one.id: one.score for one in report.people.competencies},
        overrides={(one.question_id, one.indicator_id): one for one in report.people.overrides},
        plays=plays,
        entries=_in_order(entries),
        shown=await request.app[USERS].shown(_people(report, entries)),
        strip=Strip(end_of(report, answers, entries)),
        cue=cue,
        cue_unknown=bool(request.query.get("question")) and cue.question is None,
        data=json_for_script(_data(report, answers, cue, plays=plays)),
    )


def cue_of(query: Mapping[str, str], report: Report) -> Cue:
    """Where the link leads: ?question=ID to an answer, &quote=FIRST-LAST to words of it, ?at=MS to a moment.

    What does not fit this interview is left out: a link never fails for it.
    """
    asked = query.get("question")
    answer = next((one for one in report.answers if one.question_id == asked), None)
    at = query.get("at", "")
    at_ms = min(int(at), _LONGEST_MS) if at.isascii() and at.isdigit() and len(at) < 12 else None
    found = _QUOTE.fullmatch(query.get("quote", ""))
    if answer is None or answer.transcript is None or found is None:
        return Cue(answer.question_id if answer else None, at_ms)
    first, last = int(found[1]), int(found[2])
    if not first <= last < len(answer.transcript.words):
        return Cue(answer.question_id, at_ms)
    return Cue(answer.question_id, at_ms, first, last)


def end_of(report: Report, answers: list[ReviewedAnswer], entries: tuple[Entry, ...]) -> int:
    """Where the drawn timeline ends: behind everything, milliseconds of interview clock, at least 1 s."""
    ends = [answer.end_ms or answer.start_ms for answer in answers] + [entry.clock_ms for entry in entries]
    return max(1000, report.duration_ms, report.recording.duration_ms or 0, *ends)


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By the recording's clock: that words were lost is written down after they were."""
    listed = [entry for entry in entries if entry.kind not in WITH_THE_QUESTIONS]
    return sorted(listed, key=lambda entry: (entry.clock_ms, entry.seq))


def _people(report: Report, entries: Iterable[Entry]) -> set[str]:
    return {entry.by for entry in entries if entry.by} | people_of(report)


def _data(report: Report, answers: list[ReviewedAnswer], cue: Cue, *, plays: bool) -> dict[str, Any]:
    return {
        "interview": report.interview_id,
        "answers": script_json(answers),
        "cue": asdict(cue),
        "gaps": [[gap.start_ms, gap.end_ms] for gap in report.recording.gaps] if plays else [],
    }
