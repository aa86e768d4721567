"""The language is fixed, or detected once and locked."""

from __future__ import annotations

from analyzers.transcription.language import LanguageLock
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream
from question_flows.model import Language
from tests.analyzers.transcription.speech import Speak, utterance

ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE


def test_the_interviews_language_is_never_detected() -> None:
    lock = LanguageLock(CHINESE)
    lock.hear(ENGLISH, 1.0)
    assert (lock.locked, lock.language) == (CHINESE, CHINESE)


def test_the_first_certain_detection_locks() -> None:
    lock = LanguageLock()
    assert (lock.locked, lock.language) == (None, ENGLISH)
    lock.hear(CHINESE, 0.6)
    lock.hear(ENGLISH, 0.55)
    assert (lock.locked, lock.language) == (None, CHINESE)
    lock.hear(CHINESE, 0.9)
    lock.hear(ENGLISH, 0.99)
    assert (lock.locked, lock.language) == (CHINESE, CHINESE)


async def test_speech_locks_its_language_and_other_sounds_do_not_change_it(scheduler: Scheduler, speak: Speak) -> None:
    stream = AnswerStream(scheduler, "anna", None)
    first = await stream.hear(utterance(speak("我先听他说完，查了订单。", CHINESE)))
    assert first is not None
    assert first.language is CHINESE
    second = await stream.hear(utterance(speak("I called the driver", ENGLISH), number=2))
    assert second is not None
    assert second.language is CHINESE


async def test_each_speaker_has_a_language_of_their_own(scheduler: Scheduler, speak: Speak) -> None:
    english = await AnswerStream(scheduler, "anna", None).hear(utterance(speak("I called the driver", ENGLISH)))
    chinese = await AnswerStream(scheduler, "ben", None).hear(utterance(speak("我先听他说完", CHINESE)))
    assert english is not None
    assert chinese is not None
    assert (english.language, chinese.language) == (ENGLISH, CHINESE)
