"""`scripts/flow`: checks flows' files, or makes a flow from a competency model that an HR system sent."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from question_flows.competency_model import CompetencyModelError, read_competency_model
from question_flows.generate import generated
from question_flows.loader import FlowError, load_flow, read_text, shipped_flows
from question_flows.model import Flow, Language
from question_flows.summary import summary_of
from question_flows.variants import expanded
from question_flows.writing import flow_yaml

LANGUAGES = {"en": Language.ENGLISH, "zh": Language.CHINESE, "zh-CN": Language.CHINESE}


def check(paths: Sequence[Path]) -> int:
    """Prints each mistake as file:line: field: problem, or OK and what each flow asks for; 1 if there is a mistake."""
    wrong = 0
    for path in paths:
        try:
            flow = load_flow(path)
        except FlowError as error:
            wrong = 1
            print(error)
            continue
        print(f"{path.name}: OK")
        for one in expanded(flow):
            print(f"  {one.id}: {in_figures(one)}")
    return wrong


def in_figures(flow: Flow) -> str:
    """`9 questions, at most 8 of them asked on any of 3 ways, about 21 minutes`"""
    figures = summary_of(flow)
    words = [f"{figures.questions} question{'s' if figures.questions != 1 else ''}"]
    if figures.ways > 1:
        words.append(f"at most {figures.most_asked} of them asked on any of {figures.ways} ways")
    return ", ".join([*words, f"about {figures.minutes:.0f} minutes"])


def new(competencies: Path, languages: Sequence[Language], out: Path | None) -> int:
    """Writes the flow for a competency model to out, or prints it; 1 when the model is not usable or out is there."""
    try:
        model = read_competency_model(read_text(competencies), languages)
    except CompetencyModelError as error:
        for line, text in error.mistakes:
            print(f"{competencies.name}:{line}: {text}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"{competencies.name}:1: {error}", file=sys.stderr)
        return 1
    flow = generated(model, shipped_flows().values())
    if out is None:
        print(flow_yaml(flow), end="")
    else:
        try:
            with out.open("x", encoding="utf-8") as file:
                file.write(flow_yaml(flow))
        except OSError as error:
            print(f"{out}: cannot be written ({error.strerror}); name another file", file=sys.stderr)
            return 1
    standard = sum(question.id.startswith("about_") for question in flow.questions)
    print(f"{flow.id}: {in_figures(flow)}; {standard} of them standard, worth a second look", file=sys.stderr)
    return 0


def _language(name: str) -> Language:
    if name not in LANGUAGES:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(LANGUAGES)}")
    return LANGUAGES[name]


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="scripts/flow", description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, default=Path(), help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="name every mistake in flows' files by line and field")
    checking.add_argument("files", nargs="+", type=Path, metavar="FILE.yaml")
    making = commands.add_parser("new", help="make a flow from a competency model")
    making.add_argument("--competencies", required=True, type=Path, metavar="FILE.json", help="see README.md, Flows")
    making.add_argument(
        "--language", dest="languages", action="append", type=_language, default=[], metavar="en|zh-CN",
        help="a language of the interview, given once for each; otherwise those that the job's name is given in",
    )  # fmt: skip
    making.add_argument("--out", type=Path, metavar="FILE.yaml", help="where to write it; otherwise it is printed")
    given = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Flows hold Chinese, whatever the terminal's encoding is.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if given.command == "check":
        return check([given.folder / path for path in given.files])
    return new(given.folder / given.competencies, given.languages, given.folder / given.out if given.out else None)


if __name__ == "__main__":
    sys.exit(main())
