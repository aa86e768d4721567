"""Files as people break them: each mistake by line and field with what to do, whatever the file holds, and quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from question_flows.competency_model import CompetencyModelError, read_competency_model
from question_flows.generate import generated
from question_flows.loader import LARGEST_FILE, FlowError, Mistake, load_flow, shipped_flows
from question_flows.problems import MOST_COMPETENCIES
from question_flows.writing import flow_yaml
from tests.question_flows.rich import RICH
from tests.question_flows.test_generate import WANTED
from tests.question_flows.test_loader import SMALL

ROOT = Path(__file__).parents[2]
BANK = tuple(shipped_flows().values())
TITLE = "title: {en: Rich, zh-CN: 全}"
DEEP = 3000


def rich(old: str, new: str) -> str:
    assert old in RICH
    return RICH.replace(old, new, 1)


def titled(title: str) -> str:
    return rich(TITLE, f"title: {title}")


BROKEN: dict[str, tuple[str | bytes, int, str, str]] = {
    # What the file is.
    "empty": ("", 1, "", "is empty"),
    "blank": ("\n \n", 1, "", "is empty"),
    "comment": ("# to be written\n", 1, "", "is empty"),
    "a list": ("- id: x\n- version: 1\n", 1, "", "has to be a group of fields"),
    "a word": ("hello\n", 1, "", "has to be a group of fields"),
    "two documents": (f"{RICH}\n---\nid: x\n", RICH.count("\n") + 2, "", "another document"),
    "gbk": (RICH.encode("gbk"), 1, "", "is not UTF-8 text; save it as UTF-8"),
    "utf-16": (RICH.encode("utf-16"), 1, "", "is not UTF-8 text"),
    "bytes": (bytes(range(256)), 1, "", "is not UTF-8 text"),
    "zeros": (bytes(1000), 1, "", "holds a control character"),
    "too large": (b"#" * (LARGEST_FILE + 1), 1, "", "is larger than 2 MB"),
    # How it is written.
    "tab": (rich("    name: {en: Care", "\tname: {en: Care"), 22, "", "a tab is in its indentation; use spaces"),
    "colon": (titled("Rich: all"), 3, "", "is not valid YAML"),
    "quote": (rich('"What did you say?"', '"What did you say?'), 57, "", "is not valid YAML"),
    "alias": (titled("&t {en: Rich, zh-CN: 全}").replace("job: {en: Job, zh-CN: 工作}", "job: *t"), 4, "", "aliases"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n", 2, "", "write the text out instead"),
    "merge": (titled("{<<: {en: Rich}, zh-CN: 全}"), 3, "title.<<", "check the spelling"),
    "deep list": (f"id: {'[' * DEEP}{']' * DEEP}\n", 1, "", "is nested too deeply"),
    "deep group": (f"id: {'{a: ' * DEEP}1{'}' * DEEP}\n", 1, "", "is nested too deeply"),
    "control": (RICH.replace("Rich", "Ri\x00ch", 1), 3, "", "holds a control character"),
    "escaped control": (titled('{en: "Ri\\0ch", zh-CN: 全}'), 3, "title.en", "holds a control character"),
    "half a character": (titled('{en: "Ri\\ud800", zh-CN: 全}'), 3, "title.en", "holds a control character"),
    "command": (rich("version: 1", "version: !!python/object/apply:os.abort []"), 2, "version", "write plain text"),
    "own tag": (rich("version: 1", "version: !roman I"), 2, "version", "write plain text"),
    "binary": (rich("id: rich", "id: !!binary aGVsbG8="), 1, "id", "write plain text"),
    "set": (rich("languages: [en, zh-CN]", "languages: !!set {en, zh-CN}"), 5, "languages", "write plain text"),
    "key twice": (rich("version: 1", "version: 1\nversion: 2"), 3, "version", "is given twice"),
    "list as key": (titled("{[en]: Rich, zh-CN: 全}"), 3, "title.(a list or group)", "check the spelling"),
    "no as key": (titled("{en: Rich, zh-CN: 全, no: Rik}"), 3, "title.no", "put it in quotes"),
    "number as key": (rich("id: rich", "1: rich"), 1, "1", "put it in quotes"),
    # Values of other kinds than meant.
    "date": (rich("id: rich", "id: 2026-11-01"), 1, "id", "is a date for YAML; put it in quotes"),
    "no date": (rich("id: rich", "id: 2026-13-45"), 1, "id", "is a date for YAML; put it in quotes"),
    "yes as id": (rich("id: rich", "id: yes"), 1, "id", "has to be text"),
    "endless number": (rich("version: 1", f"version: {'9' * 5000}"), 2, "version", "at most 18"),
    "clock": (rich("version: 1", "version: 1:30"), 2, "version", "write a whole number in plain digits"),
    "octal": (rich("pass_mark: 7", "pass_mark: 007"), 8, "pass_mark", "without leading zeros"),
    "version too high": (rich("version: 1", "version: 4294967296"), 2, "version", "it counts from 1 and ends at"),
    "not a number": (rich("weight: 0.4", "weight: .nan"), 23, "competencies[0].weight", "more than 0"),
    "infinite": (rich("weight: 0.4", "weight: .inf"), 23, "competencies[0].weight", "more than 0"),
    "quoted weight": (rich("weight: 0.4", 'weight: "0.4"'), 23, "competencies[0].weight", "has to be a number"),
    "weights": (rich("weight: 0.4", "weight: 0.5"), 20, "competencies", "add up to 1.1 and not to 1"),
    "plain title": (titled("Rich"), 3, "title", "has to hold one entry per language"),
    "null title": (titled("null"), 3, "title", "has to hold one entry per language"),
    "number as text": (titled("{en: 5, zh-CN: 全}"), 3, "title.en", "has to be text"),
    "missing language": (titled("{en: Rich}"), 3, "title", "has no zh-CN text, though the flow offers zh-CN"),
    "another language": (rich("[en, zh-CN]", "[en, fr]"), 5, "languages[1]", "'en' or 'zh-CN'"),
    "unknown field": (rich("pass_mark: 7", "passmark: 7"), 8, "passmark", "check the spelling"),
    "long text": (titled(f"{{en: {'x' * 6000}, zh-CN: 全}}"), 3, "title.en", "6,000 characters; shorten it to 5,000"),
    "long id": (rich("- id: opener", f"- id: {'a' * 81}"), 91, "questions[1].id", "81 characters; shorten it to 80"),
    # Ids and what refers to them.
    "same id": (rich("- id: ask\n", "- id: soothe\n"), 37, "competencies[0].indicators[1].id", "already used"),
    "follow-up's id": (rich("- id: opener", "- id: opener-act"), 91, "questions[1].id", "small letters, digits and _"),
    "practice's id": (rich("- id: opener", "- id: -practice"), 91, "questions[1].id", "small letters, digits and _"),
    "no id": (rich("- id: opener", "- id: ''"), 91, "questions[1].id", "small letters, digits and _"),
    "branch to itself": (rich("go_to: shout", "go_to: enter"), 132, "questions[4].branches[0].go_to", "later question"),
    "branch nowhere": (rich("go_to: shout", "go_to: gone"), 132, "questions[4].branches[0].go_to", "not a question"),
    "empty branch": (rich("go_to: shout", "go_to: null"), 132, "questions[4].branches[0].go_to", "has to be text"),
    # What can never be found, asked or waited for.
    "cue of signs": (rich("[sorry]", '["(((", sorry]'), 29, "competencies[0].indicators[0].cues.en[0]", "no letter"),
    "cue as text": (
        rich("cues: {en: [sorry]", "cues: {en: sorry"),
        29,
        "competencies[0].indicators[0].cues.en",
        "list",
    ),
    "no pause": (rich("most_pauses: 3", "most_pauses: 2000"), 9, "most_pauses", "it has to be 0 to 1000"),
    "redos": (rich("redos: 1", "redos: 101"), 96, "questions[1].redos", "it has to be at most 100"),
}


def mistakes_in(path: Path) -> tuple[Mistake, ...]:
    with pytest.raises(FlowError) as caught:
        load_flow(path)
    return caught.value.mistakes


def written(folder: Path, name: str, held: str | bytes) -> Path:
    path = folder / f"{name.replace(' ', '_')}.yaml"
    path.write_bytes(held.encode("utf-8") if isinstance(held, str) else held)
    return path


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_answered_with_line_field_and_what_to_do(tmp_path: Path, name: str) -> None:
    held, line, field, problem = BROKEN[name]
    begun = time.monotonic()
    mistakes = mistakes_in(written(tmp_path, name, held))
    assert time.monotonic() - begun < 10
    found = [str(one) for one in mistakes]
    assert any((one.line, one.field) == (line, field) and problem in one.problem for one in mistakes), found
    assert not any("\n" in one for one in found)


def test_what_is_no_file_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, problem in (("pipe", "is not a file"), ("folder", "Is a directory"), ("gone", "No such file")):
        (mistake,) = mistakes_in(tmp_path / name)
        assert (mistake.line, mistake.field) == (1, "")
        assert problem in mistake.problem


@pytest.mark.parametrize(
    "held",
    [
        f"\ufeff{RICH}",
        RICH.replace("\n", "\r\n"),
        SMALL.replace("languages: [en, zh-CN]", "languages: [zh-CN]"),
        RICH.replace("cues: {en: [sorry]", 'cues: {en: ["C++", "so-so|50 %"]'),
    ],
    ids=["bom", "windows", "one language", "signs beside letters"],
)
def test_what_is_only_unusual_is_taken(tmp_path: Path, held: str) -> None:
    load_flow(written(tmp_path, "unusual", held))


def test_all_broken_files_at_once_are_answered_on_the_command_line_without_a_traceback(tmp_path: Path) -> None:
    paths = [written(tmp_path, name, held) for name, (held, *_) in BROKEN.items()]
    command = [sys.executable, "-m", "scripts.flow_tool", "check", *map(str, paths)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert {line.split(":")[0] for line in done.stdout.splitlines()} == {path.name for path in paths}


Change = Callable[[dict[str, Any]], object]


def first(model: dict[str, Any]) -> dict[str, Any]:
    indicator: dict[str, Any] = model["competencies"][0]["indicators"][0]
    return indicator


def many(model: dict[str, Any]) -> None:
    one = model["competencies"][0]
    model["competencies"] = [
        {**one, "id": f"c{n}", "indicators": [{**inner, "id": f"{inner['id']}{n}"} for inner in one["indicators"]]}
        for n in range(MOST_COMPETENCIES + 1)
    ]


CHANGES: dict[str, tuple[Change, str]] = {
    "no id": (lambda m: m.pop("id"), "id: is missing"),
    "no job": (lambda m: m.pop("job"), "job: is missing"),
    "no competencies": (lambda m: m.update(competencies=[]), "competencies: needs at least one entry"),
    "null": (lambda m: m.update(competencies=None), "competencies: has to be a list"),
    "too many": (many, "competencies: are 21; no interview can ask about more than 20"),
    "items": (lambda m: m.update(competencies=[1]), "competencies[0]: has to be a group of fields"),
    "no name": (lambda m: m["competencies"][0].pop("name"), "competencies[0].name: is missing"),
    "empty name": (lambda m: m["competencies"][0].update(name=""), "competencies[0].name: is plain text; say its lang"),
    "blank name": (
        lambda m: m["competencies"][0]["name"].update(en=" "),
        "competencies[0].name.en: is blank; say it in words",
    ),
    "no indicators": (
        lambda m: m["competencies"][0].update(indicators=[]),
        "competencies[0].indicators: are 0; a competency has 3 or 4",
    ),
    "no weight": (lambda m: m["competencies"][0].pop("weight"), "competencies[0].weight: is missing"),
    "nan": (lambda m: m["competencies"][0].update(weight=float("nan")), "competencies[0].weight: is nan; a weight is"),
    "long id": (lambda m: first(m).update(id="x" * 61), "competencies[0].indicators[0].id: has 61 characters"),
    "chinese id": (
        lambda m: first(m).update(id="倾听"),
        "competencies[0].indicators[0].id: '倾听' holds no letter a-z",
    ),
    "ids that meet": (
        lambda m: m["competencies"][0]["indicators"][1].update(id="LISTEN"),
        "competencies[0].indicators[1].id: 'LISTEN' is already used",
    ),
    "long text": (
        lambda m: first(m)["description"].update(en="x " * 5000),
        "competencies[0].indicators[0].description.en: has 10,000 characters; shorten it to 2,000",
    ),
    "control": (
        lambda m: first(m)["name"].update(en="a\x00"),
        "competencies[0].indicators[0].name.en: holds a control",
    ),
    "half": (lambda m: first(m)["name"].update(en="a\ud800"), "competencies[0].indicators[0].name.en: holds a control"),
    "emoji": (lambda m: first(m)["name"].update(en="🙂"), "competencies[0].indicators[0].name.en: is blank; say it"),
    "signs as cue": (
        lambda m: first(m).update(cues={"en": ["!!"], "zh-CN": ["听"]}),
        "competencies[0].indicators[0].cues.en[0]: has no letter or digit",
    ),
    "unknown field": (lambda m: first(m).update(cue=[]), "competencies[0].indicators[0].cue: is not a field"),
    "language": (lambda m: m.update(language="fr"), "language: input should be 'en' or 'zh-CN'"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_broken_model_is_answered_with_line_field_and_what_to_do(name: str) -> None:
    change, expected = CHANGES[name]
    model = deepcopy(WANTED)
    change(model)
    text = json.dumps(model, indent=2)
    with pytest.raises(CompetencyModelError) as caught:
        read_competency_model(text)
    (line,) = [line for line, said in caught.value.mistakes if said.startswith(expected)]
    # The line names the field, or opens the group that lacks it.
    field = expected.split(":")[0].rpartition(".")[2].partition("[")[0]
    assert f'"{field}"' in text.splitlines()[line - 1] or text.splitlines()[line - 1].strip() in ("{", "1", '"!!"')


def test_a_fields_line_is_the_one_it_stands_on() -> None:
    text = json.dumps({**WANTED, "extra": 1, "more": [{"a": "}"}, "x"]}, indent=1)
    with pytest.raises(CompetencyModelError) as caught:
        read_competency_model(text)
    lines = text.splitlines()
    assert [(lines[line - 1], said.split(":")[0]) for line, said in caught.value.mistakes] == [
        (' "extra": 1,', "extra"),
        (' "more": [', "more"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "is not valid JSON"),
        ('{\n"id": "x",\n}', 3, "is not valid JSON"),
        ("[]", 1, "has to be a group of fields"),
        ('{"id": "x",\n"id": "y"}', 2, "id: is given twice"),
        ("[" * 100_000, 1, "is nested too deeply"),
        (json.dumps(WANTED).replace("60", "9" * 5000), 1, "holds a number that is too long"),
        (json.dumps(WANTED).replace("60", "1e400"), 1, "competencies[0].weight: is inf; a weight is a number above 0"),
    ],
)
def test_what_is_hardly_a_model_is_answered_too(text: str, line: int, problem: str) -> None:
    with pytest.raises(CompetencyModelError) as caught:
        read_competency_model(text)
    assert [(at, problem in said) for at, said in caught.value.mistakes] == [(line, True)]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: first(m).update(id="listen-well"),
        lambda m: first(m).update(id="yes"),
        lambda m: first(m).update(id="0x1F"),
        lambda m: m.update(id="-practice"),
        lambda m: m.update(id="2026-01-01"),
        lambda m: first(m)["name"].update({"en": "2026-01-01", "zh-CN": "1:30"}),
        lambda m: first(m)["description"].update(en="a: b # c - \"d\" 'e' {f} [g] | > & * ! %\u2028\u0085\t\r\n\v"),
        lambda m: first(m)["description"].update({"en": "the of and", "zh-CN": "的了"}),
        lambda m: first(m)["description"].update({"en": "x " * 990, "zh-CN": "听" * 2000}),
        lambda m: m.update(job={"zh-CN": "主管"}),
    ],
)
def test_whatever_is_taken_becomes_a_flow_that_passes_the_check(tmp_path: Path, change: Change) -> None:
    model = deepcopy(WANTED)
    change(model)
    flow = generated(read_competency_model(json.dumps(model)), BANK)
    assert load_flow(written(tmp_path, "made", flow_yaml(flow))) == flow


def test_the_largest_model_is_made_in_seconds(tmp_path: Path) -> None:
    model = deepcopy(WANTED)
    many(model)
    del model["competencies"][-1]
    begun = time.monotonic()
    flow = generated(read_competency_model(json.dumps(model)), BANK)
    load_flow(written(tmp_path, "made", flow_yaml(flow)))
    assert time.monotonic() - begun < 20
