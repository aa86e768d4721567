"""A sealed file in the store gives any range and refuses what is not its own; scratch files are files."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.recordings.chunks import CHUNK_BYTES, HEADER_BYTES, Scratch, Sealed, seal_file
from server.recordings.keys import TAG_BYTES, KeyMissing, SealBroken
from tests.recordings.keys import NONE, ONE, OTHER, ROTATED

NAME = "ada/recording.webm"
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 5 * CHUNK_BYTES + 777]


def sealed(content: bytes) -> bytes:
    return b"".join(seal_file(io.BytesIO(content), len(content), ONE, NAME))


def part(stored: bytes, start: int, end: int) -> bytes:
    """content[start:end], read as the server does: only the chunks it needs, in pieces as the network gives them."""
    file = Sealed.of(stored[:HEADER_BYTES], len(stored), ROTATED, NAME)
    first, last = file.place(start, end)
    opener = file.opener(start, end)
    pieces = [stored[at : min(last, at + 10_007)] for at in range(first, last, 10_007)]
    found = b"".join(content for piece in pieces for content in opener.feed(piece))
    opener.end()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_every_range_is_what_was_sealed(size: int) -> None:
    content = os.urandom(size)
    stored = sealed(content)
    assert Sealed.of(stored[:HEADER_BYTES], len(stored), ONE, NAME).size == size
    # A few bytes may stand in the cipher text by chance.
    assert size < 16 or content[:32] not in stored
    places = random.Random(size)
    for _ in range(50 if size else 0):
        start = places.randrange(size)
        end = places.randint(start + 1, size)
        assert part(stored, start, end) == content[start:end]
    if size:
        assert part(stored, 0, size) == content


def test_a_range_costs_only_its_own_chunks() -> None:
    stored = sealed(bytes(10 * CHUNK_BYTES))
    file = Sealed.of(stored[:HEADER_BYTES], len(stored), ONE, NAME)
    first, last = file.place(5 * CHUNK_BYTES + 10, 5 * CHUNK_BYTES + 20)
    assert last - first == CHUNK_BYTES + TAG_BYTES


def test_a_file_that_was_cut_or_added_to_is_refused() -> None:
    stored = sealed(os.urandom(2 * CHUNK_BYTES + 5))
    for wrong in (stored[:-1], stored[: -(5 + TAG_BYTES)], stored + b"x"):
        with pytest.raises(SealBroken):
            Sealed.of(wrong[:HEADER_BYTES], len(wrong), ONE, NAME)


def test_changed_and_moved_chunks_do_not_open() -> None:
    content = os.urandom(3 * CHUNK_BYTES)
    stored = sealed(content)
    whole = CHUNK_BYTES + TAG_BYTES
    first, second, third = (stored[HEADER_BYTES + n * whole : HEADER_BYTES + (n + 1) * whole] for n in range(3))
    swapped = stored[:HEADER_BYTES] + second + first + third
    changed = bytearray(stored)
    changed[HEADER_BYTES + 100] ^= 1
    shorter = bytearray(stored[:HEADER_BYTES] + first + second)
    shorter[HEADER_BYTES - 8 : HEADER_BYTES] = (2 * CHUNK_BYTES).to_bytes(8, "big")
    for wrong in (swapped, bytes(changed), bytes(shorter)):
        with pytest.raises(SealBroken):
            part(wrong, 0, 10)


def test_a_file_of_another_interview_does_not_open() -> None:
    stored = sealed(b"words")
    file = Sealed.of(stored[:HEADER_BYTES], len(stored), ONE, "bob/recording.webm")
    with pytest.raises(SealBroken):
        list(file.opener(0, 5).feed(stored[HEADER_BYTES:]))


def test_a_key_that_is_gone_is_named() -> None:
    stored = sealed(b"words")
    for keys in (OTHER, NONE):
        with pytest.raises(KeyMissing):
            Sealed.of(stored[:HEADER_BYTES], len(stored), keys, NAME)


def test_content_that_ends_early_is_no_file() -> None:
    with pytest.raises(EOFError):
        list(seal_file(io.BytesIO(b"short"), 6, ONE, NAME))


def test_chunks_that_do_not_come_are_missed() -> None:
    stored = sealed(bytes(CHUNK_BYTES + 1))
    file = Sealed.of(stored[:HEADER_BYTES], len(stored), ONE, NAME)
    opener = file.opener(0, CHUNK_BYTES + 1)
    assert len(list(opener.feed(stored[HEADER_BYTES:-1]))) == 1
    with pytest.raises(SealBroken, match="missing"):
        opener.end()


PLACES = st.integers(0, 3 * CHUNK_BYTES)
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "read", "seek_end"]), PLACES, st.integers(0, 100_000)), max_size=12
)


@given(STEPS)
@settings(max_examples=60)
def test_a_scratch_file_behaves_like_any_file(steps: list[tuple[str, int, int]]) -> None:
    plain, disk = io.BytesIO(), io.BytesIO()
    scratch = Scratch(disk)
    for number, (what, place, length) in enumerate(steps):
        for file in (plain, scratch):
            assert file.seek(place) == place
        if what == "write":
            data = random.Random(number).randbytes(length)
            assert scratch.write(data) == plain.write(data)
        elif what == "read":
            assert read_all(scratch, length) == plain.read(length)
        else:
            assert scratch.seek(0, os.SEEK_END) == plain.seek(0, os.SEEK_END)
    plain.seek(0)
    scratch.seek(0)
    assert read_all(scratch, 1 << 30) == plain.read()


def read_all(file: Scratch, length: int) -> bytes:
    found = bytearray()
    while len(found) < length and (piece := file.read(min(length - len(found), 1 << 20))):
        found += piece
    return bytes(found)


def test_nothing_of_a_scratch_file_stands_on_the_disk(tmp_path: Path) -> None:
    secret = b"the candidate's voice " * 10_000
    path = tmp_path / "joined"
    with path.open("x+b") as file:
        scratch = Scratch(file)
        scratch.write(secret)
        scratch.seek(10)
        scratch.write(b"changed")
        scratch.seek(0)
        assert read_all(scratch, len(secret)) == secret[:10] + b"changed" + secret[17:]
        file.flush()
        assert path.stat().st_size > len(secret)
        assert b"candidate" not in path.read_bytes()
