"""The parts of a question flow: competencies with indicators, questions, hints and scenarios.

Everything here is a frozen value. `loader.py` makes them from YAML; nothing else in the house
builds a flow by hand except tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Language(StrEnum):
    """A language an interview can be held in (BCP 47 tags)."""

    ENGLISH = "en"
    CHINESE = "zh-CN"

    @property
    def whisper(self) -> str:
        """The code Whisper's tokenizer uses for this language (`en` or `zh`)."""
        return self.value.split("-")[0]


Text = Mapping[Language, str]
"""One text in every language of the flow; the loader refuses a flow that lacks one."""


class QuestionKind(StrEnum):
    """How a question is put; the candidate's page words its instructions by it."""

    STRUCTURED = "structured"
    SITUATIONAL = "situational"
    ROLE_PLAY = "role_play"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One observable behaviour that shows a competency.

    cues are words or phrases that count as evidence for the behaviour; counter_cues count
    against it. Both are matched in the transcript, whole words in English, substrings in Chinese.
    A cue may hold alternatives separated by `|`.
    """

    id: str
    name: Text
    description: Text
    cues: Mapping[Language, tuple[str, ...]]
    counter_cues: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Competency:
    """A weighted group of 3-4 indicators. weight is a share; a flow's weights add up to 1."""

    id: str
    name: Text
    weight: float
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """A nudge a candidate may open; opening one never lowers a score."""

    text: Text


@dataclass(frozen=True, slots=True)
class Scenario:
    """The setting of a role-play, shown above each of its turns."""

    id: str
    title: Text
    setting: Text
    counterpart: Text
    """Who the other side is, such as "an angry customer"."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked. A role-play's turns are successive questions that share a scenario."""

    id: str
    kind: QuestionKind
    text: Text
    """What is shown and spoken; in a role-play, the other side's line."""
    indicator_ids: tuple[str, ...]
    """The indicators this question gives evidence for."""
    hints: tuple[Hint, ...]
    terms: Mapping[Language, tuple[str, ...]]
    """Technical words likely in an answer: the recogniser's prompt."""
    thinking_seconds: int
    answer_seconds: int
    """A suggestion shown to the candidate, and the length after which the page reminds; no answer is cut off."""
    scenario_id: str | None = field(default=None, kw_only=True)
    """Set in a role-play only."""
    sample_answers: Mapping[Language, tuple[str, ...]]
    """Answers a good candidate might give; tests score them, the demo speaks them."""


@dataclass(frozen=True, slots=True)
class Endpointing:
    """How much silence, in milliseconds, ends an utterance; more where people have to think before they go on.

    Only the transcript is cut there: an utterance's end never ends the answer, the candidate does. Shorter pauses make
    the words certain sooner, longer ones keep a sentence in one piece. The loader refuses what does not satisfy
    500 <= complete_ms <= normal_ms <= unfinished_ms <= 3000.
    """

    complete_ms: int = 600
    """After a complete sentence."""
    normal_ms: int = 900
    """When the words do not tell."""
    unfinished_ms: int = 2000
    """After "um", "because", a comma: the sentence goes on."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A complete interview: what is asked, in which order, and how answers are weighed."""

    id: str
    version: int
    title: Text
    job: Text
    languages: tuple[Language, ...]
    competencies: tuple[Competency, ...]
    scenarios: tuple[Scenario, ...]
    questions: tuple[Question, ...]
    endpointing: Endpointing = Endpointing()

    def question(self, question_id: str) -> Question:
        """The question with this id. Raises KeyError when the flow has none."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator with this id. Raises KeyError when no competency has it."""
        for competency in self.competencies:
            for indicator in competency.indicators:
                if indicator.id == indicator_id:
                    return indicator
        raise KeyError(indicator_id)

    def scenario(self, scenario_id: str) -> Scenario:
        """The scenario with this id. Raises KeyError when the flow has none."""
        for scenario in self.scenarios:
            if scenario.id == scenario_id:
                return scenario
        raise KeyError(scenario_id)
