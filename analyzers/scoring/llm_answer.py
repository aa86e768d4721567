"""What a language model answered, made into scores: read strictly, its quotes looked up in the transcript."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analyzers.results import AnswerScore, EvidenceQuote, IndicatorScore, Transcript, WithheldReason
from analyzers.scoring.evidence import NotVerbatim, quote, verify
from analyzers.scoring.llm_prompt import LONGEST_QUOTE_WORDS, MOST_QUOTES
from analyzers.scoring.rubric import LEAST_CONFIDENCE, withhold
from analyzers.scoring.scorer import ScorerFailed, ScorerFailure
from question_flows.model import Flow, Language, Question

LONGEST_EXPLANATION = 400
"""Characters; what is longer is cut."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _Quote(_Strict):
    first_word: int
    last_word: int
    text: str


class _Indicator(_Strict):
    indicator_id: str
    quotes: list[_Quote]
    explanation_en: str
    explanation_zh: str
    points: Annotated[float, Field(ge=0, le=10)] | None
    confidence: Annotated[float, Field(ge=0, le=1)]


class _Answer(_Strict):
    indicators: list[_Indicator]


def read_answer(text: str, flow: Flow, question: Question, transcript: Transcript) -> AnswerScore:
    """The scores in a model's JSON. An indicator left without a valid quote is withheld.

    Raises ScorerFailed (unusable) when it is not what was asked for: other JSON, points outside 0-10, an indicator
    that was not asked for, twice the same, or one missing. Nothing of such an answer is believed.
    """
    try:
        answer = _Answer.model_validate_json(text)
    except ValidationError as error:
        # Of the errors only places and kinds: their inputs are the model's text.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise ScorerFailed(ScorerFailure.UNUSABLE, f"{first['type']} at {first['loc']}"[:200]) from None
    given = {one.indicator_id: one for one in answer.indicators}
    if len(given) != len(answer.indicators) or set(given) != set(question.indicator_ids):
        raise ScorerFailed(ScorerFailure.UNUSABLE, "other indicators than those asked for")
    withheld = {
        one.indicator_id: one for one in withhold(flow, question, WithheldReason.NOT_ENOUGH_EVIDENCE).indicators
    }
    return AnswerScore(
        question.id,
        tuple(_score(given[name], question.id, transcript) or withheld[name] for name in question.indicator_ids),
    )


def _score(given: _Indicator, question_id: str, transcript: Transcript) -> IndicatorScore | None:
    """None: there are no points, or none that stand on a quote.

    confidence: the model's own, times how surely the quoted words were recognised.
    """
    evidence = tuple(dict.fromkeys(_quotes(given.quotes, question_id, transcript)))[:MOST_QUOTES]
    if given.points is None or not evidence:
        return None
    recognised = sum(_recognised(one, transcript) for one in evidence) / len(evidence)
    return IndicatorScore(
        indicator_id=given.indicator_id,
        points=round(given.points, 1),
        withheld=None,
        confidence=round(given.confidence * min(1.0, recognised), 3),
        evidence=evidence,
        explanation={
            Language.ENGLISH: _sentence(given.explanation_en),
            Language.CHINESE: _sentence(given.explanation_zh),
        },
    )


def _quotes(claims: list[_Quote], question_id: str, transcript: Transcript) -> list[EvidenceQuote]:
    """The claims that are verbatim, short enough to point at something, and whose words were heard clearly."""
    found: list[EvidenceQuote] = []
    for claim in claims:
        if claim.last_word - claim.first_word >= LONGEST_QUOTE_WORDS:
            continue
        try:
            real = quote(question_id, transcript, claim.first_word, claim.last_word)
            claimed = EvidenceQuote(
                question_id, claim.text, claim.first_word, claim.last_word, real.start_ms, real.end_ms
            )
            verify(claimed, transcript)
        except (IndexError, NotVerbatim):
            continue
        if _recognised(claimed, transcript) >= LEAST_CONFIDENCE:
            found.append(claimed)
    return found


def _recognised(one: EvidenceQuote, transcript: Transcript) -> float:
    words = transcript.words[one.first_word : one.last_word + 1]
    return sum(word.confidence for word in words) / len(words)


def _sentence(text: str) -> str:
    """One printable line of bounded length."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_EXPLANATION else f"{line[: LONGEST_EXPLANATION - 1]}…"
