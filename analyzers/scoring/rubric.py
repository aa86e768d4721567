"""The built-in scorer: the same words always get the same points, and every point has its quote.

How an indicator gets its points (0-10), for an answer long and clear enough to be judged:

    evidence   at least `least`, up to 10 by the kinds of cue found, of three (of all, where the indicator has fewer);
               each further alternative of a kind already found counts as 0.6 of a kind, at most two of them
    x quality  base + structure (share of the parts this kind of question asks for, signals.PARTS) + specificity
               (numbers, names, own doing) + length (up to a full length; more earns nothing) + coverage
               - generalities (how things always are, handing the matter on), by the language's _WEIGHTS
    x chance   less the smaller the coverage: kinds of cue in the whole answer, one an indicator being enough
    - 2.5      for each kind of counter-cue, at most two

In English, evidence is worth less where its clause serves other indicators too (`sharing`), and none where the act is
denied, left to others or only believed in (`agency`). In Chinese both, and weights like the English ones, were tried
and lost on the held-back answers what they gained on the others, so it keeps the weights it had.

A cue is found in its own words, in equal ones (`english_words`, `chinese_words`) and in what people say instead
(`paraphrases`). Not at all counts what is read back from the question, said to the scorer, or listed without sentences
(`discounting`). Without any cue there is nothing to score: withheld, unless a counter-cue is said, which gets 1 point;
so are answers whose only cues are everyday words, and answers in another language than the interview's. A cue whose
words were recognised with little confidence does not count, for or against. Pace, accent, hesitation and the way of
speaking take no part.

What this is worth: the weights were chosen on tuning.jsonl of tests/data/scoring, the English ones on fresh.jsonl too,
so that neither tells how good they are. On unread.jsonl, looked at once, the rank correlation is 0.84 (English) and
0.82 (Chinese). On held_back.jsonl it is at least 0.8, but it was looked at some fifteen times while the scorer was
written (never its single answers), and two of the bounds on attacks in the tests were set after measuring. On
fresh.jsonl, before it was tuned on, `rubric 2` had 0.70 and 0.78 (Chinese is scored as it was then). A language model
wrote all answers and labels, one author a set; no person has rated them. And it finds words, it does not understand:
fluent talk about something else may get a few points, a good answer in unusual words none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from analyzers.results import (
    AnswerScore,
    EvidenceQuote,
    IndicatorScore,
    Transcript,
    WithheldReason,
)
from analyzers.scoring import wording
from analyzers.scoring.agency import not_own
from analyzers.scoring.discounting import counts, discounted, everyday, listed
from analyzers.scoring.evidence import quote, surroundings
from analyzers.scoring.matching import Match, SearchableAnswer
from analyzers.scoring.sharing import worth
from analyzers.scoring.signals import Signals, measure
from analyzers.scoring.spoken_language import in_other_language
from question_flows.model import Flow, Indicator, Language, Question, QuestionKind

SCORER = "rubric 3"
"""Name and version; the version goes up whenever the same answer could get other points."""

FEWEST = {Language.ENGLISH: 6, Language.CHINESE: 9}
"""Shorter answers (words, characters) are not judged."""
LEAST_CONFIDENCE = 0.35
"""Below this mean word confidence an answer, or a cue, is not relied on."""
MOST_QUOTES = 3

_OTHER_ALTERNATIVE = 0.6
"""What each further alternative of a kind already found adds, as a share of a kind; at most two."""
_COUNTER_PENALTY = 2.5
COUNTER_ONLY = 1.0
"""Points of an answer in which only counter-cues are said."""


@dataclass(frozen=True, slots=True)
class _Weights:
    """The numbers of the formula above. chance: how much less a cue counts in an answer that holds next to none, for it
    may have been said by chance. sharing: whether a clause that serves several indicators
    is worth less to each."""

    least: float
    base: float
    structure: float
    specificity: float
    coverage: float
    length: float
    general: float
    chance: float
    sharing: bool


_WEIGHTS = {
    Language.ENGLISH: _Weights(
        least=4.5,
        base=0.83,
        structure=0.05,
        specificity=0.3,
        coverage=0.05,
        length=0.05,
        general=0.8,
        chance=0.6,
        sharing=True,
    ),
    Language.CHINESE: _Weights(
        least=3.0,
        base=0.6,
        structure=0.15,
        specificity=0.25,
        coverage=0.05,
        length=0.1,
        general=0.6,
        chance=0.2,
        sharing=False,
    ),
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What an answer holds for one indicator: the first reliable match of each kind of cue."""

    cues: tuple[Match, ...]
    counter_cues: tuple[Match, ...]
    kinds: int
    """How many kinds of cue the indicator has."""
    alternatives: int
    """How many different alternatives of its cues are said."""
    unsure: bool
    """Whether something was found in words that were not recognised surely enough."""
    worth: float = 1.0
    """What its cues are worth, 0-1, less where their clauses serve other indicators too."""


@dataclass(frozen=True, slots=True)
class _Hits:
    """All matches for one indicator, by kind of cue, whether they count or not."""

    indicator: Indicator
    cues: tuple[tuple[Match, ...], ...]
    counter_cues: tuple[tuple[Match, ...], ...]

    @property
    def all(self) -> Iterator[Match]:
        return (hit for hits in (*self.cues, *self.counter_cues) for hit in hits)


def score_answer(flow: Flow, question: Question, transcript: Transcript) -> AnswerScore:
    """The points of one answer, finished or still being spoken, for each indicator the question asks for.

    A question that asks for none, such as a fact or the practice question, has no points. Raises KeyError when the
    question names an indicator that the flow does not have, or the flow has no cues in the transcript's language; the
    loader refuses both.
    """
    answer = SearchableAnswer(transcript)
    if question.kind is QuestionKind.FACT or not question.indicator_ids:
        return AnswerScore(question.id, ())
    reason = _unjudgeable(answer, question)
    if reason is not None:
        return withhold(flow, question, reason)
    left_out = discounted(answer, question.text[transcript.language])
    hits = [_hits(flow.indicator(name), answer) for name in question.indicator_ids]
    in_list = listed(answer, (hit for one in hits for hit in one.all if not hit.paraphrase))
    other = left_out | not_own(answer)
    found = _on_topic([_found(one, answer, left_out, other, in_list) for one in hits], transcript.language)
    if _WEIGHTS[transcript.language].sharing:
        shares = worth(transcript, [one.cues for one in found])
        found = [replace(one, worth=its) for one, its in zip(found, shares, strict=True)]
    signals = measure(answer, question, left_out)
    coverage = min(1.0, sum(len(one.cues) for one in found) / len(found))
    return AnswerScore(
        question.id,
        tuple(
            _score(one.indicator, question, answer, signals, coverage, its)
            for one, its in zip(hits, found, strict=True)
        ),
    )


def withhold(flow: Flow, question: Question, reason: WithheldReason) -> AnswerScore:
    """No points for any indicator of the question, all for one reason such as a refused consent."""
    return AnswerScore(
        question.id,
        tuple(_withheld(flow.indicator(name), reason) for name in question.indicator_ids),
    )


def _unjudgeable(answer: SearchableAnswer, question: Question) -> WithheldReason | None:
    if answer.length == 0:
        return WithheldReason.NOT_ANSWERED
    if question.kind is not QuestionKind.CODE and in_other_language(answer.transcript):
        return WithheldReason.OTHER_LANGUAGE
    if answer.transcript.confidence < LEAST_CONFIDENCE:
        return WithheldReason.RECOGNITION_UNCERTAIN
    if answer.length < FEWEST[answer.transcript.language]:
        return WithheldReason.TOO_FEW_WORDS
    return None


def _score(
    indicator: Indicator,
    question: Question,
    answer: SearchableAnswer,
    signals: Signals,
    coverage: float,
    found: _Found,
) -> IndicatorScore:
    if not found.cues and not found.counter_cues:
        reason = WithheldReason.RECOGNITION_UNCERTAIN if found.unsure else WithheldReason.NOT_ENOUGH_EVIDENCE
        return _withheld(indicator, reason)
    evidence = _quotes(question.id, answer.transcript, found.cues, MOST_QUOTES)
    against = _quotes(question.id, answer.transcript, found.counter_cues, 1)
    points = _points(found, signals, coverage, _WEIGHTS[answer.transcript.language])
    grounds = wording.Grounds(points, evidence, against, len(found.cues), found.kinds, found.worth, signals, coverage)
    return IndicatorScore(
        indicator_id=indicator.id,
        points=points,
        withheld=None,
        confidence=_confidence(found, signals, answer.transcript),
        evidence=tuple(dict.fromkeys([*evidence, *against])),
        explanation=wording.explain(indicator, grounds),
    )


def _withheld(indicator: Indicator, reason: WithheldReason) -> IndicatorScore:
    return IndicatorScore(indicator.id, None, reason, 0.0, (), wording.explain_withheld(indicator, reason))


def _hits(indicator: Indicator, answer: SearchableAnswer) -> _Hits:
    language = answer.transcript.language
    against = tuple(tuple(answer.find(cue)) for cue in indicator.counter_cues[language])
    # "please calm down" holds "calm": what speaks against an indicator never speaks for it as well.
    taken = [hit for hits in against for hit in hits]
    supporting = tuple(
        tuple(hit for hit in answer.find(cue, paraphrased=True) if not any(hit.overlaps(other) for other in taken))
        for cue in indicator.cues[language]
    )
    return _Hits(indicator, supporting, against)


def _found(
    hits: _Hits,
    answer: SearchableAnswer,
    left_out: Collection[int],
    other: Collection[int],
    in_list: Collection[int],
) -> _Found:
    supporting, against = (
        [[hit for hit in kind if counts(hit, answer, ignored, in_list)] for kind in kinds]
        for kinds, ignored in ((hits.cues, other), (hits.counter_cues, left_out))
    )
    sure, sure_against = (
        [[hit for hit in kind if _mean_confidence(answer.transcript, hit) >= LEAST_CONFIDENCE] for kind in kinds]
        for kinds in (supporting, against)
    )
    return _Found(
        cues=tuple(min(kind, key=lambda hit: hit.paraphrase) for kind in sure if kind),
        counter_cues=tuple(kind[0] for kind in sure_against if kind),
        kinds=len(hits.cues),
        alternatives=len({hit.said for kind in sure for hit in kind}),
        unsure=any([*supporting, *against]),
    )


def _on_topic(found: list[_Found], language: Language) -> list[_Found]:
    """Without a cue that is more than everyday words the answer is about something else."""
    if all(everyday(match, language) for one in found for match in one.cues):
        return [replace(one, cues=(), alternatives=0, unsure=one.unsure and not one.cues) for one in found]
    return found


def _points(found: _Found, signals: Signals, coverage: float, weights: _Weights) -> float:
    """0-10, rounded to a tenth: finer would claim more than words can show."""
    if not found.cues:
        return COUNTER_ONLY
    kinds = len(found.cues)
    said = kinds + _OTHER_ALTERNATIVE * min(found.alternatives - kinds, 2)
    share = min(1.0, found.worth * said / min(found.kinds, 3))
    evidence = weights.least * found.worth + (10 - weights.least) * share
    quality = (
        weights.base
        + weights.structure * signals.structure
        + weights.specificity * signals.specificity
        + weights.coverage * coverage
        + weights.length * signals.length
        - weights.general * signals.generalities
    )
    points = evidence * quality * (1 - weights.chance * (1 - coverage))
    points -= _COUNTER_PENALTY * min(len(found.counter_cues), 2)
    return round(min(10.0, max(0.0, points)), 1)


def _confidence(found: _Found, signals: Signals, transcript: Transcript) -> float:
    """0-1: how surely the cues were recognised, times how much was said, times how many kinds of cue agree."""
    matches = [*found.cues, *found.counter_cues]
    recognised = sum(_mean_confidence(transcript, match) for match in matches) / len(matches)
    breadth = 0.7 + 0.3 * min(1.0, (len(matches) - 1) / 2)
    return round(min(recognised, 1.0) * (0.5 + 0.5 * signals.length) * breadth, 3)


def _mean_confidence(transcript: Transcript, match: Match) -> float:
    words = transcript.words[match.first_word : match.last_word + 1]
    return sum(word.confidence for word in words) / len(words)


def _quotes(question_id: str, transcript: Transcript, matches: Sequence[Match], most: int) -> tuple[EvidenceQuote, ...]:
    """Readable quotes around the matches, each stretch of the answer once, in the order of the answer."""
    spans = sorted({surroundings(transcript, match.first_word, match.last_word) for match in matches})
    return tuple(quote(question_id, transcript, first, last) for first, last in spans[:most])
