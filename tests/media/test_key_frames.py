"""Key frames are known by their bytes and asked for no more often than agreed."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frames import Codec
from media.key_frames import ASK_GAP_S, KeyFrameRequests, begins_key, is_key


def encoded(codec: str, count: int = 8) -> list[tuple[bytes, bool]]:
    """Frames of a real encoder, with whether it says they are keys."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 160, 120, "yuv420p"
    encoder.framerate = Fraction(30)
    encoder.gop_size = 4
    encoder.options = {"deadline": "realtime"} if codec == "libvpx" else {"tune": "zerolatency", "sc_threshold": "0"}
    frames = []
    for number in range(count):
        picture = np.random.default_rng(number).integers(0, 255, (120, 160, 3), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        frames += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return frames + [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]


@pytest.mark.parametrize(("codec", "encoder"), [(Codec.VP8, "libvpx"), (Codec.H264, "libx264")])
def test_a_real_encoders_key_frames_are_known(codec: Codec, encoder: str) -> None:
    frames = encoded(encoder)
    assert [is_key(codec, data) for data, _ in frames] == [key for _, key in frames]
    assert 2 <= sum(key for _, key in frames) < len(frames)


@given(data=st.binary(max_size=40), codec=st.sampled_from(list(Codec)))
def test_any_bytes_are_judged(data: bytes, codec: Codec) -> None:
    if is_key(codec, data):
        assert begins_key(codec, data)


def ask_for(requests: KeyFrameRequests, seconds: float, answered_after_s: float | None) -> list[float]:
    """When it was asked, of frames 30 a second; each request is answered so long after."""
    asked: list[float] = []
    answer: float | None = None
    for tick in range(round(seconds * 30)):
        now = tick / 30
        if answer is not None and now >= answer:
            requests.got(now)
            answer = None
        if requests.due(now):
            asked.append(now)
            if answered_after_s is not None:
                answer = now + answered_after_s
    return asked


def test_nothing_is_asked_for_that_nobody_wants() -> None:
    assert ask_for(KeyFrameRequests(), 10, 0.1) == []


def test_a_paced_request_is_made_when_the_last_key_frame_is_old() -> None:
    requests = KeyFrameRequests()
    requests.every_s = 1.0
    asked = ask_for(requests, 10, 0.1)
    assert 8 <= len(asked) <= 10


def test_an_unanswered_request_is_repeated_every_half_second_until_the_answer() -> None:
    requests = KeyFrameRequests()
    requests.ask()
    asked = ask_for(requests, 5, None)
    assert len(asked) == 10
    assert all(after - before >= ASK_GAP_S for before, after in pairwise(asked))
    requests.got(5.0)
    assert not requests.due(6.0)


def test_many_who_ask_make_one_request() -> None:
    requests = KeyFrameRequests()
    due = 0
    for tick in range(100):
        requests.ask()
        due += requests.due(tick / 100)
    assert due == 2


def test_broken_pictures_ask_by_themselves() -> None:
    requests = KeyFrameRequests()
    assert requests.due(0.0, broken=True)
    assert not requests.due(0.1, broken=True)
    assert requests.due(0.6, broken=True)
    assert not requests.due(1.2, broken=False)
