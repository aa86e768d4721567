"""Pictures from packets: whole, in order, and each decodable after the ones before it, whatever the line does."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frame_assembly import MOST_HELD, PATIENCE_S, Assembled, FrameAssembly, Piece
from media.frames import Codec

VP8_KEY = b"\x10\x02\x00\x9d\x01\x2a"
VP8_DELTA = b"\x11\x02\x00\xee\xee\xee"
SPS = b"\x00\x00\x00\x01\x67\x42"
IDR = b"\x00\x00\x00\x01\x65\x88"
SLICE = b"\x00\x00\x00\x01\x41\x9a"


@dataclass(frozen=True)
class Sent:
    """One packet of frame number `frame`."""

    number: int
    frame: int
    key: bool
    piece: Piece


def stream(frames: int, *, key_every: int = 10, first: int = 0, seed: int = 1, codec: Codec = Codec.VP8) -> list[Sent]:
    """30 pictures a second of one to five packets each; padding in between."""
    generator = random.Random(seed)
    sent: list[Sent] = []
    for frame in range(frames):
        key = frame % key_every == 0
        parts = [bytes([frame % 251, part]) * 3 for part in range(generator.randint(1, 5))]
        if codec is Codec.VP8:
            parts[0] = (VP8_KEY if key else VP8_DELTA) + bytes([frame % 251])
        else:
            parts[0] = (SPS + IDR if key else SLICE) + bytes([2 + frame % 240])
        if generator.random() < 0.1:
            parts.append(b"")
        last = len(parts) - (2 if parts[-1] == b"" else 1)
        for at, data in enumerate(parts):
            piece = Piece(codec, 7, frame * 3000 % 2**32, at == last, data, frame / 30 + at / 1000)
            sent.append(Sent((first + len(sent)) & 0xFFFF, frame, key, piece))
    return sent


def whole(sent: list[Sent], frame: int) -> bytes:
    return b"".join(each.piece.data for each in sent if each.frame == frame)


def play(assembly: FrameAssembly, packets: list[Sent]) -> list[Assembled]:
    return [frame for each in packets for frame in assembly.push(each.number, each.piece)]


def check(sent: list[Sent], given_frames: list[Assembled], key_every: int = 10) -> list[int]:
    """That every frame is whole and unchanged, and its reference, the frame before, was given; their numbers."""
    numbers = [frame.timestamp // 3000 for frame in given_frames]
    assert numbers == sorted(set(numbers))
    for frame, number in zip(given_frames, numbers, strict=True):
        assert frame.data == whole(sent, number)
        assert frame.key == (number % key_every == 0)
        assert frame.key or number - 1 in numbers
    return numbers


@pytest.mark.parametrize("codec", [Codec.VP8, Codec.H264])
@pytest.mark.parametrize("first", [0, 65_500])
def test_on_a_good_line_every_frame_is_given_with_its_last_packet(codec: Codec, first: int) -> None:
    sent = stream(100, first=first, codec=codec)
    assembly = FrameAssembly()
    for each in sent:
        frames = assembly.push(each.number, each.piece)
        assert len(frames) == each.piece.is_last
    assembly = FrameAssembly()
    assert check(sent, play(assembly, sent)) == list(range(100))
    assert assembly.undecodable == 0
    assert not assembly.needs_key(1e9)


@given(
    seed=st.integers(0, 1000),
    kept=st.lists(st.floats(0, 1), min_size=300, max_size=300),
    delays=st.lists(st.integers(0, 12), min_size=300, max_size=300),
    twice=st.sets(st.integers(0, 299)),
    loss=st.sampled_from([0.0, 0.01, 0.05, 0.3]),
    codec=st.sampled_from([Codec.VP8, Codec.H264]),
)
def test_whatever_the_line_does_what_is_given_can_be_decoded(
    seed: int, kept: list[float], delays: list[int], twice: set[int], loss: float, codec: Codec
) -> None:
    sent = stream(80, seed=seed, first=65_400, codec=codec)
    order = [
        (at + delay, each)
        for at, (each, keep, delay) in enumerate(zip(sent, kept, delays, strict=False))
        if keep >= loss
    ]
    order += [(at + 20, sent[at]) for at in twice if at < len(sent)]
    packets = [each for _, each in sorted(order, key=lambda pair: pair[0])]
    check(sent, play(FrameAssembly(), packets))


def test_a_packet_that_is_sent_again_loses_nothing() -> None:
    sent = stream(60)
    late = sent[40]
    packets = [each for each in sent if each is not late]
    packets.insert(60, late)
    assembly = FrameAssembly()
    assert check(sent, play(assembly, packets)) == list(range(60))
    assert assembly.undecodable == 0


def test_a_lost_packet_costs_until_the_next_key_frame_and_no_longer() -> None:
    sent = stream(60)
    lost = next(each for each in sent if each.frame == 23)
    assembly = FrameAssembly()
    numbers = check(sent, play(assembly, [each for each in sent if each is not lost]))
    assert numbers == [*range(23), *range(30, 60)]
    assert assembly.undecodable == 7
    assert not assembly.needs_key(1e9)


def test_a_missing_packet_wants_a_key_frame_when_patience_ends() -> None:
    sent = stream(20, key_every=100)
    lost = next(each for each in sent if each.frame == 5)
    assembly = FrameAssembly()
    play(assembly, [each for each in sent if each is not lost])
    noticed = next(each for each in sent if each.number == lost.number + 1).piece.arrived_s
    assert not assembly.needs_key(noticed + PATIENCE_S - 0.01)
    assert assembly.needs_key(noticed + PATIENCE_S + 0.01)
    late = assembly.push(lost.number, lost.piece)
    assert [frame.timestamp // 3000 for frame in late] == list(range(5, 20))
    assert not assembly.needs_key(1e9)


def test_it_begins_with_a_key_frame() -> None:
    sent = stream(30)
    assembly = FrameAssembly()
    assert assembly.needs_key(0.0)
    numbers = check(sent, play(assembly, [each for each in sent if each.frame >= 4]))
    assert numbers == list(range(10, 30))
    assert assembly.undecodable == 6


def test_h264_begins_with_its_parameter_sets() -> None:
    assembly = FrameAssembly()
    # An IDR picture whose first packet, with SPS and PPS, did not come.
    assert assembly.push(1, Piece(Codec.H264, 7, 0, True, IDR, 0.0)) == []
    (frame,) = assembly.push(2, Piece(Codec.H264, 7, 3000, True, SPS + IDR, 0.1))
    assert frame.key


def test_another_stream_is_followed_from_its_key_frame() -> None:
    assembly = FrameAssembly()
    play(assembly, stream(15))
    piece = Piece(Codec.VP8, 8, 5, True, VP8_DELTA, 1.0)
    assert assembly.push(40_000, piece) == []
    assert assembly.needs_key(1.0)
    (frame,) = assembly.push(40_001, Piece(Codec.VP8, 8, 3005, True, VP8_KEY, 1.0))
    assert (frame.ssrc, frame.key) == (8, True)


def test_what_waits_is_bounded_when_no_key_frame_comes() -> None:
    assembly = FrameAssembly()
    assembly.push(0, Piece(Codec.VP8, 7, 0, True, VP8_KEY, 0.0))
    for number in range(2, 30_000):
        piece = Piece(Codec.VP8, 7, number * 3000 % 2**32, True, VP8_DELTA, number / 30)
        assert assembly.push(number, piece) == []
        assert len(assembly._held) <= MOST_HELD
    assert assembly.needs_key(0.0)
    assert assembly.undecodable == 29_998


def test_a_frame_without_end_is_bounded_too() -> None:
    assembly = FrameAssembly()
    for number in range(10_000):
        assert assembly.push(number, Piece(Codec.VP8, 7, 0, False, VP8_KEY, 0.0)) == []
        assert len(assembly._parts) <= 2048
        assert len(assembly._key_starts) <= MOST_HELD


@given(
    packets=st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.builds(
                Piece,
                st.sampled_from([Codec.VP8, Codec.H264]),
                st.integers(0, 1),
                st.integers(0, 3),
                st.booleans(),
                st.sampled_from([b"", b"\x00", VP8_KEY, VP8_DELTA, SPS, IDR, b"\x00\x00\x01", SPS[:5]]),
                st.floats(0, 10),
            ),
        ),
        max_size=60,
    )
)
def test_nothing_that_a_browser_sends_breaks_it(packets: list[tuple[int, Piece]]) -> None:
    assembly = FrameAssembly()
    for number, piece in packets:
        assembly.push(number, piece)
        assembly.needs_key(piece.arrived_s)
