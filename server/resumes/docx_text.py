"""The text of a Word file: paragraphs, rows of tables, text boxes and headers, in their order."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from docx import Document

from server.resumes.kinds import Unreadable
from server.resumes.limits import LARGEST_UNPACKED, LARGEST_XML, MOST_ENTRIES, MOST_RATIO
from server.resumes.lines import numbered
from server.resumes.resume import Line

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SMALL = 100_000
"""Bytes; of smaller parts no ratio is bad."""
_DECLARATION = re.compile(rb"<\s*!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CHUNK = 256 * 1024


def docx_lines(content: bytes) -> tuple[Line, ...]:
    """Its lines.

    Raises Unreadable resume_kind_unknown, resume_encrypted, resume_bomb, resume_damaged, resume_too_long,
    resume_no_text; anything else: it is damaged.
    """
    _check_package(content)
    document = Document(io.BytesIO(content))
    headers = [
        "\n".join(_paragraphs(part._element))
        for section in document.sections
        for part in (section.first_page_header, section.header)
        if not part.is_linked_to_previous
    ]
    pages: list[list[str]] = [headers]
    for text in _paragraphs(document.element.body):
        if text == _PAGE_BREAK:
            pages.append([])
        else:
            pages[-1].append(text)
    return numbered(pages)


def _check_package(content: bytes) -> None:
    """Refuses bombs by what the package says of itself and, part by part, by what comes out of it."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        entries = package.infolist()
        if "word/document.xml" not in package.namelist():
            raise Unreadable("resume_kind_unknown")
        if len(entries) > MOST_ENTRIES or sum(one.file_size for one in entries) > LARGEST_UNPACKED:
            raise Unreadable("resume_bomb")
        if len({one.filename for one in entries}) < len(entries):
            raise Unreadable("resume_damaged")
        left = LARGEST_UNPACKED
        for one in entries:
            if one.flag_bits & 0x1:
                raise Unreadable("resume_encrypted")
            if one.file_size > max(_SMALL, MOST_RATIO * one.compress_size):
                raise Unreadable("resume_bomb")
            left -= _check_part(package, one, left)


def _check_part(package: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> int:
    """The part's real size in bytes. Raises Unreadable when it is a bomb or declares a document type."""
    is_xml = entry.filename.endswith((".xml", ".rels"))
    most = min(most, LARGEST_XML) if is_xml else most
    size, before = 0, b""
    with package.open(entry) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise Unreadable("resume_bomb")
            # No Word file declares entities; in UTF-16 there would be a NUL after each letter.
            if is_xml and _DECLARATION.search((before + chunk).replace(b"\0", b"")):
                raise Unreadable("resume_bomb")
            before = chunk[-64:]
    return size


_PAGE_BREAK = "\f"


def _paragraphs(element: Any) -> Iterator[str]:
    """The element's lines; a table's row whose cells hold one paragraph each is one line."""
    for child in element:
        if child.tag == f"{_W}p":
            yield from _paragraph(child)
        elif child.tag == f"{_W}tr":
            yield from _row(child)
        elif child.tag != _FALLBACK and isinstance(child.tag, str):
            yield from _paragraphs(child)


def _row(row: Any) -> Iterator[str]:
    cells = [[line for line in _paragraphs(cell) if line.strip()] for cell in row.iter(f"{_W}tc")]
    nested = row.find(f".//{_W}tbl") is not None
    if nested:
        yield from (line for cell in row.findall(f"{_W}tc") for line in _paragraphs(cell))
    elif all(len(cell) <= 1 for cell in cells):
        yield "\t".join(line for cell in cells for line in cell)
    else:
        yield from (line for cell in cells for line in cell)


def _paragraph(paragraph: Any) -> Iterator[str]:
    text: list[str] = []
    boxes: list[Any] = []
    for node in _inner(paragraph, boxes):
        name = node.tag.removeprefix(_W)
        if name == "lastRenderedPageBreak" or (name == "br" and node.get(f"{_W}type") == "page"):
            yield "".join(text)
            yield _PAGE_BREAK
            text = []
        else:
            text.append(node.text or "" if name == "t" else _INSTEAD[name])
    yield "".join(text)
    for box in boxes:
        yield from _paragraphs(box)


_INSTEAD = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "-"}


def _inner(element: Any, boxes: list[Any]) -> Iterator[Any]:
    """What makes up the paragraph's own text; boxes gets the text boxes in it, each once."""
    for child in element:
        if child.tag == f"{_W}txbxContent":
            boxes.append(child)
        elif child.tag in _OWN:
            yield child
        elif child.tag not in _PASSED_OVER and isinstance(child.tag, str):
            yield from _inner(child, boxes)


_OWN = {f"{_W}{name}" for name in ("t", "lastRenderedPageBreak", *_INSTEAD)}
_PASSED_OVER = {_FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}del", f"{_W}instrText"}
