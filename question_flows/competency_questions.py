"""Questions about a competency as a whole, in both languages: a real case, the hardest one, and what would be done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from question_flows.model import Hint, Language, Question, QuestionKind, Text

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "case": {
        Language.ENGLISH: "This job calls for {skill}{level}. Tell me about one piece of real work in which you needed"
        " it: what was it about, what did you do yourself and why that way, and what came of it?",
        Language.CHINESE: "这个岗位需要{skill}{level}。请讲一件您真正需要用到它的工作：当时是什么情况，您自己做了什么，"
        "为什么这样做，结果怎么样？",
    },
    "hardest": {
        Language.ENGLISH: "What was the hardest situation in which you needed {skill}? Tell me what made it hard,"
        " between what you had to choose, what you did, and what you took from it.",
        Language.CHINESE: "您需要用到{skill}的最难的一次是什么情况？请说说难在哪里，当时有哪些选择，您怎么做的，"
        "之后有什么收获。",
    },
    "new": {
        Language.ENGLISH: "Imagine that in your first week here something comes up for which {skill} is needed, and"
        " much of it is still unclear. What would you do first, what next and why, and how would you see that it"
        " works?",
        Language.CHINESE: "假设您入职第一周就遇到一件需要用到{skill}的事，很多情况还不清楚。您会先做什么，再做什么，"
        "为什么，怎样知道做对了？",
    },
}
_HINTS: Mapping[str, Mapping[Language, str]] = {
    "case": {
        Language.ENGLISH: "One real case is enough, a small one too: when was it, what exactly did you do, how did it"
        " end?",
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
_SAMPLES: Mapping[str, Mapping[Language, str]] = {
    "case": {
        Language.ENGLISH: "last year two hundred orders had piled up, and I was asked to bring them down with {skill}."
        " I compared three ways and chose the simplest, because two colleagues had to go on with it. I did it myself in"
        " three weeks, checked the numbers every day, and in the end only ten orders were left. next time I would start"
        " earlier.",
        Language.CHINESE: "去年积压了两百个订单，主管让我用{skill}来解决。我比较了三种做法，"
        "选了最简单的，因为两个同事还要接着做。我自己用三周做完，每天核对数据，结果只剩十个订单。下次我会更早开始。",
    },
    "hardest": {
        Language.ENGLISH: "two years ago half of my team was sick for four weeks, and I needed {skill} every day. I"
        " weighed two ways and decided on the slower one, because the risk was smaller. I made a list of twelve tasks,"
        " I explained it to everybody, and we tracked it every evening. as a result nothing was late, and I learned to"
        " ask for help sooner.",
        Language.CHINESE: "前年我们组一半的人病了四周，我每天都要用到{skill}。我对比了两种做法，"
        "决定用慢一点的，因为风险小。我自己列了十二项任务，给大家说明，每天晚上检查一次。结果没有一项晚交，我也学到要早点请人帮忙。",
    },
    "new": {
        Language.ENGLISH: "first I would ask three people what the goal is, because otherwise I would solve the wrong"
        " problem. then I would compare two ways with {skill} and choose the one that can be tested in two days. I used"
        " to do it like this for four years: I checked the result after one week, and improved it with their feedback.",
        Language.CHINESE: "我先问三个人目标是什么，因为不然会解决错问题。然后我会用{skill}比较两种做法，"
        "选两天内能测试的那一种。过去四年我都是这样做的：一周以后检查结果，再根据反馈改进。",
    },
}
"""Said as a recogniser writes it down; they show the behaviours that fit any skill, and stand for no real person."""
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
    *,
    with_sample: bool,
) -> Question:
    """The question of one of KINDS about a competency. level: 0-1, None: not said.

    with_sample: whether it gets a sample answer, which shows `general_behaviours` and nothing else.
    """
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
        sample_answers={
            language: (filled(_SAMPLES[kind][language], skill[language]),) if with_sample else ()
            for language in languages
        },
        redos=1,
    )
