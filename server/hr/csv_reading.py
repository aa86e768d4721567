"""A list of candidates as a spreadsheet saves or copies it: its encoding, its delimiter, its columns. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.errors import UserError
from server.storage.search_key import plain

MOST_ROWS = 500
MOST_BYTES = 1_000_000

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "candidate", "candidate name", "姓名", "名字", "候选人", "候选人姓名"),
    "email": (
        "email",
        "e-mail",
        "mail",
        "email address",
        "e-mail address",
        "邮箱",
        "电子邮箱",
        "电子邮件",
        "邮件",
        "邮箱地址",
    ),
    "language": ("language", "interview language", "lang", "语言", "面试语言"),
    "jurisdiction": ("jurisdiction", "law", "which law applies", "法律", "适用法律", "法域", "司法管辖区"),
    "job": ("job", "job title", "position", "职位", "岗位", "应聘职位", "应聘岗位"),
}
"""Column → what may stand above it, in any case and width."""

_NAMES = {plain(name): column for column, names in COLUMNS.items() for name in names}
_DELIMITERS = "\t;,，；"


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate of the list. number: as a spreadsheet counts, the heading being 1. cells: column → text."""

    number: int
    cells: Mapping[str, str]
    too_many: bool = False
    """It holds more cells than there are headings: something is not in its place."""

    def get(self, column: str) -> str:
        """The cell, trimmed; empty where there is none."""
        return self.cells.get(column, "")


def text_of(data: bytes) -> str:
    """The file's text: UTF-8 or UTF-16 with their marks, UTF-8 without, or GB18030, which Excel saves in Chinese.

    Raises UserError csv_too_large, csv_not_text.
    """
    if len(data) > MOST_BYTES:
        raise UserError("csv_too_large", field="file")
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # A spreadsheet's own file, .xlsx, is binary.
        if "\0" not in text and not text.startswith("PK\x03\x04"):
            return text
    raise UserError("csv_not_text", field="file")


def rows_of(text: str) -> list[Row]:
    """The list's rows, without empty ones.

    Raises UserError csv_empty, csv_no_name, csv_twice, csv_quotes, csv_too_many, each with what to do.
    """
    text = text.removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns: list[str | None] | None = None
    found: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            trimmed = [" ".join(cell.split()) for cell in cells]
            if not any(trimmed):
                continue
            if columns is None:
                columns = _columns(trimmed)
            else:
                found.append(_row(number, columns, trimmed))
    except csv.Error:
        raise UserError("csv_quotes", field="file", params={"row": str(number + 1)}) from None
    if not found:
        raise UserError("csv_empty", field="file")
    if len(found) > MOST_ROWS:
        raise UserError("csv_too_many", field="file", params={"most": str(MOST_ROWS), "found": str(len(found))})
    return found


def _row(number: int, columns: list[str | None], cells: list[str]) -> Row:
    named = {column: cell for column, cell in zip(columns, cells, strict=False) if column is not None}
    return Row(number, named, too_many=any(cells[len(columns) :]))


def _columns(heading: list[str]) -> list[str | None]:
    """Column of each place; None: of no use here."""
    columns = [_NAMES.get(re.sub(r"[\s:*]+$", "", plain(cell))) for cell in heading]
    if "name" not in columns:
        raise UserError("csv_no_name", field="file", params={"found": ", ".join(filter(None, heading))[:200]})
    for column in filter(None, columns):
        if columns.count(column) > 1:
            raise UserError("csv_twice", field="file", params={"column": heading[columns.index(column)]})
    return columns


def _delimiter(text: str) -> str:
    """What stands most often in the heading; a comma where nothing does."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda one: (heading.count(one), one == ","))
