"""The README says what is true: its first commands, its settings, its files."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.settings_table import settings_table
from server.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_table() -> None:
    """A setting without its row, or a row that says something else, fails here."""
    assert settings_table() in README, "run `python -m scripts.settings_table` and put its output into the README"


def test_every_setting_has_its_help() -> None:
    """Nobody has to read the code to learn what a setting does."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_the_two_commands_stand_first() -> None:
    """A newcomer meets scripts/run and scripts/test before anything else."""
    first_block = README[README.index("```") : README.index("```", README.index("```") + 3)]
    assert "scripts/run" in first_block
    assert "scripts/test" in first_block


def test_files_the_readme_names_exist() -> None:
    """Pictures and source files are where the README says."""
    named = re.findall(r"\]\(([\w./-]+)\)", README)
    assert named
    for path in named:
        assert (ROOT / path).exists(), path
