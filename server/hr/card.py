"""What a card of the live wall shows of one interview. Pure and lean: a wall has hundreds, and each moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from analyzers.results import join_words
from question_flows.model import PRACTICE_ID, Flow, Language
from question_flows.progress import longest_rests
from server.interview.events import Purpose
from server.interview.state import AnswerState, Fault, InterviewState
from server.interview.total import interview_score
from server.live.messages import LiveMessage, Signal

LAST_WORDS, LAST_CHARACTERS = 40, 160
"""Of what was said or typed last: more does not fit on a card."""

_FAULTS = TypeAdapter(tuple[Fault, ...])
_SCORE_FIELDS = ("total", "withheld", "coverage", "confidence", "provisional")


def card_of(interview_id: str, state: InterviewState, flow: Flow, *, job: str | None = None) -> dict[str, Any]:
    """The interview as `web/static/hr/interview.js` takes it, without what no card shows; the same in every language.

    Of the answers there is the last alone, of its words the last alone, of the faults those that last; what is false
    or nothing is left out. job: the title of the job that it was invited for; None: that of the flow.
    """
    answer = state.answer if state.question_id != PRACTICE_ID else None
    answer = answer or (state.asked[-1] if state.asked else None)
    card = {
        "interview_id": interview_id,
        "seq": state.seq,
        "at": state.at.isoformat(),
        "clock_ms": state.clock_ms,
        "status": state.status.value,
        "connected": state.connected,
        "candidate_name": state.candidate_name,
        "language": state.language.value,
        "flow_id": state.flow_id,
        "job": job,
        "consents": None if state.consents is None else {"scoring": state.allows(Purpose.SCORING)},
        "recording_required": flow.recording_required,
        "person_instead": state.person_instead(flow),
        "handed_over": state.handed_over is not None,
        "question_id": state.question_id if state.question_id != PRACTICE_ID else None,
        "practising": state.question_id == PRACTICE_ID,
        "next_round_id": flow.question(state.next_question_id).round_id if state.next_question_id else None,
        "help": (
            {"at": state.help.at.isoformat(), "message": state.help.message, "acknowledged": state.help.acknowledged}
            if state.help
            else None
        ),
        "score": _score(flow, state),
        "faults": _FAULTS.dump_python(tuple(fault for fault in state.faults if fault.lost_ms is None), mode="json"),
        "recognition_failed": state.recognition_failed,
        "started_at": state.started_at.isoformat() if state.started_at else None,
        "completed_at": state.completed_at.isoformat() if state.completed_at else None,
    }
    return {
        **_without_nothing(card),
        "answers": [_answer(answer, state.language)] if answer is not None else [],
    }


def flow_for_cards(flow: Flow, language: Language) -> dict[str, Any]:
    """What the cards of all its interviews need to know of a flow."""
    rests = longest_rests(flow)
    return {
        "id": flow.id,
        "title": flow.title[language],
        "job": flow.job[language],
        "rounds": [{"id": one.id, "title": one.title[language]} for one in flow.rounds],
        "questions": [{"id": one.id, "round_id": one.round_id, "rest": rests[one.id]} for one in flow.questions],
        "follow_ups": [],
        "competencies": [],
    }


def for_card(message: LiveMessage) -> LiveMessage:
    """A live message without what no card shows: twenty walls follow hundreds of interviews."""
    if not isinstance(message, Signal):
        return message
    data = message.data
    if message.type == "transcript":
        lean = {name: [_word(word) for word in data[name][-LAST_WORDS:]] for name in ("committed", "tentative")}
        return replace(message, data={**data, **lean})
    if message.type == "scores" and data["score"] is not None:
        return replace(message, data={"score": {name: data["score"][name] for name in _SCORE_FIELDS}})
    return message


def _answer(answer: AnswerState, language: Language) -> dict[str, Any]:
    """In place of the words there is one long one: the end of the answer so far."""
    submitted = answer.transcript is not None
    words = answer.transcript.words if answer.transcript is not None else answer.words
    said = _end(join_words([word.text for word in words[-LAST_CHARACTERS:]], language))
    last = max((one.number for one in answer.utterances), default=0)
    shown = {
        "question_id": answer.question_id,
        "index": answer.index,
        "phase": answer.phase.value,
        "mode": answer.mode.value if answer.mode is not None else None,
        "skipped": answer.skipped,
        "draft": _end(answer.draft),
        "utterances": [] if submitted else [{"number": last, "words": [{"text": said}]}] if said else [],
        "transcript": {"language": language.value, "words": [{"text": said}] if said else []} if submitted else None,
        "restarts": answer.restarts or None,
        "restarted_ms": answer.restarted_ms,
        "corrected": answer.corrected,
    }
    return _without_nothing(shown)


def _score(flow: Flow, state: InterviewState) -> dict[str, Any] | None:
    """Of the answers scored so far; what the others would get comes with the interview's own signal."""
    if not any(answer.score for answer in state.asked):
        return None
    score = interview_score(flow, state)
    return {
        "total": score.total,
        "withheld": score.withheld.value if score.withheld is not None else None,
        "coverage": score.coverage,
        "confidence": score.confidence,
        "provisional": False,
    }


def _end(text: str) -> str:
    return text[-LAST_CHARACTERS:]


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """0 is something."""
    return {name: value for name, value in values.items() if value or (value == 0 and value is not False)}


def _word(word: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": word["text"], "start_ms": word["start_ms"]}
