"""The parts of a question flow: competencies with indicators, questions, hints and scenarios.

Everything here is a frozen value. `loader.py` makes them from YAML; nothing else in the house
builds a flow by hand except tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    TEXT = "text"
    """Answered by typing only."""
    CODE = "code"
    """Answered by typing code."""
    FACT = "fact"
    """Answered by choosing an option, such as whether shifts suit; never scored."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """What an answer worth 2, 5 and 8 points of 10 looks like (behaviourally anchored rating scale)."""

    at_2: Text
    at_5: Text
    at_8: Text


@dataclass(frozen=True, slots=True)
class Indicator:
    """One observable behaviour that shows a competency.

    cues are words or phrases that count as evidence for the behaviour; counter_cues count
    against it. Both are matched in the transcript, whole words in English, substrings in Chinese.
    A cue may hold alternatives separated by `|`. probes are what may be asked further, in this order, when an answer
    holds no evidence for the indicator.
    """

    id: str
    name: Text
    description: Text
    cues: Mapping[Language, tuple[str, ...]]
    counter_cues: Mapping[Language, tuple[str, ...]]
    anchors: Anchors | None = None
    probes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class WeighedObservation:
    """An observed movement that takes part in a competency's points, where law and the candidate allow it.

    kind: an `ObservationKind`. weight: its share of the competency's points, more than 0 and at most 0.2.
    """

    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class Competency:
    """A weighted group of 3-4 indicators. weight is a share; a flow's weights add up to 1."""

    id: str
    name: Text
    weight: float
    indicators: tuple[Indicator, ...]
    observation: WeighedObservation | None = None
    """Only in a competency that role-plays alone give evidence for."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What people alone rate, such as motivation or culture fit.

    weight: what it counts in people's total and the combined one beside the competencies, whose weights add up to 1;
    0: it is shown and counts nowhere. The machine's total never holds it.
    """

    id: str
    name: Text
    description: Text
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Department:
    """Whose ratings have a share of their own in people's score, such as store managers.

    It is an account's when the account's department is its id or one of its names, in whatever case. weight: its share.
    """

    id: str
    name: Text
    weight: float


@dataclass(frozen=True, slots=True)
class Review:
    """How people's ratings are given and weighed against the machine's scores; the three are always shown apart."""

    blind: bool = False
    """Whether reviewers see neither the machine's scores nor each other's ratings before they have finished."""
    human_weight: float = 0.5
    """People's share of the combined score, 0-1; the rest is the machine's."""
    departments: tuple[Department, ...] = ()
    """Each department's raters count by their mean. Without any, all raters count alike."""
    others_weight: float = 0.0
    """The share of raters of no listed department; 0: their ratings are shown and do not count. It and the departments'
    weights add up to 1; of departments that have not rated, the others take the share."""


@dataclass(frozen=True, slots=True)
class Round:
    """A part of the interview with a rest before it. intro: what it is about, shown before its first question."""

    id: str
    title: Text
    intro: Text


@dataclass(frozen=True, slots=True)
class Variant:
    """A flow for one job out of a shared file. Questions with a variant's tag are asked in that variant only.

    Its flow's id is the file's with this id behind it, as in `software_engineer_java`.
    """

    id: str
    title: Text
    job: Text
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FollowUps:
    """How often an indicator without evidence is asked for again: in the whole interview, and after one question."""

    most: int = 4
    most_per_question: int = 1
    answer_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Branch:
    """In a role-play: the turn that follows when the indicator was, or was not, shown in the answer to this one."""

    indicator_id: str
    shown: bool
    go_to: str
    """A later question of the same scenario."""


@dataclass(frozen=True, slots=True)
class Option:
    """A choice for a fact question. open_point: whether HR has to look at it; no choice ever rejects by itself."""

    id: str
    text: Text
    open_point: bool = False


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


PRACTICE_ID = "-practice"
FOLLOW_UP_MARK = "-"
"""Stands in the ids of what is asked beside a flow's own questions, whose ids cannot hold it."""


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
    round_id: str | None = field(default=None, kw_only=True)
    tags: tuple[str, ...] = field(default=(), kw_only=True)
    branches: tuple[Branch, ...] = field(default=(), kw_only=True)
    """The first that applies is taken; else the next question in order."""
    only_by_branch: bool = field(default=False, kw_only=True)
    """Never asked in order, only when a branch leads here."""
    options: tuple[Option, ...] = field(default=(), kw_only=True)
    """Of a fact question."""
    code_language: str | None = field(default=None, kw_only=True)
    """Of a code question: its name, such as "Java"."""
    redos: int = field(default=0, kw_only=True)
    """How often the candidate may start the answer again."""

    @property
    def follow_up_of(self) -> str | None:
        """The question whose answer this one probes further, or None."""
        return self.id.partition(FOLLOW_UP_MARK)[0] or None if FOLLOW_UP_MARK in self.id else None


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
    job_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Where and when it is used, such as `region:north`, `campaign:shopping-festival`."""
    variants: tuple[Variant, ...] = ()
    rounds: tuple[Round, ...] = ()
    follow_ups: FollowUps = FollowUps()
    dimensions: tuple[Dimension, ...] = ()
    review: Review = Review()
    pass_mark: float = 7.5
    """Total from which on the report says that the mark is reached; shown to HR only, and nothing follows by itself."""
    most_pauses: int | None = None
    """How often the candidate may pause; None: as often as they like. Each is told before it is used up."""
    recording_required: bool = False
    """Whether a candidate who refuses recording is interviewed by a person instead."""
    practice: Text | None = None
    """The practice question, never scored; None: none is asked."""

    def question(self, question_id: str) -> Question:
        """The question with this id: one of the flow's own, the practice question, or a follow-up.

        Raises KeyError when the flow has none.
        """
        for question in self.questions:
            if question.id == question_id:
                return question
        if question_id == PRACTICE_ID and self.practice is not None:
            return _practice(self.practice)
        return self._follow_up(question_id)

    def _follow_up(self, question_id: str) -> Question:
        of, mark, indicator_id = question_id.partition(FOLLOW_UP_MARK)
        parents = [question for question in self.questions if question.id == of]
        if not mark or not parents or indicator_id not in parents[0].indicator_ids:
            raise KeyError(question_id)
        probes = self.indicator(indicator_id).probes
        if not probes:
            raise KeyError(question_id)
        return replace(
            parents[0],
            id=question_id,
            text=probes[0],
            indicator_ids=(indicator_id,),
            hints=(),
            thinking_seconds=0,
            answer_seconds=self.follow_ups.answer_seconds,
            branches=(),
            sample_answers={},
        )

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


def _practice(text: Text) -> Question:
    return Question(
        id=PRACTICE_ID,
        kind=QuestionKind.STRUCTURED,
        text=text,
        indicator_ids=(),
        hints=(),
        terms=dict.fromkeys(text, ()),
        thinking_seconds=0,
        answer_seconds=60,
        sample_answers={},
        redos=1_000_000,
    )
