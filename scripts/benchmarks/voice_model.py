"""Measures the synthetic voice model: error rates on unseen sentences of held-out voices, word times, size."""

import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ctranslate2
import jiwer
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from scripts.voice_model.corpus import SentenceMaker, is_held_out, load_answers
from scripts.voice_model.espeak import Speech, Voice, speak_with_times, split_words
from scripts.voice_model.features import RATE_HZ
from scripts.voice_model.noises import noise
from scripts.voice_model.recordings import through_network
from scripts.voice_model.voices import HELD_OUT_VOICES

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests" / "data" / "voice_model"
FLOWS = ROOT / "question_flows" / "flows"
BIT_RATE = 24_000
WINDOWS_S = (8, 15)
_WHISPER_CODE = {"en": "en", "zh-CN": "zh"}


@dataclass(frozen=True, slots=True)
class Sample:
    """A test sentence as its listener hears it: float32 at 16 kHz, after an Opus round trip."""

    text: str
    speech: Speech
    audio: npt.NDArray[np.float32]


@dataclass(slots=True)
class Tally:
    """What was said and what was understood, and how far word times were off (seconds)."""

    said: list[str] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)
    start_errors: list[float] = field(default_factory=list)
    end_errors: list[float] = field(default_factory=list)
    language_errors: int = 0
    audio_s: float = 0.0
    compute_s: float = 0.0
    short: dict[int, list[str | None]] = field(default_factory=lambda: {seconds: [] for seconds in WINDOWS_S})


def held_out_sentences(language: str, count: int, seed: int = 0) -> list[str]:
    """Sentences a person might say, made of the answers' words, that no training has seen."""
    maker = SentenceMaker(language, load_answers(FLOWS)[language], random.Random(seed))
    found: dict[str, None] = {}
    while len(found) < count:
        sentence = maker.likely_sentence()
        if is_held_out(sentence) and sentence not in maker.answered:
            found.setdefault(sentence)
    return list(found)


def sample(text: str, voice: str) -> Sample:
    """Speak `text`, and send it through Opus at 24 kbit/s."""
    speech = speak_with_times(text, Voice.parse(voice))
    samples = through_network(speech.samples, speech.rate_hz, BIT_RATE)
    silence = np.zeros(RATE_HZ * 3 // 10, np.float32)
    return Sample(text, speech, np.concatenate([samples.astype(np.float32) / 32768.0, silence]))


def normalised(text: str, language: str) -> str:
    """Lower-case words without punctuation; Chinese characters without spaces."""
    words = [word.lower() for word, _ in split_words(text)]
    return ("" if language == "zh-CN" else " ").join(words)


def error_rate(said: list[str], understood: list[str], language: str) -> float:
    """WER of English, CER of Chinese, over all sentences together."""
    measure = jiwer.cer if language == "zh-CN" else jiwer.wer
    return float(measure([normalised(t, language) for t in said], [normalised(t, language) for t in understood]))


def measure(model: WhisperModel, language: str, count: int) -> Tally:
    """Decode `count` sentences of held-out voices, as faster-whisper does and in short windows."""
    tally = Tally()
    voices = HELD_OUT_VOICES[language]
    for index, text in enumerate(held_out_sentences(language, count)):
        spoken = sample(text, voices[index % len(voices)])
        began = time.perf_counter()
        segments, _ = model.transcribe(
            spoken.audio, language=_WHISPER_CODE[language], temperature=0.0, word_timestamps=True
        )
        heard = list(segments)
        tally.compute_s += time.perf_counter() - began
        tally.audio_s += len(spoken.audio) / RATE_HZ
        tally.said.append(text)
        tally.understood.append("".join(segment.text for segment in heard))
        words = [w for segment in heard for w in segment.words or () if split_words(w.word)]
        if [split_words(w.word)[0][0] for w in words] == [w.text for w in spoken.speech.words]:
            for found, true in zip(words, spoken.speech.words, strict=True):
                tally.start_errors.append(abs(found.start - true.start_s))
                tally.end_errors.append(abs(found.end - true.end_s))
        tally.language_errors += model.detect_language(spoken.audio)[0] != _WHISPER_CODE[language]
        for seconds in WINDOWS_S:
            fits = len(spoken.audio) <= seconds * RATE_HZ
            tally.short[seconds].append(decode_window(model, spoken.audio, language, seconds) if fits else None)
    return tally


def decode_window(model: WhisperModel, audio: npt.NDArray[np.float32], language: str, seconds: int) -> str:
    """Greedy decode of one window padded with silence to `seconds` instead of Whisper's thirty."""
    padded = np.pad(audio, (0, seconds * RATE_HZ - len(audio)))
    features = np.ascontiguousarray(model.feature_extractor(padded, padding=0)[np.newaxis])
    tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language=_WHISPER_CODE[language])
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    view = ctranslate2.StorageView.from_array(features.astype(np.float32))
    result = model.model.generate(view, [prompt], beam_size=1, max_length=len(prompt) + 12 * seconds)
    return str(tokenizer.decode(result[0].sequences_ids[0]))


def words_in_silence(model: WhisperModel, count: int) -> int:
    """Words written into `count` stretches of ten seconds of noise or silence."""
    generator = np.random.default_rng(0)
    words = 0
    for index in range(count):
        audio = noise(10.0, generator) if index else np.zeros(10 * RATE_HZ, np.int16)
        segments, _ = model.transcribe(audio.astype(np.float32) / 32768.0, language="en", temperature=0.0)
        words += sum(len(split_words(segment.text)) for segment in segments)
    return words


def run(sentences: int = 60, directory: Path = MODEL) -> dict[str, object]:
    """Measure the model in `directory` with `sentences` of each language; rates are shares, times milliseconds."""
    model = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=1)
    tallies = {language: measure(model, language, sentences) for language in HELD_OUT_VOICES}
    rates = {language: error_rate(t.said, t.understood, language) for language, t in tallies.items()}
    report: dict[str, Any] = {"wer_en": round(rates["en"], 4), "cer_zh": round(rates["zh-CN"], 4)}
    report["sentences"] = sum(len(t.said) for t in tallies.values())
    report["size_mb"] = round(sum(p.stat().st_size for p in directory.iterdir()) / 1e6, 2)
    report["voices"] = HELD_OUT_VOICES
    report["opus_bits_per_second"] = BIT_RATE
    for language, t in tallies.items():
        report[language] = {
            "word_start_error_ms_median": _median_ms(t.start_errors),
            "word_end_error_ms_median": _median_ms(t.end_errors),
            "language_errors": t.language_errors,
            "rtf_padded_to_30_s": round(t.compute_s / t.audio_s, 4),
            **{f"error_rate_in_{s}_s_windows": _short_rate(t, s, language) for s in WINDOWS_S},
            **{f"error_rate_of_{voice}": rate for voice, rate in _by_voice(t, language).items()},
        }
    report["words_in_200_s_without_speech"] = words_in_silence(model, 20)
    return report


def _median_ms(errors: list[float]) -> float | None:
    return round(1000 * statistics.median(errors), 1) if errors else None


def _short_rate(tally: Tally, seconds: int, language: str) -> float:
    pairs = [(said, found) for said, found in zip(tally.said, tally.short[seconds], strict=True) if found is not None]
    return round(error_rate([said for said, _ in pairs], [found for _, found in pairs], language), 4)


def _by_voice(tally: Tally, language: str) -> dict[str, float]:
    voices = HELD_OUT_VOICES[language]
    return {
        voice: round(error_rate(tally.said[i :: len(voices)], tally.understood[i :: len(voices)], language), 4)
        for i, voice in enumerate(voices)
    }
