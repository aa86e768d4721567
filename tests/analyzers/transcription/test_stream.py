"""Speech through scheduler and stream in both languages, with the project's own model and synthetic voices."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from jiwer import cer, wer

from analyzers.results import TranscriptUpdate, TranscriptWord, join_words
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream, on_interview_clock
from analyzers.transcription.whisper import Whisper
from analyzers.transcription.words import spoken_form
from media.frames import Stage
from question_flows.model import Language
from scripts.voice_model.speak import word_times
from tests.analyzers.transcription.speech import Speak, prefixes, utterance

ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
SENTENCES = {
    ENGLISH: "last year I worked in a small shop, and a customer said her phone was broken.",
    CHINESE: "我先听他说完，查了订单，三天内给他换了一部新手机。",
}
both_languages = pytest.mark.parametrize("language", list(Language))


def spoken(text: str, language: Language) -> str:
    """The text without case and punctuation."""
    words = text.split() if language is ENGLISH else list(text)
    return " ".join(form for word in words if (form := spoken_form(word)).isalnum())


def error_rate(expected: str, words: tuple[TranscriptWord, ...], language: Language) -> float:
    """WER for English, CER for Chinese, case and punctuation left out."""
    heard = join_words([word.text for word in words], language)
    rate = wer if language is ENGLISH else cer
    return float(rate(spoken(expected, language), spoken(heard, language)))


async def hear_growing(stream: AnswerStream, speak: Speak, language: Language) -> list[TranscriptUpdate]:
    updates = [
        await stream.hear(part) for part in prefixes(speak(SENTENCES[language], language), number=3, start_ms=60_000)
    ]
    return [update for update in updates if update is not None]


@both_languages
async def test_an_utterance_is_understood(scheduler: Scheduler, speak: Speak, language: Language) -> None:
    update = await AnswerStream(scheduler, "anna", language).hear(utterance(speak(SENTENCES[language], language)))
    assert update is not None
    assert update.final
    assert update.tentative == ()
    assert error_rate(SENTENCES[language], update.committed, language) <= 0.1
    assert update.confidence > 0.7


@both_languages
async def test_words_appear_while_they_are_spoken_and_committed_ones_stay(
    scheduler: Scheduler, speak: Speak, language: Language
) -> None:
    updates = await hear_growing(AnswerStream(scheduler, "anna", language), speak, language)
    before: tuple[TranscriptWord, ...] = ()
    for update in updates:
        assert update.utterance_number == 3
        assert update.committed[: len(before)] == before
        before = update.committed
    assert [update.final for update in updates] == [False] * (len(updates) - 1) + [True]
    assert any(update.committed for update in updates[:-1])
    assert error_rate(SENTENCES[language], updates[-1].committed, language) <= 0.15


@both_languages
async def test_times_are_interview_clock_near_the_truth(scheduler: Scheduler, speak: Speak, language: Language) -> None:
    update = (await hear_growing(AnswerStream(scheduler, "anna", language), speak, language))[-1]
    starts = [word.start_ms for word in update.committed]
    assert starts == sorted(starts)
    truth = {word: 60_300 + start_s * 1000 for word, start_s, _ in word_times(SENTENCES[language], language.value)}
    matched = [
        abs(word.start_ms - truth[form]) for word in update.committed if (form := spoken_form(word.text)) in truth
    ]
    assert len(matched) >= len(update.committed) // 2
    assert float(np.median(matched)) < 250


@both_languages
async def test_silence_and_noise_are_no_words(scheduler: Scheduler, language: Language) -> None:
    stream = AnswerStream(scheduler, "anna", language, ("apologise", "道歉"))
    numbers = np.random.default_rng(7)
    hum = 2000 * np.sin(2 * np.pi * 50 * np.arange(48_000) / 16_000)
    for number, sound in enumerate((np.zeros(48_000), numbers.normal(0, 500, 48_000), hum), start=1):
        update = await stream.hear(utterance(sound.astype(np.int16), number=number))
        assert update is not None
        assert (update.committed, update.tentative, update.confidence) == ((), (), 0.0)


async def test_two_candidates_at_once_hear_only_themselves(scheduler: Scheduler, speak: Speak) -> None:
    async def answer(language: Language) -> TranscriptUpdate:
        stream = AnswerStream(scheduler, language.value, language)
        asked = [asyncio.create_task(stream.hear(part)) for part in prefixes(speak(SENTENCES[language], language))]
        last = (await asyncio.gather(*asked))[-1]
        assert last is not None
        return last

    english, chinese = await asyncio.gather(answer(ENGLISH), answer(CHINESE))
    assert error_rate(SENTENCES[ENGLISH], english.committed, ENGLISH) <= 0.1
    assert error_rate(SENTENCES[CHINESE], chinese.committed, CHINESE) <= 0.1
    assert scheduler.load.superseded > 0


async def test_a_pause_confirms_what_was_heard_before_it_and_its_final_costs_no_decode(
    scheduler: Scheduler, speak: Speak
) -> None:
    stream = AnswerStream(scheduler, "anna", ENGLISH)
    whole = utterance(speak("I called the driver", ENGLISH))
    paused = replace(whole, stage=Stage.PROVISIONAL)
    first, second, final = [await stream.hear(part) for part in (paused, paused, whole)]
    assert first is not None
    assert second is not None
    assert final is not None
    assert (first.committed, second.tentative) == ((), ())
    assert second.committed == first.tentative == final.committed != ()
    assert scheduler.load.decodes == 1
    assert (final.final, final.compute_ms) == (True, 0.0)


async def test_what_is_said_after_a_pause_is_decoded_with_what_was_before(scheduler: Scheduler, speak: Speak) -> None:
    stream = AnswerStream(scheduler, "anna", ENGLISH)
    whole = utterance(speak("last year I worked in a small shop", ENGLISH))
    half = utterance(whole.samples[:20_000], final=False)
    await stream.hear(replace(half, stage=Stage.PROVISIONAL))
    final = await stream.hear(whole)
    assert final is not None
    assert scheduler.load.decodes == 2
    assert final.committed[-1].text.startswith("shop")


async def test_a_final_takes_the_decode_of_its_pause_that_is_under_way(scheduler: Scheduler, speak: Speak) -> None:
    stream = AnswerStream(scheduler, "anna", ENGLISH)
    whole = utterance(speak("I called the driver", ENGLISH))
    pause = asyncio.create_task(stream.hear(replace(whole, stage=Stage.PROVISIONAL)))
    await asyncio.sleep(0)
    final = await stream.hear(whole)
    assert final is not None
    assert final.committed
    assert scheduler.load.decodes == 1
    await pause


async def test_a_bad_line_lowers_the_confidence_of_its_words(scheduler: Scheduler, speak: Speak) -> None:
    whole = utterance(speak("I called the driver", ENGLISH))
    good = await AnswerStream(scheduler, "anna", ENGLISH).hear(whole)
    bad = await AnswerStream(scheduler, "ben", ENGLISH, line_quality=lambda: 0.5).hear(whole)
    assert good is not None
    assert bad is not None
    assert bad.confidence == pytest.approx(good.confidence / 2, abs=0.001)


async def test_a_late_partial_is_not_shown_after_its_final(scheduler: Scheduler, speak: Speak) -> None:
    stream = AnswerStream(scheduler, "anna", ENGLISH)
    parts = prefixes(speak(SENTENCES[ENGLISH], ENGLISH))
    final = await stream.hear(parts[-1])
    assert final is not None
    assert await stream.hear(parts[-2]) is None


def test_a_model_of_synthetic_voices_says_so(whisper: Whisper) -> None:
    assert whisper.synthetic


def test_times_stay_within_the_utterance() -> None:
    heard = utterance(np.zeros(16_000, np.int16), start_ms=5_000)
    words = (TranscriptWord("so", -20, 300, 1.0), TranscriptWord("yes", 900, 1_400, 1.0))
    assert [(word.start_ms, word.end_ms) for word in on_interview_clock(words, heard)] == [
        (5_000, 5_300),
        (5_900, 6_000),
    ]
