"""One file, several jobs: which questions each variant asks, and under which id it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from question_flows.loader import FlowError, load_flows
from question_flows.model import Language
from question_flows.variants import expanded
from tests.question_flows.rich import RICH


def test_a_file_with_variants_holds_a_flow_for_each(tmp_path: Path) -> None:
    (tmp_path / "rich.yaml").write_text(RICH, "utf-8")
    flows = load_flows(tmp_path)
    asked = {flow_id: [question.id for question in flow.questions] for flow_id, flow in flows.items()}
    assert asked == {
        "rich": ["shifts", "opener", "enter", "calm", "shout", "leave"],
        "rich_java": ["shifts", "opener", "loop", "enter", "calm", "shout", "leave"],
        "rich_python": ["shifts", "opener", "generator", "enter", "calm", "shout", "leave"],
    }
    assert all(flow.id == flow_id for flow_id, flow in flows.items())
    assert [flow.title[Language.ENGLISH] for flow in flows.values()] == ["Rich", "Java", "Python"]
    assert [flow.job[Language.CHINESE] for flow in flows.values()] == ["工作", "Java 工作", "Python 工作"]
    assert all(flow.version == 1 and flow.pass_mark == 7 for flow in flows.values())


def test_tags_that_no_variant_has_leave_a_question_in_all(tmp_path: Path) -> None:
    text = RICH.replace("    redos: 1\n", '    redos: 1\n    tags: ["skill:planning"]\n')
    (tmp_path / "rich.yaml").write_text(text, "utf-8")
    assert all("opener" in [question.id for question in flow.questions] for flow in load_flows(tmp_path).values())


def test_an_expanded_flow_expands_no_further(tmp_path: Path) -> None:
    (tmp_path / "rich.yaml").write_text(RICH, "utf-8")
    for flow in load_flows(tmp_path).values():
        assert expanded(flow) == (flow,)


def test_a_variant_may_not_take_another_flows_id(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RICH, "utf-8")
    (tmp_path / "b.yaml").write_text(RICH.replace("id: rich\n", "id: rich_java\n"), "utf-8")
    with pytest.raises(FlowError) as caught:
        load_flows(tmp_path)
    assert [(m.file, m.field) for m in caught.value.mistakes] == [("b.yaml", "id")]
    assert "'rich_java'" in caught.value.mistakes[0].problem
