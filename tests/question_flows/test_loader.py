"""Every mistake in a flow's file is named by file, line and field, all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from question_flows import loader
from question_flows.loader import FlowError, load_flow, load_flows, shipped_flows
from question_flows.model import Endpointing, Language, QuestionKind

SMALL = """\
id: small
version: 1
title: {en: Small, zh-CN: 小}
job: {en: Job, zh-CN: 工作}
languages: [en, zh-CN]
competencies:
  - id: care
    name: {en: Care, zh-CN: 关心}
    weight: 0.4
    indicators:
      - id: empathy
        name: {en: Empathy, zh-CN: 同理心}
        description: {en: Feels with others., zh-CN: 体谅他人。}
        cues: {en: ["sorry"], zh-CN: ["对不起"]}
        counter_cues: {en: [], zh-CN: []}
      - {id: ask, name: {en: Asks, zh-CN: 询问}, description: {en: Asks., zh-CN: 询问。},
         cues: {en: [asks], zh-CN: [询问]}, counter_cues: {en: [], zh-CN: []}}
      - {id: hear, name: {en: Hears, zh-CN: 倾听}, description: {en: Hears., zh-CN: 倾听。},
         cues: {en: [hears], zh-CN: [倾听]}, counter_cues: {en: [], zh-CN: []}}
  - id: drive
    name: {en: Drive, zh-CN: 干劲}
    weight: 0.6
    indicators:
      - id: action
        name: {en: Acts, zh-CN: 行动}
        description: {en: Does something., zh-CN: 采取行动。}
        cues: {en: ["did|made"], zh-CN: ["做了"]}
        counter_cues: {en: ["nothing"], zh-CN: ["没做"]}
      - {id: plan, name: {en: Plans, zh-CN: 计划}, description: {en: Plans., zh-CN: 计划。},
         cues: {en: [plans], zh-CN: [计划]}, counter_cues: {en: [], zh-CN: []}}
      - {id: finish, name: {en: Finishes, zh-CN: 完成}, description: {en: Finishes., zh-CN: 完成。},
         cues: {en: [finishes], zh-CN: [完成]}, counter_cues: {en: [], zh-CN: []}}
scenarios:
  - id: shop
    title: {en: A shop, zh-CN: 商店}
    setting: {en: You are in a shop., zh-CN: 您在商店里。}
    counterpart: {en: a customer, zh-CN: 一位客人}
questions:
  - id: opener
    kind: structured
    text: {en: "Why?", zh-CN: 为什么？}
    indicator_ids: [empathy, action]
    hints:
      - text: {en: Think., zh-CN: 想一想。}
    terms: {en: [], zh-CN: []}
    thinking_seconds: 10
    answer_seconds: 60
    sample_answers: {en: [I did it.], zh-CN: [我做了。]}
  - id: turn
    kind: role_play
    scenario_id: shop
    text: {en: Hey!, zh-CN: 喂！}
    indicator_ids: [action, ask, hear, plan, finish]
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 60
    sample_answers: {en: [], zh-CN: []}
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "small.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def mistakes_in(path: Path) -> list[str]:
    with pytest.raises(FlowError) as caught:
        load_flow(path)
    assert str(caught.value) == "\n".join(str(mistake) for mistake in caught.value.mistakes)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_flow_is_read_whole(write: Write) -> None:
    flow = load_flow(write(SMALL))
    assert flow.languages == (Language.ENGLISH, Language.CHINESE)
    assert flow.title[Language.CHINESE] == "小"
    assert flow.indicator("action").cues[Language.ENGLISH] == ("did|made",)
    assert flow.question("turn").kind is QuestionKind.ROLE_PLAY
    assert flow.question("opener").scenario_id is None
    assert flow.scenario("shop").counterpart[Language.ENGLISH] == "a customer"


def test_pauses_are_read_and_have_their_defaults(write: Write) -> None:
    assert load_flow(write(SMALL)).endpointing == Endpointing(complete_ms=600, normal_ms=900, unfinished_ms=2000)
    given = SMALL.replace("competencies:", "endpointing: {complete_ms: 500, unfinished_ms: 3000}\ncompetencies:", 1)
    assert load_flow(write(given)).endpointing == Endpointing(complete_ms=500, normal_ms=900, unfinished_ms=3000)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "indicator_ids: [empathy, action]",
            "indicator_ids: [empaty, action]",
            "small.yaml:42: questions[0].indicator_ids[0]: 'empaty' is not an indicator of this flow",
        ),
        (
            "indicator_ids: [empathy, action]",
            "indicator_ids: [action, action]",
            "small.yaml:42: questions[0].indicator_ids[1]: 'action' is named twice",
        ),
        (
            "scenario_id: shop",
            "scenario_id: shpo",
            "small.yaml:51: questions[1].scenario_id: 'shpo' is not a scenario of this flow",
        ),
        (
            "    scenario_id: shop\n",
            "",
            "small.yaml:49: questions[1].scenario_id: is missing; a role_play question names its scenario",
        ),
        (
            "kind: structured",
            "kind: structured\n    scenario_id: shop",
            "small.yaml:41: questions[0].scenario_id: belongs to role_play questions only",
        ),
        (
            "weight: 0.4",
            "weight: 0.5",
            "small.yaml:6: competencies: have weights that add up to 1.1 and not to 1",
        ),
        (
            "weight: 0.4",
            "weight: much",
            "small.yaml:9: competencies[0].weight: has to be a number",
        ),
        ("version: 1\n", "", "small.yaml:1: version: is missing"),
        ("version: 1", "version: 0", "small.yaml:2: version: counts from 1"),
        ("version: 1", "version: 1.5", "small.yaml:2: version: has to be a whole number"),
        (
            "    thinking_seconds: 10",
            "    thinking_secs: 10",
            "small.yaml:46: questions[0].thinking_secs: is not a field of a flow; check the spelling",
        ),
        (
            "title: {en: Small, zh-CN: 小}",
            "title: {en: Small}",
            "small.yaml:3: title: has no zh-CN text, though the flow offers zh-CN",
        ),
        ("title: {en: Small, zh-CN: 小}", "title: Small", "small.yaml:3: title: has to hold one entry per language"),
        ("title: {en: Small,", 'title: {en: " ",', "small.yaml:3: title.en: is blank"),
        (
            'cues: {en: ["sorry"],',
            "cues: {en: [],",
            "small.yaml:14: competencies[0].indicators[0].cues.en: needs at least one cue,"
            " or nothing can count as evidence",
        ),
        (
            '"did|made"',
            '"did|"',
            "small.yaml:27: competencies[1].indicators[0].cues.en[0]: has a blank text or a blank alternative"
            " between |",
        ),
        (
            "id: action\n",
            "id: empathy\n",
            "small.yaml:24: competencies[1].indicators[0].id: 'empathy' is already used by another of the same kind",
        ),
        (
            "id: turn",
            "id: opener",
            "small.yaml:49: questions[1].id: 'opener' is already used by another of the same kind",
        ),
        ("id: turn", "id: A/B", "small.yaml:49: questions[1].id: 'A/B' may only hold small letters, digits and _"),
        (
            "thinking_seconds: 0",
            "thinking_seconds: -1",
            "small.yaml:56: questions[1].thinking_seconds: is -1; it has to be at least 0",
        ),
        (
            "competencies:",
            "endpointing: {complete_ms: 400}\ncompetencies:",
            "small.yaml:6: endpointing.complete_ms: is 400; it has to be 500 to 3000 milliseconds",
        ),
        (
            "competencies:",
            "endpointing: {unfinished_ms: 3001}\ncompetencies:",
            "small.yaml:6: endpointing.unfinished_ms: is 3001; it has to be 500 to 3000 milliseconds",
        ),
        (
            "competencies:",
            "endpointing:\n  complete_ms: 800\n  normal_ms: 700\ncompetencies:",
            "small.yaml:8: endpointing.normal_ms: is 700; it has to be at least complete_ms, which is 800",
        ),
        (
            "competencies:",
            "endpointing: {complete_ms: 1000}\ncompetencies:",
            "small.yaml:6: endpointing.complete_ms: is 1000; it has to be at most normal_ms, which is 900 unless given",
        ),
        (
            "competencies:",
            "endpointing: {normal_ms: 0.9}\ncompetencies:",
            "small.yaml:6: endpointing.normal_ms: has to be a whole number",
        ),
        (
            "competencies:",
            "endpointing: {short_ms: 600}\ncompetencies:",
            "small.yaml:6: endpointing.short_ms: is not a field of a flow; check the spelling",
        ),
        (
            "competencies:",
            "endpointing: short\ncompetencies:",
            "small.yaml:6: endpointing: has to be a group of fields",
        ),
        ("job: {en", "title: {en", "small.yaml:4: title: is given twice"),
        ("languages: [en, zh-CN]", "languages: []", "small.yaml:5: languages: has to name at least one of en, zh-CN"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_field(write: Write, old: str, new: str, expected: str) -> None:
    assert SMALL.count(old) >= 1
    assert expected in mistakes_in(write(SMALL.replace(old, new, 1)))


def test_mistakes_of_every_sort_are_reported_together(write: Write) -> None:
    text = SMALL.replace("version: 1\n", "version: one\n").replace("[empathy, action]", "[empaty]")
    text = text.replace("kind: role_play", "kind: roleplay").replace("weight: 0.6", "weight: 0.7")
    found = mistakes_in(write(text))
    assert [line.split(": ")[1] for line in found] == [
        "version",
        "competencies",
        "questions[0].indicator_ids[0]",
        "questions[1].kind",
        "questions[1].scenario_id",
    ]
    assert "'structured', 'situational', 'role_play', 'text', 'code' or 'fact'" in found[3]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("id: x\ntitle: [1, 2\n", 3, "is not valid YAML"),
        ("", 1, "is empty"),
        ("id: &a x\njob: *a\n", 2, "anchors and aliases"),
        ("id: a\njob: b\x00b\n", 2, "control character"),
        ("- 1\n", 1, "has to be a group of fields"),
    ],
)
def test_a_file_that_is_no_flow_at_all(write: Write, text: str, line: int, words: str) -> None:
    (mistake,) = mistakes_in(write(text))
    assert mistake.startswith(f"small.yaml:{line}: ")
    assert words in mistake


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in mistakes_in(tmp_path / "absent.yaml")[0]
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("title: café".encode("latin-1"))
    assert "UTF-8" in mistakes_in(latin)[0]


def test_a_folder_reports_the_mistakes_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALL.replace("version: 1", "version: 0"), "utf-8")
    (tmp_path / "b.yaml").write_text(SMALL, "utf-8")
    (tmp_path / "c.yaml").write_text(SMALL, "utf-8")
    with pytest.raises(FlowError) as caught:
        load_flows(tmp_path)
    assert [(m.file, m.field) for m in caught.value.mistakes] == [("a.yaml", "version"), ("c.yaml", "id")]


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="holds no flow"):
        load_flows(tmp_path)


def test_the_shipped_flows_load() -> None:
    flows = shipped_flows()
    assert set(flows) >= {"customer_service", "software_engineer"}
    for flow in flows.values():
        asked = {indicator for question in flow.questions for indicator in question.indicator_ids}
        assert asked == {i.id for competency in flow.competencies for i in competency.indicators}
        assert all(3 <= len(competency.indicators) <= 4 for competency in flow.competencies)


def test_both_parsers_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML was built without libyaml, its own parser reads: the flows, and which line a mistake is on."""
    if loader._FAST is None:
        pytest.skip("PyYAML was built without libyaml")
    fast = load_flows(loader.SHIPPED)
    monkeypatch.setattr(loader, "_FAST", None)
    assert load_flows(loader.SHIPPED) == fast
    for path in loader.SHIPPED.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        quick, slow = (loader._nodes(text, path.name, parser) for parser in (yaml.CSafeLoader, yaml.SafeLoader))
        assert loader._lines(quick) == loader._lines(slow)
