"""The order in which the files of a whole run are given to processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import next_file, starts_browsers

FOLDER = Path(__file__).parent
WAITING = ["tests/analyzers/test_a.py", "tests/e2e/test_b.py", "tests/media/test_c.py", "tests/e2e/test_d.py"]
BROWSERS = ["tests/e2e/test_b.py", "tests/e2e/test_d.py"]


def test_browsers_begin_at_once_and_one_after_the_other() -> None:
    assert next_file(WAITING, BROWSERS, enough_browsers=False) == "tests/e2e/test_b.py"


def test_beside_a_browser_the_long_files_come_first() -> None:
    assert next_file(WAITING, BROWSERS, enough_browsers=True) == "tests/media/test_c.py"
    assert next_file(WAITING[:2], BROWSERS, enough_browsers=True) == "tests/analyzers/test_a.py"


def test_nobody_is_idle_for_the_sake_of_it() -> None:
    assert next_file(BROWSERS, BROWSERS, enough_browsers=True) == "tests/e2e/test_b.py"
    assert next_file(WAITING[:1], [], enough_browsers=False) == "tests/analyzers/test_a.py"


@pytest.mark.parametrize(
    ("file", "starts"),
    [("hr/test_browser.py", True), ("e2e/test_interview.py", True), ("interview/test_fold.py", False)],
)
def test_a_file_shows_whether_it_starts_browsers(file: str, starts: bool) -> None:
    assert starts_browsers(FOLDER / file) is starts
