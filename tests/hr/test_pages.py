"""What HR's templates and scripts rely on is there: texts in both languages, the names of events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from question_flows.model import Language
from server.i18n import Messages
from server.interview.events import AnswerMode, Purpose
from server.interview.state import FaultKind, Phase, Status

WEB = Path(__file__).parents[2] / "web"
SCRIPTS = sorted((WEB / "static" / "hr").glob("*.js"))
TEMPLATES = sorted((WEB / "templates").glob("hr_*.html"))


@pytest.mark.parametrize("language", Language)
def test_every_text_that_pages_ask_for_is_in_the_catalogue(language: Language) -> None:
    known = Messages().keys(language)
    asked = {f"hr.{key}" for path in SCRIPTS for key in re.findall(r'\bt\("([\w-]+)"', path.read_text())}
    asked |= {key for path in TEMPLATES for key in re.findall(r"\bt\('([\w.-]+)'[,)]", path.read_text())}
    asked |= {f"hr.{key}" for key in re.findall(r'key: "(\w+)"', (WEB / "static/hr/attention.js").read_text())}
    asked |= {f"hr.{key}" for key in re.findall(r'reason: "(\w+)"', (WEB / "static/hr/attention.js").read_text())}
    asked |= {f"hr.status_{status}" for status in Status} | {f"hr.phase_{phase}" for phase in Phase}
    asked |= {f"hr.fault_{kind}" for kind in FaultKind if kind is not FaultKind.PAUSE}
    asked |= {f"hr.purpose_{purpose}" for purpose in Purpose} | {f"hr.mode_{mode}" for mode in AnswerMode}
    assert len(asked) > 120
    assert asked <= known
