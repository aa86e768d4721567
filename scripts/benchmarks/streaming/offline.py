"""The plain decode that streaming is held against: faster-whisper as it comes, each utterance whole, padded to 30 s."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel

from media.frames import SAMPLE_RATE
from question_flows.model import Language
from scripts.benchmarks.streaming.metrics import Errors, errors
from scripts.benchmarks.streaming.sound import PacedInterview, SpokenUtterance
from scripts.benchmarks.streaming.timeline import Tokens, tokens

MARGIN_S = 0.3
"""Sound kept before and behind the true ends of an utterance, as our pipeline's pre- and post-roll."""


class Offline:
    """`WhisperModel.transcribe` with beam 5 and temperature 0, int8 on the CPU."""

    def __init__(self, model: Path, threads: int) -> None:
        self._model = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads)

    def errors(self, interviews: Sequence[PacedInterview], language: Language) -> Errors:
        """Over the whole interviews, each utterance cut out where it is truly spoken."""
        said, understood = [], []
        for interview in interviews:
            said.append(tuple(word.text for word in interview.words))
            heard: list[str] = []
            for utterance in interview.utterances:
                heard += self._decode(interview, utterance)
            understood.append(tuple(heard))
        return errors(said, understood, language)

    def _decode(self, interview: PacedInterview, utterance: SpokenUtterance) -> Tokens:
        begin_s, end_s = utterance.words[0].start_s - MARGIN_S, utterance.words[-1].end_s + MARGIN_S
        cut = interview.samples[max(0, round(begin_s * SAMPLE_RATE)) : round(end_s * SAMPLE_RATE)]
        segments, _ = self._model.transcribe(
            cut.astype(np.float32) / 32768.0,
            language=interview.language.whisper,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
        )
        return tokens(" ".join(segment.text for segment in segments))
