"""A flow out of whatever an HR system says of a job: competencies with indicators, or skills with levels alone.

Unlike `generate.py`, which wants a whole model, this takes what there is. What the shipped flows know by id or by name,
in either language, brings its evidence and its question; everything else is asked for by questions about the competency
as a whole. A skill without indicators is seen by three that fit any (`general_behaviours`). Same model, same flow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from question_flows.asked_model import AskedCompetency, AskedIndicator, AskedModel, arranged, in_languages, shares_of
from question_flows.competency_model import WantedIndicator
from question_flows.competency_questions import KINDS, competency_question
from question_flows.cue_words import cues_from
from question_flows.general_behaviours import general_indicators
from question_flows.model import Competency, Flow, Indicator, Language, Question, QuestionKind, Text
from question_flows.problems import FEWEST_INDICATORS, sayable
from question_flows.skill_cues import names_of
from question_flows.skill_names import known_skill, plain
from question_flows.standard import practice_in, standard_anchors, standard_probe, title_for

FEWEST_QUESTIONS, MOST_QUESTIONS = 3, 8
"""More only where HR names indicators of more competencies than that: each is asked for."""
_LONGEST_ID = 40
_STANDING_ALONE = (QuestionKind.STRUCTURED, QuestionKind.SITUATIONAL)


@dataclass(frozen=True, slots=True)
class _Part:
    """A competency of the flow to be, with what is asked about it."""

    competency: Competency
    skill: Text
    terms: Mapping[Language, tuple[str, ...]]
    level: float | None
    question: Question | None
    """A shipped one that asks for all of its indicators."""
    is_general: bool
    """Whether it is seen by the behaviours that fit any skill, and by no other."""


def flow_from(asked: AskedModel, flow_id: str, version: int, bank: Iterable[Flow]) -> Flow:
    """The flow, of 3 to 8 questions as a rule.

    It is offered in the languages in which HR words every behaviour that no shipped flow knows; names of skills are
    translated where they are known and else stand as they are. Its texts are in both languages all the same, for HR's
    pages. What has more than 4 indicators becomes two
    competencies. Raises ValueError without any competency.
    """
    if not asked.competencies:
        raise ValueError("a model without competencies")
    shipped = tuple(flow for flow in bank if set(Language) <= set(flow.languages))
    competencies = arranged(asked.competencies, MOST_QUESTIONS)
    languages = _languages(competencies, shipped)
    taken: set[str] = set()
    weights = shares_of(competencies)
    parts = [_part(one, weight, shipped, taken) for one, weight in zip(competencies, weights, strict=True)]
    job = in_languages(asked.job, Language)
    return Flow(
        id=flow_id,
        version=version,
        title=title_for(job),
        job=job,
        languages=languages,
        competencies=tuple(part.competency for part in parts),
        scenarios=(),
        questions=tuple(_questions(parts)),
        practice=practice_in(tuple(Language)),
    )


def _languages(competencies: Sequence[AskedCompetency], bank: Sequence[Flow]) -> tuple[Language, ...]:
    """Those in which each behaviour is worded; if that is none, the one in which most are."""
    worded = [
        {language for language, text in (one.description or one.name).items() if sayable(text)}
        for competency in competencies
        for one in competency.indicators
        if _like(one, bank) is None
    ]
    everywhere = tuple(language for language in Language if all(language in its for its in worded))
    return everywhere or (max(Language, key=lambda language: sum(language in its for its in worded)),)


def _part(one: AskedCompetency, weight: float, bank: Sequence[Flow], taken: set[str]) -> _Part:
    name = in_languages(one.name, Language)
    names = {language: names_of(name[language], language) for language in Language}
    own_id = _free(one.id or name[Language.ENGLISH], "competency", taken)
    taken.add(own_id)
    like = None if one.indicators else _like_competency(one, bank)
    general = general_indicators(own_id, name, names)
    # An indicator belongs to one competency only: of two that know the same one, the first has it.
    if like is not None and taken.isdisjoint(indicator.id for indicator in like.indicators):
        indicators = like.indicators
    else:
        given = tuple(_indicator(each, own_id, bank, taken) for each in one.indicators)
        # One that HR calls "used" has that id already.
        others = tuple(indicator for indicator in general if indicator.id not in taken)
        indicators = given + others[: max(0, FEWEST_INDICATORS - len(given))]
    taken.update(indicator.id for indicator in indicators)
    return _Part(
        Competency(own_id, name, weight, indicators),
        name,
        names,
        one.level,
        _shipped_question(indicators, bank),
        indicators == general,
    )


def _like_competency(one: AskedCompetency, bank: Sequence[Flow]) -> Competency | None:
    """A shipped competency with this id, or with one of these names in whatever language."""
    wanted = {plain(one.id), *(key for name in one.name.values() for key in _keys(name))} - {""}
    for flow in bank:
        for competency in flow.competencies:
            known = {plain(competency.id), *(key for name in competency.name.values() for key in _keys(name))}
            if not wanted.isdisjoint(known):
                return competency
    return None


def _keys(name: str) -> Iterator[str]:
    """What a name is compared by: itself, and the skill it is known as; so for each part of "negotiation and sales"."""
    for text in (name, *re.split(r"\s+(?:and|&)\s+|[与和]", name)):
        yield plain(text)
        if (known := known_skill(text)) is not None:
            yield plain(known.en)


def _like(one: AskedIndicator, bank: Sequence[Flow]) -> Indicator | None:
    """A shipped indicator with this id or name, and nothing but its evidence: HR's own words stay."""
    wanted = {plain(one.id), *(plain(name) for name in one.name.values())} - {""}
    for flow in bank:
        for competency in flow.competencies:
            for indicator in competency.indicators:
                if not wanted.isdisjoint({plain(indicator.id), *(plain(name) for name in indicator.name.values())}):
                    return indicator
    return None


def _indicator(one: AskedIndicator, prefix: str, bank: Sequence[Flow], taken: set[str]) -> Indicator:
    like = _like(one, bank)
    name = in_languages(one.name or one.description, Language)
    if like is not None and like.id not in taken:
        taken.add(like.id)
        description = in_languages(one.description, Language) if one.description else like.description
        return replace(like, name={**like.name, **one.name}, description={**like.description, **description})
    own_id = _free(f"{prefix}_{one.id or name[Language.ENGLISH]}", f"{prefix}_indicator", taken)
    taken.add(own_id)
    description = in_languages(one.description or one.name, Language)
    wanted = WantedIndicator(own_id, name, description, (), {}, {})
    return Indicator(
        id=own_id,
        name=name,
        description=description,
        cues=like.cues if like else {language: cues_from(description[language], language) for language in Language},
        counter_cues=like.counter_cues if like else dict.fromkeys(Language, ()),
        anchors=like.anchors if like else standard_anchors(wanted),
        probes=like.probes if like else (standard_probe(wanted),),
    )


def _shipped_question(indicators: Sequence[Indicator], bank: Sequence[Flow]) -> Question | None:
    """A question of the bank that stands alone and asks for all of these."""
    wanted = tuple(one.id for one in indicators)
    for flow in bank:
        for question in flow.questions:
            if question.kind in _STANDING_ALONE and set(wanted) <= set(question.indicator_ids) and not question.tags:
                return replace(question, indicator_ids=wanted, round_id=None)
    return None


def _questions(parts: Sequence[_Part]) -> Iterator[Question]:
    """One for each competency; more for the heaviest where that would be too few."""
    counts = [1] * len(parts)
    heaviest = sorted(range(len(parts)), key=lambda at: -parts[at].competency.weight)
    for number in range(max(0, FEWEST_QUESTIONS - len(parts))):
        counts[heaviest[number % len(heaviest)]] += 1
    taken: set[str] = set()
    for part, count in zip(parts, counts, strict=True):
        kinds = list(KINDS)
        if part.question is not None:
            question = replace(part.question, id=_free(part.question.id, "question", taken))
            taken.add(question.id)
            yield question
            kinds, count = kinds[1:], count - 1
        for kind in kinds[:count]:
            its = tuple(one.id for one in part.competency.indicators)
            name = _free(
                f"about_{part.competency.id}" if kind == KINDS[0] else f"{kind}_{part.competency.id}", kind, taken
            )
            taken.add(name)
            yield competency_question(name, kind, part.skill, its, part.terms, part.level, with_sample=part.is_general)


def _free(wanted: str, otherwise: str, taken: Collection[str]) -> str:
    """An id of plain characters that is not taken yet."""
    name = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:_LONGEST_ID].strip("_") or otherwise
    count, free = 2, name
    while free in taken:
        free, count = f"{name}_{count}", count + 1
    return free
