"""Questions about a competency as a whole, in both languages: a real case, the hardest one, and what"
" would be done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from question_flows.model import Hint, Language, Question, QuestionKind, Text

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "case": {
        Language.ENGLISH: "This job calls for {skill}{level}. Tell me about one piece of real work in"
        " which you needed it:"
        " what was it about, what did you do yourself and why that way, and what came of it?",
        Language.CHINESE: "这个岗位需要{skill}{level}。请讲一件您真正需要用到它的工作：当时是什么情况，"
        "您自己做了什么，为什么这样做，结果怎么样？",
    },
    "hardest": {
        Language.ENGLISH: "What was the hardest situation in which you needed {skill}? Tell me what made"
        " it hard, between"
        " what you had to choose, what you did, and what you took from it.",
        Language.CHINESE: "您需要用到{skill}的最难的一次是什么情况？请说说难在哪里，当时有哪些选择，"
        "您怎么做的，之后有什么收获。",
    },
    "new": {
        Language.ENGLISH: "Imagine that in your first week here something comes up for which {skill} is"
        " needed, and much of"
        " it is still unclear. What would you do first, what next and why, and how would you see that it works?",
        Language.CHINESE: "假设您入职第一周就遇到一件需要用到{skill}的事，很多情况还不清楚。"
        "您会先做什么，再做什么，为什么，怎样知道做对了？",
    },
}
_HINTS: Mapping[str, Mapping[Language, str]] = {
    "case": {
        Language.ENGLISH: "One real case is enough, a small one too: when was it, what exactly did you"
        " do, how did it end?",
        Language.CHINESE: "讲一件真实的事就够了，小事也可以：什么时候，您具体做了什么，最后怎么样？",
    },
    "hardest": {
        Language.ENGLISH: "Hard is what was hard for you. What did you weigh against what?",
        Language.CHINESE: "对您来说难就是难。当时您在哪些做法之间作了取舍？",
    },
    "new": {
        Language.ENGLISH: "There is no one right answer. Go step by step and say why.",
        Language.CHINESE: "没有唯一正确的答案。一步一步讲，并说明理由。",
    },
}
_HIGH, _LOW = 0.8, 0.4
"""From which level on, and up to which, the question names it."""
_LEVELS: Mapping[str, Mapping[Language, str]] = {
    "high": {
        Language.ENGLISH: ", so well that others come to you for advice",
        Language.CHINESE: "，并且要达到能指导别人的水平",
    },
    "low": {Language.ENGLISH: ", at least the basics of it", Language.CHINESE: "，至少掌握基础"},
}
_THINKING_SECONDS, _ANSWER_SECONDS = 30, 120
_HAN = re.compile("[一-鿿]")
KINDS = tuple(_TEXTS)
"""In the order in which they are asked when a competency has several."""


def filled(text: str, skill: str) -> str:
    """The text with the skill's name; between Chinese and Latin letters stands a space."""
    before, *after = text.split("{skill}")
    for part in after:
        opening = " " if _HAN.match(before[-1:]) and skill[:1].isascii() else ""
        closing = " " if _HAN.match(part[:1]) and skill[-1:].isascii() else ""
        before = f"{before}{opening}{skill}{closing}{part}"
    return before


def competency_question(
    question_id: str,
    kind: str,
    skill: Text,
    indicator_ids: tuple[str, ...],
    terms: Mapping[Language, Sequence[str]],
    level: float | None,
) -> Question:
    """The question of one of KINDS about a competency. level: 0-1, None: not said."""
    languages = tuple(skill)
    if level is not None and level >= _HIGH:
        levels = _LEVELS["high"]
    else:
        levels = _LEVELS["low"] if level is not None and level <= _LOW else dict.fromkeys(Language, "")
    return Question(
        id=question_id,
        kind=QuestionKind.SITUATIONAL if kind == "new" else QuestionKind.STRUCTURED,
        text={
            language: filled(_TEXTS[kind][language].replace("{level}", levels[language]), skill[language])
            for language in languages
        },
        indicator_ids=indicator_ids,
        hints=(Hint({language: _HINTS[kind][language] for language in languages}),),
        terms={language: tuple(terms[language]) for language in languages},
        thinking_seconds=_THINKING_SECONDS,
        answer_seconds=_ANSWER_SECONDS,
        sample_answers=dict.fromkeys(languages, ()),
        redos=1,
    )
