"""Each rule between the parts of a flow, broken once: the mistake is named by its line and field."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.results import ObservationKind
from question_flows.checks import LISTS_OF_TEXTS, TEXT_LISTS, TEXTS, problems_of
from question_flows.loader import FlowError, Mistake, load_flow
from question_flows.model import Flow, QuestionKind, Text
from question_flows.question_checks import WEIGHABLE
from tests.question_flows.rich import RICH


def mistakes_in(text: str, folder: Path) -> list[Mistake]:
    path = folder / "rich.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(FlowError) as caught:
        load_flow(path)
    return list(caught.value.mistakes)


def changed(old: str, new: str) -> str:
    """The rich flow with one text replaced; `opener>text` means the first one below the id `opener`."""
    below, mark, text = old.partition(">")
    start = RICH.index(f"- id: {below}\n") if mark else 0
    assert (text if mark else old) in RICH[start:]
    return RICH[:start] + RICH[start:].replace(text if mark else old, new, 1)


def test_the_rich_flow_is_right(tmp_path: Path) -> None:
    path = tmp_path / "rich.yaml"
    path.write_text(RICH, "utf-8")
    flow = load_flow(path)
    assert flow.follow_ups.answer_seconds == 45
    assert flow.question("shifts").options[1].open_point
    assert flow.question("shifts").kind is QuestionKind.FACT
    assert [variant.id for variant in flow.variants] == ["java", "python"]
    assert flow.dimensions[0].weight == 0.2
    assert flow.review.blind
    assert [department.weight for department in flow.review.departments] == [0.5, 0.3]


@pytest.mark.parametrize(
    ("old", "new", "at", "field", "problem"),
    [
        # Texts
        (
            "at_5: {en: In part., zh-CN: 部分。}",
            "at_5: {en: In part.}",
            "at_5: {en: In",
            "competencies[0].indicators[0].anchors.at_5",
            "has no zh-CN text",
        ),
        ("at_8: {en: Fully.,", "at_8: {en: ' ',", "at_8", "competencies[0].indicators[0].anchors.at_8.en", "is blank"),
        (
            '- {en: "What came of it?", zh-CN: 结果怎么样？}',
            "- {zh-CN: 结果怎么样？}",
            "- {zh-CN: 结果",
            "competencies[1].indicators[0].probes[0]",
            "has no en text",
        ),
        (
            "zh-CN: 您说了什么？",
            "zh-CN: ''",
            "What did you say?",
            "competencies[0].indicators[0].probes[0].zh-CN",
            "is blank",
        ),
        (
            ", intro: {en: We play., zh-CN: 我们演练。}",
            ", intro: {en: We play.}",
            "id: play",
            "rounds[1].intro",
            "has no zh-CN text",
        ),
        (
            'practice: {en: "What did you have for breakfast?",',
            "practice: {",
            "practice: {",
            "practice",
            "has no en text",
        ),
        (
            "job: {en: Java job, zh-CN: Java 工作}",
            "job: {en: Java job}",
            "id: java",
            "variants[0].job",
            "has no zh-CN text",
        ),
        (
            "description: {en: Fits in., zh-CN: 合得来。}",
            "description: {en: Fits in.}",
            "id: culture",
            "dimensions[0].description",
            "has no zh-CN text",
        ),
        (
            "text: {en: Not now, zh-CN: 目前不能}",
            "text: {en: Not now}",
            "id: not_now",
            "questions[0].options[1].text",
            "has no zh-CN text",
        ),
        # Ids
        ("id: play,", "id: talk,", "id: talk, title: {en: Play", "rounds[1].id", "already used"),
        ("id: python,", "id: java,", "id: java, title: {en: Python", "variants[1].id", "already used"),
        ("id: culture", "id: Culture", "id: Culture", "dimensions[0].id", "small letters"),
        ("id: office", "id: shop", "id: shop, name: {en: Office", "review.departments[1].id", "already used"),
        # Review
        (
            "合得来。}, weight: 0.2}",
            "合得来。}, weight: 1.2}",
            "weight: 1.2}",
            "dimensions[0].weight",
            "has to be 0 to 1",
        ),
        ("human_weight: 0.3", "human_weight: 30", "human_weight", "review.human_weight", "has to be 0 to 1"),
        ("blind: true", "blind: perhaps", "blind: perhaps", "review.blind", "has to be true or false"),
        ("blind: true", "blnd: true", "blnd", "review.blnd", "check the spelling"),
        ("门店}, weight: 0.5", "门店}, weight: 0", "门店}, weight: 0", "review.departments[0].weight", "more than 0"),
        (
            "门店}, weight: 0.5",
            "门店}, weight: 0.6",
            "  departments:",
            "review.departments",
            "add up with others_weight to 1.1 and not to 1",
        ),
        ("others_weight: 0.2", "others_weight: -0.2", "others_weight", "review.others_weight", "has to be 0 to 1"),
        ("{en: Office,", "{en: ' shop ',", "' shop '", "review.departments[1].name.en", "name of another department"),
        (
            "  departments:\n    - {id: shop, name: {en: Shop, zh-CN: 门店}, weight: 0.5}\n"
            "    - {id: office, name: {en: Office, zh-CN: 总部}, weight: 0.3}\n",
            "",
            "others_weight",
            "review.others_weight",
            "says nothing without departments",
        ),
        ("id: not_now", "id: fine", "id: fine, text: {en: Not now", "questions[0].options[1].id", "already used"),
        # Branches
        (
            "shown: false, go_to: shout",
            "shown: false, go_to: shuot",
            "go_to: shuot",
            "questions[4].branches[0].go_to",
            "'shuot' is not a question of this flow",
        ),
        (
            "shown: false, go_to: shout",
            "shown: false, go_to: opener",
            "go_to: opener",
            "questions[4].branches[0].go_to",
            "not a later question",
        ),
        (
            "shown: false, go_to: shout",
            "shown: false, go_to: enter",
            "go_to: enter",
            "questions[4].branches[0].go_to",
            "not a later question",
        ),
        (
            "shout>scenario_id: shop",
            "scenario_id: phone",
            "go_to: shout",
            "questions[4].branches[0].go_to",
            "not of the same scenario",
        ),
        (
            "{indicator_id: soothe, shown: false",
            "{indicator_id: act, shown: false",
            "indicator_id: act",
            "questions[4].branches[0].indicator_id",
            "'act' is not among this question's",
        ),
        (
            "enter>    hints: []",
            "      - {indicator_id: soothe, shown: false, go_to: calm}\n    hints: []",
            "go_to: calm",
            "questions[4].branches[1]",
            "is never taken",
        ),
        (
            "    redos: 1",
            "    branches: [{indicator_id: act, shown: true, go_to: leave}]",
            "branches: [{",
            "questions[1].branches",
            "belong to role_play questions only",
        ),
        (
            "    branches:\n      - {indicator_id: soothe, shown: false, go_to: shout}\n",
            "",
            "- id: shout",
            "questions[6]",
            "is never asked; no way leads here",
        ),
        (
            "shown: false, go_to: shout",
            "shown: false, go_to: leave",
            "[ask, hear]",
            "questions[5].indicator_ids[0]",
            "'ask' is asked for on some ways",
        ),
        (
            "    kind: fact\n",
            "    kind: fact\n    only_by_branch: true\n",
            "only_by_branch: true",
            "questions[0].only_by_branch",
            "cannot be set for the first question",
        ),
        (
            "indicator_ids: [act, plan, finish]",
            "indicator_ids: [act, plan]",
            "id: finish",
            "competencies[1].indicators[2]",
            "is asked for by no question",
        ),
        # Rounds
        (
            "loop>round_id: talk",
            "round_id: tlak",
            "round_id: tlak",
            "questions[2].round_id",
            "'tlak' is not a round of this flow",
        ),
        (
            "loop>round_id: talk",
            "round_id: play",
            "round_id: talk",
            "questions[3].round_id",
            "'talk' comes after 'play'",
        ),
        ("opener>    round_id: talk\n", "", "- id: opener", "questions[1].round_id", "each question names its round"),
        (
            "  - {id: play,",
            "  - {id: rest, title: {en: R, zh-CN: R}, intro: {en: R, zh-CN: R}}\n  - {id: play,",
            "id: rest",
            "rounds[1]",
            "'rest' has no question",
        ),
        # Facts
        (
            "      - {id: not_now, text: {en: Not now, zh-CN: 目前不能}, open_point: true}\n",
            "",
            "options:",
            "questions[0].options",
            "has 1; a fact question needs at least 2",
        ),
        (
            "indicator_ids: []",
            "indicator_ids: [act]",
            "indicator_ids: [act]",
            "questions[0].indicator_ids",
            "has to be empty",
        ),
        (
            "    redos: 1",
            "    options: [{id: a, text: {en: A, zh-CN: A}}]",
            "options: [{",
            "questions[1].options",
            "belong to fact questions only",
        ),
        (
            "indicator_ids: [act, plan, finish]",
            "indicator_ids: []",
            "indicator_ids: []",
            "questions[1].indicator_ids",
            "needs at least one indicator",
        ),
        # Code
        ("    code_language: Java\n", "", "- id: loop", "questions[2].code_language", "is missing"),
        ("code_language: Java", "code_language: ' '", "code_language", "questions[2].code_language", "is blank"),
        (
            "    redos: 1",
            "    code_language: Java",
            "code_language: Java",
            "questions[1].code_language",
            "belongs to code questions only",
        ),
        # Observations
        (
            "movement, weight: 0.2}",
            "movement, weight: 0.21}",
            "observation:",
            "competencies[0].observation.weight",
            "is 0.21; it is more than 0 and at most 0.2",
        ),
        (
            "movement, weight: 0.2}",
            "movement, weight: 0}",
            "observation:",
            "competencies[0].observation.weight",
            "more than 0",
        ),
        (
            "kind: smile_like_mouth_movement",
            "kind: happiness",
            "observation:",
            "competencies[0].observation.kind",
            "'happiness' is not one of",
        ),
        (
            "indicator_ids: [act, plan, finish]",
            "indicator_ids: [act, plan, finish, hear]",
            "observation:",
            "competencies[0].observation",
            "'opener' is none",
        ),
        # Limits
        ("most: 2,", "most: -1,", "follow_ups", "follow_ups.most", "is -1; it has to be 0 to 20"),
        ("most_per_question: 1", "most_per_question: 6", "follow_ups", "follow_ups.most_per_question", "0 to 5"),
        ("answer_seconds: 45", "answer_seconds: 0", "follow_ups", "follow_ups.answer_seconds", "1 to 600"),
        ("pass_mark: 7", "pass_mark: 10.5", "pass_mark", "pass_mark", "is 10.5; it has to be 0 to 10"),
        ("most_pauses: 3", "most_pauses: -1", "most_pauses", "most_pauses", "is -1; it has to be 0 to 1000"),
        ("redos: 1", "redos: -1", "redos: -1", "questions[1].redos", "at least 0"),
        # Tags
        ('"region:north"', "north", "tags: [north", "tags[0]", "'north' has to be two words with : between"),
        ('["stack:python"]\n', '["stack: python"]\n', 'tags: ["stack: python"]', "questions[3].tags[0]", "two words"),
        (
            'tags: ["stack:java"]}',
            'tags: ["stack:jav"]}',
            "id: java",
            "variants[0].tags[0]",
            "'stack:jav' is carried by no question",
        ),
        ('tags: ["stack:java"]}', "tags: []}", "id: java", "variants[0].tags", "needs at least one tag"),
        ("job_types: [sales]", "job_types: ['']", "job_types", "job_types[0]", "is blank"),
        # Numbers of indicators
        (
            "care>      - id: ask\n",
            "      - id: soothe\n",
            "- id: soothe",
            "competencies[0].indicators[1].id",
            "already used",
        ),
        # Ways of single variants
        (
            "    only_by_branch: true",
            '    only_by_branch: true\n    tags: ["stack:java"]',
            "go_to: shout",
            "questions[4].branches[0].go_to",
            "'shout' is not asked here (in rich)",
        ),
        (
            "    redos: 1\n",
            '    tags: ["stack:java"]\n',
            "id: plan",
            "competencies[1].indicators[1]",
            "is asked for by no question (in rich)",
        ),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, old: str, new: str, at: str, field: str, problem: str) -> None:
    text = changed(old, new)
    found = [
        mistake for mistake in mistakes_in(text, tmp_path) if mistake.field == field and problem in mistake.problem
    ]
    assert found, [str(mistake) for mistake in mistakes_in(text, tmp_path)]
    assert at in text.splitlines()[found[0].line - 1]


@pytest.mark.parametrize("count", [2, 5])
def test_a_competency_has_three_or_four_indicators(count: int) -> None:
    data = yaml.safe_load(RICH)
    indicators = data["competencies"][0]["indicators"]
    data["competencies"][0]["indicators"] = (indicators * 2)[:count]
    texts = [problem.text for problem in problems_of(data) if problem.path == ("competencies", 0, "indicators")]
    assert texts == [f"are {count}; a competency has 3 or 4 indicators"]


def test_every_text_of_the_model_is_looked_at() -> None:
    texts: set[str] = set()
    lists: set[str] = set()
    of_texts: set[str] = set()
    ahead: list[Any] = [Flow]
    seen = set[type]()
    while ahead:
        part = ahead.pop()
        seen.add(part)
        for name, hint in get_type_hints(part).items():
            inner = [hint, *get_args(hint)]
            if Text in (hint, *get_args(hint)):
                (of_texts if getattr(hint, "__origin__", None) is tuple else texts).add(name)
            elif "tuple[str, ...]]" in str(hint):
                lists.add(name)
            ahead.extend(one for one in inner if is_dataclass(one) and isinstance(one, type) and one not in seen)
    assert texts == TEXTS
    assert lists == TEXT_LISTS
    assert of_texts == LISTS_OF_TEXTS


def test_what_may_weigh_is_among_what_is_observed() -> None:
    assert set(WEIGHABLE) <= {kind.value for kind in ObservationKind}


RICH_PLAIN = yaml.safe_load(RICH)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


_PLACES = [place for place in _places(RICH_PLAIN) if place]
_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "act", "shop", "leave", "fact", "code", "java", "-"]),
    st.just([]),
    st.just({}),
    st.just([["act"]]),
    st.just({"en": "x"}),
)


@settings(max_examples=40)
@given(place=st.sampled_from(_PLACES), value=_ANYTHING)
def test_whatever_stands_in_a_field_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: Any
) -> None:
    data = yaml.safe_load(RICH)
    parent = data
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")
    with suppress(FlowError):
        load_flow(path)
