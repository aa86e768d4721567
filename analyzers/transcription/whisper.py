"""Speech recognition by Whisper: the only user of CTranslate2, and with voice.py of faster-whisper.

Utterances of many interviews are decoded together. Each is padded to the next of a few window lengths instead of to
30 s: the encoder's work grows with the padded length (facts: about 15 times at 5 s). On a CPU the encoder gains
nothing from a batch (measured: it loses), so there sounds are encoded one by one and decoded together; a GPU does
both together. Against invented words: what holds no voice is not decoded, silent and repeated output is dropped (see
gates.py), tokens are capped by the length of the sound, and nothing decoded before conditions the decode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from faster_whisper.utils import _MODELS
from numpy.typing import NDArray

from analyzers.results import TranscriptWord
from analyzers.transcription.decoding import NOTHING_SAID, DecodedSpeech, DecodeRequest, RecognitionError
from analyzers.transcription.gates import is_background, is_prompt, is_repetitive, is_silence
from analyzers.transcription.prompts import prompt_text, prompt_tokens
from analyzers.transcription.simplified import simplified
from analyzers.transcription.words import Piece, to_words, without_loop
from media.frames import SAMPLE_RATE, Stage
from question_flows.model import Language

CPU_WINDOWS_S = (8, 12, 16, 24, 30)
"""Lengths that sound is padded to on a CPU. Below 8 s Whisper was seen to lose words (CTranslate2#2100)."""
GPU_WINDOWS_S = (30,)

CPU_MOST_BATCH = 8
GPU_MOST_BATCH = 32
"""Utterances decoded together: more delay the first, and on a CPU bring little."""

_WIDE_BEAM = 5
_TOKENS_A_SECOND = 12
"""Nobody speaks more; a decoder in a loop would go on to the model's 448 and hold up its whole batch."""

HUB_REPOSITORIES = _MODELS
"""Short names of models and where the model hub has them."""

BatchKey = tuple[int, int, bool]


class _Generated(NamedTuple):
    tokens: list[int]
    no_speech: float
    log_probability: float


@dataclass(frozen=True, slots=True)
class _Hearing:
    """One request on its way through a batch. prompt: token ids, language and task included."""

    request: DecodeRequest
    language: Language
    language_probability: float
    prompt: list[int]


class Whisper:
    """A loaded model. Not for several threads at once: the scheduler owns one thread for it.

    windows_s: lengths in seconds that sound is padded to, ascending; the last is the longest that can be decoded.
    """

    def __init__(self, model: WhisperModel, *, synthetic: bool, windows_s: tuple[int, ...] = CPU_WINDOWS_S) -> None:
        self._model = model
        self.windows_s = windows_s
        self._encodes_batches = model.model.device != "cpu"
        self._tokenizers = {
            language: Tokenizer(
                model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language.whisper
            )
            for language in Language
        }
        self._suppressed = get_suppressed_tokens(self._tokenizers[Language.ENGLISH], [-1])
        self._prompt = lru_cache(maxsize=256)(self._make_prompt)
        self.synthetic = synthetic
        self.most_batch = GPU_MOST_BATCH if self._encodes_batches else CPU_MOST_BATCH

    def batch_key(self, request: DecodeRequest) -> BatchKey:
        """What must be equal for requests to be decoded in one batch: padded length, prompt length, search."""
        # Where the language is still to be detected, no prompt in one of them may suggest it.
        prompt = self._prompt(request.language, request.terms) if request.language else ()
        return self._window_s(request.seconds), len(prompt), request.whole

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodedSpeech]:
        """Recognise utterances of one batch key, each at most windows_s[-1] long. Blocks for the time it computes.

        Partial ones are searched greedily; of the others those whose text is repetitive or read off the prompt are
        decoded once more. Raises RecognitionError.
        """
        voiced = [request.speech_end_ms > request.speech_start_ms for request in requests]
        heard = [request for request, voice in zip(requests, voiced, strict=True) if voice]
        longest = max((request.seconds for request in heard), default=0.0)
        if longest > self.windows_s[-1]:
            raise RecognitionError(f"{longest:.1f} s of sound in one utterance")
        try:
            decoded = iter(self._decode(heard) if heard else [])
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise RecognitionError(f"the model failed: {type(error).__name__}") from error
        return [next(decoded) if voice else NOTHING_SAID for voice in voiced]

    def check(self) -> None:
        """Decode a second of noise: whether the model works at all. Raises RecognitionError when it does not."""
        noise = np.random.default_rng(0).normal(0, 300, SAMPLE_RATE).astype(np.int16)
        self.decode([DecodeRequest(noise, 0, 1000, Language.ENGLISH, (), Stage.PARTIAL)])

    def _decode(self, requests: Sequence[DecodeRequest]) -> list[DecodedSpeech]:
        encoded = self._encode(requests)
        hearings = self._hearings(requests, encoded)
        generated = self._generate(encoded, hearings)
        words = self._words(encoded, hearings, generated)
        return [
            self._judged(hearing, result, found, encoded, at)
            for at, (hearing, result, found) in enumerate(zip(hearings, generated, words, strict=True))
        ]

    def _judged(
        self, hearing: _Hearing, result: _Generated, words: tuple[TranscriptWord, ...], encoded: Any, at: int
    ) -> DecodedSpeech:
        """What the gates leave of a decode, after a second one where that may help."""
        request = hearing.request
        if is_silence(result.no_speech, result.log_probability):
            words = ()
        elif is_prompt(words, request.terms) or is_repetitive(words):
            if request.whole:
                result, words = self._again(hearing, words, _rows(encoded, [at]))
            else:
                words = ()  # The next partial, or the whole, will tell.
        unintelligible = is_background(request.samples, words)
        return DecodedSpeech(
            words=() if unintelligible else tuple(_within(word, request) for word in without_loop(words)),
            no_speech=result.no_speech,
            log_probability=result.log_probability,
            language=hearing.language,
            language_probability=hearing.language_probability,
            unintelligible=unintelligible,
        )

    def _again(
        self, hearing: _Hearing, words: tuple[TranscriptWord, ...], encoded: Any
    ) -> tuple[_Generated, tuple[TranscriptWord, ...]]:
        """A second decode: without the prompt where it was read aloud, else with no phrase allowed twice."""
        search: dict[str, int] = {"beam_size": 1, "no_repeat_ngram_size": 5}
        if is_prompt(words, hearing.request.terms):
            hearing, search = replace(hearing, prompt=self._prompt(hearing.language, None)), {}
        [result] = self._generate(encoded, [hearing], **search)
        [words] = self._words(encoded, [hearing], [result])
        return result, words

    def _encode(self, requests: Sequence[DecodeRequest]) -> Any:
        """Encoder output of all sounds, stacked."""
        features = [self._features(request) for request in requests]
        if self._encodes_batches or len(features) == 1:
            return self._model.encode(np.stack(features))
        # The encoder writes into memory of its own each time: copied before the next one runs.
        encoded = [np.array(self._model.encode(one)) for one in features]
        return ctranslate2.StorageView.from_array(np.concatenate(encoded))

    def _features(self, request: DecodeRequest) -> NDArray[np.float32]:
        """Log-mel spectrogram of the sound padded with silence to its window, shape (mels, frames)."""
        sound = request.samples.astype(np.float32) / 32768.0
        padded = np.pad(sound, (0, self._window_s(request.seconds) * SAMPLE_RATE - len(sound)))
        features: NDArray[np.float32] = self._model.feature_extractor(padded, padding=0)
        return features

    def _window_s(self, seconds: float) -> int:
        return next((window for window in self.windows_s if seconds <= window), self.windows_s[-1])

    def _hearings(self, requests: Sequence[DecodeRequest], encoded: Any) -> list[_Hearing]:
        """The requests with their languages, detected where none is given, and prompts."""
        if requests[0].language is None:
            detected = self._detect(encoded)
            return [
                _Hearing(request, language, probability, self._prompt(language, None))
                for request, (language, probability) in zip(requests, detected, strict=True)
            ]
        return [
            _Hearing(request, request.language, 1.0, self._prompt(request.language, request.terms))
            for request in requests
            if request.language is not None
        ]

    def _detect(self, encoded: Any) -> list[tuple[Language, float]]:
        """The likelier of our languages for each sound, and its share of their probability."""
        found = []
        for scores in self._model.model.detect_language(encoded):
            of = {token[2:-2]: probability for token, probability in scores}
            ours = {language: of.get(language.whisper, 0.0) for language in Language}
            likeliest = max(ours, key=lambda language: ours[language])
            found.append((likeliest, ours[likeliest] / (sum(ours.values()) or 1.0)))
        return found

    def _make_prompt(self, language: Language, terms: tuple[str, ...] | None) -> list[int]:
        """Token ids before the text: terms, language, task. None: language and task alone."""
        tokenizer = self._tokenizers[language]
        before = () if terms is None else prompt_tokens(prompt_text(language, terms), tokenizer.encode)
        return list(self._model.get_prompt(tokenizer, list(before), without_timestamps=True))

    def _generate(self, encoded: Any, hearings: Sequence[_Hearing], **search: Any) -> list[_Generated]:
        prompts = [hearing.prompt for hearing in hearings]
        longest_s = max(hearing.request.seconds for hearing in hearings)
        wide = hearings[0].request.whole
        results = self._model.model.generate(
            encoded,
            prompts,
            max_length=self._max_length(len(prompts[0]), longest_s),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
            **({"beam_size": _WIDE_BEAM if wide else 1} | search),
        )
        generated = []
        for result in results:
            tokens = list(result.sequences_ids[0])
            # The score is normalised by the number of tokens; the end token counts as well.
            score = result.scores[0] * len(tokens) / (len(tokens) + 1)
            generated.append(_Generated(tokens, result.no_speech_prob, score))
        return generated

    def _max_length(self, prompt: int, seconds: float) -> int:
        """CTranslate2's bound for a text as long as anybody can speak in so many seconds.

        It yields at most half of it, whatever the prompt (measured), and never more than is left behind the prompt.
        """
        longest = 16 + int(_TOKENS_A_SECOND * seconds)
        return int(min(self._model.max_length, max(2 * longest, prompt + longest)))

    def _words(
        self, encoded: Any, hearings: Sequence[_Hearing], generated: Sequence[_Generated]
    ) -> list[tuple[TranscriptWord, ...]]:
        """The tokens as words; times from the decoder's attention (Whisper's alignment heads)."""
        words: list[tuple[TranscriptWord, ...]] = [()] * len(hearings)
        for language, tokenizer in self._tokenizers.items():
            texts = {
                at: text
                for at, hearing in enumerate(hearings)
                if hearing.language is language
                and (text := [token for token in generated[at].tokens if token < tokenizer.eot])
            }
            if not texts:
                continue
            # One call aligns one language: its start tokens are shared.
            part = encoded if len(texts) == len(hearings) else _rows(encoded, list(texts))
            seconds = [hearings[at].request.seconds for at in texts]
            frames = [int(length * self._model.frames_per_second) for length in seconds]
            aligned = self._model.find_alignment(tokenizer, list(texts.values()), part, frames)
            for at, length, found in zip(texts, seconds, aligned, strict=True):
                spoken = to_words(_pieces(found, length), language)
                words[at] = simplified(spoken) if language is Language.CHINESE else spoken
        return words


def open_model(
    folder: Path, device: str, compute_type: str, threads: int, *, synthetic: bool, windows_s: tuple[int, ...]
) -> Whisper:
    """The model in a folder. windows_s: none means the device's. Raises whatever CTranslate2 does."""
    model = WhisperModel(str(folder), device=device, compute_type=compute_type, cpu_threads=threads)
    default = CPU_WINDOWS_S if device == "cpu" else GPU_WINDOWS_S
    return Whisper(model, synthetic=synthetic, windows_s=windows_s or default)


def cuda_devices() -> int:
    """How many CUDA devices this machine has."""
    return int(ctranslate2.get_cuda_device_count())


def _rows(encoded: Any, rows: list[int]) -> Any:
    """Some sounds of a batch."""
    on_cpu = encoded.to_device(ctranslate2.Device.cpu) if encoded.device != "cpu" else encoded
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.array(on_cpu)[rows]))


def _pieces(aligned: Sequence[dict[str, Any]], seconds: float) -> list[Piece]:
    longest_ms = round(seconds * 1000)
    return [
        Piece(
            text=word["word"],
            start_ms=min(longest_ms, round(word["start"] * 1000)),
            end_ms=min(longest_ms, round(word["end"] * 1000)),
            probability=float(word["probability"]),
        )
        for word in aligned
    ]


def _within(word: TranscriptWord, request: DecodeRequest) -> TranscriptWord:
    """The word without silence: the decoder's first word begins, and its last ends, with the sound it was given."""
    start_ms = min(max(word.start_ms, request.speech_start_ms), request.speech_end_ms)
    return replace(word, start_ms=start_ms, end_ms=min(max(word.end_ms, start_ms), request.speech_end_ms))
