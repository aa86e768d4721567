"""Follow-ups that a model chooses and words: nobody waits for it for long, and without it nothing changes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from analyzers.scoring.chat import ChatModel
from analyzers.scoring.probe_choice import ProbeChooser
from question_flows.loader import load_flow
from question_flows.model import Flow, FollowUps, Language
from question_flows.progress import probeable
from server.errors import UserError
from server.interview import events as happened
from server.interview.commands import GiveConsent, Pause, SkipQuestion, Start, SubmitAnswer
from server.interview.events import AnswerMode, Purpose, decode
from server.interview.fold import fold
from server.interview.registry import SETTLED_AFTER
from server.interview.report import build_report, report_json
from server.interview.session import InterviewSession
from server.interview.snapshot import candidate_snapshot, hr_snapshot
from server.interview.state import Status
from tests.analyzers.scoring.chat_server import KEY, MODEL, Answerer, Asked, ChatServer, chat_server, completion
from tests.interview.decided import BEGUN, YES, Interview, typed
from tests.interview.houses import FLOWS, House, answer_typed, eventually, house

EVERY_PATH = load_flow(Path(__file__).parents[1] / "e2e" / "flows" / "every_path.yaml")
FLOW = replace(EVERY_PATH, questions=EVERY_PATH.questions[:1], practice=None, rounds=())
"""One question, whose follow-up is the interview's last."""
NOTHING_OFFERED = "A parcel was late, so I asked for the order number and checked it together with the driver."
OFFERED = "I asked for the order number and checked it, and then I offered the customer a refund at once."
PREDEFINED = FLOW.question("story-solve").text
WORDING = "After you had checked it with the driver, what did you offer in the end?"


def worded(wording: str = WORDING) -> Answerer:
    """Chooses the first probe it is offered, in these words."""

    async def answer(asked: Asked) -> web.StreamResponse:
        return completion(json.dumps({"probe": next(iter(asked.task["probes"])), "wording": wording}))

    return answer


async def hanging(_: Asked) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError


@asynccontextmanager
async def chooser(chat: ChatServer, timeout_s: float = 10.0) -> AsyncIterator[ProbeChooser]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        yield ProbeChooser(ChatModel(client, base_url=chat.url, name=MODEL, key=KEY), timeout_s)


@asynccontextmanager
async def choosing(folder: Path, answer: Answerer, timeout_s: float = 10.0) -> AsyncIterator[tuple[House, ChatServer]]:
    """A server with a model that answers so."""
    async with (
        chat_server(answer) as chat,
        chooser(chat, timeout_s) as probes,
        house(folder, flows={FLOW.id: FLOW}, probe_chooser=probes) as home,
    ):
        yield home, chat


@asynccontextmanager
async def begun(
    home: House, *, told: bool = True, scoring: bool = True, language: Language = Language.ENGLISH
) -> AsyncIterator[InterviewSession]:
    session = await home.interviews.get(await home.invite(FLOW.id, language))
    async with session.candidate_present():
        granted = {**dict.fromkeys(session.purposes, True), Purpose.SCORING: scoring}
        await session.execute(GiveConsent(granted, second_scorer=told))
        await session.execute(Start())
        yield session


async def probed(session: InterviewSession) -> str:
    """The text of the follow-up, once it is open."""
    await eventually(lambda: session.state.question_id == "story-solve")
    text: str = candidate_snapshot(session)["question"]["text"]
    return text


async def test_what_the_candidate_saw_is_in_the_log_on_hrs_page_and_in_the_report(tmp_path: Path) -> None:
    async with choosing(tmp_path, worded()) as (home, chat), begun(home) as session:
        await answer_typed(session, NOTHING_OFFERED)
        assert await probed(session) == WORDING
        events = await home.events(session)
        assert [event.body for event in events if isinstance(event.body, happened.ProbeSought)] == [
            happened.ProbeSought("story", ("solve",))
        ]
        assert events[-1].body == happened.QuestionAsked("story-solve", 0, 0, WORDING, MODEL)
        shown = hr_snapshot(session.interview_id, session.state, FLOW)
        assert (shown["flow"]["follow_ups"][0]["text"], shown["answers"][1]["wording"]) == (WORDING, WORDING)
        # Whoever reads in another language gets the probe as it is predefined there.
        chinese = hr_snapshot(session.interview_id, session.state, FLOW, Language.CHINESE)
        assert chinese["flow"]["follow_ups"][0]["text"] == PREDEFINED[Language.CHINESE]
        await answer_typed(session, OFFERED)
        await eventually(lambda: session.state.status is Status.COMPLETED)
        report = await home.interviews.report(session.interview_id)
        assert len(chat.requests) == 1
        sent = json.dumps(chat.requests[0].body)
        assert "Ada" not in sent
        assert session.interview_id not in sent
    (probe,) = report.probes
    predefined = PREDEFINED[Language.ENGLISH]
    assert (probe.text, probe.worded_by, probe.predefined) == (WORDING, MODEL, predefined)
    answer = report.answers[1]
    assert (answer.question, answer.worded_by, answer.predefined) == (WORDING, MODEL, predefined)
    assert json.loads(json.dumps(report_json(report)))["probes"][0]["text"] == WORDING
    assert answer.score is not None
    assert answer.score.indicators[0].points is not None


async def test_the_answer_is_acknowledged_at_once_and_nothing_ends_before_the_follow_up_came(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def later(asked: Asked) -> web.StreamResponse:
        await go.wait()
        return await worded()(asked)

    async with choosing(tmp_path, later) as (home, chat), begun(home) as session:
        begun_at = time.monotonic()
        await answer_typed(session, NOTHING_OFFERED)
        assert time.monotonic() - begun_at < 2
        await eventually(lambda: len(chat.requests) == 1)
        await eventually(lambda: session.state.asked[0].score is not None)
        snapshot = candidate_snapshot(session)
        assert (snapshot["question"], snapshot["all_submitted"], snapshot["status"]) == (None, False, "running")
        # Sent again by a page that did not hear of it, it counts once; and nothing can be paused that is not open.
        await session.execute(SubmitAnswer("story", AnswerMode.TYPED, NOTHING_OFFERED))
        with pytest.raises(UserError):
            await session.execute(Pause())
        assert (session.state.status, session.state.report_id) == (Status.RUNNING, None)
        go.set()
        assert await probed(session) == WORDING
        assert len(chat.requests) == 1
        await session.execute(Pause())


async def test_a_model_that_hangs_costs_its_bound_and_the_predefined_probe_is_asked(tmp_path: Path) -> None:
    async with choosing(tmp_path, hanging, timeout_s=0.5) as (home, _), begun(home) as session:
        begun_at = time.monotonic()
        await answer_typed(session, NOTHING_OFFERED)
        assert await probed(session) == PREDEFINED[Language.ENGLISH]
        assert time.monotonic() - begun_at < 5
        assert (await home.events(session))[-1].body == happened.QuestionAsked("story-solve", 0)
        await answer_typed(session, OFFERED)
        await eventually(lambda: session.state.status is Status.COMPLETED)
        report = await home.interviews.report(session.interview_id)
    assert (report.probes[0].worded_by, report.probes[0].predefined) == (None, None)


async def test_the_bound_is_two_seconds_as_the_settings_say() -> None:
    async with chat_server(hanging) as chat, ClientSession(cookie_jar=DummyCookieJar()) as client:
        one = ProbeChooser(ChatModel(client, base_url=chat.url, name=MODEL, key=KEY))
        transcript = Interview(flow=FLOW)
        transcript.do(*BEGUN)
        transcript.do(typed("story", NOTHING_OFFERED))
        said = transcript.state.asked[0].transcript
        assert said is not None
        begun_at = time.monotonic()
        probe = await one.choose(FLOW, FLOW.questions[0], said, ["solve"])
        assert 1.5 < time.monotonic() - begun_at < 4
    assert probe is not None
    assert (probe.text, probe.model) == (PREDEFINED[Language.ENGLISH], None)


@pytest.mark.parametrize("wording", ["You are great!", "What did you offer? And why?"])
async def test_out_of_bounds_the_predefined_words_are_asked(tmp_path: Path, wording: str) -> None:
    async with choosing(tmp_path, worded(wording)) as (home, _), begun(home) as session:
        await answer_typed(session, NOTHING_OFFERED)
        assert await probed(session) == PREDEFINED[Language.ENGLISH]


async def test_a_chooser_with_a_fault_of_its_own_does_not_hurt_the_interview(tmp_path: Path) -> None:
    class Faulty(ProbeChooser):
        def __init__(self) -> None:
            pass

        async def choose(self, *_: object) -> None:
            raise ZeroDivisionError

    async with house(tmp_path, flows={FLOW.id: FLOW}, probe_chooser=Faulty()) as home, begun(home) as session:
        await answer_typed(session, NOTHING_OFFERED)
        assert await probed(session) == PREDEFINED[Language.ENGLISH]


@pytest.mark.parametrize(("told", "scoring"), [(False, True), (True, False)])
async def test_without_consent_or_without_having_been_told_nothing_is_sent(
    tmp_path: Path, told: bool, scoring: bool
) -> None:
    async with choosing(tmp_path, worded()) as (home, chat), begun(home, told=told, scoring=scoring) as session:
        await answer_typed(session, NOTHING_OFFERED)
        if scoring:
            assert await probed(session) == PREDEFINED[Language.ENGLISH]
        assert "ProbeSought" not in await home.types(session)
    assert not chat.requests


async def test_the_candidate_is_told_before_consenting(tmp_path: Path, home: House) -> None:
    alone = await home.started()
    assert candidate_snapshot(alone)["policy"]["second_scorer"] is False
    (tmp_path / "other").mkdir()
    async with choosing(tmp_path / "other", worded()) as (other, _):
        both = await other.interviews.get(await other.invite(FLOW.id))
        assert candidate_snapshot(both)["policy"]["second_scorer"] is True


@pytest.mark.parametrize("comes_back", [True, False])
async def test_a_process_that_ends_in_between_chooses_again(tmp_path: Path, comes_back: bool) -> None:
    async with choosing(tmp_path, hanging, timeout_s=60) as (home, chat), begun(home) as session:
        await answer_typed(session, NOTHING_OFFERED)
        await eventually(lambda: len(chat.requests) == 1)
        begun_at = time.monotonic()
    assert time.monotonic() - begun_at < 4
    async with choosing(tmp_path, worded()) as (again, _):
        if not comes_back:  # The caretaker finds it.
            await again.interviews.take_up_unsettled(again.now() + 2 * SETTLED_AFTER + timedelta(seconds=1))
        later = await again.interviews.get(session.interview_id)
        assert await probed(later) == WORDING
        asked = [event for event in await again.events(later) if isinstance(event.body, happened.QuestionAsked)]
        assert len(asked) == 2


async def test_without_a_model_in_the_settings_a_choice_under_way_ends_with_the_flows_words(tmp_path: Path) -> None:
    async with choosing(tmp_path, hanging, timeout_s=60) as (home, _), begun(home) as session:
        await answer_typed(session, NOTHING_OFFERED)
        assert session.state.probe_sought is not None
    async with house(tmp_path, flows={FLOW.id: FLOW}) as again:
        assert await probed(await again.interviews.get(session.interview_id)) == PREDEFINED[Language.ENGLISH]


def choosing_interview(flow: Flow = FLOW) -> Interview:
    interview = Interview(flow=flow, probes_chosen=True)
    interview.do(GiveConsent(YES.granted, second_scorer=True), Start())
    return interview


def test_a_skipped_question_is_not_probed_and_what_shows_everything_neither() -> None:
    skipped = choosing_interview()
    assert skipped.do(SkipQuestion("story")) == [happened.AnswerSkipped("story")]
    assert skipped.state.nothing_to_come
    shown = choosing_interview()
    assert not any(isinstance(body, happened.ProbeSought) for body in shown.do(typed("story", OFFERED)))


def test_a_model_chooses_among_all_that_may_be_asked_further_within_the_flows_limits() -> None:
    flow = replace(FLOWS["customer_service"], follow_ups=FollowUps(most=4, most_per_question=1))
    question = flow.questions[0]
    probes = [name for name in question.indicator_ids if flow.indicator(name).probes]
    assert len(probes) > 1
    assert list(probeable(flow, question.id, probes, [question.id])) == probes
    asked = [question.id, f"{question.id}-{probes[0]}"]
    assert probeable(flow, question.id, probes, asked) == ()
    twice = replace(flow, follow_ups=FollowUps(most=4, most_per_question=2))
    assert list(probeable(twice, question.id, probes, asked)) == probes[1:]
    assert probeable(replace(twice, follow_ups=FollowUps(1, 2)), question.id, probes, asked) == ()


def test_logs_from_before_say_that_the_flows_words_were_asked() -> None:
    assert decode("QuestionAsked", {"question_id": "story", "index": 0}) == happened.QuestionAsked("story", 0)
    interview = Interview(flow=FLOW)
    interview.do(*BEGUN)
    interview.do(typed("story", NOTHING_OFFERED))
    report = build_report("i", interview.events, FLOW)
    assert (report.probes[0].text, report.probes[0].worded_by) == (PREDEFINED[Language.ENGLISH], None)


def test_a_probe_that_the_flow_has_no_more_keeps_the_words_the_candidate_saw() -> None:
    interview = choosing_interview()
    interview.do(typed("story", NOTHING_OFFERED))
    interview.happen(happened.QuestionAsked("story-solve", 0, 7, WORDING, MODEL))
    asked = fold(interview.events).question(FLOW, "story-solve")
    assert asked.text[Language.ENGLISH] == WORDING
    assert build_report("i", interview.events, FLOW).probes[0].predefined is None
