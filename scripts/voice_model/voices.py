"""The voices of training and of tests (never the same), and what the network does to speech: an Opus round trip."""

import random
from typing import cast

import av
import numpy as np
import numpy.typing as npt

from scripts.voice_model.espeak import Voice

OPUS_RATE_HZ = 48_000
OPUS_FRAME_MS = 20
_ACCENTS = {
    "en": ("en-us", "en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-029", "en-us-nyc"),
    "zh-CN": ("cmn-latn-pinyin",),
}
_VARIANTS = (
    "",
    *("+m1", "+m2", "+m3", "+m5", "+m6", "+m7", "+f1", "+f2", "+f3", "+f5"),
    *("+Alex", "+Alicia", "+Andrea", "+Andy", "+Denis", "+Diogo", "+Gene", "+Hugo", "+Jacky", "+Lee"),
    *("+Mario", "+Michael", "+Mike", "+adam", "+antonio", "+belinda", "+benjamin", "+caleb"),
    *("+ed", "+edward", "+iven", "+john", "+max", "+michel", "+miguel", "+norbert", "+pablo", "+paul"),
    *("+pedro", "+quincy", "+robert", "+sandro", "+shelby", "+steph", "+travis", "+victor", "+zac"),
)
HELD_OUT_VOICES = {
    "en": ("en-us+m4/150/48", "en+f4/160/55", "en-us+linda/145/50", "en-gb-x-rp+david/165/45", "en-us+Annie/155/52"),
    "zh-CN": (
        *("cmn-latn-pinyin+m4/150/48", "cmn-latn-pinyin+f4/165/55", "cmn-latn-pinyin+linda/155/50"),
        *("cmn-latn-pinyin+david/170/45", "cmn-latn-pinyin+Annie/160/52"),
    ),
}
"""Their variants (m4, f4, linda, david, Annie) are in no training voice."""


def training_voice(language: str, rng: random.Random) -> Voice:
    """Draw an accent, a variant, a rate of 130-190 words a minute, a pitch and how much it moves."""
    return Voice(
        rng.choice(_ACCENTS[language]) + rng.choice(_VARIANTS),
        rate_wpm=rng.randint(130, 190),
        pitch=min(90, max(10, round(rng.gauss(50, 15)))),
        pitch_range=rng.randint(30, 70),
    )


def opus_round_trip(samples: npt.NDArray[np.int16], bit_rate: int) -> npt.NDArray[np.int16]:
    """Encode and decode 48 kHz mono int16 speech as WebRTC does: libopus, 20 ms frames, `bit_rate` bits/s."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = OPUS_RATE_HZ, "mono", "s16"
    encoder.bit_rate, encoder.options = bit_rate, {"application": "voip", "frame_duration": str(OPUS_FRAME_MS)}
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = OPUS_RATE_HZ, "mono"
    pieces: list[npt.NDArray[np.int16]] = []
    block = OPUS_RATE_HZ * OPUS_FRAME_MS // 1000
    padded = np.pad(samples, (0, -len(samples) % block))
    for start in range(0, len(padded), block):
        frame = av.AudioFrame.from_ndarray(padded[np.newaxis, start : start + block], format="s16", layout="mono")
        frame.sample_rate, frame.pts = OPUS_RATE_HZ, start
        pieces += _decode(decoder, encoder.encode(frame))
    pieces += _decode(decoder, encoder.encode(None))
    decoded = np.concatenate(pieces)[: len(samples)]
    return np.pad(decoded, (0, len(samples) - len(decoded)))


def _decode(decoder: av.AudioCodecContext, packets: "list[av.Packet[av.AudioStream]]") -> list[npt.NDArray[np.int16]]:
    decoded = [decoder.decode(packet) for packet in packets]
    return [_mono(frame) for frames in decoded for frame in frames]


def _mono(frame: av.AudioFrame) -> npt.NDArray[np.int16]:
    samples = frame.to_ndarray()
    if samples.dtype.kind == "f":
        samples = np.clip(samples * 32768.0, -32768, 32767)
    return cast(npt.NDArray[np.int16], samples.reshape(-1)[: frame.samples].astype(np.int16))
