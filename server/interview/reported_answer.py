"""One answer as the report shows it, its quotes looked up again: points that stand on none are withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analyzers.results import AnswerScore, Delivery, IndicatorScore, Observation, Transcript, WithheldReason
from analyzers.scoring.evidence import NotVerbatim, verify
from analyzers.scoring.rubric import withhold
from analyzers.transcription.correction import changed_share
from question_flows.model import Flow, Language, Question, QuestionKind
from server.interview.checking import heard_in
from server.interview.events import AnswerMode, UtteranceLost
from server.interview.marking import mark
from server.interview.reported_opinion import ReportedOpinion, reported_opinion
from server.interview.state import AnswerState, InterviewState
from server.interview.written import is_written

MUCH_CHANGED = 0.3
"""From more than this share of changed words on, a correction is flagged."""


@dataclass(frozen=True, slots=True)
class ReportedAnswer:
    """One question with everything about its answer. All `_ms`: interview clock.

    text: code with its lines, all else as one line. transcript is what is scored; None while the answer is not
    submitted; confidence: of its words, 0-1. heard: what a machine had heard, where the candidate put it right;
    changed_share: how much of it, 0-1; changed_much: so much that a person should compare it with the recording.
    round: title of its round, None where the flow has none. follow_up_of: the question whose answer this one probed
    further; worded_by: the model that chose and worded that probe, predefined: the flow's own words for it, both None
    where it was asked as it stands in the flow. extra_ms: thinking time the candidate took on top.
    earlier_attempts: what was said before the candidate began the answer again, which is no part of it. option_id: of a
    fact question; open_point: whether a person has to look at what was chosen. asked_by: the person who had it asked
    beside the flow, empty where nobody did; in_own_words: in words of their own, then no machine scores it. cut_short:
    a person ended the questions while it was open. given_ms: time that people gave for it. scorer is None while the
    score is provisional.
    """

    question_id: str
    index: int
    kind: QuestionKind
    question: str
    round: str | None
    follow_up_of: str | None
    worded_by: str | None
    predefined: str | None
    asked_ms: int
    started_ms: int | None
    submitted_ms: int | None
    mode: AnswerMode | None
    skipped: bool
    text: str
    confidence: float
    transcript: Transcript | None
    heard: Transcript | None
    changed_share: float
    changed_much: bool
    restarts: int
    earlier_attempts: Transcript | None
    extra_ms: int
    option_id: str | None
    open_point: bool
    hints_opened: int
    lost: tuple[UtteranceLost, ...]
    asked_by: str
    in_own_words: bool
    cut_short: bool
    given_ms: int
    score: AnswerScore | None
    scorer: str | None
    second_opinion: ReportedOpinion | None
    observations: tuple[Observation, ...]
    delivery: Delivery | None


def reported_answer(answer: AnswerState, state: InterviewState, flow: Flow) -> ReportedAnswer:
    """What the report says of this answer."""
    question = state.question(flow, answer.question_id)
    transcript = answer.transcript
    heard = heard_in(answer) if answer.corrected else None
    changed = changed_share(heard, transcript) if heard and transcript else 0.0
    provisional = mark(flow, state, answer)[0] if transcript is not None and answer.score is None else None
    score = _verified(answer, answer.score or provisional, state, flow)
    second = _verified(answer, answer.second_opinion, state, flow)
    earlier = answer.earlier_attempts
    return ReportedAnswer(
        question_id=answer.question_id,
        index=answer.index,
        kind=question.kind,
        question=question.text[state.language],
        round=next((one.title[state.language] for one in flow.rounds if one.id == question.round_id), None),
        follow_up_of=question.follow_up_of,
        worded_by=answer.worded_by,
        predefined=predefined_probe(answer, flow, state.language),
        asked_ms=answer.asked_ms,
        started_ms=answer.started_ms,
        submitted_ms=answer.submitted_ms,
        mode=answer.mode,
        skipped=answer.skipped,
        text=answer.text,
        confidence=round(transcript.confidence, 4) if transcript else 0.0,
        transcript=transcript,
        heard=heard,
        changed_share=round(changed, 4),
        changed_much=changed > MUCH_CHANGED,
        restarts=answer.restarts,
        earlier_attempts=Transcript(state.language, earlier) if earlier else None,
        extra_ms=answer.extra_ms,
        option_id=answer.option_id,
        open_point=_is_open_point(question, answer),
        hints_opened=len(answer.hints),
        lost=answer.lost,
        asked_by=answer.asked_by,
        in_own_words=is_written(answer.question_id),
        cut_short=answer.cut_short,
        given_ms=answer.given_thinking_ms + answer.given_answering_ms,
        score=score,
        scorer=answer.scorer,
        second_opinion=reported_opinion(score, second, answer.second_scorer, answer.second_opinion_failed),
        observations=answer.observations,
        delivery=answer.delivery,
    )


def predefined_probe(answer: AnswerState, flow: Flow, language: Language) -> str | None:
    """The flow's own words for a probe that a model worded; None for all else."""
    if answer.wording is None or answer.asked_by:
        return None
    probes = flow.indicator(flow.question(answer.question_id).indicator_ids[0]).probes
    return probes[answer.probe][language] if answer.probe < len(probes) else None


def _is_open_point(question: Question, answer: AnswerState) -> bool:
    return any(option.open_point for option in question.options if option.id == answer.option_id)


def _verified(answer: AnswerState, score: AnswerScore | None, state: InterviewState, flow: Flow) -> AnswerScore | None:
    """The score with its quotes looked up again in the transcript: points that stand on none are withheld."""
    if score is None or answer.transcript is None:
        return None
    refused = withhold(flow, state.question(flow, answer.question_id), WithheldReason.NOT_ENOUGH_EVIDENCE)
    instead = {indicator.indicator_id: indicator for indicator in refused.indicators}
    indicators = [_verified_indicator(indicator, answer.transcript, instead) for indicator in score.indicators]
    return replace(score, indicators=tuple(indicators))


def _verified_indicator(
    indicator: IndicatorScore, transcript: Transcript, instead: Mapping[str, IndicatorScore]
) -> IndicatorScore:
    evidence = []
    for quote in indicator.evidence:
        try:
            verify(quote, transcript)
        except NotVerbatim:
            continue
        evidence.append(quote)
    if indicator.points is not None and not evidence:
        return instead.get(indicator.indicator_id) or replace(
            indicator, points=None, withheld=WithheldReason.NOT_ENOUGH_EVIDENCE, evidence=()
        )
    return replace(indicator, evidence=tuple(evidence))
