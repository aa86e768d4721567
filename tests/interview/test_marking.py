"""Scores of submitted answers: what is withheld, for which reason, and when that is the line's fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers.results import WithheldReason
from analyzers.scoring.rubric import SCORER
from question_flows.model import Language
from server.interview import events as happened
from server.interview.commands import GiveConsent, RestartAnswer, SkipQuestion, Start, StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode, EventBody, Purpose
from server.interview.marking import NO_SCORER, mark
from tests.interview.decided import ASKED, BEGUN, FLOW, Interview, typed, words

FIRST = FLOW.questions[0].id
GOOD = FLOW.questions[0].sample_answers[Language.ENGLISH][0]


@pytest.fixture
def answering() -> Interview:
    interview = Interview()
    interview.do(*BEGUN, StartAnswer(FIRST))
    return interview


def reasons(interview: Interview) -> set[WithheldReason | None]:
    score, scorer = mark(FLOW, interview.state, interview.state.asked[0])
    assert scorer == SCORER
    return {one.withheld for one in score.indicators}


def say(interview: Interview, text: str, start_ms: int = 8_000) -> None:
    interview.happen(happened.UtteranceTranscribed(FIRST, 1, words(text, start_ms), 0.9))


LOST = happened.UtteranceLost(FIRST, 9_000, 14_000, "too_much_waiting")


@pytest.mark.parametrize(
    "faults",
    [
        [LOST],
        [happened.ConnectionLost(), happened.ConnectionRestored(4000)],
        [happened.ServerRestarted(), happened.ConnectionRestored(4000)],
    ],
)
@pytest.mark.parametrize("said", ["well then", ""])
def test_too_few_words_are_the_lines_fault_when_it_failed_meanwhile(
    answering: Interview, faults: list[EventBody], said: str
) -> None:
    if said:
        say(answering, said)
    answering.happen(*faults)
    answering.do(SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert reasons(answering) == {WithheldReason.LINE_FAULT}


def test_too_few_words_over_a_good_line_are_too_few_words(answering: Interview) -> None:
    say(answering, "well then")
    answering.do(SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert reasons(answering) == {WithheldReason.TOO_FEW_WORDS}


def test_a_fault_before_the_answer_or_a_typed_answer_change_nothing(answering: Interview) -> None:
    early = Interview()
    early.do(*BEGUN)
    early.happen(happened.ConnectionLost(), happened.ConnectionRestored(4000))
    early.clock_ms = 9_000
    early.do(StartAnswer(FIRST), SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert reasons(early) == {WithheldReason.NOT_ANSWERED}
    answering.happen(LOST)
    answering.do(typed(FIRST, "Well then."))
    assert reasons(answering) == {WithheldReason.TOO_FEW_WORDS}


def test_a_fault_of_an_earlier_attempt_is_none_of_this_one() -> None:
    flow = replace(FLOW, questions=(replace(FLOW.questions[0], redos=1), *FLOW.questions[1:]))
    interview = Interview(flow=flow)
    interview.do(*BEGUN, StartAnswer(FIRST))
    interview.happen(LOST)
    interview.clock_ms = 20_000
    interview.do(RestartAnswer(FIRST), SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert reasons(interview) == {WithheldReason.NOT_ANSWERED}


def test_what_was_heard_well_is_scored_though_the_line_failed(answering: Interview) -> None:
    say(answering, GOOD, 15_000)
    answering.happen(LOST)
    answering.do(SubmitAnswer(FIRST, AnswerMode.VOICE))
    score, _ = mark(FLOW, answering.state, answering.state.asked[0])
    assert any(one.points is not None for one in score.indicators)
    assert WithheldReason.LINE_FAULT not in reasons(answering)


def test_skipped_and_unscored_answers_are_withheld_by_nobody(answering: Interview) -> None:
    answering.do(SkipQuestion(FIRST))
    score, scorer = mark(FLOW, answering.state, answering.state.asked[0])
    assert (scorer, {one.withheld for one in score.indicators}) == (NO_SCORER, {WithheldReason.QUESTION_SKIPPED})
    unscored = Interview()
    unscored.do(GiveConsent({**dict.fromkeys(ASKED, True), Purpose.SCORING: False}), Start(), typed(FIRST, GOOD))
    score, scorer = mark(FLOW, unscored.state, unscored.state.asked[0])
    assert (scorer, {one.withheld for one in score.indicators}) == (NO_SCORER, {WithheldReason.NO_CONSENT})


def test_an_open_answer_has_no_score(answering: Interview) -> None:
    with pytest.raises(ValueError, match="not submitted"):
        mark(FLOW, answering.state, answering.state.asked[0])
