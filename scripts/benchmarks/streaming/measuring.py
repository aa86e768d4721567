"""Plays the same interviews to one system after the other, and sums up what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from question_flows.model import Language
from scripts.benchmarks.streaming.capacity import (
    RoundFigures,
    failures_for_finals,
    failures_for_live_words,
    largest,
    round_figures,
)
from scripts.benchmarks.streaming.figures import Figures, language_figures
from scripts.benchmarks.streaming.metrics import streaming_errors
from scripts.benchmarks.streaming.offline import Offline
from scripts.benchmarks.streaming.sound import PacedInterview, Speakers, sounds_without_words
from scripts.benchmarks.streaming.system import System
from scripts.benchmarks.streaming.timeline import Heard, Round

ALONE_SEED = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. alone_s: one paced interview a language. round_s: each interview of a capacity round.

    more: interviews of alone_s a language that our streaming_error is counted over as well. silence_s: of each sound.
    most: interviews at once, at the most.
    """

    alone_s: float = 45.0
    round_s: float = 20.0
    more: int = 12
    silence_s: float = 75.0
    most: int = 256


QUICK = Plan(alone_s=15.0, round_s=10.0, more=2, silence_s=10.0, most=4)


@dataclass(slots=True)
class Result:
    """What was measured of one system."""

    alone: list[Round] = field(default_factory=list)
    languages: dict[str, Figures] = field(default_factory=dict)
    capacity: Figures = field(default_factory=dict)
    most: int = 0
    most_live: int = 0


def both(rounds: Sequence[Round]) -> Round:
    """Rounds played one after the other, as one."""
    heard = tuple(heard for each in rounds for heard in each.heard)
    return Round(heard, sum(each.cpu_s for each in rounds), max(each.late_s for each in rounds))


class Bench:
    """Plays the same interviews to one system after the other."""

    def __init__(self, plan: Plan, offline: Offline) -> None:
        self._plan = plan
        self._offline = offline
        self._speakers = Speakers()

    def measure(self, system: System, *, ours: bool) -> Result:
        """Everything about one system. ours: the one with finals, which is heard more of."""
        result = Result()
        usual: list[Heard] = []
        for language in Language:
            played, accuracy, figures = self._language(system, language, more=self._plan.more if ours else 0)
            result.alone.append(played)
            result.languages[language.whisper] = figures
            usual += accuracy
        together = round_figures(both(result.alone))
        alone = replace(together, errors=tuple(streaming_errors(each) for each in usual))
        self._capacity(system, alone, result, ours=ours)
        return result

    def _language(self, system: System, language: Language, more: int) -> tuple[Round, Sequence[Heard], Figures]:
        interview = self._speakers.interview(language, self._plan.alone_s, ALONE_SEED)
        print(f"{system.name}, {language}: one interview of {interview.seconds:.0f} s", flush=True)
        alone = system.play([interview])
        others = [self._speakers.interview(language, self._plan.alone_s, ALONE_SEED + 1 + k) for k in range(more)]
        print(f"{system.name}, {language}: errors and silence", flush=True)
        accuracy = alone.heard + (system.play(others, paced=False).heard if others else ())
        sounds = dict(sounds_without_words(self._plan.silence_s))
        silence = system.play([PacedInterview(language, sound, ()) for sound in sounds.values()], paced=False)
        offline = self._offline.errors([heard.said for heard in accuracy], language)
        return alone, accuracy, language_figures(alone, accuracy, offline, silence, list(sounds))

    def _capacity(self, system: System, alone: RoundFigures, result: Result, *, ours: bool) -> None:
        rounds: dict[int, RoundFigures] = {}

        def played(count: int) -> RoundFigures:
            if count not in rounds:
                rounds[count] = round_figures(system.play(self._interviews(count)))
                print(f"{system.name}, capacity: {rounds[count].described()}", flush=True)
            return rounds[count]

        def carries_finals(count: int) -> bool:
            return not failures_for_finals(played(count), alone)

        def carries_live_words(count: int) -> bool:
            return not failures_for_live_words(played(count), alone)

        most_live = largest(carries_live_words, self._plan.most)
        most = largest(carries_finals, self._plan.most) if ours else most_live
        shown = rounds.get(most)
        result.most, result.most_live = most, most_live
        result.capacity = {
            "max_interviews": most,
            "max_interviews_live_words": most_live,
            "lost_finals": shown.lost_finals if ours and shown else None,
            "dropped_partials": shown.dropped_partials if ours and shown else None,
            "spread_ms": shown.described()["spread_ms"] if shown else None,
            "rounds": [
                {
                    **figures.described(),
                    "failed_for_finals": failures_for_finals(figures, alone),
                    "failed_for_live_words": failures_for_live_words(figures, alone),
                }
                for _, figures in sorted(rounds.items())
            ],
        }

    def _interviews(self, count: int) -> list[PacedInterview]:
        """Both languages in turn; every interview of every round has its own sentences, pauses and level."""
        languages = list(Language)
        return [
            self._speakers.interview(languages[k % len(languages)], self._plan.round_s, seed=count * 10_000 + k)
            for k in range(count)
        ]
