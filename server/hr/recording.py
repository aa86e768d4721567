"""The recording of one interview, for those who are signed in: any range of it, and where each question is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from aiohttp import web

from server.hr.monitor import state_of
from server.hr.standing import STANDING
from server.interview.report import Report
from server.recordings.playing import play_stored, stored_of


@dataclass(frozen=True, slots=True)
class Position:
    """Where a question is in the recording. index counts from 0; milliseconds from its beginning.

    answer_ms: where the answer begins; where the question was asked when there was none.
    """

    index: int
    question_id: str
    question: str
    asked_ms: int
    answer_ms: int


def positions(report: Report) -> list[Position]:
    """Each question's place; none behind the recording's end."""
    end_ms = report.recording.duration_ms
    found = []
    for answer in report.answers:
        began_ms = answer.asked_ms if answer.started_ms is None else answer.started_ms
        limits = (
            (answer.asked_ms, began_ms) if end_ms is None else (min(answer.asked_ms, end_ms), min(began_ms, end_ms))
        )
        found.append(Position(answer.index, answer.question_id, answer.question, *limits))
    return found


def positions_json(report: Report) -> list[Mapping[str, object]]:
    """The positions as the player's script reads them."""
    return [asdict(position) for position in positions(report)]


async def play(request: web.Request) -> web.StreamResponse:
    """The recording, or the range of it that is asked for; the answer to HEAD has no body. Raises as `play_stored`."""
    stored = stored_of(await state_of(request))

    async def still_allowed() -> bool:
        return await request[STANDING].lost() is None

    return await play_stored(request, request.match_info["interview_id"], stored, still_allowed)
