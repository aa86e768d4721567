"""Who is decoded next when many interviews share one engine. Pure: no clock, no thread; time is passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import islice

from analyzers.transcription.decoding import DecodedSpeech, DecodeRequest, RecognitionError
from media.frames import Stage

WHOLES_IN_A_ROW = 4
"""After so many batches of whole utterances waiting partials have one, so that live text does not stop under load."""

Outcome = DecodedSpeech | RecognitionError | None
"""What a job comes to; None: a partial that is needless now."""


@dataclass(slots=True, eq=False)
class Job:
    """One utterance in line. queued_at: seconds of a monotonic clock. settle: is told the outcome, once.

    number: the utterance's, counted by its owner. attempts: how often the engine broke while decoding it.
    """

    owner_id: str
    number: int
    request: DecodeRequest
    queued_at: float
    settle: Callable[[Outcome], None]
    attempts: int = 0

    @property
    def stage(self) -> Stage:
        """How much of the utterance it is."""
        return self.request.stage


class DecodeQueue:
    """Whole utterances (final, or their speaker paused) in the order they came, before partials.

    Of each owner only the latest partial waits; a newer one takes the place in the line of the one it replaces, so
    that who speaks on is not sent to its end. A provisional utterance gives way when its speaker goes on, or when it
    is final. A final one is never replaced.
    """

    def __init__(self) -> None:
        self._wholes: deque[Job] = deque()
        self._partials: dict[str, Job] = {}
        self._wholes_in_a_row = 0

    def __len__(self) -> int:
        return len(self._wholes) + len(self._partials)

    def oldest_at(self) -> float | None:
        """Since when the whole utterance that has waited longest is in line; None when there is none."""
        return min((job.queued_at for job in self._wholes), default=None)

    def oldest_partial_at(self) -> float | None:
        """Since when the partial that has waited longest is in line; None when there is none."""
        return min((job.queued_at for job in self._partials.values()), default=None)

    def next_at(self, gather_s: float) -> float | None:
        """When the next batch may begin: at once for whole utterances, gather_s later for partials alone."""
        if self._wholes:
            return self._wholes[0].queued_at
        oldest_at = self.oldest_partial_at()
        return oldest_at + gather_s if oldest_at is not None else None

    def push(self, job: Job) -> list[Job]:
        """Put in line. Returns the owner's jobs that are needless now."""
        needless = self._overtaken(job)
        for other in needless:
            if other.stage is not Stage.PARTIAL:
                self._wholes.remove(other)
        if job.stage is Stage.PARTIAL:
            self._partials[job.owner_id] = job
        else:
            self._partials.pop(job.owner_id, None)
            self._wholes.append(job)
        return needless

    def put_back(self, jobs: list[Job]) -> None:
        """Whole utterances whose decode came to nothing stand first in line again, in their order."""
        self._wholes.extendleft(reversed(jobs))

    def remove(self, job: Job) -> None:
        """Take out of the line, if it is there."""
        if self._partials.get(job.owner_id) is job:
            del self._partials[job.owner_id]
        elif job in self._wholes:
            self._wholes.remove(job)

    def take(self, key: Callable[[DecodeRequest], Hashable], most: int) -> list[Job]:
        """The next batch: the first in line, and behind it those that can be decoded with it, at most `most`."""
        if self._wholes and not (self._partials and self._wholes_in_a_row >= WHOLES_IN_A_ROW):
            self._wholes_in_a_row += 1
            line: list[Job] = list(self._wholes)
        else:
            self._wholes_in_a_row = 0
            line = list(self._partials.values())
        if not line:
            return []
        first = key(line[0].request)
        batch = list(islice((job for job in line if key(job.request) == first), most))
        for job in batch:
            self.remove(job)
        return batch

    def take_partials(self) -> list[Job]:
        """All partials that wait: there is no engine to decode them while they are worth showing."""
        partials, self._partials = list(self._partials.values()), {}
        return partials

    def take_all(self) -> list[Job]:
        """Everything that waits."""
        wholes, self._wholes = list(self._wholes), deque()
        return wholes + self.take_partials()

    def _overtaken(self, job: Job) -> list[Job]:
        partial = self._partials.get(job.owner_id)
        provisional = [
            other
            for other in self._wholes
            if other.owner_id == job.owner_id and other.number == job.number and other.stage is Stage.PROVISIONAL
        ]
        return provisional if partial is None else [*provisional, partial]
