"""A competency model from an HR system becomes a flow that can be interviewed; its mistakes are named by field."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_flows.competency_model import CompetencyModelError, read_competency_model
from question_flows.cue_words import MOST_CUES, content_words, cues_from
from question_flows.generate import generated
from question_flows.loader import load_flow, shipped_flows
from question_flows.model import Flow, Language
from question_flows.problems import NO_TEXT
from question_flows.progress import first_question, next_question
from question_flows.standard import standard_question
from question_flows.writing import flow_yaml
from tests.question_flows.rich import rich_flow

EN, ZH = Language.ENGLISH, Language.CHINESE
BANK = tuple(shipped_flows().values())


def indicator(name: str, en: str, zh: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": {"en": en, "zh-CN": zh}, "description": {"en": f"{en}.", "zh-CN": f"{zh}。"}, **more}


STOPS = "Stops work that endangers somebody and explains the risk"

WANTED: dict[str, Any] = {
    "id": "WH-Lead 7",
    "job": {"en": "Warehouse lead", "zh-CN": "仓库主管"},
    "competencies": [
        {
            "id": "CARE",
            "name": {"en": "Care", "zh-CN": "关心"},
            "weight": 60,
            "indicators": [
                indicator("listen", "Lets people speak", "让对方说完"),
                indicator("safety", STOPS, "发现危险立即停工，并说明风险"),
                indicator("plan", "Plans shifts", "安排班次", cues={"en": ["rota"], "zh-CN": ["排班"]}),
            ],
        },
        {
            "id": "drive",
            "name": {"en": "Drive", "zh-CN": "干劲"},
            "weight": 30,
            "indicators": [
                indicator("write_tests", "Writes tests", "编写测试"),
                indicator("automate_checks", "Automates checks", "自动检查"),
                indicator("finishing", "Brings what was begun to its end", "有始有终", tags=["skill:finishing"]),
            ],
        },
    ],
}


def wanted(**changes: Any) -> str:
    return json.dumps({**WANTED, **changes})


def made(text: str, *languages: Language, bank: tuple[Flow, ...] = BANK) -> Flow:
    return generated(read_competency_model(text, languages), bank)


def asked_in(flow: Flow) -> set[str]:
    asked: set[str] = set()
    question = first_question(flow)
    while question:
        asked.update(question.indicator_ids)
        question = next_question(flow, question.id)  # type: ignore[assignment]
    return asked


def test_a_model_becomes_a_flow_that_can_be_interviewed(tmp_path: Path) -> None:
    flow = made(wanted())
    path = tmp_path / "made.yaml"
    path.write_text(flow_yaml(flow), "utf-8")
    assert load_flow(path) == flow
    assert (flow.id, flow.title[EN], flow.title[ZH]) == ("wh_lead_7", "Warehouse lead interview", "仓库主管面试")
    assert [(one.id, one.weight) for one in flow.competencies] == [("care", 0.6667), ("drive", 0.3333)]
    assert asked_in(flow) == {"listen", "safety", "plan", "write_tests", "automate_checks", "finishing"}
    everything = [one for competency in flow.competencies for one in competency.indicators]
    assert all(one.anchors and one.probes for one in everything)


def test_the_same_model_makes_the_same_flow() -> None:
    assert flow_yaml(made(wanted())) == flow_yaml(made(wanted()))


def test_the_bank_gives_its_questions_and_evidence_by_indicator_id() -> None:
    flow = made(wanted())
    by_indicator = {one: question.id for question in flow.questions for one in question.indicator_ids}
    bank = {question.id for one in BANK for question in one.questions}
    assert by_indicator["listen"] in bank
    assert by_indicator["write_tests"] == by_indicator["automate_checks"], "one question serves both"
    assert by_indicator["safety"] == "about_safety"
    shipped = next(one for one in BANK if one.id == "customer_service").indicator("listen")
    assert flow.indicator("listen").cues == shipped.cues
    assert flow.indicator("listen").counter_cues == shipped.counter_cues
    assert flow.indicator("listen").description[EN] == "Lets people speak."


def test_the_bank_gives_its_questions_by_tag() -> None:
    rich = rich_flow()
    questions = tuple(one for one in rich.questions if one.id != "opener")
    tagged = replace(rich.question("opener"), tags=("skill:finishing",), round_id="talk")
    bank = (replace(rich, questions=(*questions, tagged)),)
    flow = made(wanted(), bank=bank)
    question = next(one for one in flow.questions if "finishing" in one.indicator_ids)
    assert (question.id, question.text, question.round_id) == ("opener", tagged.text, None)
    assert set(question.indicator_ids) == {"plan", "finishing"}, "plan has the id of one that the question asks for"
    assert flow.indicator("finishing").cues[ZH] == cues_from("有始有终。", ZH), "no description there is like its own"


def test_a_question_is_also_found_by_the_competency_it_gives_evidence_for() -> None:
    competencies = deepcopy(WANTED["competencies"])
    competencies[1]["indicators"][2]["tags"] = ["competency:drive"]
    flow = made(wanted(competencies=competencies), bank=(rich_flow(),))
    assert [one.id for one in flow.questions if "finishing" in one.indicator_ids] == ["opener"]


def test_an_indicator_takes_the_evidence_of_the_likest_one_behind_a_shared_tag() -> None:
    rich = rich_flow()
    tagged = replace(rich.question("opener"), tags=("skill:finishing",))
    bank = (replace(rich, questions=(tagged,)),)
    competencies = deepcopy(WANTED["competencies"])
    competencies[1]["indicators"][2]["description"]["en"] = "Finishes what was begun."
    flow = made(wanted(competencies=competencies), bank=bank)
    assert flow.indicator("finishing").cues[EN] == ("done",)


def test_a_role_plays_turns_are_not_taken_out_of_it() -> None:
    competencies = deepcopy(WANTED["competencies"])
    competencies[0]["indicators"][0]["id"] = "soothe"
    flow = made(wanted(competencies=competencies), bank=(rich_flow(),))
    assert [one.id for one in flow.questions if "soothe" in one.indicator_ids] == ["about_soothe"]
    assert flow.indicator("soothe").cues[EN] == ("sorry",)
    assert flow.indicator("soothe").probes[0][EN] == "What did you say?"
    assert flow.indicator("soothe").anchors is not None


def test_cues_that_hr_gives_go_first() -> None:
    competencies = deepcopy(WANTED["competencies"])
    competencies[0]["indicators"][0]["cues"] = {"en": ["all ears"], "zh-CN": ["洗耳恭听"]}
    flow = made(wanted(competencies=competencies))
    assert flow.indicator("listen").cues == {EN: ("all ears",), ZH: ("洗耳恭听",)}
    assert flow.indicator("plan").cues == {EN: ("rota",), ZH: ("排班",)}


def test_a_standard_question_asks_for_a_real_case_of_the_behaviour() -> None:
    question = made(wanted()).question("about_safety")
    assert question.text[EN] == (
        "This job calls for somebody who stops work that endangers somebody and explains the risk. Tell me about a time"
        " when you did that: what was the situation, what did you do yourself, and what came of it?"
    )
    assert question.text[ZH].startswith("请讲一次")
    assert "发现危险立即停工，并说明风险。当时" in question.text[ZH]


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("Actively listens.", "somebody who actively listens."),
        ("SQL knowledge", "the following: SQL knowledge."),
        ("Clear goals", "the following: clear goals."),
    ],
)
def test_a_description_becomes_part_of_a_sentence(description: str, words: str) -> None:
    given = json.loads(wanted())
    given["competencies"][0]["indicators"][1]["description"]["en"] = description
    model = read_competency_model(json.dumps(given))
    assert words in standard_question(model.competencies[0].indicators[1], "x").text[EN]


def test_plain_texts_are_in_the_language_that_is_said() -> None:
    plain = json.loads(wanted())

    def strip(part: Any) -> Any:
        if isinstance(part, dict):
            return part["zh-CN"] if set(part) == {"en", "zh-CN"} else {key: strip(one) for key, one in part.items()}
        return [strip(one) for one in part] if isinstance(part, list) else part

    flow = made(json.dumps(strip(plain)), ZH)
    assert flow.languages == (ZH,)
    assert all(set(question.text) == set(question.terms) == {ZH} for question in flow.questions)
    assert flow == made(json.dumps({**strip(plain), "language": "zh-CN"}))
    assert flow == made(wanted(), ZH)
    with pytest.raises(CompetencyModelError, match="job: is plain text; say its language"):
        made(json.dumps(strip(plain)))


FIRST = ("competencies", 0, "indicators")
FIELD = "competencies[0].indicators"


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("job",), None, "job: is missing"),
        (("job",), {}, "job: has no text; the interview is held"),
        (("jobs",), {}, "jobs: is not a field of a competency model; check the spelling"),
        (("job",), {"en": "x", "fr": "x"}, "job: 'fr' is no language of interviews; there are en, zh-CN"),
        (("id",), "主管", "id: '主管' holds no letter a-z and no digit"),
        (("competencies",), [], "competencies: needs at least one entry"),
        (("competencies",), {}, "competencies: has to be a list"),
        (("competencies", 0), "x", "competencies[0]: has to be a group of fields"),
        (("competencies", 0, "weight"), 0, "competencies[0].weight: is 0.0; a weight is a number above 0"),
        (("competencies", 0, "weight"), "much", "competencies[0].weight: has to be a number"),
        (("competencies", 0, "weight"), 0.0001, "competencies[0].weight: is too small beside the others to count"),
        (("competencies", 1, "id"), "care", "competencies[1].id: 'care' is already used by another competency"),
        (("competencies", 1, "name"), {"en": "Drive"}, "competencies[1].name: has no zh-CN text, though"),
        (("competencies", 1, "indicators"), [], "competencies[1].indicators: are 0; a competency has 3 or 4"),
        (
            ("competencies", 0, "indicators", 1, "description", "en"),
            " ",
            f"{FIELD}[1].description.en: is blank",
        ),
        (
            ("competencies", 0, "indicators", 1, "description"),
            None,
            f"{FIELD}[1].description: is missing",
        ),
        (
            ("competencies", 0, "indicators", 1, "description"),
            5,
            f"{FIELD}[1].description: has to hold one entry",
        ),
        (
            ("competencies", 0, "indicators", 1, "id"),
            "LISTEN",
            f"{FIELD}[1].id: 'LISTEN' is already used by another indicator",
        ),
        (
            ("competencies", 0, "indicators", 1, "tags"),
            ["x"],
            f"{FIELD}[1].tags[0]: 'x' has to be two words",
        ),
        (
            ("competencies", 0, "indicators", 2, "cues", "en"),
            ["a|"],
            f"{FIELD}[2].cues.en[0]: has a blank",
        ),
        (
            ("competencies", 0, "indicators", 2, "cues"),
            "rota",
            f"{FIELD}[2].cues: has to hold one entry",
        ),
    ],
)
def test_a_mistake_is_named_by_its_field(where: tuple[Any, ...], value: Any, message: str) -> None:
    data = json.loads(wanted())
    part = data
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    if value is None:
        del part[where[-1]]
    with pytest.raises(CompetencyModelError) as caught:
        read_competency_model(json.dumps(data))
    assert any(line.startswith(message) for line in str(caught.value).splitlines()), str(caught.value)


def test_all_mistakes_are_named_together() -> None:
    data = json.loads(wanted())
    data["competencies"][0]["weight"] = -1
    del data["competencies"][1]["name"]["en"]
    with pytest.raises(CompetencyModelError) as caught:
        read_competency_model(json.dumps(data))
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        "competencies[0].weight",
        "competencies[1].name",
    ]


@pytest.mark.parametrize("text", ["", "{", "[1,]", "nan"])
def test_what_is_no_json_is_said_to_be_none(text: str) -> None:
    with pytest.raises(CompetencyModelError, match="is not valid JSON"):
        read_competency_model(text)


@pytest.mark.parametrize(
    ("description", "language", "cues"),
    [
        ("Asks before answering.", EN, ("ask|asks|asked|asking", "answer|answers|answered|answering")),
        ("Writes plans", EN, ("write|writes|writing|wrote|written", "plan|plans|planned|planning")),
        ("Applies the rules", EN, ("apply|applies|applied|applying", "rule|rules|ruled|ruling")),
        ("Does it with them.", EN, ("Does it with them",)),
        ("发现危险立即停工", ZH, ("发现|危险|立即|停工",)),
        ("倾听客户的想法", ZH, ("倾听|客户", "想法")),
        ("它", ZH, ("它",)),
    ],
)
def test_cues_come_from_the_words_that_say_something(
    description: str, language: Language, cues: tuple[str, ...]
) -> None:
    assert cues_from(description, language) == cues


def test_likeness_goes_by_words_whatever_their_form() -> None:
    assert content_words("Asks customers", EN) & content_words("asking a customer", EN) == {
        *("ask", "asks", "asked", "asking"),
        *("customer", "customers", "customered", "customering"),
    }


def in_words(text: str) -> bool:
    return any(map(str.isalnum, text)) and not NO_TEXT.search(text)


@settings(max_examples=15)
@given(
    texts=st.lists(st.text(min_size=1, max_size=20).filter(in_words), min_size=3, max_size=4),
    weights=st.lists(st.floats(0.5, 100), min_size=1, max_size=2),
)
def test_whatever_hr_writes_makes_a_flow_that_loads(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], weights: list[float]
) -> None:
    competencies = [
        {
            "id": f"c{at}",
            "name": f"C{at}",
            "weight": weight,
            "indicators": [
                {"id": f"i{at}_{index}", "name": text, "description": text} for index, text in enumerate(texts)
            ],
        }
        for at, weight in enumerate(weights)
    ]
    text = json.dumps({"id": "x", "job": "Job", "language": "en", "competencies": competencies})
    flow = made(text)
    path = tmp_path_factory.getbasetemp() / "made.yaml"
    path.write_text(flow_yaml(flow), "utf-8")
    assert load_flow(path) == flow
    assert len(asked_in(flow)) == len(weights) * len(texts)
    assert all(1 <= len(one.cues[EN]) <= MOST_CUES for competency in flow.competencies for one in competency.indicators)


@pytest.mark.parametrize("flow", [*BANK, rich_flow()], ids=lambda flow: flow.id)
def test_a_flow_is_written_as_it_is_read(flow: Flow, tmp_path: Path) -> None:
    path = tmp_path / "again.yaml"
    path.write_text(flow_yaml(flow), "utf-8")
    assert load_flow(path) == flow


def test_shares_add_up_to_one_however_they_are_rounded() -> None:
    third = {**WANTED["competencies"][1], "id": "third", "weight": 1}
    third["indicators"] = [{**one, "id": f"{one['id']}_too"} for one in third["indicators"]]
    competencies = [{**one, "weight": 1} for one in WANTED["competencies"]]
    flow = made(wanted(competencies=[*competencies, third]))
    assert [competency.weight for competency in flow.competencies] == [0.3334, 0.3333, 0.3333]


def test_what_is_made_is_easy_to_read() -> None:
    text = flow_yaml(made(wanted()))
    assert text.startswith("id: wh_lead_7\nversion: 1\ntitle:\n  en: Warehouse lead interview\n  zh-CN: 仓库主管面试\n")
    assert max(map(len, text.splitlines())) <= 160
    assert "code_language" not in text
    assert "null" not in text
