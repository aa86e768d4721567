"""An interview as pages first see it; after that they follow the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from analyzers.results import AnswerScore, Transcript
from question_flows.model import FOLLOW_UP_MARK, PRACTICE_ID, Flow, Language, Question, QuestionKind
from question_flows.progress import follow_up_id, longest_rest, longest_rests
from server.governance.policy import expression_may_count
from server.interview.answering import ONLY_TYPED
from server.interview.checking import heard_in, is_correctable
from server.interview.events import AnswerMode
from server.interview.intervened import interventions_for_candidate, interventions_for_hr
from server.interview.running_score import provisional_scores, score_json
from server.interview.session import InterviewSession
from server.interview.state import AnswerState, Fault, InterviewState, RecordingState, Status

_ANSWERS = TypeAdapter(tuple[AnswerState, ...])
_FAULTS = TypeAdapter(tuple[Fault, ...])
_RECORDING = TypeAdapter(RecordingState)


def candidate_snapshot(session: InterviewSession) -> dict[str, Any]:
    """What the candidate's page shows: nothing of scores, cues or indicators."""
    state, flow, now = session.state, session.flow, session.now()
    answer = state.answer
    return {
        "interview_id": session.interview_id,
        "seq": state.seq,
        "status": state.status.value,
        "clock_ms": state.clock_at(now),
        "candidate_name": state.candidate_name,
        "language": state.language.value,
        "title": flow.title[state.language],
        "job": flow.job[state.language],
        "policy": {
            "purposes": [purpose.value for purpose in session.purposes],
            "second_scorer": session.second_scorer,
            "recording_required": flow.recording_required,
            "expression_counts": expression_may_count(state.jurisdiction)
            and any(competency.observation for competency in flow.competencies),
        },
        "consents": _consents(state),
        "question": {**_open_question(state, flow, answer, now), "waiting": session.waiting(answer.question_id)}
        if answer
        else None,
        "recognition": session.recognition,
        "recognised_until_ms": answer.recognised_until_ms if answer else None,
        "completed": state.status is Status.COMPLETED,
        "all_submitted": state.nothing_to_come,
        "next_round": _next_round(state, flow),
        "feedback_given": state.feedback is not None,
        "letter": {"text": state.letter.given.text, "at": state.letter.at.isoformat()} if state.letter else None,
        "practice": flow.practice is not None,
        "begun": state.started_at is not None,
        **interventions_for_candidate(state),
        "help": {"at": state.help.at.isoformat(), "acknowledged": state.help.acknowledged} if state.help else None,
        "pauses_left": None if flow.most_pauses is None else max(0, flow.most_pauses - state.pauses),
        "given_back_ms": state.given_back_ms,
        "person_instead": state.person_instead(flow),
        "check": _check(session),
    }


def hr_snapshot(
    interview_id: str,
    state: InterviewState,
    flow: Flow,
    language: Language | None = None,
    *,
    provisional: Mapping[str, AnswerScore] | None = None,
) -> dict[str, Any]:
    """Everything HR's page of one interview shows; names in `language`, else in the interview's.

    provisional: scores for submitted answers without one (question id → score); None: they are made here.
    """
    shown_in = language or state.language
    if provisional is None:
        provisional = provisional_scores(flow, state)
    scored = bool(provisional) or any(answer.score for answer in state.asked)
    return {
        "interview_id": interview_id,
        "seq": state.seq,
        "at": state.at.isoformat(),
        "clock_ms": state.clock_ms,
        "ticking": state.ticking,
        "status": state.status.value,
        "connected": state.connected,
        "candidate_name": state.candidate_name,
        "language": state.language.value,
        "jurisdiction": state.jurisdiction,
        "flow": _flow(flow, state, shown_in),
        "consents": _consents(state),
        "recording_required": flow.recording_required,
        "person_instead": state.person_instead(flow),
        "question_id": state.question_id if state.question_id != PRACTICE_ID else None,
        "practising": state.question_id == PRACTICE_ID,
        "next_round_id": flow.question(state.next_question_id).round_id if state.next_question_id else None,
        "help": (
            {"at": state.help.at.isoformat(), "message": state.help.message, "acknowledged": state.help.acknowledged}
            if state.help
            else None
        ),
        "answers": _answers(state, provisional),
        "confirmed": state.confirmed.value if state.confirmed else None,
        "score": score_json(flow, state, provisional) if scored else None,
        "faults": _FAULTS.dump_python(state.faults, mode="json"),
        "recognition_failed": state.recognition_failed,
        "recording": _RECORDING.dump_python(state.recording, mode="json"),
        "invited_at": state.invited_at.isoformat(),
        "started_at": state.started_at.isoformat() if state.started_at else None,
        "completed_at": state.completed_at.isoformat() if state.completed_at else None,
        "report_id": state.report_id,
        **interventions_for_hr(state, flow, shown_in),
    }


def _answers(state: InterviewState, provisional: Mapping[str, AnswerScore]) -> list[dict[str, Any]]:
    this_attempt = tuple(
        replace(answer, utterances=answer.counting, score=answer.score or provisional.get(answer.question_id))
        for answer in state.asked
    )
    return [
        {
            **data,
            "phase": answer.phase.value,
            "earlier_attempts": Transcript(state.language, answer.earlier_attempts).text,
            "heard": heard_in(answer).text if answer.corrected else None,
        }
        for data, answer in zip(_ANSWERS.dump_python(this_attempt, mode="json"), state.asked, strict=True)
    ]


def _consents(state: InterviewState) -> dict[str, bool] | None:
    if state.consents is None:
        return None
    return {purpose.value: granted for purpose, granted in state.consents.items()}


def _open_question(state: InterviewState, flow: Flow, answer: AnswerState, now: datetime) -> dict[str, Any]:
    question = state.question(flow, answer.question_id)
    return {
        **_question(question, state.language),
        "index": answer.index,
        "total": len(_own(state)) + longest_rest(flow, state.place.question_id if state.place else answer.question_id),
        "scenario": _scenario(flow, question, state.language),
        "hints": [hint.text[state.language] for hint in question.hints],
        "hints_opened": list(answer.hints),
        "phase": answer.phase.value,
        "thinking_left_ms": state.thinking_left_ms(question, now),
        "started_ms": answer.started_ms,
        "committed_words": [word.text for word in answer.words],
        "utterances": [{"number": u.number, "words": [word.text for word in u.words]} for u in answer.counting],
        "lost": len(answer.lost),
        "draft": answer.draft,
        "submitted": answer.submitted_ms is not None,
        "practice": question.id == PRACTICE_ID,
        "follow_up": question.follow_up_of is not None,
        "from_person": bool(answer.asked_by),
        "round": _round(flow, question.round_id, state.language),
        "redos_left": max(0, question.redos - answer.restarts),
        "may_skip": True,
        "options": [{"id": option.id, "text": option.text[state.language]} for option in question.options],
        "code_language": question.code_language,
        "extra_ms": answer.extra_ms,
        "given_thinking_ms": answer.given_thinking_ms,
        "given_answering_ms": answer.given_answering_ms,
        "only_typed": question.kind in ONLY_TYPED,
        "exchanges": _exchanges(state, flow, question),
    }


def _own(state: InterviewState) -> list[str]:
    """The flow's own questions that were asked, without follow-ups."""
    return [answer.question_id for answer in state.asked if FOLLOW_UP_MARK not in answer.question_id]


def _round(flow: Flow, round_id: str | None, language: Language) -> dict[str, Any] | None:
    """A round with its place among the flow's; None where the flow has none."""
    for index, one in enumerate(flow.rounds):
        if one.id == round_id:
            texts = {"title": one.title[language], "intro": one.intro[language]}
            return {"index": index, "total": len(flow.rounds), **texts}
    return None


def _check(session: InterviewSession) -> dict[str, Any] | None:
    """The answers as they were heard and as they read now, while the candidate may put them right.

    minutes: how long a candidate who changes nothing has for it. waiting: how many utterances of the answer are still
    to be written down.
    """
    state = session.state
    if not state.is_checking:
        return None
    return {
        "minutes": session.check_minutes,
        "answers": [
            {
                "question_id": answer.question_id,
                "question": state.question(session.flow, answer.question_id).text[state.language],
                "follow_up": FOLLOW_UP_MARK in answer.question_id,
                "from_person": bool(answer.asked_by),
                "mode": answer.mode.value,
                "heard": heard_in(answer).text,
                "text": answer.text,
                "waiting": session.waiting(answer.question_id),
                "code": state.question(session.flow, answer.question_id).kind is QuestionKind.CODE,
            }
            for answer in state.asked
            if answer.transcript is not None
            and (is_correctable(answer) or answer.mode is AnswerMode.TYPED)
            and answer.mode is not None
        ],
    }


def _next_round(state: InterviewState, flow: Flow) -> dict[str, Any] | None:
    """What comes after the rest; None while there is none."""
    if state.next_question_id is None:
        return None
    return _round(flow, flow.question(state.next_question_id).round_id, state.language)


def _exchanges(state: InterviewState, flow: Flow, question: Question) -> list[dict[str, str]]:
    """The earlier turns of the role-play that this question belongs to: the other side's line, what was answered."""
    if question.scenario_id is None:
        return []
    return [
        {
            "line": state.question(flow, answer.question_id).text[state.language],
            "answer": answer.text,
        }
        for answer in state.asked
        if answer.question_id != question.id
        and state.question(flow, answer.question_id).scenario_id == question.scenario_id
    ]


def _question(question: Question, language: Language) -> dict[str, Any]:
    return {
        "id": question.id,
        "kind": question.kind.value,
        "text": question.text[language],
        "thinking_seconds": question.thinking_seconds,
        "answer_seconds": question.answer_seconds,
    }


def _scenario(flow: Flow, question: Question, language: Language) -> dict[str, str] | None:
    if question.scenario_id is None:
        return None
    scenario = flow.scenario(question.scenario_id)
    return {
        "id": scenario.id,
        "title": scenario.title[language],
        "setting": scenario.setting[language],
        "counterpart": scenario.counterpart[language],
    }


def _flow(flow: Flow, state: InterviewState, language: Language) -> dict[str, Any]:
    """What HR's pages know of the flow: also what may be asked further, whose texts no event carries."""
    rests = longest_rests(flow)
    return {
        "id": flow.id,
        "title": flow.title[language],
        "job": flow.job[language],
        "competencies": [
            {
                "id": competency.id,
                "name": competency.name[language],
                "weight": competency.weight,
                "indicators": [
                    {"id": i.id, "name": i.name[language], "description": i.description[language]}
                    for i in competency.indicators
                ],
            }
            for competency in flow.competencies
        ],
        "rounds": [{"id": one.id, "title": one.title[language]} for one in flow.rounds],
        "questions": [
            {
                **_question(question, language),
                "round_id": question.round_id,
                "code_language": question.code_language,
                "options": [
                    {"id": o.id, "text": o.text[language], "open_point": o.open_point} for o in question.options
                ],
                "rest": rests[question.id],
            }
            for question in flow.questions
        ],
        "follow_ups": [
            {
                **_question(state.question(flow, follow_up_id(question, indicator_id)), language),
                # Which of them it is, the event that asks it says.
                "probes": [probe[language] for probe in flow.indicator(indicator_id).probes],
            }
            for question in flow.questions
            for indicator_id in question.indicator_ids
            if flow.indicator(indicator_id).probes
        ],
    }
