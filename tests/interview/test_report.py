"""The report and the snapshots: quotes are looked up again, and the candidate's page learns nothing of scores."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from analyzers.results import IndicatorScore, WithheldReason
from analyzers.scoring.rubric import SCORER
from question_flows.model import Language
from server.interview.commands import OpenHint, Pause, Resume, SaveDraft
from server.interview.events import AnswerScored, InterviewEvent
from server.interview.report import Report, build_report, report_json
from server.interview.session import InterviewSession
from server.interview.snapshot import candidate_snapshot, hr_snapshot
from tests.interview.houses import FLOWS, Clock, House, answer_typed, eventually, sample_answer

FLOW = FLOWS["customer_service"]


@pytest.fixture
async def session(home: House, clock: Clock) -> AsyncIterator[InterviewSession]:
    """An interview whose first answer is scored, and whose candidate is there."""
    session = await home.interviews.get(await home.invite())
    async with session.candidate_present():
        await home.start(session)
        await answer_the_first(session, clock)
        yield session


async def answer_the_first(session: InterviewSession, clock: Clock) -> None:
    """With a hint and a pause."""
    await session.execute(OpenHint(FLOW.questions[0].id, 0))
    clock.turn(10)
    await session.execute(Pause())
    clock.turn(60)
    await session.execute(Resume())
    clock.turn(5)
    await answer_typed(session, sample_answer(session, FLOW.questions[0].id))
    await eventually(lambda: session.state.asked[0].score is not None)


def with_score(events: Sequence[InterviewEvent], change: dict[str, object]) -> list[InterviewEvent]:
    """The log as it would be had the scorer made a mistake in every quote."""
    changed = []
    for event in events:
        if isinstance(event.body, AnswerScored):
            indicators = tuple(
                replace(i, evidence=tuple(replace(quote, **change) for quote in i.evidence))  # type: ignore[arg-type]
                for i in event.body.score.indicators
            )
            event = replace(event, body=replace(event.body, score=replace(event.body.score, indicators=indicators)))
        changed.append(event)
    return changed


def indicators(report: Report) -> list[IndicatorScore]:
    return [indicator for answer in report.answers if answer.score for indicator in answer.score.indicators]


async def test_true_quotes_are_kept(home: House, session: InterviewSession) -> None:
    report = await home.interviews.report(session.interview_id)
    assert report.refused_quotes == 0
    assert any(indicator.points is not None for indicator in indicators(report))
    assert report.scorers == (SCORER,)
    assert report.answers[0].text == " ".join(sample_answer(session, FLOW.questions[0].id).split())


@pytest.mark.parametrize("change", [{"text": "I never said this"}, {"first_word": 0, "last_word": 999}, {"end_ms": 1}])
async def test_a_quote_that_is_not_in_the_transcript_is_refused_with_its_points(
    home: House, session: InterviewSession, change: dict[str, object]
) -> None:
    events = await home.events(session)
    report = build_report(session.interview_id, with_score(events, change), FLOW)
    assert report.refused_quotes > 0
    assert [indicator.points for indicator in indicators(report)] == [None] * len(indicators(report))
    assert WithheldReason.NOT_ENOUGH_EVIDENCE in {indicator.withheld for indicator in indicators(report)}
    assert all(not indicator.evidence for indicator in indicators(report))
    assert report.score.total is None


async def test_pauses_are_in_the_ledger_with_the_time_given_back(home: House, session: InterviewSession) -> None:
    report = await home.interviews.report(session.interview_id)
    [pause] = [fault for fault in report.faults if fault.kind.value == "pause"]
    assert (pause.clock_ms, pause.lost_ms) == (10_000, 60_000)
    assert (report.given_back_ms, report.duration_ms) == (60_000, 15_000)
    assert report.answers[0].hints_opened == 1


async def test_what_is_withheld_is_listed_with_its_reason(home: House, session: InterviewSession) -> None:
    report = await home.interviews.report(session.interview_id)
    assert report.score.total is None
    assert next((w.what, w.question_id) for w in report.withheld) == ("total", None)
    withheld = [w for w in report.withheld if w.question_id == FLOW.questions[0].id]
    assert len(withheld) == sum(indicator.points is None for indicator in indicators(report))


async def test_the_report_is_plain_json(home: House, session: InterviewSession) -> None:
    data = json.loads(json.dumps(report_json(await home.interviews.report(session.interview_id))))
    assert data["consents"] == {"voice": True, "scoring": True, "recording": True}
    assert data["faults"][0]["at"].endswith("Z")


async def test_the_candidates_page_learns_nothing_of_scores(session: InterviewSession) -> None:
    snapshot = json.loads(json.dumps(candidate_snapshot(session)))
    question = FLOW.questions[1]
    assert snapshot["question"]["id"] == question.id
    assert snapshot["question"]["total"] == len(FLOW.questions)
    assert snapshot["question"]["scenario"]["title"]
    text = json.dumps(snapshot)
    for secret in ("score", "cue", "evidence", "weight", *question.indicator_ids):
        # "scoring" is the name of the consent, "second_scorer" what it tells of.
        assert secret not in text.replace("scoring", "").replace("second_scorer", "")


async def test_a_draft_and_the_clock_come_back_after_a_refresh(session: InterviewSession, clock: Clock) -> None:
    question = FLOW.questions[1]
    await session.execute(SaveDraft(question.id, "I would"))
    clock.turn(4)
    snapshot = candidate_snapshot(session)
    assert snapshot["question"]["draft"] == "I would"
    assert snapshot["question"]["thinking_left_ms"] == question.thinking_seconds * 1000 - 4000
    assert snapshot["clock_ms"] == 19_000


async def test_hrs_page_gets_everything_in_the_language_it_asks_for(session: InterviewSession) -> None:
    for language in Language:
        snapshot = json.loads(json.dumps(hr_snapshot(session.interview_id, session.state, FLOW, language)))
        assert snapshot["flow"]["title"] == FLOW.title[language]
        assert snapshot["answers"][0]["phase"] == "submitted"
        assert snapshot["answers"][0]["score"]["indicators"]
        assert snapshot["score"]["competencies"]
        assert snapshot["seq"] == session.state.seq
