"""Reads a competency model as an HR system hands it over: JSON with a job, competencies and indicators.

Texts are given per language (`{"en": …, "zh-CN": …}`) or plain in one language. README.md shows an example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from question_flows.json_places import depth_of, places_in
from question_flows.model import Language, Text
from question_flows.problems import (
    FEWEST_INDICATORS,
    MOST_COMPETENCIES,
    MOST_INDICATORS,
    NO_TEXT,
    TAG,
    FieldPath,
    Problem,
    field_name,
    sayable,
)
from question_flows.problems import shape_problem as problem_of

_T = TypeVar("_T")

_DEEPEST = 20
_LONGEST_ID, _LONGEST_TEXT = 60, 2_000
"""Characters; less than in flows, as questions are made of them that say more."""
_PLAIN = ""
"""Stands in place of a language where a text is given plain."""

_GivenText = Annotated[
    Mapping[str, str], BeforeValidator(lambda given: {_PLAIN: given} if isinstance(given, str) else given)
]
_GivenTexts = Annotated[
    Mapping[str, list[str]], BeforeValidator(lambda given: {_PLAIN: given} if isinstance(given, list) else given)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Indicator(_Strict):
    id: str
    name: _GivenText
    description: _GivenText
    tags: tuple[str, ...] = ()
    cues: _GivenTexts = {}
    counter_cues: _GivenTexts = {}


class _Competency(_Strict):
    id: str
    name: _GivenText
    weight: float
    indicators: tuple[_Indicator, ...]


class _Model(_Strict):
    id: str
    job: _GivenText
    language: Language | None = None
    competencies: tuple[_Competency, ...]


@dataclass(frozen=True, slots=True)
class WantedIndicator:
    """A behaviour that HR wants shown. cues, counter_cues: empty where HR gave none in every language."""

    id: str
    name: Text
    description: Text
    tags: tuple[str, ...]
    cues: Mapping[Language, tuple[str, ...]]
    counter_cues: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WantedCompetency:
    """A competency HR weighs. weight: its share; the shares of a model add up to 1."""

    id: str
    name: Text
    weight: float
    indicators: tuple[WantedIndicator, ...]


@dataclass(frozen=True, slots=True)
class CompetencyModel:
    """What a job asks for, in every language of the interview. id: that of the flow to be made."""

    id: str
    job: Text
    languages: tuple[Language, ...]
    competencies: tuple[WantedCompetency, ...]


class CompetencyModelError(Exception):
    """A competency model cannot be used as it is written. Its text has a line for each mistake, naming the field.

    mistakes: the same, each with the line of the file that it stands on, counted from 1.
    """

    def __init__(self, problems: Iterable[Problem], line_of: Callable[[FieldPath], int] = lambda _: 1) -> None:
        found = [(line_of(one.path), f"{field_name(one.path)}: {one.text}".removeprefix(": ")) for one in problems]
        self.mistakes = tuple(sorted(dict.fromkeys(found), key=lambda one: one[0]))
        super().__init__("\n".join(text for _, text in self.mistakes))


def read_competency_model(text: str, languages: Sequence[Language] = ()) -> CompetencyModel:
    """The model in a JSON text. languages: those of the interview; none: those that `job` is given in.

    Raises CompetencyModelError with every mistake in it.
    """
    if depth_of(text) > _DEEPEST:
        raise CompetencyModelError([Problem((), "is nested too deeply; look for brackets that are not closed")])
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        line = error.lineno
        raise CompetencyModelError([Problem((), f"is not valid JSON ({error.msg})")], lambda _: line) from error
    except ValueError as error:  # Python reads no numbers of more than some thousand digits.
        raise CompetencyModelError([Problem((), "holds a number that is too long")]) from error
    places = places_in(text)
    odd = [Problem(path, "is given twice") for path in places.repeated] + list(_no_texts(data, ()))
    if odd:
        raise CompetencyModelError(odd, places.line_of)
    try:
        given = _Model.model_validate_json(text)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [problem_of(dict(one), "a competency model") for one in details]
        raise CompetencyModelError(problems, places.line_of) from error
    reader = _Reader(given, languages)
    model = reader.model()
    if reader.problems:
        raise CompetencyModelError(reader.problems, places.line_of)
    return model


def _no_texts(value: Any, path: FieldPath) -> Iterator[Problem]:
    if isinstance(value, str) and NO_TEXT.search(value):
        yield Problem(path, "holds a control character; remove it")
    for key, item in value.items() if isinstance(value, dict) else ():
        if NO_TEXT.search(key):
            yield Problem(path, "holds a field whose name has a control character; remove it")
        else:
            yield from _no_texts(item, (*path, key))
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from _no_texts(item, (*path, index))


class _Reader:
    """Brings one given model into the form that is wanted, and gathers what is wrong on the way."""

    def __init__(self, given: _Model, languages: Sequence[Language]) -> None:
        self._given = given
        self.problems: list[Problem] = []
        self._plain = given.language or (languages[0] if len(languages) == 1 else None)
        self._languages = tuple(languages) or self._languages_of(given.job)
        self._ids: dict[str, set[str]] = {"competency": set(), "indicator": set()}

    def model(self) -> CompetencyModel:
        given = self._given
        if not given.competencies:
            self._wrong(("competencies",), "needs at least one entry")
        if len(given.competencies) > MOST_COMPETENCIES:
            count = len(given.competencies)
            self._wrong(("competencies",), f"are {count}; no interview can ask about more than {MOST_COMPETENCIES}")
        if not self._languages and _PLAIN not in given.job:
            self._wrong(("job",), "has no text; the interview is held in the languages it is given in")
        weights = self._weights()
        return CompetencyModel(
            id=self._id(given.id, "id"),
            job=self._text(given.job, "job"),
            languages=self._languages,
            competencies=tuple(
                self._competency(one, weight, ("competencies", index))
                for index, (one, weight) in enumerate(zip(given.competencies, weights, strict=True))
            ),
        )

    def _languages_of(self, text: Mapping[str, Any]) -> tuple[Language, ...]:
        named = {self._plain if key == _PLAIN else key for key in text}
        return tuple(language for language in Language if language in named)

    def _wrong(self, path: FieldPath, text: str) -> None:
        self.problems.append(Problem(path, text))

    def _competency(self, given: _Competency, weight: float, path: FieldPath) -> WantedCompetency:
        count = len(given.indicators)
        if not FEWEST_INDICATORS <= count <= MOST_INDICATORS:
            limits = f"{FEWEST_INDICATORS} or {MOST_INDICATORS}"
            self._wrong((*path, "indicators"), f"are {count}; a competency has {limits} indicators")
        return WantedCompetency(
            id=self._id(given.id, *path, "id", kind="competency"),
            name=self._text(given.name, *path, "name"),
            weight=weight,
            indicators=tuple(
                self._indicator(one, (*path, "indicators", index)) for index, one in enumerate(given.indicators)
            ),
        )

    def _indicator(self, given: _Indicator, path: FieldPath) -> WantedIndicator:
        for index, tag in enumerate(given.tags):
            if not TAG.fullmatch(tag):
                self._wrong(
                    (*path, "tags", index), f"{tag!r} has to be two words with : between, as in skill:listening"
                )
        return WantedIndicator(
            id=self._id(given.id, *path, "id", kind="indicator"),
            name=self._text(given.name, *path, "name"),
            description=self._text(given.description, *path, "description"),
            tags=given.tags,
            cues=self._texts(given.cues, *path, "cues"),
            counter_cues=self._texts(given.counter_cues, *path, "counter_cues"),
        )

    def _id(self, given: str, *path: str | int, kind: str | None = None) -> str:
        """HR systems' ids hold other characters than ours, such as `COMP-12`."""
        plain = re.sub(r"[^a-z0-9]+", "_", given.lower()).strip("_")
        if not plain:
            self._wrong(path, f"{given!r} holds no letter a-z and no digit")
        if len(plain) > _LONGEST_ID:
            self._wrong(path, f"has {len(plain)} characters; shorten it to {_LONGEST_ID} at most")
        if kind and plain in self._ids[kind]:
            self._wrong(path, f"{given!r} is already used by another {kind}")
        if kind:
            self._ids[kind].add(plain)
        return plain

    def _text(self, given: Mapping[str, str], *path: str | int) -> Text:
        by_language = self._by_language(given, path)
        for language in self._languages:
            if language not in by_language:
                self._wrong(path, f"has no {language} text, though the interview is to be held in {language}")
            elif not any(character.isalnum() for character in by_language[language]):
                self._wrong((*path, language.value), "is blank; say it in words")
            elif len(by_language[language]) > _LONGEST_TEXT:
                count = len(by_language[language])
                self._wrong((*path, language.value), f"has {count:,} characters; shorten it to {_LONGEST_TEXT:,}")
        # One line each: line breaks of every sort, of which YAML knows more than JSON, become spaces.
        return {language: " ".join(by_language.get(language, "").split()) for language in self._languages}

    def _texts(self, given: Mapping[str, list[str]], *path: str | int) -> Mapping[Language, tuple[str, ...]]:
        by_language = self._by_language(given, path)
        for language, texts in by_language.items():
            for index, text in enumerate(texts):
                if not all(part.strip() for part in text.split("|")):
                    self._wrong((*path, language.value, index), "has a blank text or a blank alternative between |")
                elif not sayable(text) or len(text) > _LONGEST_TEXT:
                    self._wrong(
                        (*path, language.value, index), f"has no letter or digit, or over {_LONGEST_TEXT:,} characters"
                    )
        if not all(by_language.get(language) for language in self._languages):
            return {}
        return {language: tuple(by_language[language]) for language in self._languages}

    def _by_language(self, given: Mapping[str, _T], path: FieldPath) -> dict[Language, _T]:
        by_language: dict[Language, _T] = {}
        for key, value in given.items():
            if key == _PLAIN and self._plain is None:
                self._wrong(path, "is plain text; say its language in `language`, or with --language")
            elif key == _PLAIN and self._plain:
                by_language[self._plain] = value
            elif key in list(Language):
                by_language[Language(key)] = value
            else:
                self._wrong(path, f"{key!r} is no language of interviews; there are {', '.join(Language)}")
        return by_language

    def _weights(self) -> list[float]:
        """The given weights as shares, whatever they add up to; what rounding leaves goes to the heaviest."""
        given = [one.weight for one in self._given.competencies]
        wrong = [index for index, weight in enumerate(given) if not 0 < weight < 1e9]
        for index in wrong:
            self._wrong(("competencies", index, "weight"), f"is {given[index]}; a weight is a number above 0")
        if wrong or not given:
            return given
        shares = [round(weight / sum(given), 4) for weight in given]
        for index, share in enumerate(shares):
            if share == 0:
                self._wrong(("competencies", index, "weight"), "is too small beside the others to count")
        heaviest = shares.index(max(shares))
        shares[heaviest] = round(shares[heaviest] + 1 - sum(shares), 4)
        return shares
