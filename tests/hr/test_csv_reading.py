"""Lists of candidates as spreadsheets write them: read whatever the encoding, and every mistake named at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from question_flows.model import Language
from server.errors import UserError
from server.hr.csv_cells import csv_file, safe_cell
from server.hr.csv_checks import Defaults, Known, Problem, check_rows
from server.hr.csv_reading import MOST_BYTES, MOST_ROWS, rows_of, text_of
from server.interview.inviting import Wanted
from server.storage.jobs import Job
from tests.fixed_flows import fixed_flows

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FLOWS = fixed_flows()
SHOP = Job("1" * 32, "Shop assistant", "", "customer_service", True, NOW)
CLOSED = Job("2" * 32, "Closed", "", "customer_service", False, NOW)
GONE = Job("3" * 32, "Gone", "", "not_there", True, NOW)
KNOWN = Known(FLOWS, [SHOP, CLOSED, GONE], ["EU", "CN"])
DEFAULTS = Defaults(None, "customer_service", Language.ENGLISH, "EU")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    "list_",
    [
        "姓名,邮箱,语言\n王小明,wang@example.cn,中文\n",
        "姓名;电子邮箱;面试语言\r\n王小明;wang@example.cn;中文\r\n",
        "Ｎａｍｅ\tE-Mail\tLanguage\tPhone\r\n\r\n王小明\twang@example.cn\tzh-CN\t123\r\n\t\t\t\r\n",
        "姓名，邮箱，语言\n王小明，wang@example.cn，简体中文",
    ],
)
def test_every_encoding_delimiter_and_heading_is_read(encoding: str, list_: str) -> None:
    [row] = rows_of(text_of(list_.encode(encoding)))
    assert row.cells["name"] == "王小明"
    [(_, wanted)], problems = check_rows([row], DEFAULTS, KNOWN)
    assert problems == []
    assert wanted == Wanted("customer_service", Language.CHINESE, "王小明", "wang@example.cn", "EU")


def test_a_cell_may_hold_the_delimiter_and_lines_and_rows_are_counted_as_a_spreadsheet_does() -> None:
    rows = rows_of('name,email\n"Lovelace, Ada",a@example.org\n\n"Grace\nHopper",\n')
    assert [(row.number, row.get("name")) for row in rows] == [(2, "Lovelace, Ada"), (4, "Grace Hopper")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04\x00\x00xlsx", "csv_not_text"),
        (b"\xff\xff\xff", "csv_not_text"),
        (b"name\n" + b"x" * MOST_BYTES, "csv_too_large"),
        (b"", "csv_empty"),
        (b"name,email\n,\n", "csv_empty"),
        (b"e-mail,phone\na@example.org,1\n", "csv_no_name"),
        (b"name,e-mail,email\nAda,a,b\n", "csv_twice"),
        (b'name\n"Ada" Lovelace\n', "csv_quotes"),
        (b'name\n"Ada\n', "csv_quotes"),
        (b"name\n" + b"Ada\n" * (MOST_ROWS + 1), "csv_too_many"),
    ],
)
def test_what_is_no_list_says_what_to_do(data: bytes, code: str) -> None:
    with pytest.raises(UserError) as refused:
        rows_of(text_of(data))
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_every_bad_row_is_named_with_its_field_all_at_once() -> None:
    rows = rows_of(
        "name,email,language,jurisdiction,job\n"
        "Ada,ada@example.org,,,\n"
        ",nobody,fr,Mars,Unknown\n"
        f"{'x' * 201},,en,cn,shop ASSISTANT\n"
        "Grace,grace@example.org,,,Closed\n"
        "Alan,ada@EXAMPLE.org,,,\n"
        "Edsger,,,,,more\n"
        "Barbara,,,,Gone\n"
        "Same,,,,\n"
        "ＳＡＭＥ,,,,\n"
        "Other,ada@example.org,,,Shop assistant\n"
    )
    right, problems = check_rows(rows, DEFAULTS, KNOWN)
    assert [(one.row, one.column, one.code) for one in problems] == [
        (3, "job", "csv_job_unknown"),
        (3, "language", "csv_language"),
        (3, "jurisdiction", "csv_jurisdiction"),
        (3, "name", "name_missing"),
        (3, "email", "email_invalid"),
        (4, "name", "name_too_long"),
        (5, "job", "job_closed"),
        (6, "email", "csv_double"),
        (7, "", "csv_cells"),
        (8, "job", "job_flow_gone"),
        (10, "name", "csv_double_name"),
    ]
    assert problems[7] == Problem(6, "email", "csv_double", {"row": "2"})
    # The same address for another job is no double.
    assert [row.number for row, _ in right] == [2, 6, 9, 10, 11]
    assert right[-1][1].job_id == SHOP.id


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "＝1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell("Ada-Marie") == "Ada-Marie"
    assert csv_file([["王", "=x"]]) == "\ufeff王,'=x\r\n".encode()
