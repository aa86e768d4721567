"""Segments become one file: in step, seekable, clean to every decoder, whatever was torn or overlaps."""

from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import av
import pytest

from media.frames import Codec, EncodedFrame
from media.joining import RecordingBroken, RecordingFacts, check, join
from media.opus_packets import duration_ticks, filling
from media.segments import Segment
from tests.media.encoded import OTHER_SIZE, SIZE, Sender, marks


class Memory(io.BytesIO):
    """A sink whose content outlives its close."""

    content = b""

    def close(self) -> None:
        self.content = self.getvalue()
        super().close()


def segment(frames: Iterable[EncodedFrame], *, shift_ms: int = 0) -> bytes:
    """A segment with these frames, each at its arrival."""
    frames = list(frames)
    sink = Memory()
    writer = Segment(sink, next((frame for frame in frames if frame.key and frame.codec is not Codec.OPUS), None))
    for frame in frames:
        writer.write(frame, round(frame.arrived_s * 1000) + shift_ms)
    writer.close()
    return sink.content


def joined(path: Path, *segments: bytes) -> RecordingFacts:
    """Join into `path`; the file must say the same of itself, and be clean to ffmpeg."""
    with path.open("w+b") as out:
        facts = join([io.BytesIO(data) for data in segments], out)
    with path.open("rb") as reader:
        assert check(reader) == facts
    assert complaints(path) == ""
    return facts


def complaints(path: Path) -> str:
    """What ffmpeg says about a full decode of every track."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-map", "0", "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stderr


def probed(path: Path, entries: str) -> str:
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "default=nw=1:nk=1", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("codec", "media_type"),
    [(Codec.VP8, "video/webm"), (Codec.H264, "video/x-matroska"), (None, "audio/webm")],
)
def test_one_segment(tmp_path: Path, codec: Codec | None, media_type: str) -> None:
    facts = joined(tmp_path / "out", segment(Sender(0.0, codec=codec).frames(10)))
    assert facts.media_type == media_type
    assert facts.has_video is (codec is not None)
    assert facts.duration_ms == 10_000
    assert facts.sound_packets == 500
    assert facts.pictures == (150 if codec else 0)
    assert float(probed(tmp_path / "out", "format=duration")) == pytest.approx(10.0, abs=0.05)
    assert len(marks(tmp_path / "out").heard_ms) == 5


def test_a_pause_costs_nothing_and_a_gap_of_sound_is_filled(tmp_path: Path) -> None:
    first = segment(Sender(0.0).frames(4))
    second = segment(Sender(9.0).frames(4))  # 5 s without a line while the interview clock ran.
    facts = joined(tmp_path / "out", first, second)
    assert facts.duration_ms == 13_000
    assert facts.sound_packets == 13 * 50
    found = marks(tmp_path / "out")
    assert [round(at / 1000) for at in found.heard_ms] == [1, 3, 10, 12]
    assert max(map(abs, found.skews_ms())) <= 10


def test_sound_is_unbroken_from_zero_so_that_players_that_count_it_stay_in_step(tmp_path: Path) -> None:
    dice = random.Random(5)
    # The marks themselves (in the middle of each 2 s) are not lost, or they could not be found.
    kept = [
        frame
        for frame in Sender(3.0).frames(20)
        if frame.codec is not Codec.OPUS or dice.random() > 0.05 or 0.9 < (frame.arrived_s - 3.0) % 2 < 1.15
    ]
    joined(tmp_path / "out", segment(kept))
    expected = 0
    with av.open(tmp_path / "out") as container:
        for packet in container.demux(audio=0):
            if packet.size:
                assert packet.pts == pytest.approx(expected / 48, abs=1)
                expected += duration_ticks(bytes(packet))
    assert max(map(abs, marks(tmp_path / "out").skews_ms())) <= 20


def test_where_segments_overlap_the_later_one_is_kept(tmp_path: Path) -> None:
    # The new line began 1.5 s before the old one was found dead.
    facts = joined(tmp_path / "out", segment(Sender(0.0).frames(7.5)), segment(Sender(6.0).frames(4)))
    assert facts.duration_ms == 10_000
    assert facts.pictures == 6 * 15 + 4 * 15
    assert [round(at / 1000) for at in marks(tmp_path / "out").seen_ms] == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("codec", [Codec.VP8, Codec.H264])
def test_a_change_of_resolution_within_a_segment_and_between_two(tmp_path: Path, codec: Codec) -> None:
    changing = Sender(0.0, codec=codec, sizes=((0, SIZE), (4, OTHER_SIZE)))
    back = Sender(8.0, codec=codec)
    facts = joined(tmp_path / "out", segment(changing.frames(8)), segment(back.frames(4)))
    assert facts.pictures == 180
    sizes: list[tuple[int, int]] = []
    with av.open(tmp_path / "out") as container:
        for frame in container.decode(video=0):
            if not sizes or sizes[-1] != (frame.width, frame.height):
                sizes.append((frame.width, frame.height))
    assert sizes == [SIZE, OTHER_SIZE, SIZE]


def test_another_codec_becomes_a_second_track(tmp_path: Path) -> None:
    vp8, h264 = segment(Sender(0.0).frames(4)), segment(Sender(4.0, codec=Codec.H264).frames(4))
    facts = joined(tmp_path / "out", vp8, h264)
    assert facts.media_type == "video/x-matroska"
    assert probed(tmp_path / "out", "stream=codec_name").split() == ["opus", "vp8", "h264"]


def test_a_segment_of_sound_before_the_first_picture(tmp_path: Path) -> None:
    facts = joined(tmp_path / "out", segment(Sender(0.0, codec=None).frames(0.5)), segment(Sender(0.5).frames(4)))
    assert (facts.sound_packets, facts.pictures) == (225, 60)


@pytest.mark.parametrize("codec", [Codec.VP8, Codec.H264])
def test_a_torn_end_costs_its_own_cluster_only(tmp_path: Path, codec: Codec) -> None:
    data = segment(Sender(0.0, codec=codec).frames(6))
    whole = joined(tmp_path / "whole", data)
    dice = random.Random(7)
    for _ in range(12):
        cut = dice.randrange(3000, len(data))
        facts = joined(tmp_path / "torn", data[:cut])
        written_ms = whole.duration_ms * cut / len(data)
        assert written_ms - 1500 <= facts.duration_ms <= whole.duration_ms


def test_what_is_nothing_but_torn_is_left_out(tmp_path: Path) -> None:
    good = segment(Sender(2.0).frames(4))
    facts = joined(tmp_path / "out", b"", good[:100], b"\x00" * 5000, good)
    assert facts.duration_ms == 6000
    with pytest.raises(RecordingBroken):
        join([io.BytesIO(b""), io.BytesIO(good[:100])], io.BytesIO())


def test_cues_stand_in_front_so_that_a_player_seeks_at_once(tmp_path: Path) -> None:
    facts = joined(tmp_path / "out", segment(Sender(0.0).frames(60)))
    data = (tmp_path / "out").read_bytes()
    cues, first_cluster = data.find(b"\x1c\x53\xbb\x6b"), data.find(b"\x1f\x43\xb6\x75")
    assert 0 < cues < first_cluster
    assert facts.key_frames == 15
    assert facts.longest_seek_gap_ms <= 5000
    with av.open(tmp_path / "out") as container:
        container.seek(31_500, stream=container.streams.video[0])
        packet = next(packet for packet in container.demux(video=0))
        assert (packet.pts, packet.is_keyframe) == (28_000, True)


def test_a_recording_without_pictures_can_be_sought_in(tmp_path: Path) -> None:
    joined(tmp_path / "out", segment(Sender(0.0, codec=None).frames(60)))
    data = (tmp_path / "out").read_bytes()
    assert data.count(b"\xbb", data.find(b"\x1c\x53\xbb\x6b"), data.find(b"\x1f\x43\xb6\x75")) >= 12


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:300], id="header only"),
        pytest.param(lambda data: data[: len(data) // 2], id="half"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
    ],
)
def test_check_refuses_what_is_broken(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    joined(tmp_path / "out", segment(Sender(0.0).frames(6)))
    with pytest.raises(RecordingBroken):
        check(io.BytesIO(spoil((tmp_path / "out").read_bytes())))


@pytest.mark.parametrize("ticks", [0, 119, 120, 960, 1000, 2760, 48_000])
def test_a_hole_is_filled_to_within_2_5_ms(ticks: int) -> None:
    for before in (None, b"\x7c\x00", b"\x08\x00"):
        filled = sum(map(duration_ticks, filling(ticks, before)))
        assert 0 <= ticks - filled < 120


def test_packets_tell_how_long_they_are() -> None:
    assert [duration_ticks(bytes([toc])) for toc in (0x00, 0x18, 0x60, 0x80, 0xFC, 0xFD)] == [
        480,
        2880,
        480,
        120,
        960,
        1920,
    ]
    assert duration_ticks(b"\xff\x03") == 2880
    assert duration_ticks(b"\xff") == duration_ticks(b"") == 0
