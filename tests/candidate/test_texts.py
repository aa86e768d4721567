"""The candidate's pages say everything in both languages, and carry nothing that a strict CSP would block."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from question_flows.model import Language
from server.i18n import LOCALES, Messages
from server.interview.events import Purpose
from tests.candidate.conftest import House

WEB = LOCALES.parent
SCRIPTS = sorted((WEB / "static" / "candidate").glob("*.js"))
TEMPLATES = [
    WEB / "templates" / name
    for name in ("base.html", "contact.html", "error.html", "landing.html", "interview.html", "privacy.html")
]


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    messages = Messages()
    english, chinese = (messages.section(language, "candidate", "common", "error") for language in Language)
    assert english.keys() == chinese.keys()
    for key in english:
        assert set(re.findall(r"\{(\w+)\}", english[key])) == set(re.findall(r"\{(\w+)\}", chinese[key])), key
        assert english[key].strip()
        assert chinese[key].strip()


@pytest.mark.parametrize("path", sorted(LOCALES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_text_is_there_twice(path: Path) -> None:
    """JSON lets the last one win in silence, so that a sentence mended in the first place stays as it was."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), {key for key in keys if keys.count(key) > 1}
        return dict(pairs)

    json.loads(path.read_text("utf-8"), object_pairs_hook=once)


def used_keys() -> set[str]:
    """Every word in quotes that could be a key, in the candidate's scripts and templates."""
    keys = set()
    for path in [*SCRIPTS, *TEMPLATES]:
        for key in re.findall(r"""["'`]((?:candidate\.|common\.)?[a-z][a-z0-9_]*)["'`]""", path.read_text("utf-8")):
            keys.add(key if "." in key else f"candidate.{key}")
    return keys


def test_no_text_of_the_candidates_pages_is_unused() -> None:
    used = used_keys()
    computed = re.compile(
        r"candidate\.(consent_(voice|scoring|recording|expression)_(title|text|no)|media_.*|feedback_[1-5]|done_next_\d"
        r"|draft_.*|banner_.*|sentence_.*|network_.*|privacy_.*|fact_language_.*|consent_(yes|no)|(elsewhere|signed_out|unexpected)_(title|lead))"
    )
    known = {key for key in Messages().keys(Language.ENGLISH) if key.startswith("candidate.")}
    assert {key for key in known - used if not computed.fullmatch(key)} == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_text_a_script_asks_for_exists(path: Path) -> None:
    known = Messages().keys(Language.ENGLISH)
    for key in re.findall(r"""\bt\(\s*["']([\w.]+)["']""", path.read_text("utf-8")):
        assert (key if "." in key else f"candidate.{key}") in known, key


def test_every_purpose_has_its_words() -> None:
    known = Messages().keys(Language.ENGLISH)
    for purpose in Purpose:
        for part in ("title", "text", "no"):
            assert f"candidate.consent_{purpose.value}_{part}" in known


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_script_or_style(path: Path) -> None:
    html = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html)
    for script in re.findall(r"<script[^>]*>", html):
        assert "src=" in script or 'type="application/json"' in script


async def test_the_pages_texts_cannot_break_out_of_their_script(house: House) -> None:
    browser = await house.candidate()
    html = await (await browser.get("/interview")).text()
    found = re.search(r'<script type="application/json" id="messages">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    assert "<" not in found[1]
    texts: dict[str, Any] = json.loads(found[1])
    assert texts["candidate.begin"] == "Begin"
    assert "error.internal" not in texts


async def test_scripts_are_asked_for_again_after_an_update(house: House) -> None:
    async with await house.browser().get("/static/candidate/interview.js") as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-cache"
