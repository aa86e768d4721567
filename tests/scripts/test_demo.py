"""The demo's candidate gets through every shipped flow by itself, follow-ups, facts, code and rests included."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.demo import part_of, reports
from scripts.print_report import print_report
from scripts.sample_answers import sample_answer
from scripts.simulated_candidate import SimulatedCandidate
from tests.warm_server import WarmServer

pytestmark = pytest.mark.timeout(240)

FLOWS = shipped_flows()


async def test_a_typing_candidate_reaches_the_report_of_every_flow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One flow in English, the next in Chinese."""
    unhurried = {"most_loop_lag_ms": "60000", "most_loop_load": "1", "whisper_model": str(tmp_path / "none")}
    server = WarmServer(tmp_path / "data", settings=unhurried, log=tmp_path / "server.log")
    await server.start()
    try:
        ids = []
        for (flow_id, flow), language in zip(sorted(FLOWS.items()), cycle(("en", "zh"))):
            part = part_of(flow_id, language)
            interview_id, link = await server.invite(flow_id, part.language, part.name, part.jurisdiction)
            ids.append(interview_id)
            asked: list[str] = []
            async with SimulatedCandidate(link, accept=lambda purpose: purpose != "voice") as candidate:
                answer_to = partial(sample_answer, flow, language=part.language)
                await candidate.attend(answer_to, lambda question_id, _, asked=asked: asked.append(question_id))  # type: ignore[misc]
            assert len(asked) == len(set(asked))
            assert ("-practice" in asked) == (flow.practice is not None)
        arrived = {report["flow_id"]: report for report in await reports(server.data_dir, ids)}
        assert set(arrived) == set(FLOWS)
        for flow_id, report in arrived.items():
            assert report["score"]["total"] is not None, flow_id
            modes = {answer["kind"]: answer["mode"] for answer in report["answers"]}
            assert {modes[kind] for kind in modes if kind != "fact"} == {"typed"}
            assert modes.get("fact", "choice") == "choice"
            print_report(report)
        assert "code" in {answer["kind"] for answer in arrived["software_engineer_java"]["answers"]}
        assert len(arrived["store_manager"]["answers"]) > 5
        assert "\nTotal: " in capsys.readouterr().out
    finally:
        await server.stop()


def test_a_follow_up_is_answered_by_another_sample_than_its_question() -> None:
    flow = FLOWS["store_manager"]
    for question in flow.questions:
        for indicator_id in question.indicator_ids:
            if not flow.indicator(indicator_id).probes:
                continue
            further = sample_answer(flow, f"{question.id}-{indicator_id}", Language.ENGLISH)
            assert further in question.sample_answers[Language.ENGLISH]
            if len(question.sample_answers[Language.ENGLISH]) > 1:
                assert further != sample_answer(flow, question.id, Language.ENGLISH)
