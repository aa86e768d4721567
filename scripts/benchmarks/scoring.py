"""Measures the built-in scorer over labelled answers: rank correlation, what attacks do, share withheld, time.

rank_correlation: Spearman's, of the answers' mean points with the labels given to them when they were written.
A withheld indicator counts as 0 points, for the rank only: an answer that shows nothing is weaker than one that does.
attacks: points out of 10. Where the points ought to stay (paraphrase, recognition errors and so on), the mean change
per answer with its sign, over answers that had points; where there ought to be none (keywords, another topic), the mean
points that are given all the same. withheld: share of indicators without points. ms_per_answer: median.
unread: the first figures again over answers that nobody has tuned on, written and labelled without sight of the scorer.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from analyzers.scoring.rubric import score_answer
from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.benchmarks.scoring_attacks import ATTACKS, Attack, Case, Expected, as_spoken

LABELS = Path(__file__).resolve().parents[2] / "tests" / "data" / "scoring"
UNREAD = LABELS / "unread.jsonl"
_REPEATS = 5
"""How often a random attack is made on each answer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which labelled answers."""
    parser.add_argument(
        "--answers", type=Path, default=LABELS / "held_back.jsonl", help="JSON lines of labelled answers"
    )


def run(answers: Path = LABELS / "held_back.jsonl") -> dict[str, Any]:
    """The figures for each language, named by its two letters."""
    cases, unread = load(answers), load(UNREAD)
    return {
        language.whisper: _figures(language, cases) | {"unread": _agreement(_of(language, unread))}
        for language in Language
    }


def load(path: Path) -> list[Case]:
    """The labelled answers of a file, with their flows and questions."""
    flows = shipped_flows()
    cases: list[Case] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        # A question with a tag is asked in a variant only, whose id begins with the flow's.
        flow, question = next(
            (flow, question)
            for id_, flow in flows.items()
            for question in flow.questions
            if id_.startswith(case["flow"]) and question.id == case["question"]
        )
        cases.append(Case(case["id"], flow, question, Language(case["language"]), case["label"], case["text"]))
    return cases


def points(case: Case, text: str | None = None) -> float:
    """Mean points over the question's indicators, a withheld one as 0. text: what is said instead of the case's."""
    transcript = as_spoken(case.text if text is None else text, case.language)
    scores = score_answer(case.flow, case.question, transcript).indicators
    return statistics.fmean(one.points or 0.0 for one in scores)


def rank_correlation(cases: Iterable[Case]) -> float:
    """Spearman's rank correlation of points and labels, equal values sharing their mean rank."""
    pairs = [(points(case), case.label) for case in cases]
    return statistics.correlation(_ranks([one for one, _ in pairs]), _ranks([one for _, one in pairs]))


def effect(attack: Attack, cases: Sequence[Case], all_cases: Sequence[Case], seed: int = 0) -> float:
    """Mean change of points where they ought to stay, mean points where there ought to be none."""
    changes: list[float] = []
    for case in cases:
        before = points(case)
        if attack.expected is Expected.KEEP and not before:
            continue
        for repeat in range(_REPEATS):
            after = points(case, attack.make(case, all_cases, random.Random(f"{seed} {case.id} {repeat}")))
            changes.append(after - before if attack.expected is Expected.KEEP else after)
    return statistics.fmean(changes)


def _figures(language: Language, cases: Sequence[Case]) -> dict[str, Any]:
    own = _of(language, cases)
    agreement = _agreement(own)
    return {
        "answers": agreement["answers"],
        "rank_correlation": agreement["rank_correlation"],
        "attacks": {name: round(effect(attack, own, cases), 2) for name, attack in ATTACKS.items()},
        "withheld": agreement["withheld"],
        "ms_per_answer": round(statistics.median(_ms(case) for case in own), 2),
    }


def _agreement(cases: Sequence[Case]) -> dict[str, Any]:
    scores = [score_answer(case.flow, case.question, as_spoken(case.text, case.language)) for case in cases]
    indicators = [one for score in scores for one in score.indicators]
    return {
        "rank_correlation": round(rank_correlation(cases), 3),
        "withheld": round(sum(one.points is None for one in indicators) / len(indicators), 3),
        "answers": len(cases),
    }


def _of(language: Language, cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.language is language]


def _ms(case: Case) -> float:
    transcript = as_spoken(case.text, case.language)
    started = time.perf_counter()
    score_answer(case.flow, case.question, transcript)
    return (time.perf_counter() - started) * 1000


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [statistics.fmean(places[value]) for value in values]
