"""Composes training windows of recordings: cut, padded, noisy, louder and softer, faster and slower."""

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts.voice_model.corpus import LANGUAGES
from scripts.voice_model.features import FLOOR, MELS, Features, normalise
from scripts.voice_model.recordings import Recording

EASY_WINDOWS = 40_000
_CUT_TOLERANCE = 3  # frames of 10 ms that a word spoken to its end may still lack
_PAUSE = 15  # frames of silence that show a full stop or comma


@dataclass(frozen=True, slots=True)
class Utterance:
    """Tokens heard in a window, all of one utterance, with their first and last frames (10 ms)."""

    tokens: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Window:
    """Normalised features, frames × mels, of `target` frames; language "" where nobody speaks.

    `doubtful`: speech begins too late in the window to tell whether anybody speaks.
    `partial`: first and last frames of words that the window's ends cut.
    """

    features: Features
    language: str
    utterances: tuple[Utterance, ...]
    doubtful: bool = False
    partial: tuple[tuple[int, int], ...] = ()


class WindowComposer:
    """Draws windows from recordings (which the caller may extend as more become ready)."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._numbers = np.random.default_rng(rng.randrange(2**32))
        self.speech: dict[str, list[Recording]] = {language: [] for language in LANGUAGES}
        self.noises: list[Recording] = []
        self._made = 0

    def add(self, recordings: list[Recording]) -> None:
        """Make recordings available."""
        for recording in recordings:
            (self.speech[recording.language] if recording.language else self.noises).append(recording)

    @property
    def hardness(self) -> float:
        """How much is done to the speech: from 0 to 1 over the first windows, as clear speech is learnt faster."""
        return min(1.0, self._made / EASY_WINDOWS)

    def window(self, target: int) -> Window:
        """A window of `target` frames: speech, or in one of twelve cases none."""
        self._made += 1
        if self._rng.random() < 1 / 12:
            return self._silence(target)
        rng = self._rng
        language = rng.choice(LANGUAGES)
        canvas, utterances = self._speech(language, int(rng.uniform(0.4, 0.9) * target))
        start, stop = self._cut(len(canvas), target)
        heard = tuple(cut for u in utterances if len((cut := _heard(u, start, stop)).tokens))
        spoken = sum(int(np.clip(u.ends, start, stop).max() - np.clip(u.starts, start, stop).min()) for u in utterances)
        partial = tuple(span for u in utterances for span in _partial(u, start, stop))
        canvas = canvas[start:stop]
        if rng.random() < 0.5 * self.hardness:
            canvas = self._with_noise(canvas, rng.uniform(1.5, 5.5))
        features = self._masked(normalise(self._coloured(canvas)))
        return Window(self._padded(features, target), language, heard, spoken < 25, partial)

    def _speech(self, language: str, content: int) -> tuple[Features, list[Utterance]]:
        """Utterances one after the other with silence between, before and after; at least one of them."""
        rng = self._rng
        pace, bend = self._pace_and_bend()
        position = rng.randint(0, 30) if rng.random() < 0.6 else rng.randint(0, 150)
        pieces: list[tuple[int, Features]] = []
        utterances: list[Utterance] = []
        while not pieces or position < content:
            recording = rng.choice(self.speech[language])
            features = _warped(recording.features.astype(np.float32), pace, bend)
            pieces.append((position, features))
            times = [position + np.rint(t * pace).astype(np.int32) for t in (recording.starts, recording.ends)]
            utterances.append(Utterance(recording.tokens, times[0], times[1]))
            position += len(features) + rng.choice((rng.randint(5, 40), rng.randint(20, 150)))
        trailing = rng.choice((0, rng.randint(0, 60), rng.randint(20, 200)))
        total = pieces[-1][0] + len(pieces[-1][1]) + trailing
        canvas = np.full((total, MELS), FLOOR, np.float32)
        for start, features in pieces:
            canvas[start : start + len(features)] = features
        return canvas, utterances

    def _cut(self, total: int, target: int) -> tuple[int, int]:
        """Where the window begins and ends: often within an utterance, as a stream's windows do."""
        rng = self._rng
        start = rng.randint(0, total // 2) if rng.random() < 0.12 else 0
        stop = total
        if total > target and rng.random() < 0.4:
            start = rng.randint(0, total - target)
        if rng.random() < 0.3:
            stop = rng.randint(start + (total - start) // 4, total)
        return start, max(start + 20, min(stop, start + target))

    def _pace_and_bend(self) -> tuple[float, float]:
        rng = self._rng
        pace = rng.uniform(0.87, 1.15) if rng.random() < 0.4 * self.hardness else 1.0
        bend = rng.uniform(0.95, 1.05) if rng.random() < 0.5 * self.hardness else 1.0
        return pace, bend

    def _silence(self, target: int) -> Window:
        length = self._rng.randint(min(50, target), target)
        canvas = np.full((length, MELS), FLOOR, np.float32)
        if self._rng.random() < 0.8:
            canvas = np.maximum(canvas, self._noise(length))
        canvas = np.maximum(canvas + self._rng.uniform(-2, 1), FLOOR)
        return Window(self._padded(normalise(canvas), target), "", ())

    def _noise(self, length: int) -> Features:
        recording = self._rng.choice(self.noises).features
        start = self._rng.randrange(len(recording))
        rows = (start + np.arange(length)) % len(recording)
        return np.asarray(recording[rows], np.float32)

    def _with_noise(self, canvas: Features, decades: float) -> Features:
        """Add noise whose loud parts lie `decades` of power below those of the speech."""
        noise = self._noise(len(canvas))
        gap = np.percentile(canvas.max(axis=1), 90) - np.percentile(noise.max(axis=1), 90)
        noise = noise + np.float32(gap - decades)
        return np.asarray(np.log10(10.0**canvas + 10.0**noise), np.float32)

    def _coloured(self, canvas: Features) -> Features:
        """Change gain (-20 to +6 dB) and, in half of the cases, the balance of the bands."""
        rng = self._rng
        gain = np.full(MELS, rng.uniform(-2.0, 0.6), np.float32)
        if rng.random() < 0.5 * self.hardness:
            bands = np.linspace(0, 1, MELS, dtype=np.float32)
            gain += np.interp(bands, np.linspace(0, 1, 5), self._numbers.normal(0, 0.3, 5)).astype(np.float32)
        if rng.random() < 0.15:
            gain[rng.randint(55, 78) :] -= rng.uniform(1, 5)
        if rng.random() < 0.15:
            gain[: rng.randint(1, 5)] -= rng.uniform(1, 4)
        return np.asarray(np.maximum(canvas + gain, FLOOR), np.float32)

    def _masked(self, features: Features) -> Features:
        """Blank bands and moments (SpecAugment, Park et al. 2019, arXiv 1904.08779)."""
        rng = self._rng
        if rng.random() > 0.5 * self.hardness:
            return features
        mean = features.mean()
        for _ in range(rng.randint(0, 2)):
            band = rng.randint(0, MELS - 10)
            features[:, band : band + rng.randint(1, 10)] = mean
        for _ in range(len(features) // 150):
            moment = rng.randint(0, len(features))
            features[moment : moment + rng.randint(1, 8)] = mean
        return features

    def _padded(self, features: Features, target: int) -> Features:
        """Pad with zeros, as faster-whisper pads features, or with silence."""
        padded = np.zeros((target, MELS), np.float32)
        if self._rng.random() < 0.5:
            padded[:] = features.min()
        padded[: len(features)] = features[:target]
        return padded


def _warped(features: Features, pace: float, bend: float) -> Features:
    """Stretch time by `pace` and the mel axis by `bend`, to the nearest frame and between bands."""
    if pace != 1.0:
        rows = np.minimum(np.arange(int(len(features) * pace)) / pace, len(features) - 1)
        features = features[np.rint(rows).astype(np.int32)]
    if bend != 1.0:
        bands = np.minimum(np.arange(MELS) * bend, MELS - 1.001)
        lower = bands.astype(np.int32)
        share = (bands - lower).astype(np.float32)
        features = features[:, lower] * (1 - share) + features[:, lower + 1] * share
    return features


def _partial(utterance: Utterance, start: int, stop: int) -> list[tuple[int, int]]:
    """Spans, in frames of the window, of the words that are heard but not whole."""
    return [
        (max(0, int(first) - start), min(stop, int(last)) - start)
        for first, last in zip(utterance.starts, utterance.ends, strict=True)
        if first < stop and last > start and (first < start or last > stop)
    ]


def _heard(utterance: Utterance, start: int, stop: int) -> Utterance:
    """The tokens spoken whole between two frames; punctuation only where its pause is heard."""
    starts, ends = utterance.starts, utterance.ends
    inside = (starts >= start - _CUT_TOLERANCE) & (ends <= stop + _CUT_TOLERANCE)
    punctuation = starts == ends
    following = np.append(starts[1:], ends[-1:] + 10**6)
    shown = (ends > start) & ((following <= stop - 5) | (ends + _PAUSE <= stop))
    keep = inside & (~punctuation | shown)
    words = np.flatnonzero(keep & ~punctuation)
    keep[: words[0] if words.size else len(keep)] = False
    limits = [np.clip(times[keep] - start, 0, stop - start).astype(np.int32) for times in (starts, ends)]
    return Utterance(utterance.tokens[keep], limits[0], limits[1])
