"""Opens what Feishu encrypts: AES-256-CBC with the SHA-256 of the app's Encrypt Key, the vector in front, in base64."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK = 16
"""Bytes, also of the vector."""


def decrypted(key: str, text: str) -> bytes:
    """What was encrypted. Raises ValueError when it was not with this key, or is nothing of the kind."""
    sealed = b64decode(text, validate=True)
    if len(sealed) < 2 * BLOCK or len(sealed) % BLOCK:
        raise ValueError("not in whole blocks")
    cipher = Cipher(AES256(sha256(key.encode()).digest()), CBC(sealed[:BLOCK])).decryptor()
    padded = cipher.update(sealed[BLOCK:]) + cipher.finalize()
    padding = PKCS7(8 * BLOCK).unpadder()
    return padding.update(padded) + padding.finalize()
