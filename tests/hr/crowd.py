"""Many interviews at once, in every state a wall shows, written straight into the log in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers.results import Transcript, TranscriptWord
from analyzers.scoring.rubric import score_answer
from question_flows.model import Flow, Language
from server.interview.engine import ENGINE_FAILING
from server.interview.events import (
    AnswerMode,
    AnswerScored,
    AnswerStarted,
    AnswerSubmitted,
    ConnectionLost,
    ConsentRecorded,
    EventBody,
    HelpRequested,
    InterviewEvent,
    InterviewInvited,
    InterviewPaused,
    InterviewStarted,
    PausedBy,
    Purpose,
    QuestionAsked,
    RecognitionFailed,
    ServerRestarted,
    TranscriptCheckBegan,
    UtteranceTranscribed,
)
from server.interview.fold import fold
from server.keys import DATABASE, FLOWS, INTERVIEWS
from server.storage import schema
from server.storage.event_log import _insert
from tests.hr.conftest import House

RECORDED = "recorded_only"
KINDS = (
    "help", "lost", "restarted", "silent", "recognition", "paused_long", "paused_by_hr", "person",
    "answering", "thinking", "paused", "checking", "answering", "answering", "answering", "thinking",
)  # fmt: skip
"""What an interview of the crowd is like, over and over."""
_NAMES = {
    Language.ENGLISH: (
        ("Ada", "Grace", "Alan", "Katherine", "Zoë", "Tim", "José", "Mary"),
        ("Lovelace", "Hopper", "Turing", "Johnson", "Müller", "Berners-Lee", "García", "Jackson"),
    ),
    Language.CHINESE: (("王", "李", "张", "刘", "陈", "杨"), ("芳", "伟", "秀英", "敏", "静", "建国")),
}
_LONG_AGO, _JUST_NOW = timedelta(minutes=8), timedelta(seconds=20)


def add_flow_with_recording(house: House) -> None:
    """A flow whose candidates must be recorded: those who refuse wait for a person."""
    flow = house.app[FLOWS]["customer_service"]
    house.app[FLOWS][RECORDED] = replace(flow, id=RECORDED, recording_required=True)


async def gather(house: House, kinds: Sequence[str], now: datetime | None = None) -> list[str]:
    """One interview of each of these kinds; their ids in this order. The names repeat after 64."""
    now = now or datetime.now(UTC)
    flows = [flow for id_, flow in sorted(house.app[FLOWS].items()) if id_ != RECORDED]
    ids = []
    async with house.app[DATABASE].begin() as connection:
        for number, kind in enumerate(kinds):
            flow = house.app[FLOWS][RECORDED] if kind == "person" else flows[number % len(flows)]
            language = Language.CHINESE if number % 5 == 4 else Language.ENGLISH
            invited = InterviewInvited(flow.id, flow.version, language, "EU", name_of(number, language))
            interview_id = uuid.uuid4().hex
            begun = now - timedelta(minutes=30, seconds=number)
            first = await house.app[INTERVIEWS].event_log.create(
                connection, interview_id, invited, candidate_email="", now=begun
            )
            events = [first, *_events(flow, kind, language, number, begun, now)]
            await _insert(connection, interview_id, events[1:])
            table = schema.interviews
            status = fold(events).status.value
            await connection.execute(table.update().where(table.c.id == interview_id).values(status=status))
            ids.append(interview_id)
    return ids


def name_of(number: int, language: Language) -> str:
    """The name of this one of a crowd."""
    firsts, lasts = _NAMES[language]
    first, last = firsts[number % len(firsts)], lasts[number // len(firsts) % len(lasts)]
    return f"{first}{last}" if language is Language.CHINESE else f"{first} {last}"


def _events(
    flow: Flow, kind: str, language: Language, number: int, begun: datetime, now: datetime
) -> list[InterviewEvent]:
    bodies: list[tuple[datetime, EventBody]] = []
    consents = dict.fromkeys(Purpose, True)
    if kind == "person":
        bodies.append((now - _LONG_AGO, ConsentRecorded({**consents, Purpose.RECORDING: False})))
        return _numbered(bodies)
    bodies += [(begun, ConsentRecorded(consents)), (begun, InterviewStarted())]
    questions = flow.questions[: 1 + number % min(3, len(flow.questions))]
    for index, question in enumerate(questions):
        bodies.append((begun, QuestionAsked(question.id, index)))
        if index == len(questions) - 1 and kind != "checking":
            break
        words = _words(question.sample_answers[language][0], language)
        transcript = Transcript(language, words)
        bodies.append((begun, AnswerStarted(question.id)))
        bodies.append((begun, AnswerSubmitted(question.id, AnswerMode.TYPED, transcript)))
        bodies.append((begun, AnswerScored(score_answer(flow, question, transcript), "test")))
    if kind == "checking":
        return _numbered([*bodies, (begun, TranscriptCheckBegan())])
    last = questions[-1]
    heard = now - (_LONG_AGO if kind == "silent" else _JUST_NOW)
    if kind != "thinking":
        words = _words(last.sample_answers[language][0], language)
        bodies.append((heard, AnswerStarted(last.id)))
        bodies.append((heard, UtteranceTranscribed(last.id, 1, words[: len(words) // 2], 0.9)))
    ends: dict[str, tuple[datetime, EventBody]] = {
        "help": (
            now - timedelta(seconds=40 + number),
            HelpRequested("I cannot hear the question" if number % 2 else ""),
        ),
        "lost": (now - timedelta(seconds=70 + number), ConnectionLost()),
        "restarted": (now - timedelta(minutes=2), ServerRestarted()),
        "recognition": (now - timedelta(minutes=1), RecognitionFailed(ENGINE_FAILING)),
        "paused": (now - _JUST_NOW, InterviewPaused(PausedBy.CANDIDATE)),
        "paused_long": (now - _LONG_AGO, InterviewPaused(PausedBy.CANDIDATE)),
        "paused_by_hr": (now - _LONG_AGO, InterviewPaused(PausedBy.HR, "hr@example.com")),
    }
    return _numbered([*bodies, *([ends[kind]] if kind in ends else [])])


def _numbered(bodies: Sequence[tuple[datetime, Any]]) -> list[InterviewEvent]:
    return [InterviewEvent(seq, at, 60_000, body) for seq, (at, body) in enumerate(bodies, start=2)]


def _words(text: str, language: Language) -> tuple[TranscriptWord, ...]:
    pieces = text.split() if language is Language.ENGLISH else list(text)
    return tuple(TranscriptWord(piece, i * 300, i * 300 + 250, 0.9) for i, piece in enumerate(pieces))
