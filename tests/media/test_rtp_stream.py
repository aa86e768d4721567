"""Outgoing RTP: whatever goes in comes out at the other end, numbered without a gap, and never back in time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, unwrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from media.frames import Codec, EncodedFrame
from media.rtp_stream import HISTORY, LARGEST_PAYLOAD, RtpStream, h264_payloads, vp8_payloads

VP8, H264, OPUS, VP8_AGAIN = 97, 99, 96, 98
SSRC, RTX_SSRC = 0x1234_5678, 0x9ABC_DEF0


def stream(*, number: int = 100, ticks: int = 5_000, mid: tuple[int, str] | None = (1, "0")) -> RtpStream:
    codecs = {Codec.VP8: VP8, Codec.H264: H264, Codec.OPUS: OPUS}
    return RtpStream(SSRC, RTX_SSRC, codecs, {VP8: VP8_AGAIN}, mid, number=number, ticks=ticks)


def frame(ticks: int, data: bytes = b"x", codec: Codec = Codec.VP8, arrived_s: float = 0.0) -> EncodedFrame:
    clock_rate = 48_000 if codec is Codec.OPUS else 90_000
    return EncodedFrame(codec, data, ticks, clock_rate, arrived_s, None, True)


def parse(packets: list[bytes]) -> list[RtpPacket]:
    extensions = HeaderExtensionsMap()
    mid = RTCRtpHeaderExtensionParameters(id=1, uri="urn:ietf:params:rtp-hdrext:sdes:mid")
    extensions.configure(RTCRtpParameters(headerExtensions=[mid]))
    return [RtpPacket.parse(packet, extensions) for packet in packets]


@given(data=st.binary(min_size=1, max_size=5_000), picture=st.integers(0, 0x7FFF))
def test_a_vp8_frame_comes_out_whole(data: bytes, picture: int) -> None:
    payloads = vp8_payloads(data, picture)
    assert all(len(payload) <= LARGEST_PAYLOAD for payload in payloads)
    parsed = [VpxPayloadDescriptor.parse(payload) for payload in payloads]
    assert b"".join(rest for _, rest in parsed) == data
    assert [descriptor.partition_start for descriptor, _ in parsed] == [1] + [0] * (len(parsed) - 1)
    assert {(descriptor.partition_id, descriptor.picture_id) for descriptor, _ in parsed} == {(0, picture)}


UNITS = st.lists(
    st.builds(
        lambda head, body: bytes([head]) + body.replace(b"\x00", b"\x01"),
        st.sampled_from([0x67, 0x68, 0x65, 0x41]),
        st.binary(min_size=1, max_size=4_000),
    ),
    min_size=1,
    max_size=4,
)


@given(units=UNITS, long_code=st.booleans())
def test_an_h264_access_unit_comes_out_whole(units: list[bytes], long_code: bool) -> None:
    code = b"\x00\x00\x00\x01" if long_code else b"\x00\x00\x01"
    payloads = h264_payloads(b"".join(code + unit for unit in units))
    assert all(len(payload) <= LARGEST_PAYLOAD for payload in payloads)
    assert b"".join(map(h264_depayload, payloads)) == b"".join(b"\x00\x00\x00\x01" + unit for unit in units)


def test_packets_are_numbered_across_the_wrap_and_the_last_of_a_picture_is_marked() -> None:
    video = stream(number=65_534)
    packets = parse(video.pack(frame(0, b"a" * 3_000)) + video.pack(frame(3_000, b"b" * 100)))
    assert [packet.sequence_number for packet in packets] == [65_534, 65_535, 0, 1]
    assert [packet.marker for packet in packets] == [0, 0, 1, 1]
    assert [packet.timestamp for packet in packets] == [5_000, 5_000, 5_000, 8_000]
    assert {(packet.payload_type, packet.ssrc, packet.extensions.mid) for packet in packets} == {(VP8, SSRC, "0")}
    assert (video.packets, video.octets) == (4, sum(len(packet.payload) for packet in packets))


def test_sound_is_not_marked_and_goes_as_it_is() -> None:
    [packet] = parse(stream(mid=None).pack(frame(7, b"opus", Codec.OPUS)))
    assert (packet.payload, packet.marker, packet.payload_type) == (b"opus", 0, OPUS)


@given(
    before=st.lists(st.integers(1, 10_000), min_size=1, max_size=10),
    after=st.lists(st.integers(1, 10_000), min_size=1, max_size=10),
    first=st.integers(0, 2**40),
    second=st.integers(0, 2**40),
    gap_s=st.floats(0, 100),
)
def test_time_goes_on_over_a_new_source(
    before: list[int], after: list[int], first: int, second: int, gap_s: float
) -> None:
    video = stream(ticks=2**32 - 20_000)
    sent: list[int] = []
    for step in before:
        first += step
        sent.append(parse(video.pack(frame(first, arrived_s=10.0)))[0].timestamp)
    video.new_source()
    for step in after:
        second += step
        sent.append(parse(video.pack(frame(second, arrived_s=10.0 + gap_s)))[0].timestamp)
    steps = [(later - earlier) & 0xFFFFFFFF for earlier, later in pairwise(sent)]
    expected = [*before[1:], max(1, round((10.0 + gap_s - 10.0) * 90_000)), *after[1:]]
    assert steps == expected


def test_a_lost_packet_is_sent_again_as_it_was() -> None:
    video = stream()
    packets = video.pack(frame(0, b"a" * 3_000))
    for number, packet in zip((100, 101, 102), packets, strict=True):
        again = video.again(number)
        assert again is not None
        [sent_again], [original] = parse([again]), parse([packet])
        assert (sent_again.payload_type, sent_again.ssrc) == (VP8_AGAIN, RTX_SSRC)
        unwrapped = unwrap_rtx(sent_again, payload_type=VP8, ssrc=SSRC)
        for name in ("payload", "sequence_number", "timestamp", "marker"):
            assert getattr(unwrapped, name) == getattr(original, name)


def test_without_a_retransmission_payload_the_packet_itself_is_sent_again() -> None:
    sound = stream()
    [packet] = sound.pack(frame(0, b"opus", Codec.OPUS))
    assert sound.again(100) == packet


def test_what_is_too_old_or_was_never_sent_is_not_sent_again() -> None:
    video = stream(number=0)
    assert video.again(5) is None
    for at in range(HISTORY + 1):
        video.pack(frame(at))
    assert video.again(0) is None
    assert video.again(1) is not None


def test_a_codec_that_was_not_agreed_cannot_be_sent() -> None:
    video = RtpStream(SSRC, RTX_SSRC, {Codec.VP8: VP8}, {}, None, number=0, ticks=0)
    with pytest.raises(KeyError):
        video.pack(frame(0, codec=Codec.H264))
