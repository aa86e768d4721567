"""What a job asks for, in whatever an HR system has: and how many of it an interview has room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from question_flows.model import Language, Text
from question_flows.problems import MOST_INDICATORS
from question_flows.skill_names import known_skill

_LEAST_LEVEL = 0.2
"""What a skill counts at least, however low its level."""
_TOGETHER = {Language.ENGLISH: ", ", Language.CHINESE: "、"}


@dataclass(frozen=True, slots=True)
class AskedIndicator:
    """A behaviour in HR's words. name, description: in one language or both; description may be empty. id: may be."""

    name: Mapping[Language, str]
    description: Mapping[Language, str]
    id: str = ""


@dataclass(frozen=True, slots=True)
class AskedCompetency:
    """weight: above 0, of any unit. level: 0-1, None: not said. indicators: any number; none: a skill's name alone."""

    id: str
    name: Mapping[Language, str]
    weight: float = 1.0
    level: float | None = None
    indicators: tuple[AskedIndicator, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedModel:
    """What a job asks for; at least one competency. job: its title in one language or both."""

    job: Mapping[Language, str]
    competencies: tuple[AskedCompetency, ...]


def arranged(competencies: Sequence[AskedCompetency], most: int) -> list[AskedCompetency]:
    """At most `most`, if enough of them are names alone: these share questions then; each has 4 indicators at most."""
    return _few_enough([part for one in competencies for part in _split(one)], most)


def _split(one: AskedCompetency) -> Iterator[AskedCompetency]:
    """Itself, or where it has more indicators than a competency may, several with a share of its weight each."""
    count = -(-len(one.indicators) // MOST_INDICATORS)
    if count <= 1:
        yield one
        return
    for number in range(count):
        name = {language: f"{text} ({number + 1}/{count})" for language, text in one.name.items()}
        its = one.indicators[number::count]
        yield replace(one, id=f"{one.id}_{number + 1}", name=name, weight=one.weight / count, indicators=its)


def _few_enough(competencies: Sequence[AskedCompetency], most: int) -> list[AskedCompetency]:
    """The heaviest by themselves, the lightest of those that are names alone together, so that all are asked for."""
    names = sorted((one for one in competencies if not one.indicators), key=_importance, reverse=True)
    room = max(1, most - (len(competencies) - len(names)))
    if len(names) <= room:
        return list(competencies)
    # As many by themselves as leaves the others in groups of four at most, where that can be.
    alone = max(0, min(room - 1, (4 * room - len(names)) // 3))
    rest, groups = names[alone:], room - alone
    size, more = divmod(len(rest), groups)
    together: dict[str, AskedCompetency] = {}
    begun = 0
    for group in range(groups):
        its = rest[begun : begun + size + (group < more)]
        begun += len(its)
        together[its[0].id] = its[0] if len(its) == 1 else _joined(its)
    kept = {one.id for one in names[:alone]}
    return [together.get(one.id, one) for one in competencies if one.indicators or one.id in kept or one.id in together]


def _importance(one: AskedCompetency) -> float:
    return one.weight * (1.0 if one.level is None else one.level)


def _joined(several: Sequence[AskedCompetency]) -> AskedCompetency:
    names = [_known_name(one.name) for one in several]
    levels = [one.level for one in several if one.level is not None]
    return AskedCompetency(
        id=several[0].id,
        name={
            language: _TOGETHER[language].join(name.get(language) or next(iter(name.values())) for name in names)
            for language in Language
        },
        weight=sum(one.weight for one in several),
        level=sum(levels) / len(levels) if levels else None,
    )


def _known_name(name: Mapping[Language, str]) -> Mapping[Language, str]:
    """With what is known of a skill in the language that HR does not say."""
    known = next((found for text in name.values() if (found := known_skill(text))), None)
    if known is None:
        return name
    return {Language.ENGLISH: known.en, Language.CHINESE: known.zh, **name}


def in_languages(given: Mapping[Language, str], languages: Iterable[Language]) -> Text:
    """In each language; as it is where it is said in another one only."""
    said = _known_name(given)
    return {language: said.get(language) or next(iter(said.values())) for language in languages}


def shares_of(competencies: Sequence[AskedCompetency]) -> list[float]:
    """Adding up to 1, none of them 0; what rounding leaves goes to the heaviest."""
    weights = [one.weight * max(_LEAST_LEVEL, 1.0 if one.level is None else one.level) for one in competencies]
    shares = [max(0.0001, round(weight / sum(weights), 4)) for weight in weights]
    heaviest = shares.index(max(shares))
    shares[heaviest] = round(shares[heaviest] + 1 - sum(shares), 4)
    return shares
