"""The keys that recordings are encrypted with: the first encrypts, all decrypt. The only user of cryptography's AEAD.

Every file has a key of its own, derived from one of ours and 16 random bytes in its header (HKDF, RFC 5869), so that
numbering its parts makes nonces that never come twice (AES-256-GCM, NIST SP 800-38D).
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode
from binascii import Error as BadBase64
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES = 8
SALT_BYTES = 16
TAG_BYTES = 16
"""What a sealed part is longer than its content."""
HOW_TO_MAKE_ONE = "make one with: openssl rand -base64 32"


class SealBroken(Exception):
    """A file was changed, cut, mixed up with another, or is not what its name says."""


class KeyMissing(Exception):
    """The file was encrypted with a key that is not among the present ones."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """Our keys, the one that encrypts first; empty: files are kept as they are."""

    keys: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a setting: one base64 key, or a JSON list of them. Raises ValueError that says how to make one."""
        listed: object = text
        if text.lstrip().startswith("["):
            try:
                listed = json.loads(text)
            except json.JSONDecodeError:
                raise ValueError(f"must be one base64 key or a JSON list of them; {HOW_TO_MAKE_ONE}") from None
        items = [listed] if isinstance(listed, str) else listed
        if not isinstance(items, list):
            raise ValueError(f"must be one base64 key or a JSON list of them; {HOW_TO_MAKE_ONE}")
        keys = tuple(_key(item) for item in items if item != "")
        if len(set(keys)) != len(keys):
            raise ValueError("names the same key twice")
        return cls(keys)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def new_seal(self, magic: bytes, name: str) -> tuple[bytes, Seal]:
        """(beginning of the file's header, its seal): for a new file with this kind and name."""
        begin = magic + key_id(self.keys[0]) + os.urandom(SALT_BYTES)
        return begin, Seal(self.keys[0], begin, name)

    def seal_of(self, begin: bytes, magic: bytes, name: str) -> Seal:
        """The seal of a file whose header begins so. Raises SealBroken; KeyMissing."""
        if len(begin) != header_bytes(magic) or not begin.startswith(magic):
            raise SealBroken("no sealed file of this kind")
        wanted = begin[len(magic) : len(magic) + KEY_ID_BYTES]
        for key in self.keys:
            if key_id(key) == wanted:
                return Seal(key, begin, name)
        raise KeyMissing(f"encrypted with key {wanted.hex()}, which is not among the present ones")


class Seal:
    """Seals and opens the numbered parts of one file; each is bound to the file's header, name and number."""

    def __init__(self, key: bytes, begin: bytes, name: str) -> None:
        derived = HKDF(SHA256(), KEY_BYTES, salt=begin[-SALT_BYTES:], info=begin[:-SALT_BYTES]).derive(key)
        self._cipher = AESGCM(derived)
        self._bound = begin + name.encode()

    def close(self, number: int, content: bytes, extra: bytes = b"") -> bytes:
        """The sealed part: content, encrypted, and its tag. A number must never be used twice. extra: bound as well."""
        return self._cipher.encrypt(number.to_bytes(12, "big"), content, self._bound + extra)

    def open(self, number: int, sealed: bytes, extra: bytes = b"") -> bytes:
        """What was sealed. Raises SealBroken."""
        try:
            return self._cipher.decrypt(number.to_bytes(12, "big"), sealed, self._bound + extra)
        except InvalidTag:
            raise SealBroken(f"part {number} is not what was written") from None


def header_bytes(magic: bytes) -> int:
    """How long the beginning of a header of this kind is."""
    return len(magic) + KEY_ID_BYTES + SALT_BYTES


def key_id(key: bytes) -> bytes:
    """Tells keys apart without telling anything of them."""
    return hashlib.sha256(b"recording key id" + key).digest()[:KEY_ID_BYTES]


def one_time_cipher() -> AESGCM:
    """For what only this process will ever read again."""
    return AESGCM(AESGCM.generate_key(KEY_BYTES * 8))


def _key(item: object) -> bytes:
    try:
        key = b64decode(item.strip(), validate=True) if isinstance(item, str) else b""
    except (BadBase64, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"each key must be {KEY_BYTES} bytes in base64; {HOW_TO_MAKE_ONE}")
    return key
