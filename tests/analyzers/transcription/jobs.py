"""Jobs for the pure dispatcher: no sound, no model, outcomes noted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest, RecognitionError
from analyzers.transcription.dispatcher import Decode, Dispatcher, LoadEngine, SchedulerSettings, Wait
from analyzers.transcription.queue import Job, Outcome
from media.frames import SAMPLE_RATE, Stage
from question_flows.model import Language

PARTIAL, PROVISIONAL, FINAL = Stage.PARTIAL, Stage.PROVISIONAL, Stage.FINAL
WORDS = DecodedSpeech((), 0.0, -0.1)


def request(stage: Stage, seconds: float = 2.0) -> DecodeRequest:
    samples = np.zeros(int(seconds * SAMPLE_RATE), np.int16)
    return DecodeRequest(samples, 0, int(seconds * 1000), Language.ENGLISH, (), stage)


def key(asked: DecodeRequest) -> tuple[int, bool]:
    """As the model's: padded length and search."""
    return (3 if asked.seconds <= 3 else 8), asked.whole


@dataclass
class Bench:
    """A dispatcher whose clock is turned by hand, and what became of its jobs by their names."""

    settings: SchedulerSettings = field(default_factory=SchedulerSettings)
    now: float = 100.0
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.settings)
        assert isinstance(self.next(), LoadEngine)

    def available(self) -> None:
        self.dispatcher.loaded(8)

    def push(self, name: str, stage: Stage, *, number: int = 1, seconds: float = 2.0) -> Job:
        """A job of the owner that stands before the first space of its name."""
        job = Job(name.split()[0], number, request(stage, seconds), self.now, lambda outcome: self._note(name, outcome))
        self.names[id(job)] = name
        self.dispatcher.push(job, self.now)
        return job

    def next(self) -> Decode | LoadEngine | Wait:
        return self.dispatcher.next(key, self.now)

    def begin(self) -> list[str]:
        """The names of the batch that begins now."""
        action = self.next()
        assert isinstance(action, Decode), action
        return [self.names[id(job)] for job in action.jobs]

    def end(self, count: int, *, after_s: float = 0.1) -> None:
        self.now += after_s
        self.dispatcher.decoded([WORDS] * count, self.now)

    def decode(self, *, after_s: float = 0.1) -> list[str]:
        """One batch from beginning to end."""
        names = self.begin()
        self.end(len(names), after_s=after_s)
        return names

    def _note(self, name: str, outcome: Outcome) -> None:
        assert name not in self.outcomes, f"{name} was settled twice"
        self.outcomes[name] = outcome

    def failed(self, name: str) -> bool:
        return isinstance(self.outcomes.get(name), RecognitionError)
