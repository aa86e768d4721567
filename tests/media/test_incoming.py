"""From packets to encoded frames, and on to sound and pictures, with whatever a browser may send."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from itertools import zip_longest

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import pictures
from media.frames import Codec, EncodedFrame, VideoFrame
from media.hearing import Hearing
from media.incoming import IncomingSound, Packet
from media.key_frames import is_key
from media.pictures import MOST_PIXELS, KeyPictures, decode_key_frame
from media.seeing import Seeing
from tests.media.peers import faces, tone

OPUS, VP8, H264, UNKNOWN = 96, 97, 99, 13
TYPES = {OPUS: Codec.OPUS, VP8: Codec.VP8, H264: Codec.H264}


def opus_packets(seconds: float) -> list[bytes]:
    """A tone, encoded, 20 ms each."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.format, encoder.layout, encoder.sample_rate = "s16", "mono", 48_000
    samples = tone(seconds)
    packets = []
    for at in range(0, samples.size - 959, 960):
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis, at : at + 960], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, at
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def vp8_frames(count: int) -> list[bytes]:
    """Pictures, encoded; the first is a key frame."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 160, 120, "yuv420p"
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    frames = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(faces()[number % 2], format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    return frames


def sound(number: int, data: bytes, payload_type: int = OPUS) -> Packet:
    return Packet(5, number & 0xFFFF, number * 960, payload_type, False, data, number * 0.02)


def picture(number: int, data: bytes, payload_type: int = VP8) -> Packet:
    return Packet(6, number & 0xFFFF, number * 3000, payload_type, True, data, number / 30)


def hearing(given: list[EncodedFrame]) -> Hearing:
    began = time.monotonic()
    return Hearing(TYPES, lambda: int((time.monotonic() - began) * 1000), given.append, lambda: None, 0.0)


@pytest.mark.parametrize("garbage", [b"\xff" * 200, b"\x00", b"\x83", bytes(range(256)) * 6])
async def test_a_corrupt_packet_of_sound_costs_itself_only(garbage: bytes) -> None:
    given: list[EncodedFrame] = []
    ear = hearing(given)
    packets = opus_packets(1.0)
    packets[20] = garbage
    for number, data in enumerate(packets):
        ear.packet(sound(number, data))
    ear.ended()
    ear.frames.end()
    assert len(given) == len(packets)
    assert len([frame async for frame in ear.frames]) >= len(packets) - 3
    assert ear.level_dbfs > -20


def test_an_unknown_codec_is_left_out() -> None:
    incoming = IncomingSound(TYPES)
    assert [incoming.push(sound(number, b"\xd5" * 160, UNKNOWN)) for number in range(20)] == [[]] * 20
    assert incoming.counts.received == 0


def test_padding_is_no_sound() -> None:
    incoming = IncomingSound(TYPES)
    assert [incoming.push(sound(number, b"")) for number in range(20)] == [[]] * 20
    assert incoming.counts.received == 20


def test_another_ssrc_gives_what_was_held_and_goes_on() -> None:
    incoming = IncomingSound(TYPES)
    frames = [frame for number in range(10) for frame in incoming.push(sound(number, bytes([number])))]
    for number in range(10, 20):
        packet = Packet(9, number + 30_000, number * 960 + 77_777, OPUS, False, bytes([number]), number * 0.02)
        frames += incoming.push(packet)
    frames += incoming.flush()
    assert [frame.data[0] for frame in frames] == list(range(20))
    assert all(after.ticks - before.ticks == 960 for before, after in itertools.pairwise(frames))


def seeing(given: list[EncodedFrame]) -> Seeing:
    return Seeing(TYPES, lambda: 0, given.append, 0.0)


async def test_pictures_are_only_decoded_while_they_are_wanted() -> None:
    given: list[EncodedFrame] = []
    eye = seeing(given)
    looking = asyncio.create_task(eye.pictures.run())
    frames = vp8_frames(5)
    for number, data in enumerate(frames):
        eye.packet(picture(number, data))
    assert [frame.key for frame in given] == [True, False, False, False, False]
    assert eye.pictures._waiting is None
    eye.pictures_wanted = True
    eye.packet(picture(5, frames[0]))
    async with asyncio.timeout(10):
        shown = await anext(eye.frames)
    assert np.abs(shown.rgb.astype(int) - faces()[0]).mean() < 12
    looking.cancel()


async def test_a_damaged_key_frame_shows_nothing_and_the_next_is_shown() -> None:
    shown: list[VideoFrame] = []
    key = vp8_frames(1)[0]
    looking = KeyPictures(shown.append)
    task = asyncio.create_task(looking.run())
    for at_ms, data in ((0, key[:10]), (2000, key[:7] + b"\x00\x00\x00"), (4000, key)):
        assert is_key(Codec.VP8, data)
        looking.push(EncodedFrame(Codec.VP8, data, 0, 90_000, 0.0, None, key=True), at_ms)
        async with asyncio.timeout(10):
            while looking._waiting is not None:
                await asyncio.sleep(0.01)
    assert [picture.at_ms for picture in shown] == [4000]
    task.cancel()


async def test_one_key_frame_is_decoded_at_a_time_and_others_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[VideoFrame] = []
    go_on = threading.Event()
    decode = pictures.decode_key_frame
    at_once = most_at_once = 0

    def slowly(frame: EncodedFrame) -> object:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        go_on.wait(10)
        at_once -= 1
        return decode(frame)

    monkeypatch.setattr(pictures, "decode_key_frame", slowly)
    looking = KeyPictures(shown.append)
    task = asyncio.create_task(looking.run())
    frame = EncodedFrame(Codec.VP8, vp8_frames(1)[0], 0, 90_000, 0.0, None, key=True)
    for second in range(6):
        looking.push(frame, second * 1000)
        await asyncio.sleep(0.01)
    go_on.set()
    async with asyncio.timeout(10):
        while not shown:
            await asyncio.sleep(0.01)
    assert (len(shown), looking.dropped, most_at_once) == (1, 5, 1)
    task.cancel()


def test_a_wide_picture_is_made_smaller_and_a_huge_one_is_not_decoded() -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 1280, 720, "yuv420p"
    frame = av.VideoFrame(1280, 720, "yuv420p")
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    wide = EncodedFrame(Codec.VP8, data, 0, 90_000, 0.0, None, key=True)
    rgb = decode_key_frame(wide)
    assert rgb is not None
    assert rgb.shape == (360, 640, 3)
    # Its header claims 16383x16383: 800 MB in RGB.
    huge = EncodedFrame(Codec.VP8, data[:6] + b"\xff\x3f\xff\x3f" + data[10:], 0, 90_000, 0.0, None, key=True)
    assert MOST_PIXELS < 16_383**2
    assert decode_key_frame(huge) is None


@given(
    packets=st.lists(
        st.builds(
            Packet,
            st.integers(0, 2),
            st.integers(0, 0xFFFF),
            st.integers(0, 2**32 - 1),
            st.sampled_from([OPUS, VP8, H264, UNKNOWN]),
            st.booleans(),
            st.one_of(st.binary(max_size=60), st.sampled_from([b"\xf8\xff\xfe", b"\x00\x00\x00\x9d\x01\x2a"])),
            st.floats(0, 1e5),
        ),
        max_size=40,
    ),
    reports=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)), max_size=40),
)
def test_no_packet_raises(packets: list[Packet], reports: list[tuple[int, int, int]]) -> None:
    """An error here would end the connection: aiortc calls it from its receive loop."""

    async def receive() -> None:
        given_frames: list[EncodedFrame] = []
        ear, eye = hearing(given_frames), seeing(given_frames)
        eye.pictures_wanted = True
        for packet, report in zip_longest(packets, reports):
            for tap in (ear, eye):
                if report is not None:
                    tap.report(*report)
                if packet is not None:
                    tap.packet(packet)
        ear.ended()
        eye.ended()

    asyncio.run(receive())
