"""Key frames become pictures, in a thread, one at a time: what face analysis sees of a camera."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from media.frames import Codec, EncodedFrame, VideoFrame
from media.sampler import VideoSampler

EVERY_S = 1.0
LEAST_MS = 800
"""Key frames that come sooner after a picture are left to others: browsers answer a request a second unevenly."""
WIDEST_PICTURE = 640
MOST_PIXELS = 4096 * 2304
"""A larger picture is not decoded: its header alone would make a decoder take hundreds of MB."""
_DECODERS = {Codec.VP8: "vp8", Codec.H264: "h264"}


class KeyPictures:
    """Decodes key frames, about one a second; `dropped` counts those that came while one was being decoded."""

    def __init__(self, show: Callable[[VideoFrame], None]) -> None:
        self.dropped = 0
        self._show = show
        self._sampler = VideoSampler(LEAST_MS)
        self._waiting: tuple[EncodedFrame, int] | None = None
        self._changed = asyncio.Event()

    def push(self, frame: EncodedFrame, at_ms: int) -> None:
        """Take a frame that arrived at `at_ms` of the interview clock; only key frames count. Never waits."""
        if not frame.key or not self._sampler.takes(at_ms):
            return
        if self._waiting is not None:
            self.dropped += 1
            return
        self._waiting = frame, at_ms
        self._changed.set()

    async def run(self) -> None:
        """Decode what is pushed, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            assert self._waiting is not None
            frame, at_ms = self._waiting
            try:
                if (rgb := await asyncio.to_thread(decode_key_frame, frame)) is not None:
                    self._show(VideoFrame(rgb, at_ms))
            finally:
                self._waiting = None


def decode_key_frame(frame: EncodedFrame) -> NDArray[np.uint8] | None:
    """The picture of a key frame: RGB, shape (height, width, 3), at most 640 wide; None when it is damaged.

    Each has a decoder of its own (0.2 ms), so that no damage lasts. A few ms for 640x480: not for the event loop.
    """
    codec = av.CodecContext.create(_DECODERS[frame.codec], "r")
    assert isinstance(codec, VideoCodecContext)
    codec.thread_count = 1
    codec.options = {"max_pixels": str(MOST_PIXELS)}
    try:
        pictures = [*codec.decode(av.Packet(frame.data)), *codec.decode(None)]
    except av.FFmpegError:
        return None
    return _to_rgb(pictures[0]) if pictures else None


def _to_rgb(picture: av.VideoFrame) -> NDArray[np.uint8]:
    width = min(picture.width, WIDEST_PICTURE)
    height = max(1, round(picture.height * width / picture.width))
    return picture.reformat(width=width, height=height, format="rgb24").to_ndarray().astype(np.uint8, copy=False)
