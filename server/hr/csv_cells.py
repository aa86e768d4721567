"""CSV files for download: read by spreadsheets in any script, and no cell is taken for a formula."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


BYTE_ORDER_MARK = codecs.BOM_UTF8
"""Begins a file: by it Excel knows UTF-8."""


def csv_file(rows: Iterable[Sequence[str]]) -> bytes:
    """The whole file."""
    return BYTE_ORDER_MARK + csv_lines(rows)


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Some lines of a file."""
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def safe_cell(text: str) -> str:
    """The cell with a ' before what a spreadsheet would take for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text
