"""The shipped flows keep the promises the recogniser's test model, the scorer and the candidate's page rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from question_flows.loader import load_flow
from question_flows.model import Flow, Indicator, Language, Question, QuestionKind, Text
from question_flows.schema import SCHEMA_FILE, SCHEMA_LINE
from question_flows.variants import expanded
from scripts.voice_model.corpus import TAUGHT, load_answers

FLOWS = Path(__file__).parents[2] / "question_flows" / "flows"
SHIPPED = {path.stem: load_flow(path) for path in sorted(FLOWS.glob("*.yaml"))}
EACH_FLOW = pytest.mark.parametrize("flow", SHIPPED.values(), ids=SHIPPED)

ENGLISH_WORD = re.compile(r"[A-Za-z]+")
HAN = re.compile(r"[一-鿿]")
CLAUSE = re.compile(r"[^,.，。]+")
MAX_ENGLISH_WORDS = 280
MAX_HAN_CHARACTERS = 300
ENGLISH_LOOKALIKES = [
    {"to", "two", "too"},
    {"for", "four"},
    {"hour", "our"},
    {"right", "write"},
    {"hear", "here"},
    {"new", "knew"},
    {"know", "no"},
    {"their", "there"},
    {"buy", "by"},
    {"cache", "cash"},
]
"""Words that sound alike: of each set the sample answers use one at most."""
HAN_LOOKALIKES = ["他她它", "的地得", "做作", "在再"]
WRITTEN = {QuestionKind.TEXT, QuestionKind.CODE}

TAUGHT_ANSWERS = load_answers(FLOWS)
"""What the synthetic recogniser learnt, by language."""
KNOWN_WORDS = {word for answer in TAUGHT_ANSWERS["en"] for word in ENGLISH_WORD.findall(answer)}
KNOWN_HAN = set(HAN.findall("".join(TAUGHT_ANSWERS["zh-CN"])))

SPOKEN = [
    (flow, question)
    for flow in SHIPPED.values()
    for question in flow.questions
    if question.kind not in WRITTEN | {QuestionKind.FACT}
]


def demo_answers(language: Language) -> list[str]:
    """What the demo and the browser tests say in the store manager's interview: the first answer to each question."""
    return [question.sample_answers[language][0] for flow, question in SPOKEN if flow.id == "store_manager"]


def further_answers(language: Language) -> list[str]:
    """Spoken sample answers whose words are free."""
    return [
        answer
        for flow, question in SPOKEN
        if flow.id not in TAUGHT
        for answer in question.sample_answers[language][flow.id == "store_manager" :]
    ]


def indicators(flow: Flow) -> Iterator[Indicator]:
    return (indicator for competency in flow.competencies for indicator in competency.indicators)


def asking(flow: Flow, indicator: Indicator) -> list[Question]:
    return [question for question in flow.questions if indicator.id in question.indicator_ids]


def test_the_shipped_flows_are_those_promised() -> None:
    assert list(SHIPPED) == ["customer_service", "regional_sales_manager", "software_engineer", "store_manager"]
    assert all(flow.id == name for name, flow in SHIPPED.items())
    assert len(TAUGHT_ANSWERS["en"]) == len(TAUGHT_ANSWERS["zh-CN"]) == 22


@pytest.mark.parametrize("answer", [*TAUGHT_ANSWERS["en"], *demo_answers(Language.ENGLISH)])
def test_an_english_answer_for_the_recogniser_is_written_as_spoken(answer: str) -> None:
    assert 20 <= len(ENGLISH_WORD.findall(answer)) <= 35
    assert re.fullmatch(r"[A-Za-z ,.]+", answer)
    assert answer.endswith(".")
    assert set(re.findall(r"\w*[A-Z]\w*", answer)) <= {"I", "Java", "API"}


@pytest.mark.parametrize("answer", [*TAUGHT_ANSWERS["zh-CN"], *demo_answers(Language.CHINESE)])
def test_a_chinese_answer_for_the_recogniser_is_written_as_spoken(answer: str) -> None:
    assert 35 <= len(HAN.findall(answer)) <= 60
    assert re.fullmatch(r"[一-鿿，。]+", answer)
    assert answer.endswith("。")


@pytest.mark.parametrize("answer", further_answers(Language.ENGLISH))
def test_every_other_english_answer_is_spoken_too(answer: str) -> None:
    assert 20 <= len(ENGLISH_WORD.findall(answer)) <= 50
    assert re.fullmatch(r"[A-Za-z ,.]+\.", answer)
    assert set(re.findall(r"\w*[A-Z]\w*", answer)) <= {"I"}


@pytest.mark.parametrize("answer", further_answers(Language.CHINESE))
def test_every_other_chinese_answer_is_spoken_too(answer: str) -> None:
    assert 35 <= len(HAN.findall(answer)) <= 90
    assert re.fullmatch(r"[一-鿿，。]+。", answer)


def test_the_english_vocabulary_stays_within_its_budget() -> None:
    words = {word.lower() for word in KNOWN_WORDS}
    assert len(words) <= MAX_ENGLISH_WORDS
    assert [alike & words for alike in ENGLISH_LOOKALIKES if len(alike & words) > 1] == []


def test_the_chinese_vocabulary_stays_within_its_budget() -> None:
    assert len(KNOWN_HAN) <= MAX_HAN_CHARACTERS
    assert [alike for alike in HAN_LOOKALIKES if len(set(alike) & KNOWN_HAN) > 1] == []


def test_the_demo_answers_in_words_that_its_recogniser_knows() -> None:
    assert {word for answer in demo_answers(Language.ENGLISH) for word in ENGLISH_WORD.findall(answer)} <= KNOWN_WORDS
    assert set(HAN.findall("".join(demo_answers(Language.CHINESE)))) <= KNOWN_HAN


@pytest.mark.parametrize("language", list(Language))
def test_the_demo_answers_in_whole_clauses_that_its_recogniser_has_heard(language: Language) -> None:
    """Known words in an unknown order are heard badly by so small a model."""
    heard = "|".join(TAUGHT_ANSWERS[language.value])
    for answer in demo_answers(language):
        clauses = [clause.strip() for clause in CLAUSE.findall(answer)]
        assert [clause for clause in clauses if clause.removeprefix("and ") not in heard] == []


@EACH_FLOW
def test_every_indicator_has_its_anchors_probes_and_several_kinds_of_evidence(flow: Flow) -> None:
    for indicator in indicators(flow):
        assert indicator.anchors is not None
        assert indicator.probes
        for language in flow.languages:
            anchors = (indicator.anchors.at_2, indicator.anchors.at_5, indicator.anchors.at_8)
            assert len({anchor[language] for anchor in anchors}) == 3
            alternatives = [part for cue in indicator.cues[language] for part in cue.split("|")]
            assert len(indicator.cues[language]) >= 2 or len(alternatives) >= 5, indicator.id
            assert len(set(alternatives)) == len(alternatives), indicator.id
            assert indicator.counter_cues[language]


@EACH_FLOW
def test_a_cue_never_speaks_for_and_against_the_same_indicator(flow: Flow) -> None:
    for indicator in indicators(flow):
        for language in flow.languages:
            supporting = {part for cue in indicator.cues[language] for part in cue.split("|")}
            against = {part for cue in indicator.counter_cues[language] for part in cue.split("|")}
            assert supporting & against == set(), indicator.id


@EACH_FLOW
def test_every_question_but_facts_has_a_hint_and_two_answers_a_language(flow: Flow) -> None:
    for question in flow.questions:
        if question.kind is QuestionKind.FACT:
            assert question.sample_answers == dict.fromkeys(flow.languages, ())
            continue
        assert question.hints
        assert {len(answers) for answers in question.sample_answers.values()} == {2}


@EACH_FLOW
def test_a_flow_says_what_it_is_for_and_what_people_rate(flow: Flow) -> None:
    assert flow.job_types
    assert flow.tags
    assert {dimension.id for dimension in flow.dimensions} >= {"motivation", "culture_fit"}


@EACH_FLOW
def test_a_fact_question_leaves_one_choice_for_people_to_look_at(flow: Flow) -> None:
    for question in flow.questions:
        if question.kind is QuestionKind.FACT:
            assert [option.open_point for option in question.options].count(True) == 1


def test_the_new_flows_have_a_practice_question_and_facts() -> None:
    for name in ("regional_sales_manager", "store_manager"):
        assert SHIPPED[name].practice is not None
        assert any(question.kind is QuestionKind.FACT for question in SHIPPED[name].questions)


@EACH_FLOW
def test_observations_weigh_only_where_role_plays_alone_give_evidence(flow: Flow) -> None:
    for competency in flow.competencies:
        if competency.observation is not None:
            assert competency.observation.weight <= 0.2
            kinds = {question.kind for one in competency.indicators for question in asking(flow, one)}
            assert kinds == {QuestionKind.ROLE_PLAY}


def test_the_regional_sales_manager_has_the_five_competencies_of_the_job() -> None:
    flow = SHIPPED["regional_sales_manager"]
    assert [competency.id for competency in flow.competencies] == [
        "market_strategy",
        "team_leadership",
        "negotiation",
        "data_decisions",
        "coordination",
    ]
    assert [variant.tags for variant in flow.variants] == [("campaign:shopping-festival",)]


def test_software_engineers_write_code_in_the_language_of_their_variant() -> None:
    java, python = [one for one in expanded(SHIPPED["software_engineer"]) if one.id != "software_engineer"]
    for flow, language in ((java, "Java"), (python, "Python")):
        assert flow.id == f"software_engineer_{language.lower()}"
        code, text = [question for question in flow.questions if question.kind in WRITTEN]
        assert (code.kind, code.code_language) == (QuestionKind.CODE, language)
        assert text.kind is QuestionKind.TEXT


def test_the_store_manager_goes_through_two_rounds_of_role_plays_with_branches() -> None:
    flow = SHIPPED["store_manager"]
    assert [part.id for part in flow.rounds] == ["customers", "team"]
    for part in flow.rounds:
        turns = [question for question in flow.questions if question.round_id == part.id and question.scenario_id]
        assert [bool(turn.branches) for turn in turns] == [True, False, False, False]
        first, *middle, last = turns
        assert {branch.go_to for branch in first.branches} == {turn.id for turn in middle}
        assert {branch.shown for branch in first.branches} == {True, False}
        assert all(turn.only_by_branch for turn in middle)
        assert not last.only_by_branch
        assert len({turn.indicator_ids for turn in middle}) == 1


def texts(flow: Flow) -> Iterator[Text]:
    """What candidates read."""
    for question in flow.questions:
        yield question.text
        yield from (hint.text for hint in question.hints)
        yield from (option.text for option in question.options)
    yield from (probe for indicator in indicators(flow) for probe in indicator.probes)
    yield from (text for part in flow.rounds for text in (part.title, part.intro))
    if flow.practice is not None:
        yield flow.practice


@EACH_FLOW
def test_candidates_read_each_language_in_its_own_letters(flow: Flow) -> None:
    for text in texts(flow):
        assert not HAN.search(text[Language.ENGLISH])
        assert HAN.search(text[Language.CHINESE])
        assert not re.search(r"[,?!;]", text[Language.CHINESE]) or "(" in text[Language.CHINESE]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_flow_tells_editors_where_the_schema_is(name: str) -> None:
    path = FLOWS / f"{name}.yaml"
    assert path.read_text("utf-8").startswith(SCHEMA_LINE + "\n")
    assert (path.parent / SCHEMA_LINE.partition("=")[2]).resolve() == SCHEMA_FILE
