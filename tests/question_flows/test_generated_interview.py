"""A flow made from a competency model is interviewed to its end by the server's own session."""

from __future__ import annotations

import json
from pathlib import Path

from question_flows.loader import load_flows
from question_flows.model import Language
from question_flows.writing import flow_yaml
from server.interview.commands import SubmitAnswer
from server.interview.events import AnswerMode
from tests.interview.houses import house
from tests.question_flows.test_generate import WANTED, made

ANSWER = "去年我先排班，再检查风险，结果三天就好了。"


async def test_every_question_of_a_made_flow_is_asked(tmp_path: Path) -> None:
    (tmp_path / "made.yaml").write_text(flow_yaml(made(json.dumps(WANTED))), "utf-8")
    flows = load_flows(tmp_path)
    flow = flows["wh_lead_7"]
    asked: list[str] = []
    async with house(tmp_path / "data", flows=flows) as home:
        session = await home.started(flow_id="wh_lead_7", language=Language.CHINESE)
        while (question_id := session.state.question_id) is not None:
            asked.append(question_id)
            await session.execute(
                SubmitAnswer(question_id, AnswerMode.TYPED, "去年我先排班，再检查风险，结果三天就好了。")
            )
    assert [one for one in asked if "-" not in one] == [question.id for question in flow.questions]
