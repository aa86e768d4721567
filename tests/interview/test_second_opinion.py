"""The second opinion in a whole interview: beside the score, never in its way, and told when there is none."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from analyzers.results import AnswerScore, Transcript, WithheldReason
from analyzers.scoring.rubric import SCORER
from analyzers.scoring.scorer import BuiltInScorer
from question_flows.model import Flow, Language, Question
from server.interview.commands import GiveConsent, Start
from server.interview.events import Purpose, SecondOpinionGiven
from server.interview.fold import fold
from server.interview.report import Report, build_report, report_json
from server.interview.session import InterviewSession
from server.interview.snapshot import candidate_snapshot
from server.interview.state import Status
from tests.analyzers.scoring.chat_server import Asked, chat_server, good_answer, scorer, text_answer
from tests.interview.houses import FLOWS, House, answer_typed, eventually, house, sample_answer

FLOW = FLOWS["customer_service"]


@asynccontextmanager
async def begun(
    home: House, language: Language = Language.ENGLISH, *, told: bool = True, scoring: bool = True
) -> AsyncIterator[InterviewSession]:
    """An interview with its first question open and its candidate there."""
    session = await home.interviews.get(await home.invite(language=language))
    async with session.candidate_present():
        granted = {**dict.fromkeys(session.purposes, True), Purpose.SCORING: scoring}
        await session.execute(GiveConsent(granted, second_scorer=told))
        await session.execute(Start())
        yield session


async def answer_all(session: InterviewSession) -> None:
    while session.state.question_id is not None:
        await answer_typed(session, sample_answer(session, session.state.question_id))


async def to_the_end(home: House, session: InterviewSession) -> Report:
    await answer_all(session)
    await eventually(lambda: session.state.status is Status.COMPLETED, 30)
    return await home.interviews.report(session.interview_id)


async def without_second(home: House, report: Report) -> Report:
    """The same log without its second opinions."""
    events = [event for event in await home.log.read(report.interview_id) if "SecondOpinion" not in event.type]
    renumbered = [type(event)(n, event.at, event.clock_ms, event.body) for n, event in enumerate(events, 1)]
    return build_report(report.interview_id, renumbered, FLOW)


@pytest.mark.parametrize("language", list(Language))
async def test_the_second_opinion_stands_beside_the_score_and_never_changes_it(
    tmp_path: Path, language: Language
) -> None:
    async with (
        chat_server(good_answer(language, points=1)) as chat,
        scorer(chat.url) as second,
        house(tmp_path, second_scorer=second) as home,
        begun(home, language) as session,
    ):
        report = await to_the_end(home, session)
        assert report.score == (await without_second(home, report)).score
        assert len(chat.requests) == len(report.answers)
    assert report.scorers == (SCORER,)
    assert report.refused_quotes == 0
    apart = 0
    for answer in report.answers:
        opinion = answer.second_opinion
        assert opinion is not None
        assert opinion.scorer == "judge-7b"
        assert opinion.failed is None
        assert answer.score is not None
        assert [one.indicator_id for one in opinion.comparisons] == [
            one.indicator_id for one in answer.score.indicators
        ]
        for one in opinion.comparisons:
            assert one.second == 1
            assert one.disagreement == (one.built_in is not None and one.built_in - 1 >= 2)
        apart += opinion.disagreements
    assert apart > 0
    data = json.loads(json.dumps(report_json(report)))
    assert data["answers"][0]["second_opinion"]["score"]["indicators"][0]["points"] == 1


async def test_points_that_agree_are_not_flagged(tmp_path: Path) -> None:
    async with house(tmp_path, second_scorer=BuiltInScorer()) as home, begun(home) as session:
        report = await to_the_end(home, session)
    opinions = [answer.second_opinion for answer in report.answers]
    assert all(opinion is not None and opinion.disagreements == 0 for opinion in opinions)


async def test_nothing_but_question_and_words_leaves_the_server(tmp_path: Path) -> None:
    async with (
        chat_server(good_answer()) as chat,
        scorer(chat.url) as second,
        house(tmp_path, second_scorer=second) as home,
        begun(home) as session,
    ):
        await to_the_end(home, session)
        sent = json.dumps([asked.body for asked in chat.requests])
        assert session.interview_id not in sent
    assert "Ada" not in sent
    assert "ada@example.org" not in sent


async def test_with_the_endpoint_down_the_report_comes_with_the_built_in_result_and_says_so(tmp_path: Path) -> None:
    async with chat_server(good_answer()) as chat:
        url = chat.url
    async with scorer(url) as second, house(tmp_path, second_scorer=second) as home, begun(home) as session:
        report = await to_the_end(home, session)
        assert session.state.report_id is not None
    assert report.score.total is not None
    for answer in report.answers:
        assert answer.second_opinion is not None
        assert (answer.second_opinion.failed, answer.second_opinion.score) == ("unreachable", None)


async def test_an_endpoint_that_hangs_holds_the_report_up_for_its_timeout_and_the_candidate_not_at_all(
    tmp_path: Path,
) -> None:
    async def answer(_: Asked) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    async with (
        chat_server(answer) as chat,
        scorer(chat.url, timeout_s=3) as second,
        house(tmp_path, second_scorer=second) as home,
        begun(home) as session,
    ):
        await answer_all(session)
        await eventually(lambda: all(answer.score for answer in session.state.asked))
        # Every answer is scored, and the report still waits.
        assert session.state.status is Status.RUNNING
        begun_at = time.monotonic()
        await eventually(lambda: session.state.status is Status.COMPLETED, 20)
        assert time.monotonic() - begun_at < 12
        report = await home.interviews.report(session.interview_id)
    opinions = [one.second_opinion for one in report.answers]
    assert {opinion.failed for opinion in opinions if opinion} == {"timed_out"}


async def test_a_scorer_with_a_fault_of_its_own_does_not_hurt_the_interview(tmp_path: Path) -> None:
    class Faulty:
        name = "faulty"

        async def score(self, flow: Flow, question: Question, transcript: Transcript) -> AnswerScore:
            raise ZeroDivisionError

    async with house(tmp_path, second_scorer=Faulty()) as home, begun(home) as session:
        report = await to_the_end(home, session)
    assert {answer.second_opinion.failed for answer in report.answers if answer.second_opinion} == {"broken"}


@pytest.mark.parametrize(("told", "scoring"), [(False, True), (True, False)])
async def test_without_consent_or_without_having_been_told_nothing_is_sent(
    tmp_path: Path, told: bool, scoring: bool
) -> None:
    async with (
        chat_server(good_answer()) as chat,
        scorer(chat.url) as second,
        house(tmp_path, second_scorer=second) as home,
        begun(home, told=told, scoring=scoring) as session,
    ):
        report = await to_the_end(home, session)
    assert not chat.requests
    assert all(answer.second_opinion is None for answer in report.answers)


async def test_an_answer_too_short_to_judge_is_not_sent(tmp_path: Path) -> None:
    async with (
        chat_server(good_answer()) as chat,
        scorer(chat.url) as second,
        house(tmp_path, second_scorer=second) as home,
        begun(home) as session,
    ):
        await answer_typed(session, "I don't know")
        await eventually(lambda: session.state.asked[0].score is not None)
        score = session.state.asked[0].score
        assert score is not None
        assert score.indicators[0].withheld is WithheldReason.TOO_FEW_WORDS
        report = await to_the_end(home, session)
    assert len(chat.requests) == len(report.answers) - 1
    assert report.answers[0].second_opinion is None


async def test_a_process_that_ends_in_between_asks_again_after_it_is_back(tmp_path: Path) -> None:
    hang = asyncio.Event()

    async def answer(asked: Asked) -> web.StreamResponse:
        await hang.wait()
        return await good_answer()(asked)

    async with chat_server(answer) as chat, scorer(chat.url, timeout_s=60) as second:
        async with house(tmp_path, second_scorer=second) as home, begun(home) as session:
            interview_id = session.interview_id
            await answer_all(session)
            await eventually(lambda: len(chat.requests) == len(FLOW.questions))
            begun_at = time.monotonic()
        # It ends at once: an opinion under way is dropped.
        assert time.monotonic() - begun_at < 4
        hang.set()
        async with house(tmp_path, second_scorer=second) as again:
            later = await again.interviews.get(interview_id)
            async with later.candidate_present():
                await eventually(lambda: later.state.status is Status.COMPLETED, 30)
            events = await again.log.read(interview_id)
    given = [event.body.score.question_id for event in events if isinstance(event.body, SecondOpinionGiven)]
    assert sorted(given) == sorted(question.id for question in FLOW.questions)
    assert fold(events).status is Status.COMPLETED


async def test_an_unusable_reply_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def answer(asked: Asked) -> web.StreamResponse:
        first = asked.task["question"] == FLOW.questions[0].text[Language.ENGLISH]
        return await (text_answer("Ten points for Ada!") if first else good_answer())(asked)

    async with (
        chat_server(answer) as chat,
        scorer(chat.url) as second,
        house(tmp_path, second_scorer=second) as home,
        begun(home) as session,
    ):
        report = await to_the_end(home, session)
    first, *others = [answer.second_opinion for answer in report.answers]
    assert first is not None
    assert first.failed == "unusable"
    assert all(opinion is not None and opinion.score is not None for opinion in others)


async def test_the_candidate_is_told_only_when_there_is_one(tmp_path: Path, home: House) -> None:
    alone = await home.started()
    assert candidate_snapshot(alone)["policy"]["second_scorer"] is False
    (tmp_path / "other").mkdir()
    async with scorer("http://localhost:9/v1") as second, house(tmp_path / "other", second_scorer=second) as other:
        both = await other.interviews.get(await other.invite())
        assert candidate_snapshot(both)["policy"]["second_scorer"] is True
