"""What a good candidate says or types to what is asked, from the flows' sample answers."""

from __future__ import annotations

from question_flows.model import Flow, Language
from server.interview.written import is_written

ANYTHING = {
    Language.ENGLISH: "I looked at it, I asked the others what they thought, and then we changed it.",
    Language.CHINESE: "我先看了一下，问了大家的想法，然后我们改了它。",
}
"""Said where there is no sample answer, such as to the practice question, or to one that a person of HR wrote."""


def sample_answer(flow: Flow, question_id: str, language: Language) -> str:
    """The first sample answer; to a follow-up, another one to the same question. Raises KeyError for no question."""
    if is_written(question_id):
        return ANYTHING[language]
    question = flow.question(question_id)
    of = flow.question(question.follow_up_of) if question.follow_up_of else question
    samples = of.sample_answers.get(language, ())
    if not samples:
        return ANYTHING[language]
    return samples[-1 if question.follow_up_of else 0]
