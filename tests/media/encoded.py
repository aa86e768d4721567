"""Encoded sound and pictures with marks: each 2 s a white picture and a burst of tone begin at the same instant.

Encoded once and played in a loop of 4 s, as browsers send it: Opus, and VP8 or H.264 with a key frame a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from media.frames import Codec, EncodedFrame

LOOP_S = 4
MARK_EVERY_MS = 2000
MARK_AT_MS = 1000
"""Where in each 2 s the mark is."""
FPS = 15
SIZE = (64, 48)
OTHER_SIZE = (96, 72)
_PACKET_SAMPLES = 960


@cache
def sound() -> tuple[bytes, ...]:
    """One loop of Opus packets, 20 ms each: bursts of 100 ms in silence."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    at = np.arange(LOOP_S * 48_000)
    since_mark_ms = (at / 48 - MARK_AT_MS) % MARK_EVERY_MS
    wave = np.where(since_mark_ms < 100, np.sin(2 * np.pi * 1000 * at / 48_000) * 20_000, 0).astype(np.int16)
    packets: list[bytes] = []
    for start in range(0, wave.size, _PACKET_SAMPLES):
        piece = np.repeat(wave[start : start + _PACKET_SAMPLES], 2)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets)


@cache
def pictures(codec: Codec, size: tuple[int, int] = SIZE) -> tuple[bytes, ...]:
    """One loop of frames: the first is a key frame; a mark is one white picture among dark ones."""
    encoder = av.CodecContext.create({Codec.VP8: "libvpx", Codec.H264: "libx264"}[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base, encoder.bit_rate = "yuv420p", Fraction(1, FPS), 200_000
    encoder.options = {
        Codec.VP8: {"deadline": "realtime", "cpu-used": "8", "g": "9999", "lag-in-frames": "0"},
        Codec.H264: {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "9999"},
    }[codec]
    frames: list[bytes] = []
    for number in range(LOOP_S * FPS):
        is_mark = number % (MARK_EVERY_MS * FPS // 1000) == MARK_AT_MS * FPS // 1000
        yuv = np.full((size[1] * 3 // 2, size[0]), 128, dtype=np.uint8)
        yuv[: size[1]] = 235 if is_mark else 20 + number % 20
        frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.pts = number
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    assert len(frames) == LOOP_S * FPS
    return tuple(frames)


@dataclass(frozen=True, slots=True)
class Sender:
    """A browser that captures from `began_s` on. size may change at a key frame: (seconds since then, size).

    Frames come in the order of their capture, not delayed; reports_s: when the first sender reports are in.
    """

    began_s: float
    codec: Codec | None = Codec.VP8
    sizes: Sequence[tuple[float, tuple[int, int]]] = ((0.0, SIZE),)
    reports_s: float = 5.0
    sound_ticks: int = 1_000_000
    picture_ticks: int = 77_000_000

    def frames(self, seconds: float) -> Iterator[EncodedFrame]:
        """What is captured in so many seconds; arrived_s is the instant of capture."""
        heard = shown = 0
        while (at := min(heard / 50, shown / FPS if self.codec else 1e9)) < seconds:
            captured_s = 1e9 + self.began_s + at if at >= self.reports_s else None
            if at == heard / 50:
                data = sound()[heard % (LOOP_S * 50)]
                ticks = self.sound_ticks + heard * _PACKET_SAMPLES
                yield EncodedFrame(Codec.OPUS, data, ticks, 48_000, self.began_s + at, captured_s, True)
                heard += 1
                continue
            assert self.codec is not None
            loop_s = at // LOOP_S * LOOP_S
            size = [size for since, size in self.sizes if since <= loop_s][-1]
            number = shown % (LOOP_S * FPS)
            data = pictures(self.codec, size)[number]
            ticks = self.picture_ticks + shown * 90_000 // FPS
            yield EncodedFrame(self.codec, data, ticks, 90_000, self.began_s + at, captured_s, number == 0)
            shown += 1


@dataclass(frozen=True, slots=True)
class Marks:
    """Where marks begin in a file, milliseconds."""

    heard_ms: Sequence[float]
    seen_ms: Sequence[float]

    def skews_ms(self) -> list[float]:
        """How much each white picture is later than its burst; pictures without a burst near them are left out."""
        heard = np.array(self.heard_ms)
        nearest = [float(seen - heard[np.abs(heard - seen).argmin()]) for seen in self.seen_ms]
        return [skew for skew in nearest if abs(skew) < MARK_EVERY_MS / 4]


def marks(path: Path) -> Marks:
    """Decode a file and find its marks."""
    return Marks(_heard(path), _seen(path))


def _heard(path: Path) -> list[float]:
    starts: list[float] = []
    last_loud_ms = -1e9
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()).max(axis=0) > 0.15
            if not loud.any():
                continue
            assert frame.time is not None
            at_ms = frame.time * 1000 + int(loud.argmax()) / 48
            if at_ms - last_loud_ms > 300:
                starts.append(at_ms)
            last_loud_ms = at_ms
    return starts


def _seen(path: Path) -> list[float]:
    starts: list[float] = []
    with av.open(path) as container:
        for frame in container.decode(video=0) if container.streams.video else ():
            assert frame.time is not None
            # Its brightness as it was decoded: a conversion of half an hour's pictures would take most of a test.
            bright = frame.planes[0]
            rows = np.frombuffer(bright, np.uint8).reshape(bright.height, bright.line_size)  # type: ignore[call-overload]
            if rows[:, : bright.width].mean() > 150:
                starts.append(frame.time * 1000)
    return starts
