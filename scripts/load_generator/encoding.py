"""What candidates say and show, encoded once and kept in `.cache/load`: Opus packets of 20 ms and a loop of VP8 frames.

Sending then costs no encoder: a packet is only wrapped into RTP and encrypted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from scripts.local_server import ROOT
from scripts.simulated_candidate import moving_face
from scripts.voice_model.speak import RATE_HZ, synthesise

CACHE = ROOT / ".cache" / "load"
PACKET_SAMPLES = RATE_HZ // 50
SOUND_BITS = 28_000
"""Opus, bits a second; what a browser sends for speech."""
MARGIN_S = 0.2
"""Silence around each saying, so that the decoder passes from one stream to the next where nothing is heard."""
HISS = 15.0
"""Standard deviation of a quiet room, of 32768."""
ROOM_S = 4.0
LOOP_S = 3
"""The face's movement, which repeats without a jump."""
FORMAT = "2"
"""Of the kept files; another one makes them anew."""

Packets = tuple[bytes, ...]


def room() -> Packets:
    """Some seconds of a quiet room, to be repeated."""
    return _kept("room", lambda: opus(_hiss(ROOM_S)))


def speech(text: str, language: str, voice: str | None = None) -> Packets:
    """The text spoken, 20 ms a packet. language, voice and errors: those of `synthesise`."""
    margin = _hiss(MARGIN_S)
    name = f"speech {language} {voice} {text}"
    return _kept(name, lambda: opus(np.concatenate([margin, synthesise(text, language, voice), margin])))


def face(fps: int = 30, width: int = 640, height: int = 480, bits: int = 600_000) -> Packets:
    """A loop of VP8 frames of a moving face, `bits` a second, whose first frame of every second is a key frame.

    A loop cannot make a key frame when it is asked for one (PLI); whoever asks has one within a second all the same.
    """
    name = f"face {fps} {width} {height} {bits}"
    return _kept(name, lambda: vp8(moving_face(LOOP_S * fps, height, width), fps, bits))


def is_key(frame: bytes) -> bool:
    """Whether a VP8 frame stands for itself (RFC 6386, section 9.1)."""
    return not frame[0] & 1


def opus(samples: NDArray[np.int16]) -> Packets:
    """Encodes int16 mono samples of shape (n,) at 48 kHz; the last packet is filled up with silence."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.bit_rate = SOUND_BITS
    encoder.sample_rate = RATE_HZ
    encoder.format = "s16"
    encoder.layout = "mono"
    encoder.time_base = Fraction(1, RATE_HZ)
    encoder.options = {"application": "voip", "frame_duration": "20"}
    packets: list[bytes] = []
    for at in range(0, len(samples), PACKET_SAMPLES):
        piece = np.zeros(PACKET_SAMPLES, np.int16)
        piece[: len(samples) - at] = samples[at : at + PACKET_SAMPLES]
        frame = av.AudioFrame.from_ndarray(piece[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = at
        packets += map(bytes, encoder.encode(frame))
    return tuple(packets + [bytes(packet) for packet in encoder.encode(None)])


def vp8(pictures: Sequence[NDArray[np.uint8]], fps: int, bits: int) -> Packets:
    """Encodes pictures (uint8, shape (height, width, 3), RGB) as browsers do: constant rate, no look-ahead."""
    height, width, _ = pictures[0].shape
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(fps), Fraction(1, fps)
    encoder.bit_rate, encoder.gop_size = bits, fps
    encoder.options = {
        "deadline": "realtime",
        "cpu-used": "4",
        "lag-in-frames": "0",
        "auto-alt-ref": "0",
        "error-resilient": "default",
        "minrate": str(bits),
        "maxrate": str(bits),
        "bufsize": str(bits // 2),
    }
    frames: list[bytes] = []
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = index
        # Exactly one a second: where the loop begins anew it needs one, and the encoder need not know of that.
        frame.pict_type = av.video.frame.PictureType.I if index % fps == 0 else av.video.frame.PictureType.NONE
        frames += map(bytes, encoder.encode(frame))
    return tuple(frames + [bytes(packet) for packet in encoder.encode(None)])


def _hiss(seconds: float) -> NDArray[np.int16]:
    noise: NDArray[np.int16] = np.random.default_rng(0).normal(0, HISS, int(seconds * RATE_HZ)).astype(np.int16)
    return noise


def _kept(name: str, make: Callable[[], Packets]) -> Packets:
    """From the cache, or made and put there; a file that is only half there is never seen under its name."""
    file = CACHE / f"{hashlib.sha256(f'{FORMAT} {name}'.encode()).hexdigest()[:24]}.npz"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        packets = make()
        unfinished = file.with_suffix(f".{os.getpid()}.part")
        with unfinished.open("wb") as out:
            np.savez(out, sizes=[len(packet) for packet in packets], data=np.frombuffer(b"".join(packets), np.uint8))
        unfinished.replace(file)
    return _read(file)


def _read(file: Path) -> Packets:
    with np.load(file) as kept:
        data, ends = kept["data"].tobytes(), np.cumsum(kept["sizes"]).tolist()
    return tuple(data[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True))
