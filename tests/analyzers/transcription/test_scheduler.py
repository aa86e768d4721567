"""The shell around the queue: one thread, None for needless partials, failures that reach who asked."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from faster_whisper import WhisperModel

from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import DecodedSpeech, RecognitionError, Whisper
from question_flows.model import Language
from tests.analyzers.transcription.conftest import MODEL
from tests.analyzers.transcription.speech import Speak, prefixes, utterance

ENGLISH = Language.ENGLISH
TEXT = "I would apologise to the customer"


async def test_of_waiting_partials_only_the_latest_is_decoded(scheduler: Scheduler, speak: Speak) -> None:
    grown = prefixes(speak(TEXT, ENGLISH))[1:5]
    results = await asyncio.gather(
        scheduler.decode("other", grown[0], ENGLISH, final=False),
        *(scheduler.decode("mine", part, ENGLISH, final=False) for part in grown),
    )
    assert [result is None for result in results] == [False, True, True, True, False]
    assert scheduler.load.decodes == 2
    assert scheduler.load.superseded == 3


async def test_finals_of_all_are_decoded_and_overtake_partials(scheduler: Scheduler, speak: Speak) -> None:
    whole = utterance(speak(TEXT, ENGLISH))
    finished: list[str] = []

    async def decode(owner: str, final: bool) -> None:
        if await scheduler.decode(owner, whole, ENGLISH, final=final) is not None:
            finished.append(f"{owner} {final}")

    async with asyncio.TaskGroup() as group:
        group.create_task(decode("anna", False))
        group.create_task(decode("ben", False))
        for owner in ("cao", "anna", "cao"):
            group.create_task(decode(owner, True))
    assert finished == ["cao True", "anna True", "cao True", "ben False"]
    assert scheduler.queue_wait_ms > 0


async def test_the_event_loop_runs_on_while_the_model_computes(scheduler: Scheduler, speak: Speak) -> None:
    loop = asyncio.get_running_loop()
    sound = np.tile(speak(TEXT, ENGLISH), 4)
    decoding = asyncio.create_task(scheduler.decode("anna", utterance(sound), ENGLISH, final=True))
    turns, longest, before = 0, 0.0, loop.time()
    while not decoding.done():
        await asyncio.sleep(0)
        turns, longest, before = turns + 1, max(longest, loop.time() - before), loop.time()
    assert turns > 20
    assert longest < 0.25


async def test_a_failing_model_fails_only_what_it_was_asked(speak: Speak) -> None:
    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)
    whole = utterance(speak(TEXT, ENGLISH))
    async with Scheduler(Whisper(model, synthetic=True)) as scheduler:
        model.model.unload_model()
        with pytest.raises(RecognitionError, match="the model failed"):
            await scheduler.decode("anna", whole, ENGLISH, final=True)
        model.model.load_model()
        assert await scheduler.decode("anna", whole, ENGLISH, final=True) is not None


async def test_sound_longer_than_the_model_takes_is_an_error_not_a_silence(scheduler: Scheduler) -> None:
    with pytest.raises(RecognitionError, match=r"31\.0 s"):
        await scheduler.decode("anna", utterance(np.zeros(31 * 16_000, np.int16)), ENGLISH, final=True)


async def test_closing_waits_for_the_running_decode_and_fails_the_rest(whisper: Whisper, speak: Speak) -> None:
    whole = utterance(np.tile(speak(TEXT, ENGLISH), 4))
    scheduler = Scheduler(whisper)
    async with scheduler, asyncio.timeout(30):
        asked = [asyncio.create_task(scheduler.decode(f"owner {n}", whole, ENGLISH, final=True)) for n in range(3)]
        for _ in range(3):
            await asyncio.sleep(0)  # They ask, the worker wakes up, the first decode starts.
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [DecodedSpeech, RecognitionError, RecognitionError]
    with pytest.raises(RecognitionError, match="not running"):
        await scheduler.decode("late", whole, ENGLISH, final=True)


async def test_who_goes_away_costs_no_decode(scheduler: Scheduler, speak: Speak) -> None:
    whole = utterance(speak(TEXT, ENGLISH))
    running = asyncio.create_task(scheduler.decode("anna", whole, ENGLISH, final=True))
    gone = asyncio.create_task(scheduler.decode("ben", whole, ENGLISH, final=True))
    await asyncio.sleep(0)
    gone.cancel()
    await running
    assert await scheduler.decode("cao", whole, ENGLISH, final=True) is not None
    assert scheduler.load.decodes == 2
