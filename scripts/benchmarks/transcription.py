"""Streaming transcription: errors, latencies, stability, cost and capacity of ours and, if asked, of two others.

All hear the same sound (streaming/sound.py), paced alike, with the same model on the same machine, and are seen through
the same kind of timeline (streaming/timeline.py). Definitions: streaming/metrics.py; what counts as carried:
streaming/capacity.py. In the figures:

streaming_error        words (Chinese: characters) wrong in what stood there in the end; ours over the paced interview
                       and a dozen more, heard as fast as possible; a peer's over the paced interview alone
offline_error          faster-whisper as it comes, of the same interviews, each utterance whole, padded to 30 s, beam 5
first_partial_ms       first word of an utterance seen − true start of its speech
appearance_ms          first sight of a word in its place, certain or not − its true end
confirmation_ms        a word committed for good − its true end
finalisation_ms        final words − true end of speech; = endpoint (until it is decided that speech has ended) + queue
                       + compute (of decodes that the final had to wait for after that decision); ours only
settled_ms             all words of an utterance committed − true end of its speech, for systems without finals
stability              words taken back ÷ words in the end
rtf                    CPU seconds (user and system, all threads) of the process that recognises ÷ seconds of sound.
                       Ours and whisper_streaming's pace the sound in that process, WhisperLive's does not; ours carries
                       voice detection, the event loop and the frames in it. Nothing is subtracted;
                       OPENBLAS_NUM_THREADS=1 for all, or numpy's idle threads would be most of it
engine_rtf             what our scheduler counts as computing ÷ seconds of sound
silence_words_…        words in the end, and words ever shown, per minute of silence, key strokes, breath and babble

Cadence of partials: ours 0.5 s of new speech when the engine is not busy; whisper_streaming's --min-chunk-size 0.5 s;
WhisperLive decodes in a loop of its own, again at once when the last decode is done and sound has come.
ratios are ours ÷ theirs, from one paced interview of each language; of interviews, by the rule for live words.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzers.transcription.model_hub import locate
from analyzers.transcription.models import default_threads
from analyzers.transcription.whisper import HUB_REPOSITORIES
from question_flows.model import Language
from scripts.benchmarks.streaming.capacity import (
    RoundFigures,
    failures_for_finals,
    failures_for_live_words,
    largest,
    round_figures,
)
from scripts.benchmarks.streaming.figures import Figures, language_figures, ratios
from scripts.benchmarks.streaming.metrics import streaming_errors
from scripts.benchmarks.streaming.offline import Offline
from scripts.benchmarks.streaming.ours import Ours
from scripts.benchmarks.streaming.sound import PacedInterview, Speakers, sounds_without_words
from scripts.benchmarks.streaming.system import System
from scripts.benchmarks.streaming.timeline import Heard, Round
from scripts.benchmarks.streaming.whisper_live import WhisperLive
from scripts.benchmarks.streaming.whisper_streaming import WhisperStreaming
from scripts.benchmarks.voice_model import MODEL, ROOT

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
    most_live: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--model", default=str(MODEL), metavar="DIR_OR_NAME", help="default: the project's voice model")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="whisper_streaming=DIR | whisper_live",
        help="measure this one too: a checkout of whisper_streaming, or WhisperLive (installed into .cache/peers)",
    )
    parser.add_argument("--seconds", type=float, help=f"paced sound a language for latencies ({Plan().alone_s:.0f})")
    parser.add_argument("--most", type=int, help=f"at most so many interviews at once ({Plan().most})")
    parser.add_argument("--quick", action="store_true", help="a minute or two, to see that it runs; no figure to quote")


def run(
    model: str = str(MODEL),
    peer: Sequence[str] = (),
    seconds: float | None = None,
    most: int | None = None,
    quick: bool = False,
) -> dict[str, object]:
    """Measures ours, then each peer. Raises ModelUnavailable, PeerFailed, ValueError for an unknown peer."""
    plan = QUICK if quick else Plan()
    plan = Plan(seconds or plan.alone_s, plan.round_s, plan.more, plan.silence_s, most or plan.most)
    folder = locate(model, HUB_REPOSITORIES, ROOT / ".cache" / "models", lambda done, total: None)
    threads, cores = default_threads(), os.cpu_count() or 1
    others = [peer_named(name, folder, threads, cores) for name in peer]
    bench = Bench(plan, Offline(folder, threads))
    ours = bench.measure(Ours(folder, threads), ours=True)
    measured = {other.name: bench.measure(other, ours=False) for other in others}
    report: dict[str, object] = {"model": os.path.relpath(folder, ROOT) if folder.is_relative_to(ROOT) else model}
    report |= {"cores": cores, "threads": threads, "languages": ours.languages, "capacity": ours.capacity}
    if measured:
        report["peers"] = {
            name: {"languages": each.languages, "capacity": each.capacity} for name, each in measured.items()
        }
        report["ratios"] = all_ratios(ours, measured)
    return report


def peer_named(option: str, model: Path, threads: int, cores: int) -> System:
    """A peer as it was asked for on the command line."""
    name, _, folder = option.partition("=")
    if name == "whisper_streaming" and folder:
        return WhisperStreaming(Path(folder), model, threads)
    if option == "whisper_live":
        return WhisperLive(model, threads, cores)
    raise ValueError(f"--peer {option} is unknown: give whisper_streaming=FOLDER_OF_A_CHECKOUT or whisper_live")


def all_ratios(ours: Result, peers: Mapping[str, Result]) -> dict[str, float | None]:
    """Ours ÷ theirs for every peer."""
    return {
        f"{what}_vs_{name}": ratio
        for name, theirs in peers.items()
        for what, ratio in ratios(ours.alone, theirs.alone, ours.most_live, theirs.most_live).items()
    }


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
        result.most_live = most_live
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
