"""Words that show nothing: read back from the question, said to the scorer, or listed without sentences.

None of it lowers a score; it is as if these words had not been said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from analyzers.scoring import chinese_words, english_words
from analyzers.scoring.matching import Match, SearchableAnswer
from analyzers.scoring.tokens import BREAK, keys
from question_flows.model import Language

LEAST_READ_BACK: Mapping[Language, int] = {Language.ENGLISH: 4, Language.CHINESE: 6}
"""So many words (characters) in the order of the question are its words, not the candidate's."""
MOST_IN_A_ROW: Mapping[Language, int] = {Language.ENGLISH: 16, Language.CHINESE: 18}
"""More words (characters) of cues in a row, with nothing but "and" between them, are a list."""
MOST_WITHOUT_PERSON: Mapping[Language, int] = {Language.ENGLISH: 9, Language.CHINESE: 11}
LEAST_PERSONS = 0.15
"""Shorter runs are a list too, if fewer of their words say who does something to whom."""
_PERSONS = frozenset(["i", "we", "you", "he", "she", "they", "me", "us", "him", "her", "them", *"我你您他她"])
MOST_CUES = 0.8
"""From this share of an answer's words on, cues are a list, however short."""
_LIST_JOINERS = frozenset(["and", "or", "和", "与", "、", BREAK])
_MOST_SAID_TO_SCORER = 60
"""Characters from the words that speak to the scorer to the end of what is ignored, if no sentence ends before."""

_TO_SCORER: Mapping[Language, re.Pattern[str]] = {
    Language.ENGLISH: re.compile(
        r" (?:ignore|disregard|forget|override|bypass) (?:\w+ ){0,3}"
        r"(?:instruction|prompt|rule|guideline|rubric|criteria)s? "
        r"| (?:give|award|assign|grant) (?:me|us|this|it|the|my answer|full|top|maximum) (?:\w+ ){0,5}"
        r"(?:points?|marks?|scores?|out of) "
        r"| (?:rate|score|grade|mark) (?:me|this|it|my answer|the answer) "
        r"| (?:system prompt|as an ai|you are now|dear (?:scorer|grader|model|ai)|(?:scorer|grader|model|ai) note"
        r"|note to (?:the )?(?:scorer|grader|ai|model)) "
        r"| (?:the|this) (?:candidate|applicant|answer|response) (?:is|was|shows|showed|has|had|deserves|demonstrates"
        r"|apologised|listened|should|must|scores) "
    ),
    Language.CHINESE: re.compile(
        r"(?:忽略|无视|忘记|忘掉|不要管|绕过)[^|]{0,8}?(?:指令|指示|提示|规则|标准|要求)"
        r"|(?:请|必须|应该|直接|一定要?)?(?:给|打|评|判)[^|]{0,8}?(?:满分|高分|最高分|[一二三四五六七八九十\d]+分(?!钟))"
        r"|系统提示|你现在是|(?:这位|该|这个)(?:候选人|应聘者|考生)|(?:这个|此|该)回答(?:是|很|非常|展示|应该|值得)"
    ),
}


def discounted(answer: SearchableAnswer, question_text: str) -> frozenset[int]:
    """Indices of `answer.said` that do not count: read back from the question, or said to the scorer."""
    return frozenset([*_read_back(answer, question_text), *_said_to_scorer(answer)])


def counts(match: Match, answer: SearchableAnswer, left_out: Collection[int], listed: Collection[int]) -> bool:
    """Whether a match is said in speech, and in words of the candidate's own.

    left_out: what `discounted` gives. listed: what `listed` gives.
    """
    said = range(answer.tokens[match.first].first_said, answer.tokens[match.last].last_said + 1)
    return match.first not in listed and not any(index in left_out for index in said)


def listed(answer: SearchableAnswer, matches: Iterable[Match]) -> frozenset[int]:
    """Indices of `answer.tokens` in which cues are listed without sentences. matches: all for this question."""
    cues = {index for match in matches for index in range(match.first, match.last + 1)}
    words = [index for index, token in enumerate(answer.tokens) if token.key not in _LIST_JOINERS]
    if len(cues) >= MOST_CUES * len(words):
        return frozenset(cues)
    found: set[int] = set()
    run: list[int] = []
    for index in [*words, None]:
        if index is not None and index in cues:
            run.append(index)
            continue
        persons = sum(answer.tokens[one].word in _PERSONS for one in run)
        if len(run) > MOST_IN_A_ROW[answer.transcript.language] or (
            len(run) > MOST_WITHOUT_PERSON[answer.transcript.language] and persons < LEAST_PERSONS * len(run)
        ):
            found.update(run)
        run = []
    return frozenset(found)


def everyday(match: Match, language: Language) -> bool:
    """Whether the cue is made of words alone that any talk holds, such as "every month" or "because"."""
    words = english_words.EVERYDAY if language is Language.ENGLISH else chinese_words.EVERYDAY
    return words.issuperset(match.said)


def _read_back(answer: SearchableAnswer, question_text: str) -> set[int]:
    language = answer.transcript.language
    least = LEAST_READ_BACK[language]
    asked = keys(question_text, language)
    runs = {asked[at : at + least] for at in range(len(asked) - least + 1)}
    found: set[int] = set()
    own = [token for token in answer.tokens if token.key != BREAK]
    for at in range(len(own) - least + 1):
        part = own[at : at + least]
        if tuple(token.key for token in part) in runs:
            found.update(range(part[0].first_said, part[-1].last_said + 1))
    return found


def _said_to_scorer(answer: SearchableAnswer) -> set[int]:
    separator = " " if answer.transcript.language is Language.ENGLISH else ""
    text = separator + "".join(f"{token.word}{separator}" for token in answer.said)
    owner = [0] * len(separator)
    for index, token in enumerate(answer.said):
        owner += [index] * (len(token.word) + len(separator))
    found: set[int] = set()
    for hit in _TO_SCORER[answer.transcript.language].finditer(text):
        sentence_end = text.find(BREAK, hit.end())
        end = min(len(text) if sentence_end < 0 else sentence_end, hit.end() + _MOST_SAID_TO_SCORER)
        found.update(owner[hit.start() + len(separator) : end])
    return found
