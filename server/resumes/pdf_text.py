"""The text of a PDF, page by page."""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader
from pypdf.errors import LimitReachedError

from server.resumes.kinds import Unreadable
from server.resumes.limits import MOST_CHARACTERS, MOST_PAGES
from server.resumes.lines import numbered
from server.resumes.resume import Line


def pdf_lines(content: bytes) -> tuple[Line, ...]:
    """Its lines. Raises Unreadable resume_encrypted, resume_too_long, resume_no_text; anything else: it is damaged.

    A file that only asks for the owner's password is read, as every viewer does.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("resume_encrypted")
    if len(reader.pages) > MOST_PAGES:
        raise Unreadable("resume_too_long")
    pages: list[list[str]] = []
    length = 0
    for page in reader.pages:
        try:
            text = page.extract_text()
        except LimitReachedError as error:
            raise Unreadable("resume_bomb") from error
        length += len(text)
        if length > 2 * MOST_CHARACTERS:
            raise Unreadable("resume_too_long")
        pages.append(text.splitlines())
    return numbered(pages)
