"""`scripts/transcribe FILE`: an audio or video file through the pipeline of live answers, with the same result.

As fast as it can be computed, or with --real-time as if it were spoken now. Where utterances end depends on the sound
and on the words that are in by then; as fast as possible, the file therefore waits wherever words are outstanding.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from analyzers.results import Transcript, TranscriptUpdate, TranscriptWord
from analyzers.transcription.model_hub import ModelUnavailable
from analyzers.transcription.models import load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.stream import AnswerStream
from media.frames import AudioFrame, Utterance
from media.sound_file import SoundFileError, sound_of
from question_flows.model import Language
from server.__main__ import wrong_setting
from server.interview.pipeline import AnswerPipeline
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance. start_ms, end_ms: position in the file. lost: why it has no words, an error's class name."""

    number: int
    start_ms: int
    end_ms: int
    language: Language | None
    text: str
    confidence: float
    words: tuple[TranscriptWord, ...]
    lost: str | None = None


class _Listener:
    """Hands on what is final."""

    def __init__(self, on_utterance: Callable[[Heard], None]) -> None:
        self._on_utterance = on_utterance

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        """Utterances in which nothing was said are left out."""
        if update.final and (words := update.committed):
            text = Transcript(update.language, words).text
            start_ms, end_ms = words[0].start_ms, words[-1].end_ms
            self._on_utterance(Heard(number, start_ms, end_ms, update.language, text, update.confidence, words))

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        """Told like the others: nothing is left out silently."""
        heard = Heard(utterance.number, utterance.start_ms, utterance.end_ms, None, "", 0.0, ())
        self._on_utterance(replace(heard, lost=reason))


async def transcribe(
    frames: Iterable[AudioFrame],
    scheduler: Scheduler,
    language: Language | None,
    on_utterance: Callable[[Heard], None],
    *,
    terms: Iterable[str] = (),
    real_time: bool = False,
) -> None:
    """Hear the frames as one answer; on_utterance is called for each utterance when it is final, in order.

    language: None to detect it once. terms: words that are likely to occur. Raises SoundFileError where the frames
    end in one, when all that was said before has been told.
    """
    stream = AnswerStream(scheduler, "file", language, terms)
    broken: SoundFileError | None = None
    async with asyncio.TaskGroup() as group:
        pipeline = AnswerPipeline("file", stream, _Listener(on_utterance), group)
        try:
            await _push(frames, pipeline, real_time)
        except SoundFileError as error:
            broken = error
        await pipeline.finish()
    if broken is not None:
        raise broken


async def _push(frames: Iterable[AudioFrame], pipeline: AnswerPipeline, real_time: bool) -> None:
    began = time.monotonic()
    for frame in frames:
        if real_time:
            await asyncio.sleep(began + frame.start_ms / 1000 - time.monotonic())
        pipeline.push(frame)
        if not real_time:
            await pipeline.caught_up()


def shown(heard: Heard) -> str:
    """One line for a person."""
    times = f"[{_clock(heard.start_ms)} – {_clock(heard.end_ms)}]"
    return f"{times} {heard.text}" if heard.lost is None else f"{times} (not recognised: {heard.lost})"


def _clock(at_ms: int) -> str:
    minutes, rest_ms = divmod(at_ms, 60_000)
    return f"{minutes:02d}:{rest_ms / 1000:04.1f}"


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; what is not given comes from the server's settings."""
    parser = argparse.ArgumentParser(prog="scripts/transcribe", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="audio or video")
    parser.add_argument("--language", choices=[language.value for language in Language], help="else it is detected")
    parser.add_argument("--model", help="Whisper model: a name or a folder (default: INTERVIEW_WHISPER_MODEL)")
    parser.add_argument("--terms", default="", help="words that are likely to occur, with commas between")
    parser.add_argument("--real-time", action="store_true", help="as if it were spoken now")
    parser.add_argument("--json", action="store_true", help="print JSON with each word's time and confidence")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace, settings: Settings) -> list[Heard]:
    """Transcribe the file; prints each utterance as it becomes final unless JSON is wanted.

    Raises SoundFileError, and ModelUnavailable.
    """
    frames = sound_of(options.file)
    first = next(frames, None)  # A wrong file is told before a model is loaded, or even fetched.
    if first is None:
        raise SoundFileError(f"{options.file} is shorter than a word: there is nothing to transcribe.")
    whisper = await asyncio.to_thread(
        load_model,
        options.model or settings.whisper_model,
        settings.whisper_device,
        settings.whisper_compute_type,
        settings.whisper_threads,
        settings.data_dir / "models",
        _ProgressLine(),
    )
    found: list[Heard] = []

    def take(heard: Heard) -> None:
        found.append(heard)
        if not options.json:
            print(shown(heard), flush=True)

    async with Scheduler(lambda: whisper) as scheduler:
        await transcribe(
            _again(first, frames),
            scheduler,
            Language(options.language) if options.language else None,
            take,
            terms=[term.strip() for term in options.terms.split(",") if term.strip()],
            real_time=options.real_time,
        )
    return found


def _again(first: AudioFrame, rest: Iterable[AudioFrame]) -> Iterable[AudioFrame]:
    yield first
    yield from rest


class _ProgressLine:
    """Says on the terminal how much of the model has been fetched, every 50 MB."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, done: int, total: int | None) -> None:
        if (step := done // 50_000_000) > self._told:
            self._told = step
            of = f" of {total / 1e6:.0f}" if total else ""
            print(f"Fetching the speech model: {done / 1e6:.0f}{of} MB", file=sys.stderr, flush=True)


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """Exit code 0; 1 when some speech was not recognised; 2 when the file or the model cannot be had."""
    options = parsed()
    try:
        settings = Settings()
        found = asyncio.run(run(options, settings))
    except ValidationError as error:
        _fail("\n".join(wrong_setting(details["loc"], details["msg"]) for details in error.errors()))
    except (SoundFileError, ModelUnavailable) as error:
        _fail(str(error))
    if options.json:
        described = {"file": str(options.file), "utterances": TypeAdapter(list[Heard]).dump_python(found, mode="json")}
        print(json.dumps(described, indent=2, ensure_ascii=False))
    raise SystemExit(1 if any(heard.lost for heard in found) else 0)


if __name__ == "__main__":
    main()
