"""Flows made from competency models are interviewed to their ends by the server's own sessions."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from question_flows.loader import load_flows
from question_flows.model import Language
from question_flows.writing import flow_yaml
from server.interview.commands import SkipQuestion, SubmitAnswer
from server.interview.events import AnswerMode
from server.interview.report import build_report
from tests.interview.houses import eventually, house
from tests.question_flows.test_generate import WANTED, made

ANSWER = "去年我先排班，再检查风险，结果三天就好了。"
CHINESE_ONLY = {**deepcopy(WANTED), "job": "仓库主管", "language": "zh-CN"}
AWKWARD = deepcopy(WANTED)
AWKWARD["id"] = "-practice"
for _competency in AWKWARD["competencies"]:
    for _number, _indicator in enumerate(_competency["indicators"]):
        _indicator["id"] = f"{_competency['id']}-{_number}"
        _indicator["name"]["zh-CN"] = "是: {x} # 1:30"


@pytest.mark.parametrize(
    ("model", "flow_id"), [(WANTED, "wh_lead_7"), (CHINESE_ONLY, "wh_lead_7"), (AWKWARD, "practice")]
)
async def test_every_question_of_a_made_flow_is_asked_and_scored(
    tmp_path: Path, model: dict[str, Any], flow_id: str
) -> None:
    (tmp_path / "made.yaml").write_text(flow_yaml(made(json.dumps(model))), "utf-8")
    flows = load_flows(tmp_path)
    flow = flows[flow_id]
    asked: list[str] = []
    (tmp_path / "data").mkdir()
    async with house(tmp_path / "data", flows=flows) as home:
        session = await home.started(flow_id=flow_id, language=Language.CHINESE)
        while (question_id := session.state.question_id) is not None:
            asked.append(question_id)
            if len(asked) == 1:
                await session.execute(SkipQuestion(question_id))
            else:
                await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, ANSWER))
        await eventually(lambda: session.state.report_id is not None)
        report = build_report("i", await home.events(session), flow)
    assert [one for one in asked if "-" not in one] == [question.id for question in flow.questions]
    assert [one.id for one in report.competencies] == [one.id for one in flow.competencies]
    assert all(answer.score is not None for answer in report.answers)
