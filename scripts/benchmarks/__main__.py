"""Runs one benchmark by its name and writes its figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path

from analyzers.transcription.model_hub import ModelUnavailable
from scripts.benchmarks.streaming.peer_process import PeerFailed

BENCHMARKS = {
    "admission": "scripts.benchmarks.admission",
    "delivery": "scripts.benchmarks.delivery",
    "engine-cost": "scripts.benchmarks.engine_cost",
    "join-leave": "scripts.benchmarks.join_leave",
    "line": "scripts.benchmarks.line",
    "live": "scripts.benchmarks.live",
    "media": "scripts.benchmarks.media",
    "pages": "scripts.benchmarks.pages",
    "recording": "scripts.benchmarks.recording",
    "scoring": "scripts.benchmarks.scoring",
    "soak": "scripts.benchmarks.soak",
    "transcription": "scripts.benchmarks.transcription",
    "voice-model": "scripts.benchmarks.voice_model",
    "wall": "scripts.benchmarks.wall",
}
"""Each module has run(), which returns its figures, and may have add_arguments(parser): run() gets those by name."""


def main() -> None:
    """Parses the command line, runs the benchmark, prints its figures and writes them to --json FILE."""
    # numpy's own threads spin while they wait, and would be counted as work: of ours and of whatever is compared.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Only the benchmark that is asked for is imported: each needs packages and programs of its own.
    asked = [import_module(BENCHMARKS[name]) for name in sys.argv[1:2] if name in BENCHMARKS]
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=asked[0].__doc__ if asked else __doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=sorted(BENCHMARKS), help="what to measure; first, its own options behind it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    for benchmark in asked:
        if hasattr(benchmark, "add_arguments"):
            benchmark.add_arguments(parser)
    options = vars(parser.parse_args())
    name, file = options.pop("name"), options.pop("json")
    try:
        figures = import_module(BENCHMARKS[name]).run(**options)
    except (ModelUnavailable, PeerFailed) as error:
        sys.exit(f"{name} cannot be measured: {error}")
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    print(text)
    if file:
        file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
