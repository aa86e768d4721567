"""A report as readable lines on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def print_report(report: Mapping[str, Any]) -> None:
    """Prints transcripts, points or the reason why they are withheld, quotes, and the competencies."""
    language = report["language"]
    score = report["score"]
    print(f"\n{'=' * 100}\n{report['title']} — {report['candidate_name']} ({language})")
    print(f"Total: {points(score)}, coverage {score['coverage']:.0%}, confidence {score['confidence']:.0%}")
    names = {competency["id"]: competency["name"] for competency in report["competencies"]}
    for competency in score["competencies"]:
        print(f"  {names[competency['competency_id']]}: {points(competency, 'points')}")
    indicators = {id_: name for competency in report["competencies"] for id_, name in competency["indicators"].items()}
    for answer in report["answers"]:
        further = " (asked further)" if answer["follow_up_of"] else ""
        how = "skipped" if answer["skipped"] else answer["mode"]
        print(f"\n{answer['index'] + 1}.{further} {answer['question']}\n   “{answer['text']}” ({how})")
        for indicator in (answer["score"] or {"indicators": []})["indicators"]:
            print(f"   · {indicators[indicator['indicator_id']]}: {points(indicator, 'points')}")
            for quote in indicator["evidence"]:
                print(f"       “{quote['text']}” {quote['start_ms'] / 1000:.1f}–{quote['end_ms'] / 1000:.1f} s")
        for observation in answer["observations"]:
            share = "not measurable" if observation["share"] is None else f"{observation['share']:.0%} of the time"
            print(f"   ○ {observation['kind']}: {share} (measurable {observation['coverage']:.0%})")


def points(scored: Mapping[str, Any], field: str = "total") -> str:
    """Points of ten with their confidence, or why there are none."""
    if scored[field] is None:
        return f"withheld ({scored['withheld']})"
    return f"{scored[field]:.1f} of 10 (confidence {scored['confidence']:.0%})"
