"""The sound of the transcription benchmark: interviews with true word times, and sounds without a word. By seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.frames import FRAME_MS, SAMPLE_RATE
from question_flows.model import Language
from scripts.benchmarks.voice_model import BIT_RATE, held_out_sentences
from scripts.voice_model.espeak import Voice, speak_with_times
from scripts.voice_model.noises import breath, clicks
from scripts.voice_model.recordings import through_network
from scripts.voice_model.voices import HELD_OUT_VOICES

Sound = NDArray[np.int16]

TAIL_S = 3.0
"""Silence at the end of every interview: what comes late still counts as heard live."""
LEVELS_DB = (-15.0, 0.0)
"""A candidate's level against espeak-ng's own, which is loud."""
ROOM_DBFS = (-70.0, -58.0)
"""The noise of a candidate's room: no microphone gives digital silence."""
_LONG_UTTERANCE_SHARE = 0.3
_SENTENCES_A_VOICE = 12


@dataclass(frozen=True, slots=True)
class TrueWord:
    """A spoken word (Chinese: character), lower-case; seconds since the interview's first sample."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SpokenUtterance:
    """What is said between two long pauses."""

    text: str
    words: tuple[TrueWord, ...]


@dataclass(frozen=True, slots=True)
class PacedInterview:
    """One candidate: int16 at 16 kHz, whole frames of 20 ms, and what is truly said in it."""

    language: Language
    samples: Sound
    utterances: tuple[SpokenUtterance, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def words(self) -> tuple[TrueWord, ...]:
        """All words, in order."""
        return tuple(word for utterance in self.utterances for word in utterance.words)


@dataclass(frozen=True, slots=True)
class _Clip:
    text: str
    samples: Sound
    words: tuple[TrueWord, ...]


class Speakers:
    """Held-out sentences of held-out voices after an Opus round trip; each is spoken once and used again."""

    def __init__(self) -> None:
        self._clips: dict[tuple[Language, str], list[_Clip]] = {}

    def interview(self, language: Language, seconds: float, seed: int) -> PacedInterview:
        """About `seconds` of one candidate: pauses of 0.6-3 s between utterances, 0.2-0.5 s within the longer ones."""
        rng = random.Random(f"{language}-{seed}")
        clips = self._of_voice(language, HELD_OUT_VOICES[language][seed % len(HELD_OUT_VOICES[language])])
        order = rng.sample(clips, len(clips))
        made = _Interview(pause=rng.uniform(0.5, 2.5))
        drawn = 0
        while made.seconds < seconds - TAIL_S:
            count = rng.choice((2, 3)) if rng.random() < _LONG_UTTERANCE_SHARE else 1
            made.say([order[(drawn + k) % len(order)] for k in range(count)], rng)
            drawn += count
            made.pause(rng.uniform(0.6, 3.0))
        made.pause(TAIL_S)
        return made.finished(language, rng)

    def _of_voice(self, language: Language, voice: str) -> list[_Clip]:
        if (language, voice) not in self._clips:
            voices = HELD_OUT_VOICES[language]
            texts = held_out_sentences(language, _SENTENCES_A_VOICE * len(voices), seed=1)
            own = texts[voices.index(voice) :: len(voices)]
            self._clips[language, voice] = [_clip(text, voice) for text in own]
        return self._clips[language, voice]


class _Interview:
    """Sound and true times while they are put together."""

    def __init__(self, pause: float) -> None:
        self._pieces: list[Sound] = []
        self._count = 0
        self._utterances: list[SpokenUtterance] = []
        self.pause(pause)

    @property
    def seconds(self) -> float:
        return self._count / SAMPLE_RATE

    def pause(self, seconds: float) -> None:
        self._add(np.zeros(round(seconds * SAMPLE_RATE), np.int16))

    def say(self, clips: list[_Clip], rng: random.Random) -> None:
        words: list[TrueWord] = []
        for index, clip in enumerate(clips):
            if index:
                self.pause(rng.uniform(0.2, 0.5))
            words += [TrueWord(w.text, w.start_s + self.seconds, w.end_s + self.seconds) for w in clip.words]
            self._add(clip.samples)
        self._utterances.append(SpokenUtterance(" ".join(clip.text for clip in clips), tuple(words)))

    def finished(self, language: Language, rng: random.Random) -> PacedInterview:
        """With the candidate's level and the noise of their room."""
        joined = np.concatenate(self._pieces).astype(np.float32) * 10 ** (rng.uniform(*LEVELS_DB) / 20)
        room = np.random.default_rng(rng.getrandbits(32)).standard_normal(len(joined)).astype(np.float32)
        mixed = joined + room * (32768 * 10 ** (rng.uniform(*ROOM_DBFS) / 20))
        return PacedInterview(language, whole_frames(mixed), tuple(self._utterances))

    def _add(self, samples: Sound) -> None:
        self._pieces.append(samples)
        self._count += len(samples)


def _clip(text: str, voice: str) -> _Clip:
    """The sentence without the silence before its first and behind its last word."""
    speech = speak_with_times(text, Voice.parse(voice))
    samples = through_network(speech.samples, speech.rate_hz, BIT_RATE)
    begin_s, end_s = speech.words[0].start_s, speech.words[-1].end_s + 0.05
    words = tuple(TrueWord(w.text.lower(), w.start_s - begin_s, w.end_s - begin_s) for w in speech.words)
    return _Clip(text, samples[round(begin_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)], words)


def whole_frames(samples: NDArray[np.float32]) -> Sound:
    """As int16, with silence up to a whole frame."""
    frame = SAMPLE_RATE * FRAME_MS // 1000
    return np.pad(np.clip(samples, -32768, 32767).astype(np.int16), (0, -len(samples) % frame))


def sounds_without_words(seconds: float, seed: int = 0) -> Iterator[tuple[str, Sound]]:
    """(name, sound) of near-silence, keyboard noise, breath and babble, `seconds` of each."""
    rng = np.random.default_rng(seed)
    count = round(seconds * SAMPLE_RATE)
    makers: dict[str, Callable[[], NDArray[np.float64]]] = {
        "silence": lambda: at_level(rng.standard_normal(count), -65),
        "keyboard": lambda: at_level(clicks(count, rng), -35),
        "breath": lambda: at_level(breath(count, rng), -38),
        "babble": lambda: at_level(_babble(count, rng), -45),
    }
    for name, make in makers.items():
        yield name, whole_frames(make().astype(np.float32))


def at_level(sound: NDArray[np.float64], dbfs: float) -> NDArray[np.float64]:
    """The sound at this mean level, decibels below full scale."""
    return np.asarray(sound / (np.sqrt(np.mean(sound**2)) + 1e-9) * 10 ** (dbfs / 20) * 32768)


def _babble(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Ten people who talk at once in another room: nobody's words can be told."""
    sound = np.zeros(count)
    texts = held_out_sentences(Language.ENGLISH, 40, seed=2)
    for speaker in range(10):
        voice = HELD_OUT_VOICES[Language.ENGLISH][speaker % len(HELD_OUT_VOICES[Language.ENGLISH])]
        spoken = [_clip(texts[(speaker * 4 + k) % len(texts)], voice).samples for k in range(4)]
        track = np.tile(np.concatenate(spoken), 1 + count // sum(map(len, spoken)))
        sound += np.roll(track, int(rng.integers(len(track))))[:count]
    return sound
