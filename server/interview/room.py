"""Whether one more interview may begin in this process: its load, the wait for recognition, a fixed cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from analyzers.transcription.scheduler import Scheduler
from server.admission import Admission, Reason
from server.interview.engine import takes_another


@dataclass(frozen=True, slots=True)
class Place:
    """Held for somebody who asked to begin. since: seconds of a monotonic clock."""

    since: float
    spoken: bool


class Room:
    """Asked before an interview begins, and by whoever shows how full the process is.

    under_way: how many interviews run here.
    """

    def __init__(
        self,
        admission: Admission,
        engine: Scheduler,
        under_way: Callable[[], int],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.admission = admission
        self._engine = engine
        self._under_way = under_way
        self._clock = clock
        self._coming = 0
        self.admitted = 0
        """Interviews that began here since the start."""
        self.refused: Counter[str] = Counter()
        """How many were asked to wait, by Reason; lines as `line`."""

    @property
    def under_way(self) -> int:
        """How many interviews run here."""
        return self._under_way()

    def refusal(self, *, spoken: bool = True) -> Reason | None:
        """Why none more may begin; None when it may. A typed interview costs next to nothing: hard caps alone hold."""
        most = self.admission.limits.interviews
        if most and self._under_way() + self._coming >= most:
            return Reason.INTERVIEWS
        if not spoken:
            return None
        return self.admission.refusal(self._clock()) or (None if takes_another(self._engine) else Reason.RECOGNITION)

    @contextmanager
    def entrance(self) -> Iterator[Entrance]:
        """For the length of one command: whoever asks holds a place until it is known whether they began."""
        entrance = Entrance(self)
        try:
            yield entrance
        finally:
            entrance.close()

    def first_line(self) -> bool:
        """Whether a line may be made where there was none before; nobody who comes back is asked about."""
        if self.admission.overloaded:
            self.refused["line"] += 1
            return False
        return True

    def hold(self, *, spoken: bool) -> Place | None:
        """A place for one more, or None; a refusal is counted."""
        reason = self.refusal(spoken=spoken)
        if reason is not None:
            self.refused[reason] += 1
            return None
        place = Place(self._clock(), spoken)
        self._coming += 1
        if spoken:
            self.admission.let_in(place.since)
        return place

    def release(self, place: Place, *, began: bool) -> None:
        """The interview has begun, or will not."""
        self._coming -= 1
        if began:
            self.admitted += 1
        elif place.spoken:
            self.admission.left(place.since)


class Entrance:
    """One candidate's way in."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._place: Place | None = None
        self.began = False
        """To be set when the interview has begun: only then is the place kept."""

    def ask(self, *, spoken: bool) -> bool:
        """Whether there is a place. Asked again (another process was quicker), the place held is the answer."""
        if self._place is None:
            self._place = self._room.hold(spoken=spoken)
        return self._place is not None

    def close(self) -> None:
        """Gives up what is not needed."""
        if self._place is not None:
            self._room.release(self._place, began=self.began)
