"""What one worker knows of its siblings and of who owns which interview. Pure: refreshed about once a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

MISSED = 3
"""Refreshes in a row without a trace of a worker or an entry before it is given up.

Redis that restarts empty has forgotten all of them, and they all write themselves down again within one.
"""
SHOWS_AFTER = 2
"""Refreshes after which a claim shows in its worker's own heartbeat; until then it is counted beside it."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker's word that it lives. interviews: with somebody there; cpu: share of a core in the last seconds.

    full: it lets no spoken interview begin now.
    """

    worker: str
    interviews: int = 0
    cpu: float = 0.0
    draining: bool = False
    full: bool = False


class Directory:
    """Begins with this worker alone."""

    def __init__(self, own: str) -> None:
        self.own = own
        self._workers: dict[str, Heartbeat] = {own: Heartbeat(own)}
        self._owners: dict[str, str] = {}
        self._missed: Counter[str] = Counter()
        self._entries_missed: Counter[str] = Counter()
        self._recent: dict[str, int] = {}
        self._dead: set[str] = set()

    def refresh(self, heartbeats: Iterable[Heartbeat], owners: Mapping[str, str]) -> None:
        """Takes over what Redis holds now. owners: interview id → worker."""
        seen = {beat.worker: beat for beat in heartbeats}
        for worker in self._workers.keys() - seen.keys() - {self.own}:
            self._missed[worker] += 1
        for worker in seen:
            self._missed.pop(worker, None)
        self._workers.update(seen)
        for interview_id in self._owners.keys() - owners.keys():
            self._entries_missed[interview_id] += 1
            if self._entries_missed[interview_id] >= MISSED:
                self.released(interview_id)
        self._recent = {interview_id: left - 1 for interview_id, left in self._recent.items() if left > 1}
        for interview_id, owner in owners.items():
            self.claimed(interview_id, owner)

    def gone(self, worker: str) -> bool:
        """Whether this worker is known to be dead or to hang. One never heard of may just have started."""
        return worker in self._dead or self._missed[worker] >= MISSED

    def died(self, worker: str) -> None:
        """Nobody listens at its socket any more; an id is never used twice."""
        if worker != self.own:
            self._dead.add(worker)
            self._workers.pop(worker, None)

    def owner_of(self, interview_id: str) -> str | None:
        """Who was last known to own the interview and is not known to be gone."""
        owner = self._owners.get(interview_id)
        return None if owner is None or self.gone(owner) else owner

    def owned_by(self, worker: str) -> set[str]:
        """The interviews of a worker."""
        return {interview_id for interview_id, owner in self._owners.items() if owner == worker}

    def claimed(self, interview_id: str, worker: str) -> None:
        """This worker owns it from now on; counted as load until its heartbeat shows it."""
        if self._owners.get(interview_id) != worker:
            self._owners[interview_id] = worker
            self._recent[interview_id] = SHOWS_AFTER
        self._entries_missed.pop(interview_id, None)

    def released(self, interview_id: str) -> None:
        """Nobody owns it."""
        for known in (self._owners, self._entries_missed, self._recent):
            known.pop(interview_id, None)

    def least_loaded(self) -> str:
        """Who should take one more: fewest interviews, then least CPU; one that drains or is full only when all do."""
        recent = Counter(self._owners[interview_id] for interview_id in self._recent)

        def load(beat: Heartbeat) -> tuple[bool, bool, int, float, str]:
            return beat.draining, beat.full, beat.interviews + recent[beat.worker], beat.cpu, beat.worker

        return min(self.living(), key=load).worker

    def others_have_room(self) -> bool:
        """Whether another worker would let one more begin."""
        return any(not (beat.draining or beat.full) for beat in self.living() if beat.worker != self.own)

    def by_hash(self, interview_id: str) -> str:
        """The same worker for everybody who knows the same workers (rendezvous hashing): for when Redis is away."""

        def rank(beat: Heartbeat) -> bytes:
            return blake2b(f"{beat.worker} {interview_id}".encode(), digest_size=8).digest()

        return max(self.living(), key=rank).worker

    def living(self) -> list[Heartbeat]:
        """All that are not known to be gone, this one among them."""
        return [beat for worker, beat in self._workers.items() if not self.gone(worker)]
