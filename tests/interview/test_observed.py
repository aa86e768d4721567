"""A movement counts only where flow, law and candidate allow it, and when it was seen well; the report says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers.results import Observation, ObservationKind, Transcript
from question_flows.model import Flow, Language, QuestionKind
from server.interview import events as happened
from server.interview.events import AnswerMode, Purpose
from server.interview.marking import mark
from server.interview.observed import CountedObservation, counted_observations
from server.interview.report import build_report
from server.interview.total import interview_score
from tests.interview.decided import Interview, words
from tests.interview.houses import FLOWS

FLOW = FLOWS["store_manager"]
[COMPETENCY] = [competency for competency in FLOW.competencies if competency.observation]
OWN = {indicator.id for indicator in COMPETENCY.indicators}
PLAYED = [q for q in FLOW.questions if q.kind is QuestionKind.ROLE_PLAY and OWN.intersection(q.indicator_ids)]
SMILE = ObservationKind.SMILE_LIKE_MOUTH_MOVEMENT


def seen(share: float | None = 0.5, coverage: float = 1.0, samples: int = 20) -> Observation:
    return Observation(SMILE, share, coverage, samples, 0, 20_000)


def played(
    *observations: Observation,
    law: str = "CN",
    agreed: bool = True,
    mode: AnswerMode = AnswerMode.VOICE,
    flow: Flow = FLOW,
) -> Interview:
    """The competency's role-plays answered well, the first of them watched."""
    interview = Interview(flow=flow, law=law)
    granted = {purpose: purpose is not Purpose.EXPRESSION or agreed for purpose in Purpose}
    interview.happen(happened.ConsentRecorded(granted), happened.InterviewStarted())
    for index, question in enumerate(PLAYED):
        interview.happen(happened.QuestionAsked(question.id, index), happened.AnswerStarted(question.id))
        said = words(question.sample_answers[Language.ENGLISH][0], 8_000)
        interview.happen(happened.UtteranceTranscribed(question.id, 1, said, 0.9))
        transcript = replace(TRANSCRIPT, words=said)
        interview.happen(happened.AnswerSubmitted(question.id, mode, transcript))
        interview.happen(happened.AnswerScored(*mark(flow, interview.state, interview.state.asked[-1])))
    interview.happen(happened.AnswerObserved(PLAYED[0].id, observations, None))
    return interview


def points(interview: Interview) -> tuple[float | None, float]:
    [score] = [
        one
        for one in interview_score(interview.flow, interview.state).competencies
        if one.competency_id == COMPETENCY.id
    ]
    return score.points, score.observed_weight


TRANSCRIPT = Transcript(Language.ENGLISH, ())
UNSEEN = played(agreed=False)


def test_it_takes_part_with_its_weight_and_the_report_says_so() -> None:
    base, none = points(UNSEEN)
    assert base is not None
    assert none == 0
    for share in (0.0, 0.5, 1.0):
        interview = played(seen(share))
        counted, weight = points(interview)
        assert (counted, weight) == (round(0.9 * base + share, 1), 0.1)
        report = build_report("i", interview.events, FLOW)
        assert report.counted_observations == (CountedObservation(COMPETENCY.id, SMILE, 0.1, share),)
        [reported] = [one for one in report.score.competencies if one.competency_id == COMPETENCY.id]
        assert (reported.points, reported.observed_weight) == points(interview)


@pytest.mark.parametrize(
    "interview",
    [
        played(seen(1.0), law="EU"),
        played(seen(1.0), law="unknown"),
        played(seen(1.0), agreed=False),
        played(seen(1.0), mode=AnswerMode.TYPED),
        played(seen(None, 0.0)),
        played(seen(1.0, 0.4)),
        played(seen(1.0, 1.0, 4)),
        played(),
    ],
    ids=["law", "unknown law", "refused", "typed", "never measurable", "poor light", "too few", "not watched"],
)
def test_else_the_score_is_the_same_to_the_last_byte(interview: Interview) -> None:
    assert counted_observations(FLOW, interview.state) == ()
    assert repr(interview_score(FLOW, interview.state).competencies) == repr(
        interview_score(FLOW, UNSEEN.state).competencies
    )
    assert build_report("i", interview.events, FLOW).counted_observations == ()


def test_without_a_weight_in_the_flow_nothing_counts() -> None:
    competencies = tuple(replace(competency, observation=None) for competency in FLOW.competencies)
    flow = replace(FLOW, competencies=competencies)
    interview = played(seen(1.0), flow=flow)
    assert counted_observations(flow, interview.state) == ()
    assert points(interview) == points(UNSEEN)


def test_answers_weigh_by_how_many_pictures_they_were_measured_in() -> None:
    interview = played(seen(1.0, 1.0, 30))
    interview.happen(
        happened.AnswerObserved(
            PLAYED[1].id, (seen(0.0, 0.5, 20), replace(seen(1.0), kind=ObservationKind.FACE_PRESENT)), None
        )
    )
    [counted] = counted_observations(FLOW, interview.state)
    assert counted.share == 0.75
