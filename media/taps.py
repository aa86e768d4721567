"""Who else gets a line's encoded frames: the recorder, and those who watch."""

from __future__ import annotations

import logging
from collections.abc import Callable

from media.frames import EncodedFrame

log = logging.getLogger(__name__)

Sink = Callable[[EncodedFrame], None]


class Taps:
    """Any number of sinks, each called with every frame. One that fails is removed, and the others go on."""

    def __init__(self) -> None:
        self._sinks: dict[object, Sink] = {}

    def add(self, sink: Sink) -> Callable[[], None]:
        """Call `sink` with every frame from now on; what is returned removes it, and may be called again."""
        place = object()
        self._sinks[place] = sink
        return lambda: self._sinks.pop(place, None) and None

    def give(self, frame: EncodedFrame) -> None:
        """Hand the frame to all."""
        for place, sink in tuple(self._sinks.items()):
            try:
                sink(frame)
            except Exception:
                # Whatever a recorder or viewer does wrong must not end the interview.
                self._sinks.pop(place, None)
                log.exception("a tap failed and was removed")
