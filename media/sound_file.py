"""The sound of an audio or video file as AudioFrames, as if its speaker were on the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av

from media.audio import LONGEST_FILL_MS, Resampler, Timeline
from media.frames import FRAME_MS, AudioFrame


class SoundFileError(Exception):
    """A file without sound to be had. The message is one sentence for whoever named the file."""


class _Position:
    """The clock of a file: stands where its frames are, and jumps where it has a gap too long to fill."""

    def __init__(self) -> None:
        self._now_ms = 0

    def __call__(self) -> int:
        self._now_ms += FRAME_MS
        return self._now_ms

    def reach(self, frame: av.AudioFrame) -> None:
        """The frame comes next."""
        if frame.time is not None and frame.time * 1000 > self._now_ms + LONGEST_FILL_MS:
            self._now_ms = round(frame.time * 1000)


def sound_of(file: Path) -> Iterator[AudioFrame]:
    """The file's first audio track in frames of 20 ms; start_ms is the position in the file, milliseconds.

    Read as it is asked for, so that a long file takes no memory. Raises SoundFileError, at the first frame when the
    file cannot be opened, later where it is broken.
    """
    position = _Position()
    resampler = Resampler(Timeline(position))
    try:
        with av.open(str(file)) as container:
            if not container.streams.audio:
                raise SoundFileError(f"{file} has no sound in it: name a file with an audio track.")
            for frame in container.decode(container.streams.audio[0]):
                position.reach(frame)
                yield from resampler.push(frame)
    except av.FFmpegError as error:
        raise SoundFileError(_sentence(file, error, position)) from error


def _sentence(file: Path, error: av.FFmpegError, position: _Position) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no file {file}: look at its name and its folder."
    if isinstance(error, PermissionError):
        return f"{file} may not be read: give yourself the right to, or name a copy."
    at_s = (position() - FRAME_MS) / 1000
    if at_s > 0:
        return f"{file} is broken after {at_s:.1f} s ({error.strerror}): cut it there, or get a whole copy."
    return f"{file} is not an audio or video file that can be read ({error.strerror}): convert it, for instance to WAV."
