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
                       voice detection and the frames in it. Subtracted is what waking up 50 times a second costs ours
                       with nothing to do (measured in each round); whisper_streaming wakes up twice a second.
                       OPENBLAS_NUM_THREADS=1 for all, or numpy's idle threads would be most of it
engine_rtf             what our scheduler counts as computing ÷ seconds of sound
silence_words_…        words in the end, and words ever shown, per minute of silence, key strokes, breath and babble

Cadence of partials: ours 0.5 s of new speech when the engine is not busy; whisper_streaming's --min-chunk-size 0.5 s;
WhisperLive decodes in a loop of its own, again at once when the last decode is done and sound has come.
ratios are ours ÷ theirs, from one paced interview of each language. Of interviews there are two: as many as get their
results within a second of the sound they need (finals for ours, every decode for whisper_streaming, words for
WhisperLive, which tells of no decode), and by the stricter rule for live words.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzers.transcription.model_hub import locate
from analyzers.transcription.models import default_threads
from analyzers.transcription.whisper import HUB_REPOSITORIES
from scripts.benchmarks.streaming.figures import ratios
from scripts.benchmarks.streaming.measuring import QUICK, Bench, Plan, Result
from scripts.benchmarks.streaming.offline import Offline
from scripts.benchmarks.streaming.ours import Ours
from scripts.benchmarks.streaming.peer_process import PeerFailed
from scripts.benchmarks.streaming.system import System
from scripts.benchmarks.streaming.whisper_live import WhisperLive
from scripts.benchmarks.streaming.whisper_streaming import WhisperStreaming
from scripts.benchmarks.voice_model import MODEL, ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--model", default=str(MODEL), metavar="DIR_OR_NAME", help="default: the project's voice model")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        type=peer_option,
        metavar="whisper_streaming=DIR | whisper_live",
        help="measure this one too: a checkout of whisper_streaming, or WhisperLive (installed into .cache/peers)",
    )
    parser.add_argument("--seconds", type=float, help=f"paced sound a language for latencies ({Plan().alone_s:.0f})")
    parser.add_argument("--most", type=int, help=f"at most so many interviews at once ({Plan().most})")
    parser.add_argument("--quick", action="store_true", help="a few minutes, to see that it runs; no figure to quote")


def run(
    model: str = str(MODEL),
    peer: Sequence[str] = (),
    seconds: float | None = None,
    most: int | None = None,
    quick: bool = False,
) -> dict[str, object]:
    """Measures ours, then each peer. Raises ModelUnavailable; PeerFailed when one cannot be installed."""
    plan = QUICK if quick else Plan()
    plan = Plan(seconds or plan.alone_s, plan.round_s, plan.more, plan.silence_s, most or plan.most)
    folder = locate(model, HUB_REPOSITORIES, ROOT / ".cache" / "models", lambda done, total: None)
    threads, cores = default_threads(), os.cpu_count() or 1
    others = [peer_named(name, folder, threads, cores) for name in peer]
    bench = Bench(plan, Offline(folder, threads))
    ours = bench.measure(Ours(folder, threads), ours=True)
    measured: dict[str, Result] = {}
    for other in others:
        try:
            measured[other.name] = bench.measure(other, ours=False)
        except PeerFailed as error:  # The hour's other figures are not to be lost by it.
            print(f"{other.name} is left out: {error}", flush=True)
    report: dict[str, object] = {"model": os.path.relpath(folder, ROOT) if folder.is_relative_to(ROOT) else model}
    report |= {"cores": cores, "threads": threads, "languages": ours.languages, "capacity": ours.capacity}
    if measured:
        report["peers"] = {
            name: {"languages": each.languages, "capacity": each.capacity} for name, each in measured.items()
        }
        report["ratios"] = all_ratios(ours, measured)
    return report


def peer_option(option: str) -> str:
    """Checks what was given as --peer. Raises ArgumentTypeError."""
    name, _, folder = option.partition("=")
    if option != "whisper_live" and not (
        name == "whisper_streaming" and (Path(folder) / "whisper_online.py").is_file()
    ):
        raise argparse.ArgumentTypeError(
            f"{option} is neither whisper_live nor whisper_streaming=FOLDER with a checkout of ufal/whisper_streaming"
        )
    return option


def peer_named(option: str, model: Path, threads: int, cores: int) -> System:
    """A peer as it was asked for on the command line."""
    _, _, folder = option.partition("=")
    return WhisperStreaming(Path(folder), model, threads) if folder else WhisperLive(model, threads, cores)


def all_ratios(ours: Result, peers: Mapping[str, Result]) -> dict[str, float | None]:
    """Ours ÷ theirs for every peer."""
    return {
        f"{what}_vs_{name}": ratio
        for name, theirs in peers.items()
        for what, ratio in ratios(
            ours.alone, theirs.alone, (ours.most, theirs.most), (ours.most_live, theirs.most_live)
        ).items()
    }
