"""A file through the pipeline of live answers: the same words as fast as possible as in real time, and its errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analyzers.transcription.models import load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import Whisper
from media.frames import AudioFrame
from media.sound_file import SoundFileError, sound_of
from question_flows.model import Language
from scripts import transcribe_file
from scripts.transcribe_file import Heard, shown, transcribe
from scripts.voice_model.speak import RATE_HZ, synthesise

MODEL = Path(__file__).parents[1] / "data" / "voice_model"
SAID = {
    Language.ENGLISH: [
        "I am very sorry, I understand that you are angry.",
        "we chose one database, because it was simple.",
    ],
    Language.CHINESE: ["我看了日志，写了一个小测试。", "三天内给他换了一部新手机。"],
}
"""Of words that the project's voice model knows."""


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    return load_model(str(MODEL), "cpu", "default", 1, MODEL, print)


def spoken_file(folder: Path, language: Language) -> Path:
    """Both sentences with 1.5 s of silence around each: a WAV at 48 kHz."""
    pause = np.zeros(RATE_HZ * 3 // 2, np.int16)
    pieces = [pause]
    for sentence in SAID[language]:
        pieces += [synthesise(sentence, language.value), pause]
    file = folder / "spoken.wav"
    soundfile.write(file, np.concatenate(pieces), RATE_HZ)
    return file


async def heard_in(
    whisper: Whisper, frames: Iterator[AudioFrame], language: Language | None, *, real_time: bool = False
) -> list[Heard]:
    found: list[Heard] = []
    async with Scheduler(lambda: whisper) as scheduler:
        await transcribe(frames, scheduler, language, found.append, real_time=real_time)
    return found


@pytest.mark.parametrize("language", Language)
async def test_the_words_are_those_of_real_time(whisper: Whisper, tmp_path: Path, language: Language) -> None:
    file = spoken_file(tmp_path, language)
    fast = await heard_in(whisper, sound_of(file), language)
    live = await heard_in(whisper, sound_of(file), language, real_time=True)
    assert [one.text for one in fast] == SAID[language]
    assert [[word.text for word in one.words] for one in live] == [[word.text for word in one.words] for one in fast]
    # A word's time is that of the decode that made it certain; a busy machine leaves some partials out.
    for one, other in zip(live, fast, strict=True):
        assert abs(one.start_ms - other.start_ms) <= 100
        assert abs(one.end_ms - other.end_ms) <= 100


async def test_utterances_have_their_place_in_the_file(whisper: Whisper, tmp_path: Path) -> None:
    first, second = await heard_in(whisper, sound_of(spoken_file(tmp_path, Language.ENGLISH)), Language.ENGLISH)
    assert 1_300 <= first.start_ms < first.end_ms < second.start_ms - 1_000
    assert shown(first).startswith("[00:01.")
    assert shown(first).endswith("] " + SAID[Language.ENGLISH][0])


@pytest.mark.parametrize("language", Language)
async def test_a_language_that_is_not_named_is_detected(whisper: Whisper, tmp_path: Path, language: Language) -> None:
    heard = await heard_in(whisper, sound_of(spoken_file(tmp_path, language)), None)
    assert {one.language for one in heard} == {language}


async def test_what_stands_before_a_broken_place_is_told(whisper: Whisper, tmp_path: Path) -> None:
    def breaking() -> Iterator[AudioFrame]:
        yield from islice(sound_of(spoken_file(tmp_path, Language.ENGLISH)), 250)
        raise SoundFileError("broken")

    found: list[Heard] = []
    async with Scheduler(lambda: whisper) as scheduler:
        with pytest.raises(SoundFileError, match="broken"):
            await transcribe(breaking(), scheduler, Language.ENGLISH, found.append)
    assert found[0].text == SAID[Language.ENGLISH][0]


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["scripts/transcribe", *arguments])
    with pytest.raises(SystemExit) as ended:
        transcribe_file.main()
    return ended.value.code


def test_json_has_each_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = spoken_file(tmp_path, Language.ENGLISH)
    assert called(monkeypatch, str(file), "--model", str(MODEL), "--json", "--language", "en") == 0
    described = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in described["utterances"]] == SAID[Language.ENGLISH]
    assert described["utterances"][0]["words"][0].keys() == {"text", "start_ms", "end_ms", "confidence"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nothing.wav", "There is no file"), ("letter.wav", "is not an audio or video file"), ("short.wav", "is shorter")],
)
def test_a_file_that_cannot_be_had_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "letter.wav").write_text("no sound in here " * 50)
    soundfile.write(tmp_path / "short.wav", np.zeros(100, np.int16), 16_000)
    assert called(monkeypatch, str(tmp_path / name), "--model", str(MODEL)) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_a_model_that_cannot_be_had_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    file = spoken_file(tmp_path, Language.ENGLISH)
    assert called(monkeypatch, str(file), "--model", str(tmp_path / "empty")) == 2
    assert str(tmp_path / "empty") in capsys.readouterr().err


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("INTERVIEW_WHISPER_THREADS", "-1")
    assert called(monkeypatch, "any.wav") == 2
    assert capsys.readouterr().err.startswith("INTERVIEW_WHISPER_THREADS: ")
