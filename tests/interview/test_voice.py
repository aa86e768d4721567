"""Spoken answers over real WebRTC into the project's own voice model: heard, kept, scored, and never lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel

from analyzers.expression import ExpressionAnalyzer
from analyzers.results import ObservationKind, join_words
from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import Whisper
from media.frames import AudioFrame
from question_flows.model import Language
from scripts.voice_model.speak import RATE_HZ, resample, synthesise
from server.interview.commands import (
    ConfirmTranscripts,
    GiveConsent,
    Pause,
    Resume,
    SkipQuestion,
    Start,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.events import AnswerMode, AnswerObserved, Purpose, UtteranceTranscribed
from server.interview.pipeline import AnswerPipeline
from server.interview.session import InterviewSession
from server.live.messages import LiveEvent, Signal
from tests.analyzers.transcription.conftest import MODEL
from tests.analyzers.transcription.speech import until
from tests.interview.houses import House, eventually, house
from tests.live.viewers import Viewer, watching
from tests.media.peers import Candidate, candidate, tone

FIRST_WORDS = "please tell me your order number, and I will check where the parcel is right now."
MORE_WORDS = "I can send a new parcel today, or I can give you the money back."
"""Words of the model's vocabulary. The very last may still be on the line when a test cuts it at once."""


def speech(text: str, language: Language = Language.ENGLISH) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Spoken by espeak-ng: 48 kHz int16, as a browser's microphone has it."""
    return np.asarray(resample(synthesise(text, language.value), RATE_HZ, 48_000), dtype=np.int16)


@pytest.fixture
def model() -> WhisperModel:
    return WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)


@pytest.fixture
async def engine(model: WhisperModel) -> AsyncIterator[Scheduler]:
    async with Scheduler(lambda: Whisper(model, synthetic=True)) as scheduler:
        await until(scheduler, EngineStatus.AVAILABLE)
        yield scheduler


@pytest.fixture
async def home(tmp_path: Path, engine: Scheduler) -> AsyncIterator[House]:
    async with house(tmp_path, engine=engine) as running:
        yield running


@asynccontextmanager
async def on_the_line(session: InterviewSession, *, video: bool = False) -> AsyncIterator[Candidate]:
    """The candidate's browser, connected."""
    async with candidate(video=video) as browser:
        peer_id, answer = await session.attach(await browser.offer())
        await browser.accept(answer)
        await eventually(lambda: browser.connection.connectionState == "connected", seconds=20)
        yield browser
        if session._line._peer_id == peer_id and session._line._peer is not None:
            await session.detach(peer_id)


def types(viewer: Viewer) -> list[str]:
    return [m.event.type if isinstance(m, LiveEvent) else m.type for m in viewer.seen]


def signals(viewer: Viewer, type_name: str) -> list[Signal]:
    return [m for m in viewer.seen if isinstance(m, Signal) and m.type == type_name]


def open_question(session: InterviewSession) -> str:
    assert session.state.question_id is not None
    return session.state.question_id


async def test_words_and_scores_appear_while_the_answer_is_spoken(home: House) -> None:
    session = await home.started()
    question_id = open_question(session)
    async with watching(home.hub.follow(session.interview_id)) as viewer, session.candidate_present():
        async with on_the_line(session) as browser:
            # Before the answer starts nothing is listened to, though the level shows that the microphone works.
            await browser.speech.say(speech("hello"))
            await viewer.until(lambda: signals(viewer, "level") != [])
            assert signals(viewer, "transcript") == []
            await session.execute(StartAnswer(question_id))
            await browser.speech.say(speech(FIRST_WORDS))
            partial = [s for s in signals(viewer, "transcript") if not s.data["final"]]
            assert partial, "words must show before the utterance has ended"
            await browser.speech.say(speech(MORE_WORDS))
            # At once, without waiting for the endpoint: the tail must still be heard.
            state = await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
        answer = state.asked[0]
        assert answer.transcript is not None
        assert answer.transcript.words == answer.words
        said = answer.transcript.text.lower()
        assert "order number" in said
        assert "money back" in said
        assert "hello" not in said
        times = [(word.start_ms, word.end_ms) for word in answer.words]
        assert times == sorted(times)
        assert answer.submitted_ms is not None
        assert 0 < times[0][0] < times[-1][1] <= answer.submitted_ms
        await viewer.until(lambda: any(s.data["answer"] for s in signals(viewer, "scores")))
        # The words are not confirmed yet: what they would get is shown, and nothing is stored.
        await viewer.until(lambda: any(s.data["answers"] for s in signals(viewer, "scores")))
        assert signals(viewer, "scores")[-1].data["score"]["provisional"]
        assert session.state.asked[0].score is None
        while session.state.question_id is not None:
            await session.execute(SkipQuestion(session.state.question_id))
        assert session.state.is_checking
        await session.execute(ConfirmTranscripts())
        await eventually(lambda: session.state.asked[0].score is not None)
        assert signals(viewer, "connection")[0].data["line"] in ("connecting", "connected")
        await viewer.until(lambda: "AnswerScored" in types(viewer))
        [observed] = [e.body for e in await home.events(session) if isinstance(e.body, AnswerObserved)]
        assert observed.delivery is not None
        assert observed.delivery.words_per_minute is not None
        assert observed.observations == ()
        course = ("UtteranceTranscribed", "AnswerSubmitted", "QuestionAsked", "AnswerSkipped")
        order = [t for t in types(viewer) if t in course]
        order = order[: order.index("AnswerSkipped")]
        assert order[-2:] == ["AnswerSubmitted", "QuestionAsked"]
        assert order.count("UtteranceTranscribed") >= 1


async def test_a_final_signal_comes_behind_its_stored_words(home: House) -> None:
    session = await home.started()
    question_id = open_question(session)
    async with watching(home.hub.follow(session.interview_id)) as viewer, on_the_line(session) as browser:
        await session.execute(StartAnswer(question_id))
        await browser.speech.say(speech(MORE_WORDS))
        await viewer.until(lambda: any(s.data["final"] for s in signals(viewer, "transcript")))
        final = next(s for s in signals(viewer, "transcript") if s.data["final"])
        stored = next(
            m.event for m in viewer.seen if isinstance(m, LiveEvent) and isinstance(m.event.body, UtteranceTranscribed)
        )
        assert final.after_seq >= stored.seq
        assert isinstance(stored.body, UtteranceTranscribed)
        assert final.data["utterance_number"] == stored.body.number == 1
        assert [word["text"] for word in final.data["committed"]] == [word.text for word in stored.body.words]


async def test_a_chinese_answer(home: House) -> None:
    session = await home.started(language=Language.CHINESE)
    question_id = open_question(session)
    sentence = session.flow.question(question_id).sample_answers[Language.CHINESE][0].split("。")[0]
    async with on_the_line(session) as browser:
        await session.execute(StartAnswer(question_id))
        await browser.speech.say(speech(sentence, Language.CHINESE))
        state = await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
    heard = join_words([word.text for word in state.asked[0].words], Language.CHINESE)
    common = set(sentence) & set(heard)
    assert len(common) >= len(set(sentence)) / 2


async def test_a_refreshed_page_goes_on_with_the_same_answer(home: House) -> None:
    session = await home.started()
    question_id = open_question(session)
    async with on_the_line(session) as before:
        await session.execute(StartAnswer(question_id))
        await before.speech.say(speech(FIRST_WORDS))
        await eventually(lambda: session.state.asked[0].utterances != ())
        async with on_the_line(session) as after:
            await eventually(lambda: before.connection.connectionState == "closed", seconds=20)
            await after.speech.say(speech(MORE_WORDS))
            state = await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
    said = " ".join(word.text for word in state.asked[0].words).lower()
    assert "number" in said
    assert "the money" in said
    numbers = [utterance.number for utterance in state.asked[0].utterances]
    assert numbers == sorted(set(numbers))


async def test_what_is_said_in_a_pause_is_not_heard(home: House) -> None:
    session = await home.started()
    question_id = open_question(session)
    async with session.candidate_present(), on_the_line(session) as browser:
        await session.execute(StartAnswer(question_id))
        await browser.speech.say(speech(FIRST_WORDS))
        await session.execute(Pause())
        # The utterance before the pause is written down at once.
        await eventually(lambda: session.state.asked[0].utterances != ())
        words = session.state.asked[0].words
        await browser.speech.say(speech(MORE_WORDS))
        await session.execute(Resume())
        state = await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
    assert state.asked[0].words == words


async def test_a_pause_stops_listening_within_300_ms_and_going_on_takes_at_most_500(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await home.started()
    question_id = open_question(session)
    heard_at: list[float] = []
    push = AnswerPipeline.push

    def noted(pipeline: AnswerPipeline, frame: AudioFrame) -> None:
        heard_at.append(time.monotonic())
        push(pipeline, frame)

    monkeypatch.setattr(AnswerPipeline, "push", noted)
    async with session.candidate_present(), on_the_line(session) as browser:
        await session.execute(StartAnswer(question_id))
        saying = asyncio.create_task(browser.speech.say(tone(30.0)))
        for _ in range(3):
            await eventually(lambda: bool(heard_at) and time.monotonic() - heard_at[-1] < 0.1)
            asked = time.monotonic()
            await session.execute(Pause())
            await asyncio.sleep(1.0)
            assert heard_at[-1] - asked <= 0.3
            count, asked = len(heard_at), time.monotonic()
            await session.execute(Resume())
            await eventually(lambda before=count: len(heard_at) > before)  # type: ignore[misc]
            assert heard_at[count] - asked <= 0.5
        saying.cancel()


async def test_what_was_said_before_the_candidate_chose_to_type_stays_with_its_question(home: House) -> None:
    session = await home.started()
    question_id = open_question(session)
    async with on_the_line(session) as browser:
        await session.execute(StartAnswer(question_id))
        await browser.speech.say(speech(FIRST_WORDS))
        state = await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, "I would rather type"))
        assert state.asked[0].transcript is not None
        assert state.asked[0].transcript.text == "I would rather type"
        await eventually(lambda: session.state.asked[0].utterances != ())
        await session.execute(StartAnswer(open_question(session)))
        await browser.speech.say(speech(MORE_WORDS))
        await eventually(lambda: session.state.asked[1].utterances != ())
    assert [utterance.question_id for utterance in session.state.asked[0].utterances] == [question_id]


async def test_a_server_that_is_stopped_writes_down_the_words_being_spoken(tmp_path: Path, engine: Scheduler) -> None:
    async with house(tmp_path, engine=engine) as first:
        session = await first.started()
        async with candidate() as browser:
            _, answer = await session.attach(await browser.offer())
            await browser.accept(answer)
            await eventually(lambda: browser.connection.connectionState == "connected", seconds=20)
            await session.execute(StartAnswer(open_question(session)))
            await browser.speech.say(speech(MORE_WORDS))
            began = asyncio.get_running_loop().time()
            await first.interviews.__aexit__(None, None, None)
            assert asyncio.get_running_loop().time() - began < 5.5
    async with house(tmp_path, engine=engine) as second:
        state = await second.interviews.state(session.interview_id)
        assert state.answer is not None
        assert "the money" in " ".join(word.text for word in state.answer.words).lower()


@pytest.mark.parametrize("law", ["US-NY", "EU"])
async def test_pictures_are_looked_at_only_where_the_law_and_the_candidate_allow_it(tmp_path: Path, law: str) -> None:
    async with ExpressionAnalyzer() as expression, house(tmp_path, expression=expression) as home:
        session = await home.interviews.get(await home.invite(law=law))
        granted = {**dict.fromkeys(session.purposes, True), Purpose.RECORDING: False}
        await session.execute(GiveConsent(granted))
        await session.execute(Start())
        question_id = open_question(session)
        allowed = Purpose.EXPRESSION in session.purposes
        assert allowed == (law == "US-NY")
        async with watching(home.hub.follow(session.interview_id)) as viewer:
            async with on_the_line(session, video=True) as browser:
                assert ("inactive" in browser.connection.remoteDescription.sdp.split("m=video")[1]) == (not allowed)
                await eventually(
                    lambda: (peer := session._line.peer) is not None and peer.state == "connected", seconds=20
                )
                assert session._line.peer is not None
                assert not session._line.peer.pictures_wanted
                await session.execute(StartAnswer(question_id))
                await eventually(lambda: (peer := session._line.peer) is not None and peer.pictures_wanted == allowed)
                if allowed:
                    await viewer.until(lambda: len(signals(viewer, "observations")) > 1, seconds=40)
                else:
                    await asyncio.sleep(2.5)
                await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, "I am sorry"))
                await eventually(lambda: (peer := session._line.peer) is not None and not peer.pictures_wanted)
            await eventually(lambda: session.state.asked[0].score is not None)
        observed = [e.body for e in await home.events(session) if isinstance(e.body, AnswerObserved)]
        assert not signals(viewer, "faces")  # of no face and of one there is nothing to tell
        if not allowed:
            assert not signals(viewer, "observations")
            assert not observed
            return
        [over_the_answer] = observed
        # The test pictures show no face, and that is what is observed.
        face = next(o for o in over_the_answer.observations if o.kind is ObservationKind.FACE_PRESENT)
        assert (face.share, face.samples >= 2) == (0.0, True)


async def test_words_wait_for_a_database_that_is_away_for_a_moment(
    home: House, caplog: pytest.LogCaptureFixture
) -> None:
    session = await home.started()
    question_id = open_question(session)
    async with on_the_line(session) as browser:
        await session.execute(StartAnswer(question_id))
        async with home.database.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE events RENAME TO away")
        await browser.speech.say(speech(MORE_WORDS))
        await eventually(lambda: "words wait" in caplog.text)
        assert session.state.asked[0].utterances == ()
        async with home.database.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE away RENAME TO events")
        await eventually(lambda: session.state.asked[0].utterances != ())
        state = await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
    assert state.asked[0].transcript is not None
    assert state.asked[0].transcript.words != ()
