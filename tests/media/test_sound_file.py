"""A file's sound as frames: any format and rate, times that are positions in the file, errors one can act on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media.audio import FRAME_SAMPLES
from media.frames import SAMPLE_RATE
from media.sound_file import SoundFileError, sound_of


def write(file: Path, codec: str, rate: int, pieces: list[tuple[float, float]]) -> Path:
    """A tone of 440 Hz from each second to each second."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for begin, end in pieces:
            times = np.arange(round(begin * rate), round(end * rate)) / rate
            tone = (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[np.newaxis, :], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, round(begin * rate), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("tone.wav", "pcm_s16le", 16_000),
        ("tone.wav", "pcm_s16le", 44_100),
        ("tone.flac", "flac", 48_000),
        ("tone.webm", "libopus", 48_000),
        ("tone.m4a", "aac", 44_100),
    ],
)
def test_any_format_becomes_frames_of_20_ms(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    frames = list(sound_of(write(tmp_path / name, codec, rate, [(0, 2)])))
    assert 1.9 <= len(frames) * 0.02 <= 2.05
    assert all(frame.samples.shape == (FRAME_SAMPLES,) and frame.samples.dtype == np.int16 for frame in frames)
    assert [frame.start_ms for frame in frames] == [20 * at for at in range(len(frames))]
    middle = np.concatenate([frame.samples for frame in frames[20:70]]).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle))
    assert abs(int(spectrum.argmax()) * SAMPLE_RATE / len(middle) - 440) < 5


def test_times_are_positions_in_the_file_behind_a_gap_as_well(tmp_path: Path) -> None:
    frames = list(sound_of(write(tmp_path / "gap.mka", "pcm_s16le", 16_000, [(0, 1), (5, 6)])))
    starts = [frame.start_ms for frame in frames]
    assert starts == sorted(starts)
    assert starts[0] == 0
    assert abs(starts[-1] - 5_980) <= 20
    assert not [start for start in starts if 1_040 < start < 4_960]


def test_the_sound_of_a_video_is_read(tmp_path: Path) -> None:
    file = tmp_path / "video.mkv"
    with av.open(str(file), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        sound = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(pictures.encode(picture))
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), format="s16", layout="mono")
        samples.sample_rate = 16_000
        container.mux(sound.encode(samples))
        container.mux([*pictures.encode(None), *sound.encode(None)])
    assert len(list(sound_of(file))) == 50


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match=r"There is no file .*nothing\.wav"):
        next(sound_of(tmp_path / "nothing.wav"))


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("no sound in here " * 50)
    with pytest.raises(SoundFileError, match=r"letter\.wav is not an audio or video file"):
        next(sound_of(tmp_path / "letter.wav"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match="is not an audio or video file"):
        next(sound_of(tmp_path))


def test_a_video_without_sound_is_named(tmp_path: Path) -> None:
    file = tmp_path / "silent.mkv"
    with av.open(str(file), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux([*pictures.encode(picture), *pictures.encode(None)])
    with pytest.raises(SoundFileError, match="has no sound in it"):
        next(sound_of(file))


def test_a_broken_place_is_told_with_its_time(tmp_path: Path) -> None:
    file = write(tmp_path / "tone.flac", "flac", 16_000, [(0, 4)])
    content = file.read_bytes()
    half = len(content) // 2
    file.write_bytes(content[:half] + bytes(len(content) - half))
    read = []
    with pytest.raises(SoundFileError, match=r"is broken after [123]\.\d s"):
        read += [frame.start_ms for frame in sound_of(file)]
