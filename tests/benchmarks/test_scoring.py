"""The scoring benchmark's figures: complete, and rightly reckoned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.benchmarks.scoring import load, rank_correlation, run
from scripts.benchmarks.scoring_attacks import ATTACKS

FLOW = shipped_flows()["customer_service"]
WEAK = {
    Language.ENGLISH: "I do not really know what to say about this one",
    Language.CHINESE: "这个我真的不太知道该怎么说才好",
}


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Each language's sample answers of two questions, and an answer that shows nothing; of two flows, for a swap."""
    lines = [
        {"id": f"{flow.id}-{question.id}-{language}-{label}", "language": language, "flow": flow.id}
        | {"question": question.id, "label": label, "level": "", "text": text}
        for flow in (FLOW, shipped_flows()["software_engineer"])
        for question in flow.questions[:2]
        for language in Language
        for label, text in ((8, question.sample_answers[language][0]), (1, WEAK[language]))
    ]
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return file


def test_every_figure_is_there_for_both_languages(answers: Path) -> None:
    figures = run(answers)
    assert set(figures) == {"en", "zh"}
    for figure in figures.values():
        assert set(figure["attacks"]) == set(ATTACKS)
        assert 0 < figure["withheld"] < 1
        assert 0 < figure["ms_per_answer"] < 50
        assert figure["rank_correlation"] > 0.8
        assert set(figure["unread"]) == {"rank_correlation", "withheld", "answers"}
        assert figure["unread"]["answers"] == 50


def test_the_same_answers_get_the_same_figures(answers: Path) -> None:
    first, again = run(answers), run(answers)
    for language in first:
        assert first[language]["attacks"] == again[language]["attacks"]


def test_labels_the_wrong_way_round_correlate_the_wrong_way_round(answers: Path) -> None:
    text = answers.read_text().replace('"label": 8', '"label": 0')
    answers.write_text(text)
    assert rank_correlation(case for case in load(answers) if case.language is Language.ENGLISH) < 0
