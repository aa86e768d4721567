"""What is recorded of an interview: its lines, while it runs, its clock runs and the candidate has agreed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from media.frames import EncodedFrame
from media.peer import Peer
from media.recorder import GapReason, LineRecording
from media.recording_timeline import RecordingTimeline
from server.interview.events import EventBody, Purpose, RecordingGap, RecordingStarted
from server.interview.journal import Journal
from server.interview.state import InterviewState

log = logging.getLogger(__name__)

KEY_FRAME_EVERY_S = 4.0
"""A player can begin wherever a key frame is; 5 s is the most it should have to go back."""
LAST_WRITES_SECONDS = 3.0


class Recording:
    """Follows the lines of one interview. Each frame asks the state, so that nothing needs to tell it of a pause."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lines: set[LineRecording] = set()
        self._to_tell: deque[EventBody] = deque()
        self._told = asyncio.Event()
        self._telling = asyncio.Lock()
        self._has_begun = False

    def follow(self, peer: Peer) -> Callable[[], None]:
        """Record what comes from this peer; what is returned ends that. Does nothing where it is not agreed to."""
        services, state = self._journal.services, self._journal.state
        if services.record is None or not state.allows(Purpose.RECORDING):
            return lambda: None
        self._lines = {line for line in self._lines if not line.is_written}
        line = services.record(self._journal.interview_id, self._lost)
        self._lines.add(line)
        peer.key_frame_every_s = KEY_FRAME_EVERY_S
        remove = peer.tap(_Gate(self._journal, peer, line, self._begun).take)

        def end() -> None:
            remove()
            line.end()

        return end

    async def write_down(self) -> None:
        """Writes into the log what there is to say of the recording, until cancelled."""
        while True:
            await self._told.wait()
            self._told.clear()
            await self._write_down()

    async def finish(self) -> None:
        """Ends all recordings; returns when they are on disk and the log has their gaps, or the disk takes too long."""
        for line in self._lines:
            line.end()
        try:
            async with asyncio.timeout(LAST_WRITES_SECONDS):
                for line in self._lines:
                    await line.ended()
        except TimeoutError:
            log.warning("the disk is slow: interview %s ends before its recording", self._journal.interview_id)
        await self._write_down()

    async def _write_down(self) -> None:
        async with self._telling:
            while self._to_tell:
                await self._journal.record(lambda state: [self._to_tell[0]] if self._is_news(state) else [])
                self._to_tell.popleft()

    def _is_news(self, state: InterviewState) -> bool:
        return not isinstance(self._to_tell[0], RecordingStarted) or not state.recording.started

    def _begun(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._tell(RecordingStarted())

    def _lost(self, start_ms: int, end_ms: int, reason: GapReason) -> None:
        self._tell(RecordingGap(start_ms, max(start_ms, end_ms), reason))

    def _tell(self, body: EventBody) -> None:
        self._to_tell.append(body)
        self._told.set()


class _Gate:
    """Lets one line's frames through to its recording while the interview clock runs and the candidate agrees."""

    def __init__(self, journal: Journal, peer: Peer, line: LineRecording, begun: Callable[[], None]) -> None:
        self._journal = journal
        self._peer = peer
        self._line = line
        self._begun = begun
        self._timeline = RecordingTimeline()
        self._is_open = False

    def take(self, frame: EncodedFrame) -> None:
        """A frame of the line."""
        state = self._journal.state
        # Consent may still be changed before the start, when the line is there already.
        if not (state.ticking and state.allows(Purpose.RECORDING)):
            if self._is_open:
                self._is_open = False
                self._line.split()
            return
        if not self._is_open:
            self._is_open = True
            self._timeline.restart()
            self._peer.ask_for_key_frame()
            self._begun()
        self._line.write(frame, self._timeline.place(frame, self._journal.clock_ms()))
