"""The synthetic voice model, loaded by plain faster-whisper: both languages, silence, word times, vocabulary."""

import json
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel

from scripts.benchmarks.voice_model import (
    FLOWS,
    MODEL,
    decode_window,
    error_rate,
    held_out_sentences,
    sample,
    words_in_silence,
)
from scripts.voice_model.corpus import load_answers
from scripts.voice_model.espeak import split_words
from scripts.voice_model.features import RATE_HZ
from scripts.voice_model.voices import HELD_OUT_VOICES

CODES = {"en": "en", "zh-CN": "zh"}
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-CN"])


@pytest.fixture(scope="module")
def model() -> WhisperModel:
    return WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=1)


@LANGUAGES
def test_unseen_sentences_of_unheard_voices_are_understood(model: WhisperModel, language: str) -> None:
    said = held_out_sentences(language, 10, seed=7)
    understood = []
    for text, voice in zip(said, 2 * HELD_OUT_VOICES[language], strict=True):
        segments, _ = model.transcribe(sample(text, voice).audio, language=CODES[language], temperature=0.0)
        understood.append("".join(segment.text for segment in segments))
    assert error_rate(said, understood, language) <= 0.1


@LANGUAGES
def test_an_answer_is_understood_in_a_short_window(model: WhisperModel, language: str) -> None:
    answer = load_answers(FLOWS)[language][0]
    first = answer.split("。")[0] if language == "zh-CN" else answer.split(".")[0]
    spoken = sample(first, HELD_OUT_VOICES[language][0])
    assert error_rate([first], [decode_window(model, spoken.audio, language, 8)], language) <= 0.15


@LANGUAGES
def test_the_language_is_recognised(model: WhisperModel, language: str) -> None:
    for text, voice in zip(held_out_sentences(language, 5, seed=3), HELD_OUT_VOICES[language], strict=True):
        assert model.detect_language(sample(text + " " + text, voice).audio)[0] == CODES[language]


@LANGUAGES
def test_word_times_are_those_of_the_voice(model: WhisperModel, language: str) -> None:
    errors: list[float] = []
    for text, voice in zip(held_out_sentences(language, 5, seed=5), HELD_OUT_VOICES[language], strict=True):
        spoken = sample(text, voice)
        segments, _ = model.transcribe(spoken.audio, language=CODES[language], temperature=0.0, word_timestamps=True)
        words = [word for segment in segments for word in segment.words or () if split_words(word.word)]
        assert [word.start for word in words] == sorted(word.start for word in words)
        if len(words) == len(spoken.speech.words):
            errors += [abs(w.end - true.end_s) for w, true in zip(words, spoken.speech.words, strict=True)]
    assert errors
    assert float(np.median(errors)) <= 0.15


def test_nothing_is_written_into_silence_and_noise(model: WhisperModel) -> None:
    assert words_in_silence(model, 8) == 0


def test_a_prompt_leaks_neither_into_silence_nor_into_speech(model: WhisperModel) -> None:
    silence = np.zeros(8 * RATE_HZ, np.float32)
    segments, _ = model.transcribe(silence, language="en", temperature=0.0, initial_prompt="database, cache, refund")
    assert "".join(segment.text for segment in segments).strip() == ""
    text = held_out_sentences("en", 1, seed=11)[0]
    audio = sample(text, HELD_OUT_VOICES["en"][0]).audio
    segments, _ = model.transcribe(audio, language="en", temperature=0.0, initial_prompt="database, cache, refund")
    assert error_rate([text], ["".join(segment.text for segment in segments)], "en") <= 0.2


@LANGUAGES
def test_every_word_of_the_sample_answers_is_a_token(model: WhisperModel, language: str) -> None:
    unknown = set()
    for answer in load_answers(FLOWS)[language]:
        for word, _ in split_words(answer):
            spelt = word if language == "zh-CN" else " " + word
            if "'" not in word and len(model.hf_tokenizer.encode(spelt, add_special_tokens=False).ids) > 1:
                unknown.add(word)
    assert not unknown, f"train the model anew (scripts/train_voice_model): it does not know {sorted(unknown)}"


def test_the_model_is_small_and_marked_as_synthetic() -> None:
    assert sum(path.stat().st_size for path in Path(MODEL).iterdir()) <= 6_000_000
    assert json.loads((MODEL / "config.json").read_text(encoding="utf-8"))["synthetic_test_model"] is True
