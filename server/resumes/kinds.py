"""What a résumé's file is, by its content and never by its name; plain text in the encodings that are in use."""

from __future__ import annotations

import re

from server.resumes.resume import Kind

_OLE, _ZIP, _PDF = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-"
_PDF_WITHIN = 1024
"""Bytes that may stand before a PDF's mark, as its readers have it."""
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_OTHER = re.compile(rb"\s*(?:\{\\rtf|<!doctype|<html|<\?xml|%!PS)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MANY_HIGH_BYTES = 0.2
"""Chinese in GB 18030 has two of three bytes or more above 127, Western languages have few."""


class Unreadable(Exception):
    """The file cannot be read as a résumé. code: the error's, see `web/locales`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def kind_of(content: bytes) -> Kind:
    """Raises Unreadable resume_empty, resume_encrypted, resume_old_word, resume_kind_unknown."""
    if not content.strip():
        raise Unreadable("resume_empty")
    if content.startswith(_OLE):
        raise Unreadable("resume_encrypted" if _ENCRYPTED_PACKAGE in content else "resume_old_word")
    if content.startswith(_ZIP):
        return Kind.DOCX
    if _PDF in content[:_PDF_WITHIN]:
        return Kind.PDF
    if _OTHER.match(content):
        raise Unreadable("resume_kind_unknown")
    return Kind.JSON_RESUME if text_of(content).lstrip()[:1] in ("{", "[") else Kind.TEXT


def text_of(content: bytes) -> str:
    """The text in UTF-8, UTF-16 with its mark, GB 18030 or Windows-1252. Raises Unreadable resume_kind_unknown."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        high = sum(byte > 127 for byte in content) / max(1, len(content))
        encodings = ["utf-8-sig", "gb18030" if high > _MANY_HIGH_BYTES else "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    raise Unreadable("resume_kind_unknown")
