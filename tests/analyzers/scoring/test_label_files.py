"""The labelled answers: whole, balanced, and their sets kept apart, so that figures from them mean something."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from question_flows.loader import shipped_flows
from question_flows.model import QuestionKind

FOLDER = Path(__file__).parents[2] / "data" / "scoring"
SETS = ("tuning", "held_back", "fresh", "unread")
LANGUAGES = ("en", "zh-CN")
FIELDS = {"id", "language", "flow", "question", "label", "level", "text"}
LEAST_PER_LANGUAGE = 60
RANGES = {"poor": (0, 2), "weak": (2, 4), "fair": (4, 6), "good": (6, 8), "excellent": (8, 10.1)}
"""From (included) to (not included), in points."""
MOST_ALIKE = 0.55
"""Share of common three-letter stretches (two-character ones in Chinese) above which two answers are one answer."""

Row = Mapping[str, Any]


def rows_of(name: str) -> list[Row]:
    """The rows of a file of the folder, in its order."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


ROWS = {name: rows_of(name) for name in SETS}
ALL = [row for name in SETS for row in ROWS[name]]


def bare(text: str) -> str:
    """The text's letters and digits alone: punctuation and case make no second answer of one."""
    return re.sub(r"\W+", "", text).lower()


def stretches(row: Row) -> set[str]:
    """Every stretch of three letters, or of two characters in Chinese."""
    text, length = bare(row["text"]), 2 if row["language"] == "zh-CN" else 3
    return {text[i : i + length] for i in range(len(text) - length + 1)}


def likeness(one: Row, other: Row) -> float:
    """0 (nothing in common) to 1 (the same text), over what the shorter one holds."""
    a, b = stretches(one), stretches(other)
    return len(a & b) / min(len(a), len(b))


def test_every_row_has_the_fields_and_only_those() -> None:
    assert [row["id"] for row in ALL if set(row) != FIELDS] == []
    assert [row["id"] for row in ALL if row["language"] not in LANGUAGES or not row["text"].strip()] == []


def test_ids_are_unique_over_all_sets() -> None:
    assert [name for name, count in Counter(row["id"] for row in ALL).items() if count > 1] == []


def test_labels_are_points_with_one_decimal() -> None:
    wrong = [row["id"] for row in ALL if not 0 <= row["label"] <= 10 or round(row["label"], 1) != row["label"]]
    assert wrong == []


def test_levels_say_what_the_labels_say() -> None:
    def fits(row: Row) -> bool:
        low, high = RANGES[row["level"]]
        return bool(low <= row["label"] < high)

    assert [(row["id"], row["label"], row["level"]) for row in ALL if not fits(row)] == []


def test_questions_are_scored_questions_of_shipped_flows() -> None:
    flows = shipped_flows()

    def known(row: Row) -> bool:
        # Its variants' too: a question with a tag is asked in a variant only, whose id begins with the flow's.
        variants = [flow for id_, flow in flows.items() if id_.startswith(row["flow"])]
        own = {q.id for flow in variants for q in flow.questions if q.kind is not QuestionKind.FACT}
        return row["question"] in own

    assert [row["id"] for row in ALL if row["flow"] not in flows or not known(row)] == []


def test_the_language_of_an_answer_is_its_own() -> None:
    def chinese(row: Row) -> bool:
        return len(re.findall(r"[\u4e00-\u9fff]", row["text"])) > len(row["text"]) / 2

    assert [row["id"] for row in ALL if chinese(row) != (row["language"] == "zh-CN")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_answers_in_each_language(language: str) -> None:
    assert sum(row["language"] == language for row in ALL) >= LEAST_PER_LANGUAGE


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_levels_are_balanced(name: str, language: str) -> None:
    levels = Counter(row["level"] for row in ROWS[name] if row["language"] == language)
    assert set(levels) == set(RANGES)
    assert max(levels.values()) <= 1.5 * min(levels.values()), levels


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flow", ["customer_service", "software_engineer"])
def test_every_question_is_answered_well_and_badly(flow: str, language: str) -> None:
    """A scorer that knows only one end of a question is not tested on it."""
    for question in shipped_flows()[flow].questions:
        if question.kind not in (QuestionKind.STRUCTURED, QuestionKind.SITUATIONAL, QuestionKind.ROLE_PLAY):
            continue
        labels = [
            row["label"]
            for row in ALL
            if (row["flow"], row["question"], row["language"]) == (flow, question.id, language)
        ]
        assert len(labels) >= 5, question.id
        assert min(labels) < 4, question.id
        assert max(labels) >= 6, question.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_length_does_not_give_the_label_away(language: str) -> None:
    """Among the poor ones are answers longer than some excellent ones, and the other way round."""
    lengths = {
        level: [len(row["text"]) for row in ALL if row["language"] == language and row["level"] == level]
        for level in RANGES
    }
    assert max(lengths["poor"]) > min(lengths["excellent"])
    assert max(lengths["weak"]) > min(lengths["good"])


def test_no_text_stands_twice() -> None:
    counts = Counter(bare(row["text"]) for row in ALL)
    assert [text for text, count in counts.items() if count > 1] == []


def test_each_set_is_worded_anew() -> None:
    """Two answers of one question in two sets may share the situation's words, not their sentences.

    The author of the unread ones had read no other: what they share ("could you give me your order number") people say.
    """
    alike = [
        (one["id"], other["id"])
        for one, other in combinations([row for row in ALL if row not in ROWS["unread"]], 2)
        if one["id"][0] != other["id"][0]
        and (one["question"], one["language"]) == (other["question"], other["language"])
        and likeness(one, other) > MOST_ALIKE
    ]
    assert alike == []


def test_no_text_is_a_sample_answer_of_its_flow() -> None:
    """Sample answers are shown to those who write flows; a scorer may have been fitted to them."""
    samples = {
        bare(text)
        for flow in shipped_flows().values()
        for question in flow.questions
        for texts in question.sample_answers.values()
        for text in texts
    }
    assert [row["id"] for row in ALL if bare(row["text"]) in samples] == []


def test_likeness_tells_a_copy_from_a_new_answer() -> None:
    one = {"language": "en", "text": "I rang the depot and had it sent by taxi, she got it at nine."}
    copy = {"language": "en", "text": "I rang the depot and had it sent by courier, she got it at nine."}
    other = {"language": "en", "text": "We went through the receipts together until we saw what was wrong."}
    assert likeness(one, copy) > MOST_ALIKE > likeness(one, other)


def ranks(values: list[float]) -> list[float]:
    """The place of each value, equal ones sharing the mean of theirs."""
    return [sum(other < one for other in values) + (values.count(one) - 1) / 2 for one in values]


def agreement(pairs: list[tuple[float, float]]) -> float:
    """Rank correlation of the two values."""
    one, other = (ranks(list(values)) for values in zip(*pairs, strict=True))
    return statistics.correlation(one, other)


@pytest.mark.parametrize(("language", "correlation", "difference"), [("en", 0.985, 0.44), ("zh-CN", 0.986, 0.45)])
def test_the_second_reading_agrees_as_the_data_readme_says(
    language: str, correlation: float, difference: float
) -> None:
    second = {row["id"]: float(row["label"]) for row in rows_of("second_reading")}
    rows = ROWS["tuning"] + ROWS["held_back"]
    assert set(second) == {row["id"] for row in rows}
    pairs = [(float(row["label"]), second[row["id"]]) for row in rows if row["language"] == language]
    assert agreement(pairs) == pytest.approx(correlation, abs=0.001)
    assert statistics.mean(abs(a - b) for a, b in pairs) == pytest.approx(difference, abs=0.01)
    assert max(abs(a - b) for a, b in pairs) <= 2


@pytest.mark.parametrize(("language", "correlation", "difference"), [("en", 0.996, 0.15), ("zh-CN", 0.995, 0.12)])
def test_both_readings_of_the_fresh_answers_agree_as_the_data_readme_says(
    language: str, correlation: float, difference: float
) -> None:
    readings = {row["id"]: (float(row["first"]), float(row["label"])) for row in rows_of("fresh_second_reading")}
    assert set(readings) == {row["id"] for row in ROWS["fresh"]}
    pairs = [readings[row["id"]] for row in ROWS["fresh"] if row["language"] == language]
    assert agreement(pairs) == pytest.approx(correlation, abs=0.001)
    assert statistics.mean(abs(a - b) for a, b in pairs) == pytest.approx(difference, abs=0.01)
    assert max(abs(a - b) for a, b in pairs) <= 0.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_readings_of_the_unread_answers_agree_as_the_data_readme_says(language: str) -> None:
    second = {row["id"]: float(row["label"]) for row in rows_of("unread_second_reading")}
    assert set(second) == {row["id"] for row in ROWS["unread"]}
    # The label is the mean of both readings.
    pairs = [
        (2 * float(row["label"]) - second[row["id"]], second[row["id"]])
        for row in ROWS["unread"]
        if row["language"] == language
    ]
    assert agreement(pairs) == pytest.approx(0.996, abs=0.003)
    assert max(abs(a - b) for a, b in pairs) <= 0.61  # Labels have one decimal.


def test_a_fresh_label_is_the_mean_of_its_readings() -> None:
    readings = {row["id"]: (row["first"], row["label"]) for row in rows_of("fresh_second_reading")}
    wrong = [
        row["id"]
        for row in ROWS["fresh"]
        if row["label"] != pytest.approx(statistics.mean(readings[row["id"]]), abs=0.051)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_length_says_next_to_nothing_about_a_fresh_answer(language: str) -> None:
    pairs = [(float(row["label"]), float(len(row["text"]))) for row in ROWS["fresh"] if row["language"] == language]
    assert abs(agreement(pairs)) < 0.2
