"""`scripts/flow` as a person uses it: mistakes by line and field, and a flow from a competency model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from question_flows.loader import SHIPPED, load_flow
from question_flows.model import Language
from tests.question_flows.rich import RICH
from tests.question_flows.test_generate import WANTED

ROOT = Path(__file__).parents[2]


def flow(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "flow"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_check_names_each_mistake_and_tells_what_is_right(tmp_path: Path) -> None:
    (tmp_path / "right.yaml").write_text(RICH, "utf-8")
    (tmp_path / "wrong.yaml").write_text(
        RICH.replace("version: 1", "version: 0").replace("redos: 1", "redo: 1"), "utf-8"
    )
    done = flow("check", "right.yaml", "wrong.yaml", "absent.yaml", folder=tmp_path)
    line = RICH[: RICH.index("redos: 1")].count("\n") + 1
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "right.yaml: OK",
        "  rich: 6 questions, at most 5 of them asked on any of 2 ways, about 4 minutes",
        "  rich_java: 7 questions, at most 6 of them asked on any of 2 ways, about 9 minutes",
        "  rich_python: 7 questions, at most 6 of them asked on any of 2 ways, about 9 minutes",
        "wrong.yaml:2: version: counts from 1",
        f"wrong.yaml:{line}: questions[1].redo: is not a field of a flow; check the spelling",
        "absent.yaml:1: cannot be read (No such file or directory)",
    ]


def test_the_shipped_flows_pass(tmp_path: Path) -> None:
    done = flow("check", *map(str, sorted(SHIPPED.glob("*.yaml"))), folder=tmp_path)
    assert (done.returncode, done.stdout.count(": OK")) == (0, len(list(SHIPPED.glob("*.yaml"))))


def test_new_makes_a_flow_that_passes_check(tmp_path: Path) -> None:
    (tmp_path / "hr.json").write_text(json.dumps(WANTED), "utf-8")
    done = flow("new", "--competencies", "hr.json", "--out", "made.yaml", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "wh_lead_7: " in done.stderr
    assert flow("check", "made.yaml", folder=tmp_path).returncode == 0
    printed = flow("new", "--competencies", "hr.json", folder=tmp_path)
    assert printed.stdout == (tmp_path / "made.yaml").read_text("utf-8")
    again = flow("new", "--competencies", "hr.json", "--out", "made.yaml", folder=tmp_path)
    assert again.returncode == 1
    assert "cannot be written (File exists)" in again.stderr


def test_new_speaks_the_language_asked_for(tmp_path: Path) -> None:
    (tmp_path / "hr.json").write_text(json.dumps(WANTED), "utf-8")
    arguments = ["new", "--competencies", "hr.json", "--language", "zh", "--out", "made.yaml"]
    assert flow(*arguments, folder=tmp_path).returncode == 0
    assert load_flow(tmp_path / "made.yaml").languages == (Language.CHINESE,)


def test_new_names_what_is_wrong_with_a_model(tmp_path: Path) -> None:
    (tmp_path / "hr.json").write_text(json.dumps({**WANTED, "job": {}}), "utf-8")
    done = flow("new", "--competencies", "hr.json", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "hr.json:1: job: has no text" in done.stderr
    absent = flow("new", "--competencies", "none.json", folder=tmp_path)
    assert (absent.returncode, absent.stderr) == (1, "none.json:1: cannot be read (No such file or directory)\n")


@pytest.mark.parametrize("arguments", [[], ["new"], ["check"], ["new", "--competencies", "x", "--language", "fr"]])
def test_a_wrong_command_line_says_what_is_possible(arguments: list[str], tmp_path: Path) -> None:
    done = flow(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "usage: scripts/flow" in done.stderr
