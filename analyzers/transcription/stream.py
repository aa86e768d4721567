"""The live transcript of one answer: each utterance decoded as it grows, its certain words kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzers.results import TranscriptUpdate, TranscriptWord
from analyzers.transcription.agreement import LocalAgreement
from analyzers.transcription.scheduler import Scheduler
from media.frames import Utterance
from question_flows.model import Language

_PROMPTED_TERMS = 10

Words = tuple[TranscriptWord, ...]


class AnswerStream:
    """Hears the utterances of one answer to one question.

    owner_id: whose partials replace one another in the scheduler, normally the interview's id. terms: words that
    are likely to occur in the answer, the most telling first; given to the recogniser as context.
    """

    def __init__(self, scheduler: Scheduler, owner_id: str, language: Language, terms: Iterable[str] = ()) -> None:
        self._scheduler = scheduler
        self._owner_id = owner_id
        self._language = language
        separator = "、" if language is Language.CHINESE else ", "
        self._prompt = separator.join(list(terms)[:_PROMPTED_TERMS])
        self._open: dict[int, LocalAgreement] = {}
        self._last_final = 0

    async def hear(self, utterance: Utterance) -> TranscriptUpdate | None:
        """Decode the utterance as heard so far, or to its end when it is final.

        Returns None for one that need not be shown: replaced by a newer one, or overtaken by its own final. May be
        called again before it has returned. Raises RecognitionError; a final that failed may be heard again.
        """
        decoded = await self._scheduler.decode(
            self._owner_id, utterance, self._language, self._prompt, final=utterance.final
        )
        if decoded is None or (utterance.number <= self._last_final and not utterance.final):
            return None
        words = on_interview_clock(decoded.words, utterance)
        agreement = self._open.setdefault(utterance.number, LocalAgreement())
        if not utterance.final:
            return self._update(utterance, *agreement.update(words))
        committed = agreement.finish(words)
        self._last_final = max(self._last_final, utterance.number)
        del self._open[utterance.number]
        return self._update(utterance, committed, ())

    def _update(self, utterance: Utterance, committed: Words, tentative: Words) -> TranscriptUpdate:
        words = committed + tentative
        return TranscriptUpdate(
            utterance_number=utterance.number,
            language=self._language,
            committed=committed,
            tentative=tentative,
            confidence=sum(word.confidence for word in words) / len(words) if words else 0.0,
            final=utterance.final,
        )


def on_interview_clock(words: Words, utterance: Utterance) -> Words:
    """The words with times moved from the utterance's beginning to the interview clock, within the utterance."""

    def moved(position_ms: int) -> int:
        return min(max(utterance.start_ms + position_ms, utterance.start_ms), utterance.end_ms)

    return tuple(replace(word, start_ms=moved(word.start_ms), end_ms=moved(word.end_ms)) for word in words)
