"""What is asked where the bank holds nothing: behavioural questions, anchors and probes worded from a description."""

from __future__ import annotations

import re
from collections.abc import Mapping

from question_flows.competency_model import WantedIndicator
from question_flows.model import Anchors, Hint, Language, Question, QuestionKind, Text

_WORDING: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "title": "{job} interview",
        "practice": "To try things out: what do you like to do at the weekend? This answer is not scored.",
        "question": "This job calls for {behaviour}. Tell me about a time when you did that: "
        "what was the situation, what did you do yourself, and what came of it?",
        "hint": "One real case is enough: when was it, what exactly did you do, and how did it end?",
        "probe": "This is about {behaviour}. Could you give me one example: what exactly did you do?",
        "at_2": "Speaks in general terms, or of others only; nothing is told of what was looked for: {behaviour}.",
        "at_5": "Tells of one case and of some own actions; how, or to what end, stays open. Looked for: {behaviour}.",
        "at_8": "Tells of a real case, of each own action and of its result. Shown in full: {behaviour}.",
    },
    Language.CHINESE: {
        "title": "{job}面试",
        "practice": "先试一试：周末您喜欢做什么？这个回答不计分。",
        "question": "请讲一次您在工作中需要做到这一点的经历：{behaviour}。当时是什么情况，您自己做了什么，结果怎么样？",
        "hint": "讲一件真实的事就够了：什么时候，您具体做了什么，最后怎么样？",
        "probe": "关于这一点，您能举一个例子吗：{behaviour}？您具体做了什么？",
        "at_2": "只是泛泛而谈，或只讲别人做的事，没有讲到：{behaviour}。",
        "at_5": "讲了一件事和自己的部分做法，但怎么做的或结果如何没有讲清：{behaviour}。",
        "at_8": "讲了一件真实的事，自己每一步怎么做、结果如何都清楚，体现出：{behaviour}。",
    },
}
_DOES = re.compile(r"(?:[A-Za-z]+ly )?[A-Za-z]+[^\Ws]s\b")
"""A verb in the third person, perhaps with an adverb: how indicators are described as a rule."""
_THINKING_SECONDS, _ANSWER_SECONDS = 30, 120


def title_for(job: Text) -> Text:
    """The flow's title for a job."""
    return {language: _WORDING[language]["title"].format(job=name) for language, name in job.items()}


def practice_in(languages: tuple[Language, ...]) -> Text:
    """The practice question."""
    return {language: _WORDING[language]["practice"] for language in languages}


def standard_question(indicator: WantedIndicator, question_id: str) -> Question:
    """A behavioural question that asks for one real case of the indicator's behaviour."""
    languages = tuple(indicator.description)
    return Question(
        id=question_id,
        kind=QuestionKind.STRUCTURED,
        text=_worded("question", indicator),
        indicator_ids=(indicator.id,),
        hints=(Hint(_worded("hint", indicator)),),
        terms=dict.fromkeys(languages, ()),
        thinking_seconds=_THINKING_SECONDS,
        answer_seconds=_ANSWER_SECONDS,
        sample_answers=dict.fromkeys(languages, ()),
        redos=1,
    )


def standard_anchors(indicator: WantedIndicator) -> Anchors:
    """Anchors that name the behaviour and how completely a case of it is told."""
    return Anchors(_worded("at_2", indicator), _worded("at_5", indicator), _worded("at_8", indicator))


def standard_probe(indicator: WantedIndicator) -> Text:
    """What is asked further when the behaviour did not show."""
    return _worded("probe", indicator)


def _worded(name: str, indicator: WantedIndicator) -> Text:
    return {
        language: _WORDING[language][name].format(behaviour=_behaviour(description, language))
        for language, description in indicator.description.items()
    }


def _behaviour(description: str, language: Language) -> str:
    """The description as part of a sentence; English ones that begin with what a person does get that person."""
    text = description.strip().rstrip(".。!！?？;；")
    if language is not Language.ENGLISH:
        return text
    # An abbreviation at the beginning keeps its capitals.
    begun = text[0].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
    return f"somebody who {begun}" if _DOES.match(text) else f"the following: {begun}"
