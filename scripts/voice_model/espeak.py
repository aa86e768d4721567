"""Binding of libespeak-ng: speech of a text with the true times of its words (or Chinese characters)."""

import ctypes
import functools
import threading
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LIBRARY = "libespeak-ng.so.1"
_SYNCHRONOUS, _UTF8, _POSITION_CHARACTER = 2, 1, 1
_WORD_EVENT, _END_OF_EVENTS = 1, 0
_RATE, _PITCH, _PITCH_RANGE = 1, 3, 4
_AUDIBLE = 200  # of 32768: below this espeak-ng's output counts as silence
_LOCK = threading.Lock()  # the library keeps its state in globals


class SynthesiserMissing(RuntimeError):
    """espeak-ng, or one of its voices, is not installed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of espeak-ng: `name` as `language+variant`, rate in words per minute, pitch and its range 0-99."""

    name: str
    rate_wpm: int = 155
    pitch: int = 50
    pitch_range: int = 50

    @classmethod
    def parse(cls, text: str) -> "Voice":
        """Read `name[/rate[/pitch[/range]]]`, such as `en-us+f3/150/55`; ValueError when a number is none."""
        name, *numbers = text.split("/")
        return cls(name, *(int(number) for number in numbers))


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word without its punctuation, where it stands in the text (characters), and its times in seconds."""

    text: str
    position: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Speech:
    """Mono int16 `samples` at `rate_hz`, and the words spoken in them, in order."""

    samples: npt.NDArray[np.int16]
    rate_hz: int
    words: tuple[SpokenWord, ...]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Library:
    """The loaded library; collects what its callback delivers. Use under `_LOCK` only."""

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise SynthesiserMissing("espeak-ng is not installed: install the package espeak-ng") from error
        self.rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
        if self.rate_hz <= 0:
            raise SynthesiserMissing("espeak-ng found no voice data: install the package espeak-ng-data")
        self._pieces: list[npt.NDArray[np.int16]] = []
        self._marks: list[tuple[int, int]] = []
        self._callback = _Callback(self._collect)  # kept: the library holds a bare pointer to it
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, wave: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
        if wave and count:
            self._pieces.append(np.ctypeslib.as_array(wave, (count,)).astype(np.int16))
        index = 0
        while events[index].type != _END_OF_EVENTS:
            if events[index].type == _WORD_EVENT:
                self._marks.append((events[index].text_position - 1, events[index].sample))
            index += 1
        return 0

    def synthesise(self, text: str, voice: Voice) -> tuple[npt.NDArray[np.int16], list[tuple[int, int]]]:
        """Samples, and (position in the text, sample) of each word begun."""
        self._pieces, self._marks = [], []
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise SynthesiserMissing(f"espeak-ng has no voice {voice.name!r}: see espeak-ng --voices")
        self._library.espeak_SetParameter(_RATE, voice.rate_wpm, 0)
        self._library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        self._library.espeak_SetParameter(_PITCH_RANGE, voice.pitch_range, 0)
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)
        return samples, self._marks


_library = functools.cache(_Library)


def split_words(text: str) -> list[tuple[str, int]]:
    """Words without punctuation and their positions: letters between spaces, or one Chinese character each."""
    words: list[tuple[str, int]] = []
    start = 0
    for index, character in enumerate(text + " "):
        if _is_word_letter(character) and not _is_chinese(character):
            continue
        if text[start:index].strip("'’-"):
            words.append((text[start:index], start))
        if _is_chinese(character):
            words.append((character, index))
        start = index + 1
    return words


def _is_word_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or character in "'’-"


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def speak_with_times(text: str, voice: Voice) -> Speech:
    """Synthesise `text`; a word's end is its last audible sample before the next word begins."""
    with _LOCK:
        library = _library()
        samples, marks = library.synthesise(text, voice)
    spans = _word_starts(split_words(text), marks)
    words = []
    for index, (word, position, start) in enumerate(spans):
        limit = spans[index + 1][2] if index + 1 < len(spans) else len(samples)
        audible = np.flatnonzero(np.abs(samples[start:limit].astype(np.int32)) > _AUDIBLE)
        end = start + int(audible[-1]) + 1 if audible.size else limit
        words.append(SpokenWord(word, position, start / library.rate_hz, end / library.rate_hz))
    return Speech(samples, library.rate_hz, tuple(words))


def _word_starts(words: list[tuple[str, int]], marks: list[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """Give each word its first mark; words espeak-ng speaks in one go share the time by their letters."""
    starts: list[int | None] = [None] * len(words)
    index = 0
    for position, sample in marks:
        while index < len(words) and words[index][1] + len(words[index][0]) <= position:
            index += 1
        if index < len(words) and starts[index] is None:
            starts[index] = sample
    return _interpolated(words, starts, marks)


def _interpolated(
    words: list[tuple[str, int]], starts: list[int | None], marks: list[tuple[int, int]]
) -> list[tuple[str, int, int]]:
    known = [index for index, start in enumerate(starts) if start is not None]
    if not known:
        return []
    result: list[tuple[str, int, int]] = []
    for index, (word, position) in enumerate(words):
        start = starts[index]
        if start is None:
            before = max((k for k in known if k < index), default=known[0])
            after = min((k for k in known if k > index), default=None)
            first = starts[before] or 0
            last = starts[after] if after is not None else None
            end = last if last is not None else max(first, marks[-1][1])
            letters = [len(words[k][0]) for k in range(before, after if after is not None else len(words))]
            start = first + (end - first) * sum(letters[: index - before]) // sum(letters)
        result.append((word, position, start))
    return result
