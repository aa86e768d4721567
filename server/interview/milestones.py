"""What HR systems are told on the way: the candidate has begun, has answered a question, is through. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from question_flows.model import PRACTICE_ID
from server.interview.events import AnswerSkipped, AnswerSubmitted, InterviewCompleted, InterviewEvent, InterviewStarted
from server.interview.state import InterviewState
from server.storage.outbox import OutboxMessage
from server.storage.telling import milestone

STARTED = "interview.started"
QUESTION_ANSWERED = "interview.question_answered"
FINISHED = "interview.finished"


def milestones(interview_id: str, after: InterviewState, events: Sequence[InterviewEvent]) -> list[OutboxMessage]:
    """The messages of these events, in their order. after: the state behind them."""
    told = []
    for event in events:
        match event.body:
            case InterviewStarted():
                told.append(milestone(interview_id, STARTED, {}, event.at))
            case AnswerSubmitted(question_id) | AnswerSkipped(question_id) if question_id != PRACTICE_ID:
                place = [answer.question_id for answer in after.asked].index(question_id)
                said = {
                    "question_id": question_id,
                    "number": place + 1,
                    "skipped": isinstance(event.body, AnswerSkipped),
                }
                told.append(milestone(interview_id, QUESTION_ANSWERED, said, event.at))
            case InterviewCompleted():
                told.append(milestone(interview_id, FINISHED, {"questions": len(after.asked)}, event.at))
            case _:
                pass
    return told
