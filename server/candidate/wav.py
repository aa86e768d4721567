"""A short WAV from a candidate's browser, read strictly: what is wrong with it is named."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from media.frames import SAMPLE_RATE
from server.errors import UserError

LARGEST_WAV = 400_000
"""Bytes; ten seconds are 320,044."""
LONGEST_SECONDS = 10.0
SHORTEST_SECONDS = 0.3
PCM = 1
BYTES_A_SAMPLE = 2


def samples_of(wav: bytes) -> NDArray[np.int16]:
    """The sound: int16, shape (n,), 16 kHz mono.

    Raises UserError naming what is wrong: sound_too_large (413); sound_not_wav, sound_cut_off, sound_format,
    sound_too_short or sound_too_long (400).
    """
    if len(wav) > LARGEST_WAV:
        raise UserError("sound_too_large", status=413, params={"bytes": f"{LARGEST_WAV:,}"})
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        raise UserError("sound_not_wav")
    chunks = _chunks(wav)
    if b"fmt " not in chunks or len(chunks[b"fmt "]) < 16:
        raise UserError("sound_not_wav")
    _check_format(chunks[b"fmt "])
    data = chunks.get(b"data", b"")
    if len(data) % BYTES_A_SAMPLE:
        raise UserError("sound_cut_off")
    samples = np.frombuffer(data, dtype="<i2").astype(np.int16)
    seconds = samples.size / SAMPLE_RATE
    if seconds < SHORTEST_SECONDS:
        raise UserError("sound_too_short", params={"seconds": f"{SHORTEST_SECONDS:g}"})
    if seconds > LONGEST_SECONDS:
        raise UserError("sound_too_long", params={"seconds": f"{LONGEST_SECONDS:g}"})
    return samples


def _chunks(wav: bytes) -> dict[bytes, bytes]:
    """Name → content of the file's parts, the first of each name. Raises UserError sound_cut_off."""
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(wav):
        name, size = wav[at : at + 4], int.from_bytes(wav[at + 4 : at + 8], "little")
        if at + 8 + size > len(wav):
            raise UserError("sound_cut_off")
        found.setdefault(name, wav[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def _check_format(chunk: bytes) -> None:
    """Raises UserError sound_format with what was found in place of 16-bit mono PCM at 16 kHz."""
    encoding, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if (encoding, channels, rate, bits) != (PCM, 1, SAMPLE_RATE, 8 * BYTES_A_SAMPLE):
        kind = "PCM" if encoding == PCM else f"encoding {encoding}"
        raise UserError("sound_format", params={"found": f"{kind}, {bits} bit, {channels} × {rate:,} Hz"})
