"""Runs one benchmark by its name and writes its figures as JSON."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

BENCHMARKS = {"voice-model": "scripts.benchmarks.voice_model", "live": "scripts.benchmarks.live"}


def main() -> None:
    """Parses the command line, runs the benchmark, prints its figures and writes them to --json FILE."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHMARKS), help="what to measure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    arguments = parser.parse_args()
    figures = import_module(BENCHMARKS[arguments.name]).run()
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
