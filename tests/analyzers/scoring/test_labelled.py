"""The scorer over labelled answers that it was not tuned on: it ranks as the labels do, and attacks stay bounded."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from question_flows.model import Language
from scripts.benchmarks.scoring import effect, load, rank_correlation
from scripts.benchmarks.scoring_attacks import ATTACKS, Case, Expected

DATA = Path(__file__).resolve().parents[2] / "data" / "scoring"
MOST = {
    "paraphrase": 0.5,
    "filler_words": 0.5,
    "recognition_errors_5": 0.6,
    "recognition_errors_10": 1.2,
    "recognition_errors_20": 2.4,
    "keywords_added": 1.6,
    "injection_added": 0.1,
    "keyword_list": 0.1,
    "keyword_list_with_and": 0.1,
    "question_read_back": 0.5,
    "off_topic_eloquence": 1.0,
    "answer_to_another_job": 3.0,
    "other_language": 0.0,
    "injection_alone": 0.0,
}
"""How far, in points of 10, an attack may move the mean, or may get where there ought to be nothing."""


@cache
def cases(name: str) -> tuple[Case, ...]:
    return tuple(load(DATA / f"{name}.jsonl"))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", ["tuning", "held_back"])
def test_answers_rank_as_their_labels_do(name: str, language: Language) -> None:
    own = [case for case in cases(name) if case.language is language]
    assert len(own) >= 30
    assert rank_correlation(own) >= 0.8


def test_no_answer_is_in_both_files() -> None:
    assert not {case.text for case in cases("tuning")} & {case.text for case in cases("held_back")}


def test_every_attack_has_a_bound() -> None:
    assert set(MOST) == set(ATTACKS)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_stays_within_its_bound(name: str, language: Language) -> None:
    own = [case for case in cases("held_back") if case.language is language]
    attack = ATTACKS[name]
    moved = effect(attack, own, cases("held_back"))
    assert (abs(moved) if attack.expected is Expected.KEEP else moved) <= MOST[name]
