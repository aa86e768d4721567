"""Observable movements of a face: the only user of mediapipe. Movements, never emotions.

Pictures are looked at in one process of their own, shared by all interviews: a crash or a hang in native code
costs the pictures it held and nothing else. The process, and mediapipe in it, starts with the first picture.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from analyzers.face_geometry import Landmarks, eyes_towards_screen, smile_like
from analyzers.results import Observation, ObservationKind
from media.frames import VideoFrame

log = logging.getLogger(__name__)

START_S = 60.0
"""How long the process may take to start; mediapipe takes 2-3 s, much longer on its very first import."""
ANSWER_S = 5.0
"""How long one picture may take; it takes about 10 ms."""
_MOST_WAITING = 8
_REST_AFTER_FAILURES, _REST_S = 3, 60.0

_DARK_PICTURE, _DARK_FACE = 10.0, 25.0
"""Mean brightness, 0-255, below which nothing is concluded."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FaceSample:
    """What one picture shows; None where it cannot be told: too dark, small or turned, or not looked at.

    at_ms: interview clock, milliseconds.
    """

    at_ms: int
    face_present: bool | None = None
    second_face: bool | None = None
    smile_like: bool | None = None
    eyes_towards_screen: bool | None = None


class ExpressionAnalyzer:
    """`async with ExpressionAnalyzer()`: looks at pictures in a process of its own, one after the other.

    More than eight waiting pictures are not taken (`dropped`); a crash or a picture that takes more than five
    seconds ends the process, which starts anew with the next picture (`failures`). Either way the sample says
    nothing (all None).
    """

    def __init__(self, *, answer_s: float = ANSWER_S) -> None:
        self.dropped = 0
        self.failures = 0
        self._answer_s = answer_s
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[FaceSample]] = set()
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None
        self._failures_in_a_row = 0
        self._rest_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rest_until = float("inf")
        await self._stop()
        await asyncio.gather(*self._tasks)

    @property
    def process_id(self) -> int | None:
        """Of the process that looks at pictures; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def analyse(self, frame: VideoFrame) -> FaceSample:
        """Look at one picture. Never raises for what mediapipe does."""
        if len(self._tasks) >= _MOST_WAITING or monotonic() < self._rest_until:
            self.dropped += 1
            return FaceSample(frame.at_ms)
        # A task of its own: whoever asked may go away, the answer must still be taken from the line.
        task = asyncio.create_task(self._look(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _look(self, frame: VideoFrame) -> FaceSample:
        async with self._turn:
            if monotonic() < self._rest_until:
                return FaceSample(frame.at_ms)
            line = self._line or await self._start()
            sample = await self._within(self._answer_s, lambda: _exchange(line, frame)) if line else None
            if sample is not None:
                self._failures_in_a_row = 0
                return sample
            self.failures += 1
            self._failures_in_a_row += 1
            log.warning("looking at a picture failed; its process is started anew", extra={"failures": self.failures})
            if self._failures_in_a_row >= _REST_AFTER_FAILURES:
                self._rest_until = max(self._rest_until, monotonic() + _REST_S)
            await self._stop()
            return FaceSample(frame.at_ms)

    async def _start(self) -> Connection | None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="faces", daemon=True)
        await asyncio.to_thread(self._process.start)
        theirs.close()
        self._line = ours
        return ours if await self._within(START_S, lambda: _receive(ours)) is not None else None

    async def _within(self, seconds: float, exchange: Callable[[], T]) -> T | None:
        """Run a blocking exchange in a thread; killing the process is what ends one that takes too long."""
        running = asyncio.create_task(asyncio.to_thread(exchange))
        await asyncio.wait([running], timeout=seconds)
        if not running.done() and self._process is not None:
            self._process.kill()
        return await running

    async def _stop(self) -> None:
        process, self._process, self._line = self._process, None, None
        if process is not None and process.pid is not None:
            process.kill()
            # Giving back mediapipe's memory takes a while.
            await asyncio.to_thread(process.join, 1)


def summarise(samples: Sequence[FaceSample], start_ms: int, end_ms: int) -> tuple[Observation, ...]:
    """One observation of each kind over the samples taken from start_ms to end_ms, in a fixed order."""
    taken = [sample for sample in samples if start_ms <= sample.at_ms <= end_ms]
    seen = {
        ObservationKind.FACE_PRESENT: [sample.face_present for sample in taken],
        ObservationKind.SECOND_FACE: [sample.second_face for sample in taken],
        ObservationKind.SMILE_LIKE_MOUTH_MOVEMENT: [sample.smile_like for sample in taken],
        ObservationKind.EYES_TOWARDS_SCREEN: [sample.eyes_towards_screen for sample in taken],
    }
    return tuple(_observation(kind, values, start_ms, end_ms) for kind, values in seen.items())


def _observation(kind: ObservationKind, values: Sequence[bool | None], start_ms: int, end_ms: int) -> Observation:
    measurable = [value for value in values if value is not None]
    return Observation(
        kind=kind,
        share=round(sum(measurable) / len(measurable), 3) if measurable else None,
        coverage=round(len(measurable) / len(values), 3) if values else 0.0,
        samples=len(values),
        start_ms=start_ms,
        end_ms=end_ms,
    )


def observe(frame: VideoFrame, faces: Sequence[Landmarks]) -> FaceSample:
    """What the faces found in a picture show. faces: each shape (478, 3), pixels; z grows away from the camera."""
    if not faces:
        dark = float(frame.rgb.mean()) < _DARK_PICTURE
        return FaceSample(frame.at_ms) if dark else FaceSample(frame.at_ms, face_present=False, second_face=False)
    face = max(faces, key=lambda points: float(np.ptp(points[:, 0])))
    left, top = np.maximum(face[:, :2].min(axis=0).astype(int), 0)
    right, bottom = face[:, :2].max(axis=0).astype(int)
    patch = frame.rgb[top:bottom, left:right]
    dark = patch.size == 0 or float(patch.mean()) < _DARK_FACE
    return FaceSample(
        frame.at_ms,
        face_present=True,
        second_face=len(faces) > 1,
        smile_like=None if dark else smile_like(face),
        eyes_towards_screen=None if dark else eyes_towards_screen(face),
    )


def _exchange(line: Connection, frame: VideoFrame) -> FaceSample | None:
    try:
        line.send(frame)
    except OSError:
        return None
    answer: FaceSample | None = _receive(line)
    return answer


def _receive(line: Connection) -> Any:
    """The next answer; None when the process is gone."""
    try:
        return line.recv()
    except (EOFError, OSError):
        return None


def _serve(line: Connection) -> None:
    """Body of the process: pictures in, samples out, until the line closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's business; it closes the line.
    os.nice(5)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # mediapipe's native log cannot be turned off.
    from mediapipe.python.solutions.face_mesh import FaceMesh

    with FaceMesh(static_image_mode=True, max_num_faces=2, refine_landmarks=True) as mesh:
        line.send("ready")
        while isinstance(frame := _receive(line), VideoFrame):
            line.send(observe(frame, _landmarks(mesh, frame.rgb)))


def _landmarks(mesh: Any, rgb: NDArray[np.uint8]) -> list[Landmarks]:
    height, width = rgb.shape[:2]
    found = mesh.process(np.ascontiguousarray(rgb)).multi_face_landmarks or []
    return [
        np.array([(point.x * width, point.y * height, point.z * width) for point in face.landmark]) for face in found
    ]
