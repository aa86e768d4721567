"""Command: synthesise shards of training speech, one after the other, until the given number exists."""

import argparse
from pathlib import Path

from scripts.voice_model.corpus import load_answers
from scripts.voice_model.recordings import make_shard
from scripts.voice_model.tokens import build_tokenizer


def main() -> None:
    """Make the shards first, first + step, … below count in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flows", type=Path, default=Path("question_flows/flows"))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=1200.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    answers = load_answers(options.flows)
    tokenizer = build_tokenizer(answers)
    for index in range(options.first, options.count, options.step):
        path = options.folder / f"shard{index:03}.npz"
        if not path.exists():
            make_shard(path, answers, tokenizer, seed=index, seconds=options.seconds)


if __name__ == "__main__":
    main()
