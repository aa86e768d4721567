"""Synthesises shards of labelled speech: log-mel features, tokens, and when each token was spoken."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from scripts.voice_model.corpus import LANGUAGES, SentenceMaker
from scripts.voice_model.espeak import Speech, speak_with_times
from scripts.voice_model.features import FRAMES_PER_SECOND, RATE_HZ, Features, MelExtractor
from scripts.voice_model.noises import noise
from scripts.voice_model.speak import resample
from scripts.voice_model.voices import OPUS_RATE_HZ, opus_round_trip, training_voice

OPUS_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Recording:
    """One utterance: features (frames × mels), token ids, and each token's first and last frame (10 ms)."""

    language: str
    features: Features
    tokens: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]


def through_network(samples: npt.NDArray[np.int16], rate_hz: int, bit_rate: int | None) -> npt.NDArray[np.int16]:
    """Speech at 16 kHz, after an Opus round trip at 48 kHz if a bit rate is given."""
    if bit_rate is None:
        return resample(samples, rate_hz, RATE_HZ)
    decoded = opus_round_trip(resample(samples, rate_hz, OPUS_RATE_HZ), bit_rate)
    return resample(decoded, OPUS_RATE_HZ, RATE_HZ)


def token_times(
    tokenizer: Tokenizer, text: str, language: str, speech: Speech
) -> tuple[list[int], list[tuple[float, float]]]:
    """Token ids of `text`, and each one's start and end in seconds; punctuation stands at its word's end."""
    lead = " " if language == "en" else ""
    encoding = tokenizer.encode(lead + text, add_special_tokens=False)
    times: list[tuple[float, float]] = []
    end_s = 0.0
    for start, stop in encoding.offsets:
        words = [
            w for w in speech.words if w.position + len(lead) < stop and w.position + len(lead) + len(w.text) > start
        ]
        if words:
            end_s = words[-1].end_s
        times.append((words[0].start_s, end_s) if words else (end_s, end_s))
    return list(encoding.ids), times


def record(tokenizer: Tokenizer, text: str, language: str, rng: random.Random, mel: MelExtractor) -> Recording:
    """Speak `text` with a drawn voice, level and bit rate."""
    speech = speak_with_times(text, training_voice(language, rng))
    gained = speech.samples.astype(np.float32) * 10 ** (rng.uniform(-20, 4) / 20)
    samples = np.clip(gained, -32768, 32767).astype(np.int16)
    bit_rate = rng.choice((16_000, 24_000, 24_000, 32_000)) if rng.random() < OPUS_SHARE else None
    ids, times = token_times(tokenizer, text, language, speech)
    frames = np.array(times, np.float64).reshape(-1, 2) * FRAMES_PER_SECOND
    return Recording(
        language=language,
        features=mel(through_network(samples, speech.rate_hz, bit_rate)),
        tokens=np.array(ids, np.int32),
        starts=np.floor(frames[:, 0]).astype(np.int32),
        ends=np.ceil(frames[:, 1]).astype(np.int32),
    )


def make_shard(path: Path, answers: dict[str, list[str]], tokenizer: Tokenizer, seed: int, seconds: float) -> None:
    """Write about `seconds` of speech, and a twelfth of that of noises, none of it from held-out sentences."""
    rng, mel = random.Random(seed), MelExtractor()
    makers = {language: SentenceMaker(language, answers[language], rng) for language in LANGUAGES}
    recordings: list[Recording] = []
    remaining = seconds
    while remaining > 0:
        language = rng.choice(LANGUAGES)
        text = makers[language].sentence()
        if not makers[language].may_train(text):
            continue
        recordings.append(record(tokenizer, text, language, rng, mel))
        remaining -= len(recordings[-1].features) / FRAMES_PER_SECOND
    generator = np.random.default_rng(seed)
    nothing = np.zeros(0, np.int32)
    for _ in range(int(seconds / 12 / 10)):
        samples = noise(10.0, generator)
        if generator.random() < OPUS_SHARE:
            samples = through_network(samples, RATE_HZ, 24_000)
        recordings.append(Recording("", mel(samples), nothing, nothing, nothing))
    write_shard(path, recordings)


def write_shard(path: Path, recordings: list[Recording]) -> None:
    """Save recordings as one NumPy archive; it appears whole or not at all."""
    unfinished = path.with_suffix(".part.npz")
    np.savez(
        unfinished,
        features=np.concatenate([r.features for r in recordings]).astype(np.float16),
        tokens=np.concatenate([r.tokens for r in recordings]),
        starts=np.concatenate([r.starts for r in recordings]),
        ends=np.concatenate([r.ends for r in recordings]),
        lengths=np.array([(len(r.features), len(r.tokens)) for r in recordings]),
        languages=np.array([r.language for r in recordings]),
    )
    unfinished.rename(path)


def read_shard(path: Path) -> list[Recording]:
    """The recordings of a shard; features stay half precision."""
    with np.load(path) as shard:
        data = {name: shard[name] for name in shard.files}
    recordings = []
    frame = token = 0
    for (frames, tokens), language in zip(data["lengths"], data["languages"], strict=True):
        part = slice(token, token + tokens)
        recordings.append(
            Recording(
                str(language),
                data["features"][frame : frame + frames],
                *(data[name][part] for name in ("tokens", "starts", "ends")),
            )
        )
        frame, token = frame + frames, token + tokens
    return recordings
