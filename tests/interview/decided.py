"""An interview that exists in memory only: commands are decided and folded, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from analyzers.results import TranscriptWord
from question_flows.model import Flow, Language
from server.errors import UserError
from server.i18n import Messages
from server.interview import events as happened
from server.interview.commands import Command, GiveConsent, SkipQuestion, Start, SubmitAnswer
from server.interview.decide import Situation, decide
from server.interview.events import AnswerMode, EventBody, InterviewEvent, Purpose
from server.interview.fold import apply, fold
from server.interview.state import InterviewState
from tests.interview.houses import FLOWS

BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FLOW = FLOWS["customer_service"]
ASKED = (Purpose.VOICE, Purpose.SCORING, Purpose.RECORDING)
YES = GiveConsent(dict.fromkeys(ASKED, True))
BEGUN: tuple[Command, ...] = (YES, Start())
MESSAGES = Messages()


@dataclass(slots=True)
class Interview:
    """A state that commands move on."""

    recognition: bool = True
    room: bool = True
    language: Language = Language.ENGLISH
    flow: Flow = FLOW
    law: str = "EU"
    clock_ms: int = 7000
    at: datetime = BEGIN
    words_late: bool = False
    probes_chosen: bool = False
    state: InterviewState = field(init=False)
    events: list[InterviewEvent] = field(init=False)

    def __post_init__(self) -> None:
        invited = happened.InterviewInvited(self.flow.id, self.flow.version, self.language, self.law, "Ada")
        self.events = [InterviewEvent(1, BEGIN, 0, invited)]
        self.state = fold(self.events)

    def do(self, *commands: Command) -> list[EventBody]:
        """What the last command causes; all are obeyed."""
        bodies: list[EventBody] = []
        for command in commands:
            situation = Situation(
                self.clock_ms, ASKED, self.recognition, self.room, self.words_late, self.probes_chosen, self.at
            )
            bodies = decide(self.state, self.flow, command, situation)
            self.happen(*bodies)
        return bodies

    def happen(self, *bodies: EventBody) -> None:
        for body in bodies:
            self.events.append(InterviewEvent(self.state.seq + 1, self.at, self.clock_ms, body))
            self.state = apply(self.state, self.events[-1])

    def skip(self) -> tuple[Command, ...]:
        """What leads past the open question."""
        return (SkipQuestion(self.state.question_id),) if self.state.question_id else ()

    def refuses(self, command: Command) -> tuple[str, int, str | None]:
        before = self.state
        with pytest.raises(UserError) as refused:
            self.do(command)
        assert self.state is before
        error = refused.value
        for language in Language:
            assert MESSAGES.text(language, f"error.{error.code}", error.params)
        return error.code, error.status, error.field


def typed(question_id: str, text: str = "I am sorry") -> SubmitAnswer:
    return SubmitAnswer(question_id, AnswerMode.TYPED, text)


def words(text: str, start_ms: int = 0, confidence: float = 0.9) -> tuple[TranscriptWord, ...]:
    """Spoken words, each 250 ms long with a pause behind it."""
    return tuple(
        TranscriptWord(word, start_ms + 300 * n, start_ms + 300 * n + 250, confidence)
        for n, word in enumerate(text.split())
    )
