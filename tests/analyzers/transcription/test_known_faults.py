"""Each fault of public streaming recognisers that is known, and that it does not happen here.

By the numbers they are reported under; late results (7) are in tests/interview/test_failing_recognition.py.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzers.results import TranscriptWord, join_words
from analyzers.transcription.agreement import LocalAgreement
from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest
from analyzers.transcription.prompts import CHINESE_SENTENCE, LENGTHS, prompt_text
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.simplified import simplified
from analyzers.transcription.stream import AnswerStream
from analyzers.transcription.whisper import Whisper
from analyzers.transcription.words import Piece, to_words
from media.frames import SAMPLE_RATE, Stage
from question_flows.model import Language
from scripts.voice_model.noises import noise
from tests.analyzers.transcription.speech import Speak, prefixes, utterance

ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
TERMS = ("customer", "phone", "driver", "order", "shop")


def asked(
    samples: NDArray[np.int16], language: Language | None = ENGLISH, terms: tuple[str, ...] = ()
) -> DecodeRequest:
    return DecodeRequest(samples, 0, len(samples) * 1000 // SAMPLE_RATE, language, terms, Stage.FINAL)


def text(decoded: DecodedSpeech, language: Language = ENGLISH) -> str:
    return join_words([word.text for word in decoded.words], language)


def seconds_of_noise(count: int) -> list[NDArray[np.int16]]:
    generator = np.random.default_rng(5)
    return [np.zeros(4 * SAMPLE_RATE, np.int16), *(noise(4.0, generator) for _ in range(count))]


def test_1_words_written_into_silence_faster_whisper_621_whisper_streaming_68(whisper: Whisper) -> None:
    """The second fence, behind voice activity detection: noise that was taken for speech is still not words."""
    for sound in seconds_of_noise(20):
        [decoded] = whisper.decode([asked(sound)])
        assert decoded.words == ()


def test_1_what_holds_no_voice_is_not_decoded_at_all(whisper: Whisper, speak: Speak) -> None:
    silent = DecodeRequest(speak("I called the driver", ENGLISH), 500, 500, ENGLISH, (), Stage.FINAL)
    [decoded] = whisper.decode([silent])
    assert decoded.words == ()


def test_1_prompted_terms_leak_into_silence_faster_whisper_1356(whisper: Whisper) -> None:
    for language, terms in ((ENGLISH, TERMS), (CHINESE, ("客户", "手机", "司机", "订单"))):
        for sound in seconds_of_noise(10):
            [decoded] = whisper.decode([asked(sound, language, terms)])
            assert decoded.words == ()


def test_2_repetition_faster_whisper_465_506(whisper: Whisper, speak: Speak) -> None:
    """Nothing decoded before conditions a decode, and speech repeated over and over does not start a loop."""
    before = speak("I called the driver", ENGLISH)
    [alone] = whisper.decode([asked(speak("the phone was broken", ENGLISH))])
    whisper.decode([asked(before)])
    [behind] = whisper.decode([asked(speak("the phone was broken", ENGLISH))])
    assert text(behind) == text(alone)
    for sound in (np.tile(before[4000:12000], 12), np.tile(before, 5)):
        [decoded] = whisper.decode([asked(np.asarray(sound, np.int16))])
        heard = text(decoded).encode()
        assert not heard or len(heard) / len(zlib.compress(heard)) < 3


def said(line: str, at: int = 0) -> tuple[TranscriptWord, ...]:
    return tuple(
        TranscriptWord(word, at + 300 * place, at + 300 * place + 300, 0.9) for place, word in enumerate(line.split())
    )


def test_2_words_behind_the_committed_time_are_dropped() -> None:
    agreement = LocalAgreement()
    for _ in range(2):
        agreement.update(said("I called him and"))
    repeated = said("I called him") + said("I called") + said("and left", at=900)
    assert " ".join(word.text for word in agreement.finish(repeated)) == "I called him and left"


async def test_3_timestamps_drift_faster_whisper_125_230_1119(scheduler: Scheduler, speak: Speak) -> None:
    """A long pause before and between words moves no word: sound is cut by our own detector, offsets are ours."""
    words = speak("I called the driver", ENGLISH)
    stream = AnswerStream(scheduler, "anna", ENGLISH)
    for number, start_ms in enumerate((0, 61_000, 600_000), start=1):
        update = await stream.hear(utterance(words, number=number, start_ms=start_ms))
        assert update is not None
        starts = [word.start_ms - start_ms for word in update.committed]
        if number == 1:
            first = starts
        assert starts == first


def test_3_prompted_terms_shift_timestamps_faster_whisper_853(whisper: Whisper, speak: Speak) -> None:
    sound = speak("a customer said her phone was broken", ENGLISH)
    [plain], [prompted] = whisper.decode([asked(sound)]), whisper.decode([asked(sound, ENGLISH, TERMS * 2)])
    starts = {word.text: word.start_ms for word in plain.words}
    moved = [abs(word.start_ms - starts[word.text]) for word in prompted.words if word.text in starts]
    assert len(moved) >= 5
    assert max(moved) <= 100


async def test_4_language_flapping_whisper_streaming_56(scheduler: Scheduler, speak: Speak) -> None:
    stream = AnswerStream(scheduler, "anna", None)
    sounds = [("我先听他说完", CHINESE), ("I called the driver", ENGLISH), ("查了订单", CHINESE)]
    heard = [
        await stream.hear(utterance(speak(said, language), number=number))
        for number, (said, language) in enumerate(sounds, start=1)
    ]
    assert [update.language for update in heard if update is not None] == [CHINESE] * 3


def test_5_chinese_script_and_punctuation_faster_whisper_521(whisper: Whisper, speak: Speak) -> None:
    assert prompt_text(CHINESE, ("客户",)).startswith(CHINESE_SENTENCE)
    [decoded] = whisper.decode([asked(speak("我先听他说完，查了订单，三天内给他换了一部新手机。", CHINESE), CHINESE)])
    heard = text(decoded, CHINESE)
    assert set("說換單") & set(heard) == set()
    assert set("，。") & set(heard)


def test_5_technical_words_in_a_chinese_answer_survive() -> None:
    """From the decoder's tokens to the line that is shown; the test model itself knows no such words."""
    tokens = (
        "我",
        "們",
        "用",
        " Red",
        "is",
        "做",
        "緩存",
        "，",
        "再",
        "部署",
        "到",
        " Ku",
        "ber",
        "netes",
        " v",
        "1.2",
        "。",
    )
    decoded = to_words([Piece(token, 200 * at, 200 * at + 200, 0.9) for at, token in enumerate(tokens)], CHINESE)
    agreement = LocalAgreement()
    for length in (8, 12, len(decoded)):
        agreement.update(simplified(decoded[:length]))
    said_words = agreement.finish(simplified(decoded))
    assert join_words([word.text for word in said_words], CHINESE) == "我们用Redis做缓存，再部署到Kubernetes v1.2。"


async def test_6_the_tail_is_decoded_unlike_whisper_streamings_finish(scheduler: Scheduler, speak: Speak) -> None:
    """What was said since the last partial is heard: its finish() hands out the last hypothesis instead."""
    parts = prefixes(speak("last year I worked in a small shop", ENGLISH))
    stream = AnswerStream(scheduler, "anna", ENGLISH)
    await stream.hear(parts[0])
    update = await stream.hear(parts[-1])
    assert update is not None
    assert join_words([word.text for word in update.committed], ENGLISH).rstrip(".,").endswith("small shop")


@pytest.mark.parametrize(("seconds", "room"), [(3, 52), (8, 112), (15, 196)])
def test_8_a_runaway_is_capped_by_the_length_of_its_sound_and_fast_speech_is_not(
    whisper: Whisper, seconds: int, room: int
) -> None:
    """Twelve tokens a second and sixteen: CTranslate2 yields half of what it is told, as long as a prompt is short."""
    told = whisper._max_length(4, seconds)
    assert min(told // 2, told + 1 - 4) == room


async def test_8_one_thread_and_no_growth_faster_whisper_599_1055_1192(scheduler: Scheduler, speak: Speak) -> None:
    whole = utterance(speak("I called the driver", ENGLISH))
    before = {thread for thread in threading.enumerate() if thread.name == "whisper"}
    for owner in range(40):
        await scheduler.decode(str(owner % 9), whole, ENGLISH)
    assert {thread for thread in threading.enumerate() if thread.name == "whisper"} == before
    assert len(before) == 1
    assert scheduler.queue_length == 0


def test_9_webrtcvad_imports_without_pkg_resources() -> None:
    """With its original wheel this fails: setuptools has dropped pkg_resources."""
    code = "import sys; sys.modules['pkg_resources'] = None; import webrtcvad; webrtcvad.Vad(2)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("count", [0, 1, 3, 10, 40])
def test_prompts_of_different_questions_have_one_of_a_few_lengths(whisper: Whisper, count: int) -> None:
    """CTranslate2 raises for a whole call whose prompts differ in length."""
    terms = tuple(f"{TERMS[at % 5]}" for at in range(count))
    window, length, whole = whisper.batch_key(asked(np.zeros(16_000, np.int16), ENGLISH, terms))
    assert length - 4 - (length > 4) in LENGTHS
    assert (window, whole) == (3 if whisper.windows_s[0] == 3 else 8, True)
