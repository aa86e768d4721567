"""What a listener saw of one interview, and when: the one form that ours and the peers are measured in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.benchmarks.streaming.sound import PacedInterview
from scripts.voice_model.espeak import split_words

Tokens = tuple[str, ...]


def tokens(text: str) -> Tokens:
    """Lower-case words (Chinese: characters) without punctuation, as the true words are written."""
    return tuple(word.lower() for word, _ in split_words(text))


@dataclass(frozen=True, slots=True)
class Sight:
    """What was shown from `at_s` on, of the whole interview so far. Seconds since its first sample was due."""

    at_s: float
    committed: Tokens
    tentative: Tokens

    @property
    def visible(self) -> Tokens:
        """Everything shown."""
        return self.committed + self.tentative


@dataclass(frozen=True, slots=True)
class Final:
    """An utterance that our pipeline ended.

    speech_end_s: where it believes that the voice ended. ended_at_s: when the endpoint was decided and the utterance
    handed on. received_at_s: when the listener had its words. compute_ms: engine time after the endpoint that this
    final had to wait for; 0 when a provisional decode was used again.
    """

    speech_end_s: float
    ended_at_s: float
    received_at_s: float
    compute_ms: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """One interview as it was seen.

    sights: in order of time, each different from the one before. finals: ours only. lags_s: for each decode, from the
    moment its last sample was due to its result; empty where a system does not tell. lost_finals, dropped_partials:
    ours only.
    """

    sights: tuple[Sight, ...]
    finals: tuple[Final, ...] = ()
    lags_s: tuple[float, ...] = ()
    lost_finals: int = 0
    dropped_partials: int = 0

    @property
    def text(self) -> Tokens:
        """What stood there in the end. Nothing is tentative by then: every driver ends with a committing sight."""
        return self.sights[-1].committed if self.sights else ()


@dataclass(frozen=True, slots=True)
class Heard:
    """One interview: what was said, and what was seen of it."""

    said: PacedInterview
    seen: Timeline


@dataclass(frozen=True, slots=True)
class Round:
    """Some interviews heard at once by one system, paced as they are spoken.

    cpu_s: user and system time of the system's process from the first sample to the last result (loading the model
    is left out; everything else is in: decoding, voice detection, audio buffers, pacing where it is in the process).
    engine_s: what our engine itself counts as computing; None for peers. late_s: 95th percentile of how much later
    than due the sound was given to the system.
    """

    heard: tuple[Heard, ...]
    cpu_s: float
    late_s: float
    engine_s: float | None = None

    @property
    def sound_s(self) -> float:
        """Seconds of sound in all interviews."""
        return sum(heard.said.seconds for heard in self.heard)


class Watch:
    """Collects sights of one interview; what does not change anything is no sight."""

    def __init__(self) -> None:
        self.sights: list[Sight] = []

    def see(self, at_s: float, committed: str, tentative: str) -> None:
        """Notes what is shown now, as text."""
        sight = Sight(at_s, tokens(committed), tokens(tentative))
        before = self.sights[-1] if self.sights else Sight(0.0, (), ())
        if (sight.committed, sight.tentative) != (before.committed, before.tentative):
            self.sights.append(sight)


def timeline_of(noted: Mapping[str, Sequence[Any]]) -> Timeline:
    """From a peer's own notes: "sights" as [at_s, committed text, tentative text], "lags_s"."""
    watch = Watch()
    for at_s, committed, tentative in noted["sights"]:
        watch.see(float(at_s), str(committed), str(tentative))
    return Timeline(tuple(watch.sights), lags_s=tuple(float(lag) for lag in noted["lags_s"]))
