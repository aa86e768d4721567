"""One clause that speaks for several indicators proves each of them less than a clause of its own would.

"I asked the others and we agreed" may hold words of three indicators; who did three things has usually told of three.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from analyzers.results import Transcript
from analyzers.scoring.evidence import ends_clause
from analyzers.scoring.matching import Match

_SAME_CLAUSE = 0.3
_SAME_WORDS = 0.3
"""How strongly another indicator on the same clause, or on the very same words, divides what a cue is worth."""


def worth(transcript: Transcript, cues: Sequence[Sequence[Match]]) -> list[float]:
    """For each indicator, what its cues are worth, 0-1: 1 where no clause of theirs serves another indicator.

    cues: per indicator, the matches it rests on; an indicator without any is worth 1.
    """
    clauses = list(accumulate((ends_clause(word) for word in transcript.words), initial=0))
    return [
        sum(1 / (1 + _others(match, [*cues[:at], *cues[at + 1 :]], clauses)) for match in its) / len(its)
        if its
        else 1.0
        for at, its in enumerate(cues)
    ]


def _others(match: Match, cues: Sequence[Sequence[Match]], clauses: Sequence[int]) -> float:
    clause = clauses[match.first_word]
    return sum(
        _SAME_CLAUSE * any(clauses[other.first_word] == clause for other in its)
        + _SAME_WORDS * any(match.overlaps(other) for other in its)
        for its in cues
    )
