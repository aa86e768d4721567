"""A sealed segment: whole up to where its writer got, and nothing but what its writer wrote."""

from __future__ import annotations

import itertools
import os
import random
import resource
import shutil
import signal
from pathlib import Path

import pytest

from server.recordings.keys import KEY_ID_BYTES, SALT_BYTES, KeyMissing, KeyRing, SealBroken
from server.recordings.sealed import LENGTH_BYTES, MAGIC, SealedSink, SealedSource, name_in_spool, open_source
from server.recordings.spool import sink_opener
from tests.recordings.keys import NONE, ONE, OTHER, ROTATED

RECORDS = [os.urandom(size) for size in (5, 1, 40_000, 700, 32_768)]
CONTENT = b"".join(RECORDS)
HEADER = len(MAGIC) + KEY_ID_BYTES + SALT_BYTES


class PlainFile:
    """A sink on the disk that counts no cleverness."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("xb", buffering=0)

    def write(self, data: bytes, /) -> int:
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


def write(path: Path, keys: KeyRing = ONE, *, close: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = PlainFile(path)
    sink = SealedSink(file, keys, name_in_spool(path))
    for record in RECORDS:
        assert sink.write(record) == len(record)
    sink.flush()
    if close:
        sink.close()
        sink.close()
    file.close()
    return path


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    return write(tmp_path / "ada" / "0001.segment")


def read(path: Path, keys: KeyRing = ONE) -> bytes:
    with open_source(path, keys) as source:
        return source.read()


def closed_well(path: Path) -> bool:
    with path.open("rb") as file:
        return SealedSource(file, ONE, name_in_spool(path)).closed_well


def test_what_was_written_is_read_and_nothing_of_it_stands_on_the_disk(segment: Path) -> None:
    assert read(segment) == CONTENT
    assert closed_well(segment)
    stored = segment.read_bytes()
    assert all(record not in stored for record in RECORDS if len(record) > 8)


def test_any_position_can_be_read(segment: Path) -> None:
    places = random.Random(4)
    with open_source(segment, ONE) as source:
        assert source.seek(0, os.SEEK_END) == len(CONTENT)
        assert source.read() == b""
        for _ in range(200):
            start, length = places.randrange(len(CONTENT)), places.randrange(50_000)
            source.seek(start)
            assert source.read(length) == CONTENT[start : start + length]
            assert source.tell() == min(len(CONTENT), start + length)


def test_a_file_that_ends_anywhere_counts_up_to_its_last_whole_record(tmp_path: Path, segment: Path) -> None:
    whole = segment.read_bytes()
    ends = list(itertools.accumulate(LENGTH_BYTES + len(record) + 16 for record in RECORDS))
    cut = tmp_path / "cut" / "ada" / "0001.segment"
    cut.parent.mkdir(parents=True)
    for length in [HEADER, HEADER + 1, HEADER + 10, HEADER + ends[0], HEADER + ends[2] - 1, len(whole) - 1]:
        cut.write_bytes(whole[:length])
        records = sum(HEADER + end <= length for end in ends)
        assert read(cut) == b"".join(RECORDS[:records]), length
        assert not closed_well(cut)


def test_a_writer_that_was_killed_leaves_all_it_wrote(tmp_path: Path) -> None:
    path = write(tmp_path / "ada" / "0001.segment", close=False)
    assert (read(path), closed_well(path)) == (CONTENT, False)
    with path.open("ab") as file:
        # What a power cut can leave: the file's length reached the disk, its last blocks did not.
        file.write(bytes(5000))
    assert (read(path), closed_well(path)) == (CONTENT, False)


def test_a_file_cut_within_its_header_is_no_recording(segment: Path) -> None:
    segment.write_bytes(segment.read_bytes()[: HEADER - 1])
    with pytest.raises(SealBroken):
        open_source(segment, ONE)


def records_of(stored: bytes) -> list[bytes]:
    """The records as they stand on the disk, lengths included."""
    found, place = [], HEADER
    while place < len(stored):
        end = place + LENGTH_BYTES + int.from_bytes(stored[place : place + LENGTH_BYTES], "big")
        found.append(stored[place:end])
        place = end
    return found


@pytest.mark.parametrize("order", [[1, 0, 2, 3, 4, 5], [0, 2, 3, 4, 5], [0, 0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 5]])
def test_records_moved_left_out_or_repeated_do_not_open(segment: Path, order: list[int]) -> None:
    stored = segment.read_bytes()
    records = records_of(stored)
    assert len(records) == len(RECORDS) + 1
    segment.write_bytes(stored[:HEADER] + b"".join(records[place] for place in order))
    with pytest.raises(SealBroken):
        read(segment)


def test_something_behind_the_end_does_not_open(segment: Path) -> None:
    segment.write_bytes(segment.read_bytes() + records_of(segment.read_bytes())[0])
    with pytest.raises(SealBroken, match="behind the end"):
        read(segment)


def test_one_changed_bit_anywhere_does_not_open(segment: Path) -> None:
    stored = segment.read_bytes()
    places = random.Random(7)
    changed = [*range(len(MAGIC), HEADER + 12), *(places.randrange(HEADER, len(stored)) for _ in range(60))]
    for place in changed:
        segment.write_bytes(stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :])
        try:
            found = read(segment)
        except (SealBroken, KeyMissing):
            continue
        # A changed length makes the file end there, as a torn one does: less is read, never anything else.
        assert found != CONTENT
        assert CONTENT.startswith(found)


@pytest.mark.parametrize("elsewhere", ["ada/0002.segment", "bob/0001.segment"])
def test_a_segment_under_another_name_does_not_open(tmp_path: Path, segment: Path, elsewhere: str) -> None:
    moved = tmp_path / elsewhere
    moved.parent.mkdir(exist_ok=True)
    shutil.copy(segment, moved)
    with pytest.raises(SealBroken):
        read(moved)


def test_a_record_of_another_file_does_not_open(tmp_path: Path, segment: Path) -> None:
    other = write(tmp_path / "other" / "ada" / "0001.segment")
    mine, theirs = segment.read_bytes(), other.read_bytes()
    assert mine != theirs
    segment.write_bytes(mine[:HEADER] + records_of(theirs)[0] + b"".join(records_of(mine)[1:]))
    with pytest.raises(SealBroken):
        read(segment)


def test_keys_are_rotated_and_a_key_that_is_gone_is_named(segment: Path) -> None:
    assert read(segment, ROTATED) == CONTENT
    for keys in (OTHER, NONE):
        with pytest.raises(KeyMissing, match="not among the present ones"):
            open_source(segment, keys)


def test_a_segment_written_while_there_was_no_key_is_read(tmp_path: Path) -> None:
    path = tmp_path / "0001.segment"
    path.write_bytes(CONTENT)
    assert read(path, ONE) == CONTENT
    assert read(path, NONE) == CONTENT


def test_a_disk_that_refuses_never_makes_a_number_be_used_twice(tmp_path: Path) -> None:
    class Full(PlainFile):
        full = False

        def write(self, data: bytes, /) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(data)

    path = tmp_path / "ada" / "0001.segment"
    path.parent.mkdir()
    file = Full(path)
    sink = SealedSink(file, ONE, name_in_spool(path))
    sink.write(b"first")
    file.full = True
    with pytest.raises(OSError, match="No space"):
        sink.write(b"second")
    file.full = False
    sink.write(b"third")
    sink.close()
    with pytest.raises(SealBroken):
        read(path)


def test_a_full_disk_collects_no_empty_files(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            sink_opener(ONE)(tmp_path / "0001.segment")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []
