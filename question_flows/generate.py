"""A runnable flow out of a competency model: questions from the bank where they fit, standard ones elsewhere.

The bank is what the shipped flows ask. Same model and same bank, same flow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from question_flows.competency_model import CompetencyModel, WantedIndicator
from question_flows.cue_words import content_words, cues_from
from question_flows.model import Anchors, Competency, Flow, Hint, Indicator, Language, Question, QuestionKind, Text
from question_flows.standard import practice_in, standard_anchors, standard_probe, standard_question, title_for

_T = TypeVar("_T")

_STANDING_ALONE = (QuestionKind.STRUCTURED, QuestionKind.SITUATIONAL, QuestionKind.TEXT, QuestionKind.CODE)
"""A role-play's turn needs those around it, and a fact belongs to its own job."""


@dataclass(frozen=True, slots=True)
class _Filed:
    """A question of the bank with the indicators it asks for.

    tags: its own, and `competency:ID` for each competency of its flow that it gives evidence for.
    """

    question: Question
    indicators: tuple[Indicator, ...]
    tags: frozenset[str]


def generated(model: CompetencyModel, bank: Iterable[Flow]) -> Flow:
    """The flow for a competency model: every indicator is asked for once at least, by the fewest questions.

    An indicator takes cues, anchors and probes from the bank's indicator of the same id, or from the one that its
    description shares most words with among those of a question it shares a tag with; cues that HR gave go first.
    """
    filed = _filed(bank, model.languages)
    wanted = [indicator for competency in model.competencies for indicator in competency.indicators]
    return Flow(
        id=model.id,
        version=1,
        title=title_for(model.job),
        job=model.job,
        languages=model.languages,
        competencies=tuple(
            Competency(
                id=competency.id,
                name=competency.name,
                weight=competency.weight,
                indicators=tuple(_indicator(one, filed) for one in competency.indicators),
            )
            for competency in model.competencies
        ),
        scenarios=(),
        questions=tuple(_questions(wanted, filed, model.languages)),
        practice=practice_in(model.languages),
    )


def _filed(bank: Iterable[Flow], languages: tuple[Language, ...]) -> list[_Filed]:
    """The bank's questions in these languages; variants of one file hold the same ones."""
    filed: list[_Filed] = []
    seen: list[Question] = []
    for flow in bank:
        if not set(languages) <= set(flow.languages):
            continue
        for question in flow.questions:
            if question not in seen:
                seen.append(question)
                filed.append(_filed_question(question, flow))
    return filed


def _filed_question(question: Question, flow: Flow) -> _Filed:
    competencies = [
        f"competency:{competency.id}"
        for competency in flow.competencies
        if not {one.id for one in competency.indicators}.isdisjoint(question.indicator_ids)
    ]
    indicators = tuple(flow.indicator(one) for one in question.indicator_ids)
    return _Filed(question, indicators, frozenset((*question.tags, *competencies)))


def _questions(
    wanted: list[WantedIndicator], filed: list[_Filed], languages: tuple[Language, ...]
) -> Iterable[Question]:
    asked: set[str] = set()
    ids: set[str] = set()
    for indicator in wanted:
        if indicator.id in asked:
            continue
        found = _best(indicator, wanted, asked, filed)
        if found is None:
            question = standard_question(indicator, _free(f"about_{indicator.id}", ids))
        else:
            fitting = tuple(one.id for one in wanted if _fits(one, found))
            question = _taken(found.question, _free(found.question.id, ids), fitting, languages)
        ids.add(question.id)
        asked.update(question.indicator_ids)
        yield question


def _best(
    indicator: WantedIndicator, wanted: list[WantedIndicator], asked: set[str], filed: list[_Filed]
) -> _Filed | None:
    """The question for the indicator that asks for most others besides; of equals the bank's first."""
    fitting = [one for one in filed if one.question.kind in _STANDING_ALONE and _fits(indicator, one)]
    return max(
        fitting, key=lambda one: sum(_fits(other, one) and other.id not in asked for other in wanted), default=None
    )


def _fits(indicator: WantedIndicator, one: _Filed) -> bool:
    return indicator.id in one.question.indicator_ids or not one.tags.isdisjoint(indicator.tags)


def _free(question_id: str, taken: Collection[str]) -> str:
    name, count = question_id, 2
    while name in taken:
        name, count = f"{question_id}_{count}", count + 1
    return name


def _taken(question: Question, question_id: str, fitting: tuple[str, ...], languages: tuple[Language, ...]) -> Question:
    """The bank's question as one of the new flow's, in its languages."""
    return replace(
        question,
        id=question_id,
        text=_cut(question.text, languages),
        indicator_ids=fitting,
        hints=tuple(Hint(_cut(hint.text, languages)) for hint in question.hints),
        terms=_cut(question.terms, languages),
        sample_answers=_cut(question.sample_answers, languages),
        round_id=None,
    )


def _indicator(wanted: WantedIndicator, filed: list[_Filed]) -> Indicator:
    like = _like(wanted, filed)
    languages = tuple(wanted.name)
    derived = {language: cues_from(text, language) for language, text in wanted.description.items()}
    counter: Mapping[Language, tuple[str, ...]] = wanted.counter_cues or dict.fromkeys(languages, ())
    anchors = standard_anchors(wanted)
    probes: tuple[Text, ...] = (standard_probe(wanted),)
    if like is not None:
        derived = _cut(like.cues, languages)
        counter = wanted.counter_cues or _cut(like.counter_cues, languages)
        probes = tuple(_cut(probe, languages) for probe in like.probes) or probes
        if like.anchors is not None:
            anchors = Anchors(*(_cut(text, languages) for text in _levels(like.anchors)))
    return Indicator(
        id=wanted.id,
        name=wanted.name,
        description=wanted.description,
        cues=wanted.cues or derived,
        counter_cues=counter,
        anchors=anchors,
        probes=probes,
    )


def _levels(anchors: Anchors) -> tuple[Text, Text, Text]:
    return anchors.at_2, anchors.at_5, anchors.at_8


def _like(wanted: WantedIndicator, filed: list[_Filed]) -> Indicator | None:
    """The bank's indicator that stands for the same behaviour, if there is one."""
    for one in filed:
        for indicator in one.indicators:
            if indicator.id == wanted.id:
                return indicator
    tagged = [
        indicator
        for one in filed
        if not one.tags.isdisjoint(wanted.tags)
        for indicator in one.indicators
        if _shared_words(wanted, indicator)
    ]
    return max(tagged, key=lambda indicator: _shared_words(wanted, indicator), default=None)


def _shared_words(wanted: WantedIndicator, indicator: Indicator) -> int:
    return sum(
        len(
            content_words(f"{wanted.name[language]} {wanted.description[language]}", language)
            & content_words(f"{indicator.name[language]} {indicator.description[language]}", language)
        )
        for language in wanted.name
    )


def _cut(texts: Mapping[Language, _T], languages: Iterable[Language]) -> dict[Language, _T]:
    return {language: texts[language] for language in languages if language in texts}
