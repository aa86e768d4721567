"""Turns windows into batches: token sequences as Whisper frames them, and where each was spoken."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from scripts.voice_model.recordings import read_shard
from scripts.voice_model.tokens import EXTRA_TEXTS, TIMESTAMP_STEP_S, SpecialTokens
from scripts.voice_model.windows import Utterance, Window, WindowComposer

FRAMES_A_BATCH = 6400
IGNORED = -100
Span = tuple[int, int]
_NOWHERE = (-1, -1)
# Few lengths, all multiples of 64, for speed: a new shape costs time, and odd ones are slow.
_LENGTHS = ((192, 6), (256, 8), (320, 10), (384, 12), (512, 18), (640, 14), (832, 22), (1024, 4), (1536, 8), (3000, 2))
_LATEST_FIRST_TIMESTAMP = 50  # 1 s: decoders forbid a later one


@dataclass(frozen=True, slots=True)
class Batch:
    """features b×mels×frames; tokens and targets b×length; focus b×length×2 (frames of 20 ms, -1: unknown).

    frames b×frames/2: the class of the token spoken in each frame of 20 ms, 0 for none, IGNORED in cut words.
    """

    features: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    focus: npt.NDArray[np.int64]
    frames: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Sequence:
    """Decoder inputs, what each should be answered by, and where (20 ms frames) that was spoken."""

    tokens: list[int]
    targets: list[int]
    focus: list[Span]


class Batches:
    """Endless batches; takes in new shards of the folder as they appear."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, classes: dict[int, int], seed: int) -> None:
        self._folder = folder
        self._rng = random.Random(seed)
        self._special = SpecialTokens.of(tokenizer)
        self._composer = WindowComposer(random.Random(seed + 1))
        self._chinese_prompt = tokenizer.encode(EXTRA_TEXTS[0], add_special_tokens=False).ids
        self._classes = classes

    def _frames(self, window: Window) -> npt.NDArray[np.int64]:
        frames = np.zeros(len(window.features) // 2, np.int64)
        for first, last in window.partial:
            frames[first // 2 : last // 2 + 1] = IGNORED
        for utterance in window.utterances:
            spoken = utterance.ends > utterance.starts
            for (token, first, last), is_word in zip(_spans(utterance), spoken, strict=True):
                if is_word:
                    frames[first:last] = self._classes[token]
        return frames

    def __iter__(self) -> Iterator[Batch]:
        read: set[Path] = set()
        for count in itertools.count():
            if count % 50 == 0:
                for path in sorted(set(self._folder.glob("shard???.npz")) - read)[: 2 if read else 6]:
                    self._composer.add(read_shard(path))
                    read.add(path)
            yield self._batch()

    def _batch(self) -> Batch:
        rng = self._rng
        longest = 512 if self._composer.hardness < 0.5 else 3000
        lengths = [(length, share) for length, share in _LENGTHS if length <= longest]
        target = rng.choices([length for length, _ in lengths], [share for _, share in lengths])[0]
        windows = [self._composer.window(target) for _ in range(max(2, min(40, FRAMES_A_BATCH // target)))]
        sequences = [self._sequence(window) for window in windows]
        width = -(-max(len(sequence.tokens) for sequence in sequences) // 16) * 16
        tokens = np.full((len(windows), width), self._special.end)
        targets = np.full((len(windows), width), IGNORED)
        focus = np.full((len(windows), width, 2), -1)
        for row, sequence in enumerate(sequences):
            length = len(sequence.tokens)
            tokens[row, :length] = sequence.tokens
            targets[row, :length] = sequence.targets
            focus[row, :length] = sequence.focus
        return Batch(
            features=np.stack([window.features.T for window in windows]),
            tokens=tokens,
            targets=targets,
            focus=focus,
            frames=np.stack([self._frames(window) for window in windows]),
        )

    def _sequence(self, window: Window) -> _Sequence:
        """prompt?, start, language, transcribe, text with or without timestamps, end."""
        rng, special = self._rng, self._special
        head = self._prompt(window) if rng.random() < 0.15 else []
        language = special.languages[window.language or rng.choice(list(special.languages))]
        prefix = [*head, special.start, language, special.transcribe]
        targets = [IGNORED] * len(prefix)
        if not window.doubtful:
            targets[len(head)] = language if window.language else special.no_speech
        if rng.random() < 0.35:
            prefix.append(special.no_timestamps)
            targets.append(IGNORED)
            body = [(token, (first, last)) for u in window.utterances for token, first, last in _spans(u)]
        else:
            body = self._timed(window)
        last = body[-1][1][1] if body else -1
        body.append((special.end, (last, last + 25) if last >= 0 else _NOWHERE))
        return _Sequence(
            tokens=prefix + [token for token, _ in body[:-1]],
            targets=targets[:-1] + [token for token, _ in body],
            focus=[_NOWHERE] * (len(targets) - 1) + [span for _, span in body],
        )

    def _timed(self, window: Window) -> list[tuple[int, Span]]:
        """Segments between timestamps: one for each utterance, or one for all of them."""
        special, rng = self._special, self._rng
        utterances = [list(_spans(utterance)) for utterance in window.utterances]
        if not utterances:
            return [(special.first_timestamp, _NOWHERE)]
        if rng.random() < 0.3:
            utterances = [[token for utterance in utterances for token in utterance]]
        body: list[tuple[int, Span]] = []
        for number, utterance in enumerate(utterances):
            first, last = utterance[0][1], utterance[-1][2]
            opening = first if number else min(first, _LATEST_FIRST_TIMESTAMP)
            if not number and rng.random() < 0.15:
                opening = 0
            body.append((special.first_timestamp + opening, (first, first + 5)))
            body += [(token, (start, end)) for token, start, end in utterance]
            body.append((special.first_timestamp + last, (last, last + 10)))
        return body

    def _prompt(self, window: Window) -> list[int]:
        """<|startofprev|> and words that were said before, or may be said: terms, or another utterance."""
        rng = self._rng
        language = window.language or rng.choice(list(self._special.languages))
        kind = rng.random()
        if language == "zh-CN" and kind < 0.3:
            words = list(self._chinese_prompt)
        else:
            others = [rng.choice(self._composer.speech[language]).tokens for _ in range(rng.randint(1, 4))]
            if kind < 0.5:
                words = [int(token) for other in others for token in other]
            else:
                words = [int(token) for other in others for token in rng.sample(list(other), min(5, len(other)))]
        return [self._special.previous, *words[-60:]]


def _spans(utterance: Utterance) -> Iterator[tuple[int, int, int]]:
    """Tokens with their first and last frames of 20 ms, the step of timestamps and of the encoder."""
    step = round(TIMESTAMP_STEP_S * 100)
    for token, start, end in zip(utterance.tokens, utterance.starts, utterance.ends, strict=True):
        yield int(token), int(start) // step, -(-int(end) // step)


def class_of_token(tokenizer: Tokenizer, answers: dict[str, list[str]]) -> dict[int, int]:
    """Class of each token of the answers; 0 is for frames without speech."""
    texts = [" " * (language == "en") + text for language, found in answers.items() for text in found]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    used = sorted({token for encoding in encodings for token in encoding.ids})
    return {token: number for number, token in enumerate(used, 1)}
