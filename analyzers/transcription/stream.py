"""The live transcript of one answer: each utterance decoded as it grows, its certain words kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from time import monotonic

from analyzers.results import TranscriptUpdate, TranscriptWord
from analyzers.transcription.agreement import LocalAgreement
from analyzers.transcription.confidence import utterance_confidence, word_confidence
from analyzers.transcription.decoding import DecodedSpeech
from analyzers.transcription.language import LanguageLock
from analyzers.transcription.prompts import MOST_TERMS
from analyzers.transcription.scheduler import Scheduler
from media.frames import Stage, Utterance
from question_flows.model import Language

Words = tuple[TranscriptWord, ...]


def perfect_line() -> float:
    """The quality of a line that loses nothing: a file."""
    return 1.0


@dataclass(frozen=True, slots=True)
class _Provisional:
    """The decode of an utterance whose speaker had paused; None when it came to nothing."""

    speech_end_ms: int
    decoded: asyncio.Future[DecodedSpeech | None]


class AnswerStream:
    """Hears the utterances of one answer to one question.

    owner_id: whose partials replace one another in the scheduler, normally the interview's id. language: None to
    detect it once, from the first words that are certain. terms: words that are likely to occur in the answer, the
    most telling first; given to the recogniser as context. line_quality: of the candidate's line now, 0-1.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        owner_id: str,
        language: Language | None,
        terms: Iterable[str] = (),
        line_quality: Callable[[], float] = perfect_line,
    ) -> None:
        self._scheduler = scheduler
        self._owner_id = owner_id
        self._language = LanguageLock(language)
        self._terms = tuple(terms)[:MOST_TERMS]
        self._line_quality = line_quality
        self._open: dict[int, LocalAgreement] = {}
        self._provisional: dict[int, _Provisional] = {}
        self._last_final = 0

    @property
    def cadence_ms(self) -> int:
        """How often a partial is worth asking for, now."""
        return self._scheduler.cadence_ms

    async def hear(self, utterance: Utterance) -> TranscriptUpdate | None:
        """Decode the utterance as heard so far, or to its end when it is final.

        Returns None for one that need not be shown: replaced by a newer one, or overtaken by its own final. May be
        called again before it has returned. Raises RecognitionError; a final that failed may be heard again.
        """
        quality = self._line_quality()
        decoded = await self._decoded(utterance)
        if decoded is None or (utterance.number <= self._last_final and not utterance.final):
            return None
        if decoded.words and decoded.language is not None:
            self._language.hear(decoded.language, decoded.language_probability)
        words = tuple(
            replace(word, confidence=word_confidence(word.confidence, quality))
            for word in on_interview_clock(decoded.words, utterance)
        )
        agreement = self._open.setdefault(utterance.number, LocalAgreement())
        if not utterance.final:
            paused = utterance.stage is Stage.PROVISIONAL
            return self._update(utterance, decoded, *agreement.update(words, paused=paused))
        committed = agreement.finish(words)
        self._last_final = max(self._last_final, utterance.number)
        del self._open[utterance.number]
        self._provisional.pop(utterance.number, None)
        return self._update(utterance, decoded, committed, ())

    async def _decoded(self, utterance: Utterance) -> DecodedSpeech | None:
        """A whole utterance is decoded once: what was decoded when its speaker paused is all of it, if nothing came."""
        earlier = self._provisional.get(utterance.number)
        if utterance.stage is not Stage.PARTIAL and earlier and earlier.speech_end_ms == utterance.speech_end_ms:
            asked_at = monotonic()
            # Shielded: whoever gives up waiting here must not take the result from others.
            decoded = await asyncio.shield(earlier.decoded)
            if decoded is not None:
                return replace(decoded, queued_ms=(monotonic() - asked_at) * 1000, compute_ms=0.0)
        if utterance.stage is not Stage.PROVISIONAL:
            return await self._decode(utterance)
        provisional = _Provisional(utterance.speech_end_ms, asyncio.get_running_loop().create_future())
        self._provisional[utterance.number] = provisional
        decoded = None
        try:
            decoded = await self._decode(utterance)
        finally:
            provisional.decoded.set_result(decoded)
        return decoded

    async def _decode(self, utterance: Utterance) -> DecodedSpeech | None:
        return await self._scheduler.decode(self._owner_id, utterance, self._language.locked, self._terms)

    def _update(
        self, utterance: Utterance, decoded: DecodedSpeech, committed: Words, tentative: Words
    ) -> TranscriptUpdate:
        return TranscriptUpdate(
            utterance_number=utterance.number,
            language=self._language.language,
            committed=committed,
            tentative=tentative,
            confidence=utterance_confidence(committed + tentative),
            final=utterance.final,
            unintelligible=decoded.unintelligible,
            queued_ms=decoded.queued_ms,
            compute_ms=decoded.compute_ms,
        )


def on_interview_clock(words: Words, utterance: Utterance) -> Words:
    """The words with times moved from the utterance's beginning to the interview clock, within the utterance."""

    def moved(position_ms: int) -> int:
        return min(max(utterance.start_ms + position_ms, utterance.start_ms), utterance.end_ms)

    return tuple(replace(word, start_ms=moved(word.start_ms), end_ms=moved(word.end_ms)) for word in words)
