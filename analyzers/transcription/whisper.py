"""Speech recognition by Whisper: the only user of faster-whisper and CTranslate2.

An utterance is decoded whole, padded to the next of a few bucket lengths instead of to 30 s: the encoder's
work grows with the padded length (facts: about 15 times at 5 s). Against invented words: a voice detector
(Silero) looks before anything is decoded, silent and repeated output is dropped, tokens are capped by the
length of the sound, and nothing decoded before conditions the decode.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from faster_whisper.utils import _MODELS as HUB_REPOSITORIES
from faster_whisper.vad import get_vad_model
from numpy.typing import NDArray

from analyzers.results import TranscriptWord
from analyzers.transcription.model_hub import ModelUnavailable, Progress, locate
from analyzers.transcription.words import Piece, to_words, without_loop
from media.frames import SAMPLE_RATE
from question_flows.model import Language

SYNTHETIC_MARKER = "synthetic_test_model"
"""This key, true in a model's config.json, says that it knows synthetic voices only: for tests and the demo."""

_PROMPT_TOKENS = 48
_FINAL_BEAM = 5
_NO_SPEECH_ABOVE = 0.6
_SILENT_BELOW_LOG_PROBABILITY = -1.0
_VOICE_WINDOW = 512
_VOICE_PROBABILITY = 0.5
_VOICE_WINDOWS = 3
"""Windows of 32 ms that must sound like a voice: a short "no" has more, a cough or a key stroke fewer."""


class RecognitionError(Exception):
    """An utterance could not be recognised; its words are unknown. The cause is chained."""


@dataclass(frozen=True, slots=True)
class DecodedSpeech:
    """What one decode of one utterance gave.

    words: times in milliseconds from the utterance's first sample; empty when nothing was said. no_speech: the
    model's probability that nobody spoke, 0-1. log_probability: mean of the decoded tokens, 0 when none.
    """

    words: tuple[TranscriptWord, ...]
    no_speech: float
    log_probability: float


NOTHING_SAID = DecodedSpeech(words=(), no_speech=1.0, log_probability=0.0)


class _Generated(NamedTuple):
    tokens: list[int]
    no_speech: float
    log_probability: float


class Whisper:
    """A loaded model. Not for several threads at once: the scheduler owns one thread for it.

    buckets_s: lengths in seconds that sound is padded to; the last is the longest that can be decoded.
    """

    def __init__(self, model: WhisperModel, *, synthetic: bool, buckets_s: tuple[int, ...] = (8, 16, 30)) -> None:
        self._model = model
        self._buckets_s = buckets_s
        self._tokenizers = {
            language: Tokenizer(
                model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language.whisper
            )
            for language in Language
        }
        self.synthetic = synthetic

    def decode(
        self, samples: NDArray[np.int16], language: Language, *, prompt: str = "", final: bool = True
    ) -> DecodedSpeech:
        """Recognise one utterance: int16, shape (n,), 16 kHz, at most 30 s. Blocks for the time it computes.

        prompt: terms that are likely to occur. final: search wider, and once more where the decoder ran into a
        loop. Raises RecognitionError.
        """
        if len(samples) > self._buckets_s[-1] * SAMPLE_RATE:
            raise RecognitionError(f"{len(samples) / SAMPLE_RATE:.1f} s of sound in one utterance")
        sound = samples.astype(np.float32) / 32768.0
        span_ms = _voice_span_ms(sound)
        if span_ms is None:
            return NOTHING_SAID
        try:
            decoded = self._decode(sound, language, prompt, final)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise RecognitionError(f"the model failed: {type(error).__name__}") from error
        return replace(decoded, words=tuple(_within(word, *span_ms) for word in decoded.words))

    def _decode(self, sound: NDArray[np.float32], language: Language, prompt: str, final: bool) -> DecodedSpeech:
        tokenizer = self._tokenizers[language]
        encoded = self._model.encode(self._features(sound))
        prompt_tokens = self._model.get_prompt(
            tokenizer, self._prompt_tokens(tokenizer, language, prompt), without_timestamps=True
        )
        seconds = len(sound) / SAMPLE_RATE
        result = self._generate(encoded, tokenizer, prompt_tokens, seconds, beam_size=_FINAL_BEAM if final else 1)
        if result.no_speech > _NO_SPEECH_ABOVE and result.log_probability < _SILENT_BELOW_LOG_PROBABILITY:
            return DecodedSpeech((), result.no_speech, result.log_probability)
        words = self._words(encoded, tokenizer, result.tokens, seconds, language)
        if final and len(without_loop(words)) < len(words):
            result = self._generate(encoded, tokenizer, prompt_tokens, seconds, no_repeat_ngram_size=5)
            words = self._words(encoded, tokenizer, result.tokens, seconds, language)
        return DecodedSpeech(without_loop(words), result.no_speech, result.log_probability)

    def _features(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel spectrogram of the sound padded with silence to its bucket, shape (mels, frames)."""
        bucket = next(seconds for seconds in self._buckets_s if len(sound) <= seconds * SAMPLE_RATE)
        padded = np.pad(sound, (0, bucket * SAMPLE_RATE - len(sound)))
        features: NDArray[np.float32] = self._model.feature_extractor(padded, padding=0)
        return features

    def _prompt_tokens(self, tokenizer: Tokenizer, language: Language, prompt: str) -> list[int]:
        if self.synthetic:
            return []  # It never met a prompt in training.
        if language is Language.CHINESE:
            # Without it Whisper leaves punctuation out, and may write traditional characters.
            prompt = "以下是普通话的句子。" + prompt
        return list(tokenizer.encode(" " + prompt))[:_PROMPT_TOKENS] if prompt else []

    def _generate(
        self, encoded: Any, tokenizer: Tokenizer, prompt: list[int], seconds: float, **search: int
    ) -> _Generated:
        # Nobody speaks more than 12 tokens a second; a decoder in a loop would go on to the model's 448.
        longest = min(self._model.max_length, len(prompt) + 16 + int(12 * seconds))
        result = self._model.model.generate(
            encoded,
            [prompt],
            max_length=longest,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            **search,
        )[0]
        tokens = list(result.sequences_ids[0])
        # The score is normalised by the number of tokens; the end token counts as well.
        return _Generated(tokens, result.no_speech_prob, result.scores[0] * len(tokens) / (len(tokens) + 1))

    def _words(
        self, encoded: Any, tokenizer: Tokenizer, tokens: list[int], seconds: float, language: Language
    ) -> tuple[TranscriptWord, ...]:
        """The tokens as words; times from the decoder's attention (Whisper's alignment heads)."""
        text = [token for token in tokens if token < tokenizer.eot]
        if not text:
            return ()
        frames = int(seconds * self._model.frames_per_second)
        aligned = self._model.find_alignment(tokenizer, [text], encoded, frames)[0]
        longest_ms = round(seconds * 1000)
        pieces = [
            Piece(
                text=word["word"],
                start_ms=min(longest_ms, round(word["start"] * 1000)),
                end_ms=min(longest_ms, round(word["end"] * 1000)),
                probability=float(word["probability"]),
            )
            for word in aligned
        ]
        return to_words(pieces, language)


def load_model(
    name: str,
    device: str,
    compute_type: str,
    threads: int,
    cache_dir: Path,
    on_progress: Progress,
    *,
    hub_endpoint: str | None = None,
) -> Whisper:
    """Load a model by folder, by short name ("small") or by its name on the hub ("owner/model"). Blocks.

    device: cpu, cuda or auto. compute_type: CTranslate2's; "default" is int8 on a CPU, float16 on CUDA. threads:
    0 means one less than the cores, at most 4. cache_dir: where fetched models are kept. Raises ModelUnavailable.
    """
    folder = locate(name, HUB_REPOSITORIES, cache_dir, on_progress, endpoint=hub_endpoint)
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    if compute_type == "default":
        compute_type = "float16" if device == "cuda" else "int8"
    if device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
        raise ModelUnavailable(
            "device", "This machine has no usable CUDA device. Set INTERVIEW_WHISPER_DEVICE to cpu or auto."
        )
    try:
        model = WhisperModel(
            str(folder), device=device, compute_type=compute_type, cpu_threads=threads or default_threads()
        )
        whisper = Whisper(model, synthetic=is_synthetic(folder))
        # One second of noise: a model that cannot decode is found now, not in an interview.
        noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE).astype(np.float32)
        whisper._decode(noise, Language.ENGLISH, "", final=False)
    except (RuntimeError, ValueError, TypeError, KeyError, IndexError, OSError) as error:
        raise ModelUnavailable(
            "files_broken",
            f"The speech model in {folder} could not be loaded on {device} with compute type {compute_type} "
            f"({type(error).__name__}: {str(error)[:200]}). Fetch it again, or set INTERVIEW_WHISPER_MODEL to another.",
        ) from error
    return whisper


def default_threads() -> int:
    """One less than the cores, so that audio and pages keep one; at least 1, at most 4."""
    return max(1, min(4, (os.cpu_count() or 1) - 1))


def is_synthetic(directory: Path) -> bool:
    """Whether the model in this folder knows synthetic voices only and must not judge people."""
    config = directory / "config.json"
    if not config.is_file():
        return False
    try:
        described = json.loads(config.read_text(encoding="utf-8"))
    except ValueError:
        return False  # Loading it will say what is wrong.
    return isinstance(described, dict) and described.get(SYNTHETIC_MARKER) is True


def _within(word: TranscriptWord, voice_start_ms: int, voice_end_ms: int) -> TranscriptWord:
    """The word without silence: the decoder's first word begins, and its last ends, with the sound it was given."""
    start_ms = min(max(word.start_ms, voice_start_ms), voice_end_ms)
    return replace(word, start_ms=start_ms, end_ms=min(max(word.end_ms, start_ms), voice_end_ms))


def _voice_span_ms(sound: NDArray[np.float32]) -> tuple[int, int] | None:
    """From where to where Silero's detector hears a voice, milliseconds; None where it hears none."""
    padded = np.pad(sound, (0, -len(sound) % _VOICE_WINDOW))
    voiced = np.flatnonzero(get_vad_model()(padded) > _VOICE_PROBABILITY) if len(padded) else np.empty(0, int)
    if len(voiced) < _VOICE_WINDOWS:
        return None
    window_ms = _VOICE_WINDOW * 1000 // SAMPLE_RATE
    return int(voiced[0]) * window_ms, (int(voiced[-1]) + 1) * window_ms
