"""An engine that breaks, hangs or is missing loses no word of an answer, and no other interview notices."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel

from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest, RecognitionError
from analyzers.transcription.dispatcher import EngineStatus, SchedulerSettings
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import Whisper
from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame
from question_flows.model import Language
from scripts.voice_model.speak import RATE_HZ, resample, synthesise
from server.errors import UserError
from server.interview.commands import ConfirmTranscripts, SkipQuestion, StartAnswer, SubmitAnswer
from server.interview.engine import ENGINE_FAILING
from server.interview.events import (
    AnswerMode,
    AnswerScored,
    EventBody,
    RecognitionFailed,
    RecognitionRestored,
    UtteranceLost,
    UtteranceTranscribed,
)
from server.interview.listening import LATE_WORDS_SECONDS
from server.interview.session import InterviewSession
from server.interview.state import Status
from server.interview.writing_down import LostBecause, what_to_write
from server.live.messages import Signal
from tests.analyzers.transcription.conftest import MODEL
from tests.analyzers.transcription.speech import until
from tests.interview.houses import Clock, House, answer_typed, eventually, house, no_model, sample_answer
from tests.live.viewers import watching

NUMBER = "please tell me your order number, and I will check where the parcel is right now."
MONEY = "I can send a new parcel today, or I can give you the money back."
QUICK = SchedulerSettings(first_retry_s=0.01, longest_retry_s=0.02, unavailable_retry_s=0.01, hang_s=0.5)


class Engines:
    """Loads models, one after another, when it may."""

    def __init__(self) -> None:
        self.may_load = threading.Event()
        self.may_load.set()
        self.model: WhisperModel | None = None

    def __call__(self) -> Whisper:
        self.may_load.wait(30)
        self.model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)
        return Whisper(self.model, synthetic=True)

    def break_down(self) -> None:
        """What is decoded from now on fails, and there is no other engine until `may_load`."""
        assert self.model is not None
        self.may_load.clear()
        self.model.model.unload_model()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a candidate or a stopping server waits for an engine that does not come."""
    monkeypatch.setattr("server.interview.listening.PROMPT_SECONDS", 0.05)
    monkeypatch.setattr("server.interview.session.LAST_WORDS_SECONDS", 0.05)


@pytest.fixture
def engines() -> Iterator[Engines]:
    loading = Engines()
    yield loading
    loading.may_load.set()


@asynccontextmanager
async def home_with(
    folder: Path, load: Callable[[], Whisper], clock: Clock | None = None, *, ready: bool = True
) -> AsyncIterator[House]:
    async with Scheduler(load, QUICK) as scheduler:
        if ready:
            await until(scheduler, EngineStatus.AVAILABLE)
        async with house(folder, engine=scheduler, clock=clock) as home:
            yield home


def say(session: InterviewSession, text: str, language: Language = Language.ENGLISH) -> None:
    """What the line passes on when somebody says this and is silent then, all at once."""
    spoken = resample(synthesise(text, language.value), RATE_HZ, SAMPLE_RATE)
    samples = np.pad(np.asarray(spoken, np.int16), (SAMPLE_RATE // 2, 4 * SAMPLE_RATE))
    step = FRAME_MS * SAMPLE_RATE // 1000
    begin_ms = session._journal.clock_ms()
    for at in range(0, len(samples) - step, step):
        session._listening.hear(AudioFrame(samples[at : at + step], begin_ms + at * 1000 // SAMPLE_RATE))


async def begin(session: InterviewSession) -> str:
    """Starts answering the open question; its id."""
    question_id = session.state.question_id
    assert question_id is not None
    await session.execute(StartAnswer(question_id))
    return question_id


async def submit(session: InterviewSession) -> None:
    assert session.state.question_id is not None
    await session.execute(SubmitAnswer(session.state.question_id, AnswerMode.VOICE))


async def to_the_scores(session: InterviewSession) -> None:
    """Skips what is left and confirms what was heard, though words may still be late; returns when all is scored."""
    while session.state.question_id is not None:
        await session.execute(SkipQuestion(session.state.question_id))
    await session.execute(ConfirmTranscripts())
    await eventually(lambda: all(answer.score for answer in session.state.asked))


def said(session: InterviewSession, question_id: str) -> str:
    """The answer's transcript."""
    answer = (session.state.answers or {})[question_id]
    return answer.transcript.text.lower() if answer.transcript else ""


def losses(session: InterviewSession) -> list[str]:
    return [lost.reason for answer in session.state.asked for lost in answer.lost]


def question_of(body: EventBody, kind: type) -> str | None:
    """Whose question an event of this kind is about."""
    if not isinstance(body, kind):
        return None
    return body.score.question_id if isinstance(body, AnswerScored) else getattr(body, "question_id", None)


async def test_each_answer_gets_its_own_words_when_a_broken_engine_is_back(tmp_path: Path, engines: Engines) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        first = await begin(session)
        engines.break_down()
        say(session, NUMBER)
        await eventually(lambda: session.state.recognition_failed == ENGINE_FAILING)
        assert session.recognition["failing"]
        await submit(session)
        second = await begin(session)
        say(session, MONEY)
        await submit(session)
        await begin(session)
        assert (said(session, first), said(session, second)) == ("", "")
        assert session.waiting(first) > 0
        assert session.waiting(second) > 0
        engines.may_load.set()
        await to_the_scores(session)
        assert "order number" in said(session, first)
        assert "money" not in said(session, first)
        assert "money back" in said(session, second)
        assert session.state.asked[2].utterances == ()
        assert losses(session) == []
        await eventually(lambda: session.state.recognition_failed is None)
        bodies = [event.body for event in await home.events(session)]
        for question_id in (first, second):
            words = [at for at, body in enumerate(bodies) if question_of(body, UtteranceTranscribed) == question_id]
            scores = [at for at, body in enumerate(bodies) if question_of(body, AnswerScored) == question_id]
            assert words[-1] < scores[0], "no word comes behind the score"
        assert [b for b in bodies if isinstance(b, RecognitionFailed | RecognitionRestored)] == [
            RecognitionFailed(ENGINE_FAILING),
            RecognitionRestored(),
        ]


async def test_hr_sees_how_much_is_still_to_be_written_down(tmp_path: Path, engines: Engines) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        async with watching(home.hub.follow(session.interview_id)) as viewer:
            question_id = await begin(session)
            engines.break_down()
            say(session, NUMBER)

            def shown() -> dict[str, int] | None:
                signals = [m for m in viewer.seen if isinstance(m, Signal) and m.type == "waiting"]
                questions: dict[str, int] | None = signals[-1].data["questions"] if signals else None
                return questions

            await viewer.until(lambda: bool(shown()))
            assert shown() == {question_id: session.waiting(question_id)}
            engines.may_load.set()
            await viewer.until(lambda: shown() == {})


@pytest.mark.parametrize("status", [EngineStatus.LOADING, EngineStatus.UNAVAILABLE])
async def test_what_is_said_before_there_is_an_engine_is_written_down_by_it(
    tmp_path: Path, engines: Engines, status: EngineStatus
) -> None:
    missing = status is EngineStatus.UNAVAILABLE

    def load() -> Whisper:
        return no_model() if missing else engines()

    if not missing:
        engines.may_load.clear()
    async with home_with(tmp_path, load, ready=False) as home:
        await until(home.engine, status)
        session = await home.started()
        question_id = await begin(session)
        say(session, MONEY)
        await submit(session)
        missing = False
        engines.may_load.set()
        await to_the_scores(session)
        assert "money back" in said(session, question_id)


async def test_late_words_are_not_waited_for_for_ever(tmp_path: Path, engines: Engines) -> None:
    clock = Clock()
    async with home_with(tmp_path, engines, clock) as home:
        session = await home.started()
        await begin(session)
        say(session, NUMBER)
        await eventually(lambda: session.state.asked[0].utterances != ())
        engines.break_down()
        say(session, MONEY)
        await submit(session)
        clock.turn(LATE_WORDS_SECONDS - 1)
        await answer_typed(session, sample_answer(session, session.state.question_id or ""))
        await eventually(lambda: session.state.asked[1].score is not None)
        assert session.state.asked[0].score is None
        assert session.idle_for(clock()).total_seconds() == 0
        clock.turn(1)
        await answer_typed(session, sample_answer(session, session.state.question_id or ""))
        await eventually(lambda: losses(session) != [])
        await to_the_scores(session)
        assert set(losses(session)) == {LostBecause.TOO_LATE}
        assert "order number" in said(session, session.state.asked[0].question_id)


async def test_the_report_waits_for_late_words_and_has_them(tmp_path: Path, engines: Engines) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        while len(session.state.asked) < len(session.flow.questions):
            await answer_typed(session, sample_answer(session, session.state.question_id or ""))
        last = await begin(session)
        engines.break_down()
        say(session, MONEY)
        await submit(session)
        await eventually(lambda: all(answer.score for answer in session.state.asked[:-1]))
        await session.execute(ConfirmTranscripts())
        await asyncio.sleep(0.2)
        assert session.state.status is Status.CHECKING
        engines.may_load.set()
        await eventually(lambda: session.state.report_id is not None)
        report = await home.interviews.report(session.interview_id)
        assert report.answers[-1].question_id == last
        assert "money back" in report.answers[-1].text.lower()


async def test_a_typed_answer_is_scored_while_what_was_said_before_it_still_waits(
    tmp_path: Path, engines: Engines
) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        question_id = await begin(session)
        engines.break_down()
        say(session, NUMBER)
        await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, sample_answer(session, question_id)))
        await eventually(lambda: session.state.asked[0].score is not None)
        assert session.waiting(question_id) > 0
        engines.may_load.set()
        await eventually(lambda: session.state.asked[0].utterances != ())
        assert "order number" not in said(session, question_id)


async def test_a_server_that_stops_writes_down_what_it_could_not_hear(tmp_path: Path, engines: Engines) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        await begin(session)
        engines.break_down()
        say(session, NUMBER)
        await submit(session)
        await begin(session)
        say(session, MONEY)
        await home.interviews.__aexit__(None, None, None)
        state = await home.interviews.state(session.interview_id)
        assert [{lost.reason for lost in answer.lost} for answer in state.asked] == [{LostBecause.SERVER_STOPPED}] * 2
        engines.may_load.set()


async def test_of_more_sound_than_can_be_kept_the_oldest_is_told_as_lost(
    tmp_path: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.interview.finals.MOST_WAITING_S", 8)
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        await begin(session)
        engines.break_down()
        for text in (NUMBER, NUMBER, MONEY):
            say(session, text)
        await eventually(lambda: losses(session) != [])
        engines.may_load.set()
        await submit(session)
        await eventually(lambda: session.waiting(session.state.asked[0].question_id) == 0)
        assert set(losses(session)) == {LostBecause.TOO_MUCH_WAITING}
        assert "money back" in said(session, session.state.asked[0].question_id)


class Allergic(Whisper):
    """Cannot decode anything Chinese, alone or with others."""

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodedSpeech]:
        if any(request.language is Language.CHINESE for request in requests):
            raise RecognitionError("cannot")
        return super().decode(requests)


async def test_speech_that_the_engine_fails_on_is_told_as_lost_and_nobody_else_notices(tmp_path: Path) -> None:
    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)
    async with home_with(tmp_path, lambda: Allergic(model, synthetic=True)) as home:
        poisoned = await home.started(language=Language.CHINESE)
        healthy = await home.started()
        await begin(poisoned)
        question_id = await begin(healthy)
        say(poisoned, "我先听他说完", Language.CHINESE)
        say(healthy, MONEY)
        await submit(poisoned)
        await submit(healthy)
        await to_the_scores(poisoned)
        await to_the_scores(healthy)
        assert set(losses(poisoned)) == {"RecognitionError"}
        assert poisoned.state.asked[0].words == ()
        assert losses(healthy) == []
        assert "money back" in said(healthy, question_id)
        for session in (poisoned, healthy):
            assert "RecognitionFailed" not in await home.types(session)
        report = await home.interviews.report(poisoned.interview_id)
        assert {loss.reason for loss in report.answers[0].lost} == {"RecognitionError"}


class Hanging(Whisper):
    """Hangs in its first decode until it is let go."""

    let_go = threading.Event()

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodedSpeech]:
        self.let_go.wait(30)
        return []


async def test_a_hanging_engine_costs_two_interviews_nothing_but_time(tmp_path: Path, engines: Engines) -> None:
    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)
    loads: list[Callable[[], Whisper]] = [lambda: Hanging(model, synthetic=True)]
    async with home_with(tmp_path, lambda: loads.pop()() if loads else engines()) as home:
        one, other = await home.started(), await home.started()
        await begin(one)
        await begin(other)
        say(one, NUMBER)
        say(other, MONEY)
        await submit(one)
        await submit(other)
        for session, words in ((one, "order number"), (other, "money back")):
            await to_the_scores(session)
            assert words in said(session, session.state.asked[0].question_id)
            assert losses(session) == []
            bodies = [event.body for event in await home.events(session)]
            assert RecognitionFailed(ENGINE_FAILING) in bodies
        Hanging.let_go.set()


async def test_what_waits_survives_a_failure_of_its_interview(tmp_path: Path, engines: Engines) -> None:
    async def fail() -> None:
        raise ArithmeticError

    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        question_id = await begin(session)
        engines.break_down()
        say(session, MONEY)
        group = session._group
        session._spawn(fail())
        await eventually(lambda: session._group not in (None, group))
        await submit(session)
        engines.may_load.set()
        await to_the_scores(session)
        assert "money back" in said(session, question_id)


async def test_an_answer_that_was_not_taken_goes_on(tmp_path: Path, engines: Engines) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        question_id = await begin(session)
        say(session, NUMBER)
        with pytest.raises(UserError, match="answer_empty"):
            await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, " "))
        say(session, MONEY)
        await submit(session)
        await eventually(lambda: session.waiting(question_id) == 0)
        assert "order number" in said(session, question_id)
        assert "money back" in said(session, question_id)
        assert [u.number for u in session.state.asked[0].utterances] == sorted(
            {u.number for u in session.state.asked[0].utterances}
        )


async def test_words_never_come_behind_the_score_and_never_twice(tmp_path: Path, engines: Engines) -> None:
    async with home_with(tmp_path, engines) as home:
        session = await home.started()
        question_id = await begin(session)
        say(session, MONEY)
        await eventually(lambda: session.state.asked[0].utterances != () and session.waiting(question_id) == 0)
        told = session.state.asked[0].utterances[0]
        assert what_to_write(session.state, told) == []
        unheard = replace(told, number=99)
        assert what_to_write(session.state, unheard) == [unheard]
        await submit(session)
        assert what_to_write(session.state, unheard) == [unheard]
        await to_the_scores(session)
        # Another process, in which the candidate's line is not, may have scored it.
        [lost] = what_to_write(session.state, unheard)
        assert lost == UtteranceLost(question_id, told.words[0].start_ms, told.words[-1].end_ms, LostBecause.TOO_LATE)
