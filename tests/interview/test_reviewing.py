"""What people rate, override, finish and decide: commands, events, and what the report makes of them."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

from question_flows.model import Review
from server.interview.combined import OTHERS, Missing
from server.interview.commands import (
    Decide,
    FinishReview,
    OverrideScore,
    RateCompetency,
    RateDimension,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.events import AnswerMode, AnswerScored, Purpose
from server.interview.hr_events import CompetencyRated, Decided, Decision, ReviewFinished, ScoreOverridden
from server.interview.marking import mark
from server.interview.report import Report, build_report, for_blind_rater, report_json
from tests.interview.decided import BEGUN, FLOW, YES, Interview
from tests.interview.houses import FLOWS

ADA, KIM = "ada@example.com", "kim@example.com"
STORE = FLOWS["store_manager"]
MANNER = STORE.competencies[0].id


def report_of(interview: Interview) -> Report:
    return build_report("i", interview.events, interview.flow)


def answer_next(interview: Interview) -> str:
    """The open question's sample answer, scored; the question's id."""
    question_id = interview.state.question_id or ""
    sample = interview.flow.question(question_id).sample_answers[interview.language][0]
    interview.do(StartAnswer(question_id), SubmitAnswer(question_id, AnswerMode.TYPED, sample))
    score, scorer = mark(interview.flow, interview.state, (interview.state.answers or {})[question_id])
    interview.happen(AnswerScored(score, scorer))
    return question_id


def test_a_competency_is_rated_once_by_each_person_in_half_points() -> None:
    rated = Interview(flow=STORE)
    assert rated.refuses(RateCompetency("charm", 5, "x", ADA)) == ("competency_unknown", 404, None)
    for points, code in (
        (-0.5, "points_invalid"),
        (10.5, "points_invalid"),
        (nan, "points_invalid"),
        (6.3, "points_step"),
    ):
        for command in (RateCompetency(MANNER, points, "x", ADA), RateDimension("motivation", points, "x", ADA)):
            assert rated.refuses(command) == (code, 400, "points")
    assert rated.refuses(RateCompetency(MANNER, inf, "x", ADA)) == ("points_invalid", 400, "points")
    assert rated.refuses(RateCompetency(MANNER, 5, " \n", ADA)) == ("reason_missing", 400, "reason")
    first = RateCompetency(MANNER, 6.5, " greeted\r\nher first ", ADA, "Store management", only_rates=True)
    stored = CompetencyRated(MANNER, 6.5, "greeted\nher first", ADA, "Store management", blind=True)
    assert rated.do(first) == [stored]
    assert rated.do(first) == []
    rated.do(RateCompetency(MANNER, 3, "x", KIM, "Logistics"), RateCompetency(MANNER, 8, "again", ADA, "hr"))
    manner = report_of(rated).people.competencies[0]
    assert [(one.rater, one.points, one.counts_as, one.blind) for one in manner.ratings] == [
        (KIM, 3, OTHERS, False),
        (ADA, 8, "hr", False),
    ]
    # (0.3 * 8 + 0.1 * 3) / 0.4, and the machine has said nothing.
    assert (manner.score.human, manner.score.machine, manner.score.missing) == (6.8, None, Missing.MACHINE_WITHHELD)


def test_ratings_are_blind_until_the_review_is_finished_and_only_where_the_flow_asks_for_it() -> None:
    rated = Interview(flow=STORE)
    assert rated.refuses(FinishReview(ADA)) == ("review_empty", 409, "review")
    rated.do(RateCompetency(MANNER, 5, "x", ADA, only_rates=True), RateCompetency(MANNER, 9, "y", KIM))
    assert rated.do(FinishReview(ADA)) == [ReviewFinished(ADA)]
    assert rated.do(FinishReview(ADA)) == []
    rated.do(RateDimension("motivation", 5, "x", ADA, only_rates=True))
    report = report_of(rated)
    assert [one.rater for one in report.people.finished] == [ADA]
    assert {one.rater: one.blind for one in report.people.competencies[0].ratings} == {ADA: True, KIM: False}
    assert not report.dimensions[0].ratings[0].blind
    open_flow = Interview(flow=replace(STORE, review=Review()))
    [event] = open_flow.do(RateCompetency(MANNER, 5, "x", ADA, only_rates=True))
    assert isinstance(event, CompetencyRated)
    assert not event.blind


def test_a_score_is_overridden_beside_the_original_and_taken_back() -> None:
    scored = Interview()
    scored.do(*BEGUN)
    question_id = answer_next(scored)
    indicator_id = scored.flow.question(question_id).indicator_ids[0]

    def override(points: float | None, reason: str = "heard it differently") -> OverrideScore:
        return OverrideScore(question_id, indicator_id, points, reason, ADA)

    following = scored.state.question_id or ""
    for wrong, refusal in (
        (OverrideScore("nothing", indicator_id, 5, "x", ADA), ("question_unknown", 404, None)),
        (OverrideScore(question_id, "charm", 5, "x", ADA), ("indicator_unknown", 404, None)),
        (OverrideScore(following, indicator_id, 5, "x", ADA), ("not_scored_yet", 409, None)),
        (override(11), ("points_invalid", 400, "points")),
        (override(5, " "), ("reason_missing", 400, "reason")),
    ):
        assert scored.refuses(wrong) == refusal
    assert scored.do(override(None, "")) == []
    while scored.state.question_id is not None:
        answer_next(scored)
    before = report_of(scored)
    assert scored.do(override(0)) == [ScoreOverridden(question_id, indicator_id, 0, "heard it differently", ADA)]
    assert scored.do(override(0)) == []
    after = report_of(scored)
    assert replace(after, people=before.people) == before
    [shown] = after.people.overrides
    assert before.answers[0].score is not None
    [original] = [one for one in before.answers[0].score.indicators if one.indicator_id == indicator_id]
    assert original.points is not None
    assert (shown.machine, shown.points, shown.by) == (original.points, 0, ADA)
    [place] = [
        place
        for place, competency in enumerate(scored.flow.competencies)
        if indicator_id in [one.id for one in competency.indicators]
    ]
    for whole, given in (
        (before.score.competencies[place].points, after.people.competencies[place].score),
        (before.score.total, after.people.total),
    ):
        assert whole is not None
        assert given.corrected is not None
        assert given.machine == whole > given.corrected
    assert scored.do(override(None, "")) == [ScoreOverridden(question_id, indicator_id, None, "", ADA)]
    assert report_of(scored) == before


def test_what_was_never_to_be_scored_cannot_be_overridden() -> None:
    refused = Interview()
    refused.do(replace(YES, granted={**YES.granted, Purpose.SCORING: False}), BEGUN[1])
    question_id = refused.state.question_id or ""
    refused.do(
        StartAnswer(question_id), SubmitAnswer(question_id, AnswerMode.TYPED, "I said sorry and sent a new one.")
    )
    score, scorer = mark(refused.flow, refused.state, (refused.state.answers or {})[question_id])
    refused.happen(AnswerScored(score, scorer))
    command = OverrideScore(question_id, FLOW.question(question_id).indicator_ids[0], 5, "x", ADA)
    assert refused.refuses(command) == ("no_consent_to_scoring", 409, None)


def test_a_person_decides_with_a_reason_and_nothing_before_is_lost() -> None:
    decided = Interview()
    assert decided.refuses(Decide(None, "x", ADA)) == ("decision_missing", 400, "decision")
    assert decided.refuses(Decide(Decision.HOLD, "", ADA)) == ("reason_missing", 400, "reason")
    hold = Decide(Decision.HOLD, "waits for the trial day", ADA)
    assert decided.do(hold) == [Decided(Decision.HOLD, "waits for the trial day", ADA)]
    assert decided.do(hold) == []
    status = decided.state.status
    decided.do(Decide(Decision.ADVANCE, "good with customers", KIM))
    people = report_of(decided).people
    assert [one.decision for one in people.decisions] == [Decision.HOLD, Decision.ADVANCE]
    assert people.decision == people.decisions[-1]
    assert (decided.state.decision, decided.state.status) == (
        Decided(Decision.ADVANCE, "good with customers", KIM),
        status,
    )


def test_who_rates_blind_gets_no_score_and_nobody_elses_word() -> None:
    both = Interview(flow=STORE)
    both.do(*BEGUN)
    question_id = answer_next(both)
    [answer] = [one for one in both.state.asked if one.score]
    assert answer.score is not None
    both.do(
        RateCompetency(MANNER, 1.5, "secret of Kim's", KIM),
        RateDimension("motivation", 2.5, "secret of Kim's", KIM),
        RateCompetency(MANNER, 9.5, "own words", ADA, only_rates=True),
        OverrideScore(question_id, answer.score.indicators[0].indicator_id, 3.5, "secret override", KIM),
        Decide(Decision.DECLINE, "secret decision", KIM),
        FinishReview(KIM),
    )
    report = report_of(both)
    hidden = report_json(for_blind_rater(report, ADA))
    text = str(hidden)
    assert "own words" in text
    assert answer.text in text
    for secret in ("secret", answer.scorer or "", "'evidence': [{", "decline"):
        assert secret in str(report_json(report))
        assert secret not in text, secret
    assert hidden["scores_hidden"] is True
    assert hidden.keys() == report_json(report).keys()
    assert [answer["score"] for answer in hidden["answers"]] == [None] * len(hidden["answers"])
    assert (
        hidden["people"]["total"]["combined"] is hidden["people"]["agreement"] is hidden["people"]["decision"] is None
    )
