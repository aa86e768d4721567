"""Whether feedback may go to the candidate: after the interview, written by a person, and without a score. Pure."""

from __future__ import annotations

import re

from server.errors import UserError
from server.interview.commands import LONGEST_LETTER, ReleaseFeedback
from server.interview.events import EventBody
from server.interview.hr_events import CandidateFeedbackReleased
from server.interview.state import InterviewState, Status
from server.interview.typed import clean

_NUMBER = r"\d+(?:[.,]\d+)?"
SCORES = re.compile(
    rf"{_NUMBER}\s*(?:/|out of|von|of)\s*(?:10|100)\b|{_NUMBER}\s*(?:points?|分(?!钟))|{_NUMBER}\s*%"
    rf"|\b(?:scored?|rated|rating)\b[^.\n]{{0,20}}{_NUMBER}|(?:得分|评分|总分|分数)[^。\n]{{0,10}}{_NUMBER}",
    re.IGNORECASE,
)
"""What reads like a score. Minutes ("15 分钟") do not."""


def release(state: InterviewState, command: ReleaseFeedback) -> list[EventBody]:
    """The event, or none when exactly this stands there already.

    Raises UserError: interview_not_over (409), letter_missing, letter_too_long, letter_has_scores (400).
    """
    if state.status is not Status.COMPLETED:
        raise UserError("interview_not_over", status=409)
    text = clean(command.text).strip()
    if not text:
        raise UserError("letter_missing", field="text")
    if len(text) > LONGEST_LETTER:
        raise UserError("letter_too_long", field="text", params={"length": f"{LONGEST_LETTER:,}"})
    found = SCORES.search(text)
    if found is not None:
        raise UserError("letter_has_scores", field="text", params={"found": found[0]})
    if state.letter is not None and state.letter.given.text == text:
        return []
    return [CandidateFeedbackReleased(text, command.by)]
