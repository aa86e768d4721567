"""Whose act a clause tells of: what the candidate denies, leaves to others or only believes in shows nothing of theirs.

"I don't test much", "testing is what the testers are for", "somebody should have asked", "I'm a big believer in tests"
hold the words of a cue without the act. Such words count as if they had not been said; they lower nothing. Only the
rest of the clause after the words that turn it round is meant: "I do not promise before I have checked" still checks.
"""

from __future__ import annotations

import re

from analyzers.scoring.evidence import ends_clause
from analyzers.scoring.matching import SearchableAnswer
from analyzers.scoring.tokens import BREAK
from question_flows.model import Language

_CLAUSE_END = "/"
"""Stands where a comma or the like was said; sentences end with BREAK."""

_NOT_OWN = re.compile(
    # Denied or refused: "I do not", "we never". What is kept from doing harm is no refusal.
    r" (?:(?:i|we) (?:\w+ )?(?:(?:do|did|would|will|can|could|have|had|am|was|were) (?:\w+ )?)?"
    r"(?:not|never|hardly|rarely)(?: really| ever| even)?"
    r"(?! (?:just|only|simply|interrupt|argue|shout|raise|blame|stop|leave|forget|let|want you|want to lose|promise"
    r"|take it|need to))"
    # Somebody else's to do, or only to be wished for.
    r"|(?:is|are) what (?:the |a |our )?\w+ (?:is|are) (?:there )?for"
    r"|should have"
    r"|(?:someone|somebody|everybody|everyone|the others?) (?:should|must|has to|have to|needs? to|ought)"
    r"|would like to (?:use|try|learn|do) (?:it|that|this)"
    # Praise of a thing in place of doing it.
    r"|(?:believer|believe|faith|interested|trust) in"
    r"|(?:i am|i have always been|i have been) (?:a|an|all for|someone|somebody|open|passionate|known|proud)"
    r") "
)
_OWN_AGAIN = re.compile(
    rf"[{BREAK}{_CLAUSE_END}]| (?:but|until|till|before|unless|because|so|then|except|without|instead|and) "
)
"""Where a clause that is not the candidate's own act ends."""
_LONGEST = 70
"""Characters: how far such a clause reaches where no end was heard."""


def not_own(answer: SearchableAnswer) -> frozenset[int]:
    """Indices of `answer.said` that tell of no act of the candidate's; none in Chinese, whose clauses are not read."""
    if answer.transcript.language is not Language.ENGLISH:
        return frozenset()
    parts = [" "]
    owner = [-1]
    for index, token in enumerate(answer.said):
        last = index + 1 == len(answer.said) or answer.said[index + 1].last_word != token.last_word
        comma = token.key != BREAK and last and ends_clause(answer.transcript.words[token.last_word])
        part = f"{token.word} {_CLAUSE_END} " if comma else f"{token.word} "
        parts.append(part)
        owner += [index] * len(part)
    text = "".join(parts)
    found: set[int] = set()
    for hit in _NOT_OWN.finditer(text):
        # The space that ends the words found may begin the ones that end the clause.
        end = _OWN_AGAIN.search(text, hit.end() - 1)
        stop = min(end.start() if end else len(text), hit.end() + _LONGEST)
        found.update(owner[hit.end() : stop])
    return frozenset(found)
