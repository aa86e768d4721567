"""The shell around the dispatcher with the real model: one thread, batches, an engine that breaks or hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest
from faster_whisper import WhisperModel

from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest, RecognitionError, request_for
from analyzers.transcription.dispatcher import EngineStatus, SchedulerSettings
from analyzers.transcription.model_hub import ModelUnavailable
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import Whisper
from media.frames import Utterance
from question_flows.model import Language
from tests.analyzers.transcription.conftest import MODEL
from tests.analyzers.transcription.speech import Speak, prefixes, until, utterance

ENGLISH = Language.ENGLISH
TEXT = "I would apologise to the customer"
QUICK = SchedulerSettings(first_retry_s=0.01, longest_retry_s=0.05, unavailable_retry_s=0.01, hang_s=0.3)


def fresh_model() -> WhisperModel:
    return WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)


async def decode(scheduler: Scheduler, owner: str, heard: Utterance) -> DecodedSpeech | None:
    async with asyncio.timeout(30):
        return await scheduler.decode(owner, heard, ENGLISH)


async def test_of_waiting_partials_only_the_latest_is_decoded(scheduler: Scheduler, speak: Speak) -> None:
    grown = prefixes(speak(TEXT, ENGLISH))[1:5]
    results = await asyncio.gather(
        decode(scheduler, "other", grown[0]), *(decode(scheduler, "mine", part) for part in grown)
    )
    assert [result is None for result in results] == [False, True, True, True, False]
    assert (scheduler.load.decodes, scheduler.load.superseded) == (2, 3)


async def test_finals_of_many_interviews_share_a_batch_and_hear_what_they_would_alone(
    scheduler: Scheduler, whisper: Whisper, speak: Speak
) -> None:
    texts = ("I called the driver", "a customer said her phone was broken", "我先听他说完", "查了订单")
    languages = (ENGLISH, ENGLISH, Language.CHINESE, Language.CHINESE)
    whole = [utterance(speak(text, language)) for text, language in zip(texts, languages, strict=True)]
    alone = [
        whisper.decode([request_for(heard, language)])[0].words
        for heard, language in zip(whole, languages, strict=True)
    ]
    together = await asyncio.gather(
        *(
            scheduler.decode(str(owner), heard, language)
            for owner, (heard, language) in enumerate(zip(whole, languages, strict=True))
        )
    )
    assert scheduler.load.batches < len(texts)
    assert [[word.text for word in words] for words in alone] == [
        [word.text for word in decoded.words] if decoded else None for decoded in together
    ]


async def test_what_is_asked_while_the_model_is_loading_is_answered_when_it_is_there(
    whisper: Whisper, speak: Speak
) -> None:
    may_load = threading.Event()

    def load() -> Whisper:
        may_load.wait(20)
        return whisper

    async with Scheduler(load) as scheduler:
        asked = asyncio.create_task(decode(scheduler, "anna", utterance(speak(TEXT, ENGLISH))))
        await asyncio.sleep(0)
        assert scheduler.status is EngineStatus.LOADING
        may_load.set()
        decoded = await asked
        assert decoded is not None
        assert decoded.words
        assert decoded.queued_ms > 0


async def test_a_missing_model_is_tried_again_until_it_is_there(whisper: Whisper, speak: Speak) -> None:
    tries: list[int] = []

    def load() -> Whisper:
        tries.append(1)
        if len(tries) < 3:
            raise ModelUnavailable("folder_missing", "There is no folder. Copy it there.")
        return whisper

    async with Scheduler(load, QUICK) as scheduler:
        asked = asyncio.create_task(decode(scheduler, "anna", utterance(speak(TEXT, ENGLISH))))
        await until(scheduler, EngineStatus.UNAVAILABLE)
        assert scheduler.reason == "There is no folder. Copy it there."
        assert (await asked) is not None
        assert len(tries) == 3


async def test_an_engine_that_broke_is_loaded_again_and_decodes_what_was_said(whisper: Whisper, speak: Speak) -> None:
    broken = fresh_model()
    engines = iter([Whisper(broken, synthetic=True), whisper])
    whole = utterance(speak(TEXT, ENGLISH))
    async with Scheduler(lambda: next(engines), QUICK) as scheduler:
        await until(scheduler, EngineStatus.AVAILABLE)
        broken.model.unload_model()
        asked = [asyncio.create_task(decode(scheduler, owner, whole)) for owner in ("anna", "ben")]
        await until(scheduler, EngineStatus.FAILING)
        for decoded in await asyncio.gather(*asked):
            assert decoded is not None
            assert decoded.words
        assert scheduler.status is EngineStatus.AVAILABLE


class Hanging(Whisper):
    """Hangs in its first decode until it is let go, as a driver or a deadlock does."""

    def __init__(self, let_go: threading.Event) -> None:
        super().__init__(fresh_model(), synthetic=True)
        self._let_go = let_go

    def decode(self, requests: object) -> list[DecodedSpeech]:
        self._let_go.wait(20)
        return []


async def test_a_decode_that_hangs_is_left_behind_and_done_by_a_new_engine(whisper: Whisper, speak: Speak) -> None:
    let_go = threading.Event()
    engines: list[Callable[[], Whisper]] = [lambda: Hanging(let_go), lambda: whisper]
    async with Scheduler(lambda: engines.pop(0)(), QUICK) as scheduler:
        decoded = await decode(scheduler, "anna", utterance(speak(TEXT, ENGLISH)))
        assert decoded is not None
        assert decoded.words
        let_go.set()  # Its late result, of another length, reaches nobody.
        assert await decode(scheduler, "ben", utterance(speak(TEXT, ENGLISH))) is not None


async def test_sound_longer_than_the_model_takes_fails_alone_and_at_once(scheduler: Scheduler, speak: Speak) -> None:
    too_long = utterance(np.zeros(31 * 16_000, np.int16))
    results = await asyncio.gather(
        decode(scheduler, "anna", too_long),
        decode(scheduler, "ben", utterance(speak(TEXT, ENGLISH))),
        return_exceptions=True,
    )
    assert isinstance(results[0], RecognitionError)
    assert "31.0 s" in str(results[0])
    assert isinstance(results[1], DecodedSpeech)
    assert scheduler.status is EngineStatus.AVAILABLE


class Allergic(Whisper):
    """Fails on whatever is exactly 1.25 s long: alone and with its whole batch."""

    def decode(self, requests: object) -> list[DecodedSpeech]:
        asked: list[DecodeRequest] = list(requests)  # type: ignore[call-overload]
        if any(request.seconds == 1.25 for request in asked):
            raise RecognitionError("cannot")
        return super().decode(asked)


async def test_a_poisonous_utterance_fails_and_its_batch_does_not(speak: Speak) -> None:
    poison = utterance(speak(TEXT, ENGLISH)[:20_000])
    async with Scheduler(lambda: Allergic(fresh_model(), synthetic=True)) as scheduler:
        good = utterance(speak(TEXT, ENGLISH))
        results = await asyncio.gather(
            decode(scheduler, "anna", good),
            decode(scheduler, "ben", poison),
            decode(scheduler, "cao", good),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [DecodedSpeech, RecognitionError, DecodedSpeech]
        assert scheduler.status is EngineStatus.AVAILABLE


async def test_the_event_loop_runs_on_while_the_model_computes(scheduler: Scheduler, speak: Speak) -> None:
    loop = asyncio.get_running_loop()
    sound = np.tile(speak(TEXT, ENGLISH), 4)
    decoding = asyncio.create_task(decode(scheduler, "anna", utterance(sound)))
    turns, longest, before = 0, 0.0, loop.time()
    while not decoding.done():
        await asyncio.sleep(0)
        turns, longest, before = turns + 1, max(longest, loop.time() - before), loop.time()
    assert turns > 20
    assert longest < 0.25


async def test_closing_waits_for_the_running_decode_and_fails_the_rest(whisper: Whisper, speak: Speak) -> None:
    whole = utterance(np.tile(speak(TEXT, ENGLISH), 4))
    scheduler = Scheduler(lambda: whisper, SchedulerSettings(most_batch=1))
    async with scheduler, asyncio.timeout(30):
        await until(scheduler, EngineStatus.AVAILABLE)
        asked = [asyncio.create_task(decode(scheduler, f"owner {n}", whole)) for n in range(3)]
        for _ in range(3):
            await asyncio.sleep(0)  # They ask, the worker wakes up, the first decode starts.
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [DecodedSpeech, RecognitionError, RecognitionError]
    with pytest.raises(RecognitionError, match="not running"):
        await decode(scheduler, "late", whole)


async def test_who_goes_away_costs_no_decode(whisper: Whisper, speak: Speak) -> None:
    whole = utterance(speak(TEXT, ENGLISH))
    async with Scheduler(lambda: whisper, SchedulerSettings(most_batch=1)) as scheduler:
        await until(scheduler, EngineStatus.AVAILABLE)
        running = asyncio.create_task(decode(scheduler, "anna", whole))
        gone = asyncio.create_task(decode(scheduler, "ben", whole))
        await asyncio.sleep(0)
        gone.cancel()
        await running
        assert await decode(scheduler, "cao", whole) is not None
        assert scheduler.load.decodes == 2
