"""What the whole answer shows beside its cues: structure, specifics and length.

Structure follows the STAR pattern of behavioural interviewing (situation, task, action, result;
Janz, 1982, "Initial comparisons of patterned behavior description interviews versus unstructured
interviews", J. Applied Psychology 67): for a structured question all four, for a situational one
order, action and reason, and in a role-play speaking to the other side, acting, and saying when.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from analyzers.scoring.generalities import GENERALITIES
from analyzers.scoring.matching import SearchableAnswer
from analyzers.scoring.tokens import BREAK
from question_flows.model import Language, Question, QuestionKind


class Part(StrEnum):
    """A part of a well-built answer."""

    SITUATION = "situation"
    TASK = "task"
    ACTION = "action"
    RESULT = "result"
    ORDER = "order"
    REASON = "reason"
    ADDRESS = "address"
    TIME = "time"


PARTS: Mapping[QuestionKind, tuple[Part, ...]] = {
    QuestionKind.STRUCTURED: (Part.SITUATION, Part.TASK, Part.ACTION, Part.RESULT),
    QuestionKind.SITUATIONAL: (Part.ORDER, Part.ACTION, Part.REASON),
    QuestionKind.ROLE_PLAY: (Part.ADDRESS, Part.ACTION, Part.TIME),
    QuestionKind.TEXT: (Part.ORDER, Part.REASON),
    QuestionKind.CODE: (),
    QuestionKind.FACT: (),
}
"""The parts each kind of question asks for."""

FULL_LENGTH: Mapping[Language, int] = {Language.ENGLISH: 20, Language.CHINESE: 30}
"""From this many words (characters) on, length no longer matters: long answers earn nothing by length."""
MOST_DETAILS = 5
NAME_WEIGHT: Mapping[Language, float] = {Language.ENGLISH: 0.3, Language.CHINESE: 1.0}
"""A name or a technical word, beside a number: it is said more easily without having done anything."""
MOST_DOINGS = 4
MOST_GENERAL: Mapping[Language, float] = {Language.ENGLISH: 2.0, Language.CHINESE: 3.0}
FORGIVEN_GENERAL: Mapping[Language, float] = {Language.ENGLISH: 0.5, Language.CHINESE: 0.0}
"""Anybody says one such phrase; half of one is left out of account."""
SHORT: Mapping[Language, int] = {Language.ENGLISH: 45, Language.CHINESE: 60}
"""In an answer of so many words (characters) or fewer, MOST_GENERAL generalities are all; in longer ones, more are."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is said beside the cues.

    parts: those found of the parts expected. numbers, names: how many are named. doings: how often the candidate says
    what they did or will do. generalities: share of the answer that says how things always are, 0-1. length: 0-1 of the
    full length. name_weight: what a name counts beside a number.
    """

    parts: tuple[Part, ...]
    expected: tuple[Part, ...]
    numbers: int
    names: int
    doings: int
    generalities: float
    length: float
    name_weight: float = 1.0

    @property
    def structure(self) -> float:
        """Share of the expected parts that are there, 0-1."""
        return len(self.parts) / len(self.expected) if self.expected else 1.0

    @property
    def specificity(self) -> float:
        """0-1: numbers and names, together up to MOST_DETAILS, and one's own doing, up to MOST_DOINGS."""
        details = min(1.0, (self.numbers + self.name_weight * self.names) / MOST_DETAILS)
        return 0.7 * details + 0.3 * min(1.0, self.doings / MOST_DOINGS)


def measure(answer: SearchableAnswer, question: Question, left_out: Collection[int] = ()) -> Signals:
    """The signals of an answer to the question. left_out: indices of `answer.said` that do not count."""
    language = answer.transcript.language
    text = answer.text(left_out)
    equal = answer.equal_text(left_out)
    expected = PARTS[question.kind]
    length = max(1, answer.length - len(left_out))
    most, short = MOST_GENERAL[language], SHORT[language]
    general = sum(1 for _ in GENERALITIES[language].finditer(text))
    return Signals(
        parts=tuple(part for part in expected if any(_MARKERS[language][part].search(line) for line in (text, equal))),
        expected=expected,
        numbers=sum(1 for _ in _NUMBER[language].finditer(text)),
        names=_names(answer, left_out, question),
        doings=sum(1 for _ in _DOING[language].finditer(text)),
        generalities=min(1.0, max(0.0, general - FORGIVEN_GENERAL[language]) / (most * max(1.0, length / short))),
        length=min(1.0, length / FULL_LENGTH[language]),
        name_weight=NAME_WEIGHT[language],
    )


def _names(answer: SearchableAnswer, left_out: Collection[int], question: Question) -> int:
    """How many names and technical words there are that the question does not say, each counted once."""
    language = answer.transcript.language
    asked = question.text[language].lower()
    separator = " " if language is Language.ENGLISH else ""
    text = answer.text(left_out)
    terms = {term.lower() for term in question.terms[language]}
    found = {term for term in terms if f"{separator}{term}{separator}" in text}
    for before, token in pairwise(answer.said):
        word = answer.transcript.words[token.first_word].text
        if token.first_said in left_out or before.key == BREAK or token.key == BREAK:
            continue
        capital = word[:1].isupper() and token.word not in _NO_NAMES
        if (capital and language is Language.ENGLISH) or (
            (token.word.isascii() and token.word.isalpha()) and (language is Language.CHINESE)
        ):
            found.add(token.word)
    if language is Language.CHINESE:
        found.update(_CHINESE_NAME.findall(text))
    return sum(1 for name in found if name not in asked)


def _english(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{words})(?= )")


_MARKERS: Mapping[Language, Mapping[Part, re.Pattern[str]]] = {
    Language.ENGLISH: {
        Part.SITUATION: _english(
            r"last (?:year|month|week|winter|summer|spring|autumn|time)|(?:when|once|while)|there (?:was|were)|used to"
            r"|i (?:worked|was)|we had|at my|in my (?:team|company|job)|(?:one|a|an|new|every) "
            r"(?:customer|colleague|service|day|week|project)|(?:years?|months?|weeks?) ago|before"
        ),
        Part.TASK: _english(
            r"(?:had|needed|wanted|have|need) to|problems?|goal|task|responsible|my job was|asked (?:me|us)|should"
            r"|was (?:slow|broken|sick|late|angry)|did not (?:like|work)|for a|waited|stopped|broke|wrong"
        ),
        Part.ACTION: _english(
            r"(?:i|we) (?:(?:had |have |also |then |just )?\w+ed|"
            r"took|made|wrote|found|built|sent|told|gave|read|ran|went|spoke|chose|put|set|got|had to"
            r"|offer|explain|ask|check|run|call|stay|listen|take|help|show|follow|write|use|look|try)"
            r"|(?:i|we) (?:will|would|can|could) \w+|let me|let us"
        ),
        Part.RESULT: _english(
            r"in the end|finally|as a result|result|since then|after (?:that|the|\w+ months)|so that|and then"
            r"|so (?:he|she|they|we|it|i)|(?:got|get) (?:the|his|her|their|my)|faster|finished|solved|fixed|agreed"
            r"|reached|learned|worked well|on time|satisfied|happy|thanked|we chose|percent|improved|in \w+ days"
            r"|could|i showed"
        ),
        Part.ORDER: _english(r"first|then|next|after(?: that)?|finally|before|if|when|step"),
        Part.REASON: _english(
            r"because|so|so that|reason|reasons|for example|why|since|in order to|otherwise|that way"
        ),
        Part.ADDRESS: _english(r"you|your|sir|madam"),
        Part.TIME: _english(
            r"today|tomorrow|tonight|now|immediately|first|at once|soon|minutes?|hours?|days?|week|before|when|until"
        ),
    },
    Language.CHINESE: {
        Part.SITUATION: re.compile(
            r"去年|前年|上个?[月周]|上次|有一[次个天]|当时|以前|曾经|年前|那时|[一二两三四五六七八九十]年了|我们要|每周|每次"
        ),
        Part.TASK: re.compile(r"要|需要|必须|任务|目标|负责|问题|坏了|病了|很慢|都停|为了|等了|不同意|应该"),
        Part.ACTION: re.compile(r"我们?[^|]{0,12}?[查看写给帮把听问找做加改比选用请发换跟说打学教跑测]|我[会先马就]"),
        Part.RESULT: re.compile(
            r"结果|最后|后来|终于|因此|完成|解决|满意|快了|做完|成功|学到|同意|改好|百分|收到|没有一个|以后|换了|改了"
        ),
        Part.ORDER: re.compile(r"先|然后|接着|最后|之后|如果|首先|其次|后来|以后|再"),
        Part.REASON: re.compile(r"因为|所以|为了|原因|比如|为什么|理由|这样|说明|否则"),
        Part.ADDRESS: re.compile(r"您|你|先生|女士"),
        Part.TIME: re.compile(r"今天|明天|马上|现在|立刻|小时|分钟|[一二两三四五六七八九十几]天|点|先|之前"),
    },
}

_DOING: Mapping[Language, re.Pattern[str]] = {
    Language.ENGLISH: _english(
        r"i (?:\w+ )?(?:\w+ed|took|made|wrote|found|built|sent|told|gave|read|ran|went|spoke|chose|put|set|got|kept"
        r"|brought|drove|sat|rang|drew|split|let|had|will|would|am \w+ing)|we (?:will|would)|let me"
    ),
    Language.CHINESE: re.compile(r"我[^，。|]{0,6}[了给跟把帮让问查看写做改加陪带]"),
}

_NO_NAMES = frozenset(
    word
    for line in (
        "i monday tuesday wednesday thursday friday saturday sunday",
        "sir madam mr mrs ms yes no ok okay english chinese",
    )
    for word in line.split()
)
_CHINESE_NAME = re.compile(r"[小老阿][\u4e00-\u9fff](?=[^学时组心说店点])|[\u4e00-\u9fff](?:哥|姐|经理|师傅|总)")

# "one" is left out, and so is a bare 一: both are articles far more often than numbers.
_NUMBER: Mapping[Language, re.Pattern[str]] = {
    Language.ENGLISH: _english(
        r"\d+\w*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy"
        r"|eighty|ninety|hundreds?|thousands?|millions?|half|twice|dozen|percent"
    ),
    Language.CHINESE: re.compile(
        r"\d+|[一二三四五六七八九十百千万两半几]+(?=[个天年月周次倍分小点人名台部通件单块元条章岁层秒家万号份张篇本遍句种毫成])(?<!一个)"
        r"|一半|百分之|第[一二三四五六七八九十]|[一二三四五六七八九十]+[倍成]"
    ),
}
