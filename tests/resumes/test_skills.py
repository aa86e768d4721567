"""Skills a job asks for against résumés: by name, by alias in either language, in what was done, or not found."""

from __future__ import annotations

import pytest

from question_flows.asked_model import AskedCompetency, AskedModel
from question_flows.model import Language
from server.resumes.extraction import extracted
from server.resumes.lines import numbered
from server.resumes.resume import Kind, Resume
from server.resumes.skills import Reason, SkillMatch, matches
from tests.resumes.conftest import CHINESE, ENGLISH

EN, ZH = Language.ENGLISH, Language.CHINESE


def parsed(text: str) -> Resume:
    return extracted(Kind.TEXT, numbered([text.splitlines()]))


RESUMES = {"en": parsed(ENGLISH), "zh": parsed(CHINESE)}


def match(name: str, resume: Resume) -> SkillMatch:
    [found] = matches(AskedModel({EN: "Job"}, (AskedCompetency("1", {EN: name}),)), resume)
    return found


@pytest.mark.parametrize(
    ("name", "resume", "reason", "words"),
    [
        ("Python", "en", Reason.EXACT, "Python"),
        ("python", "en", Reason.EXACT, "Python"),
        ("Kubernetes", "en", Reason.ALIAS, "K8s"),
        ("Golang", "en", Reason.ALIAS, "Go"),
        ("电子表格", "zh", Reason.ALIAS, "Excel"),
        ("Microsoft Excel", "zh", Reason.ALIAS, "Excel"),
        ("Team management", "zh", Reason.ALIAS, "团队管理"),
        ("PostgreSQL", "en", Reason.MENTIONED, "PostgreSQL"),
        ("Postgres", "en", Reason.MENTIONED, "PostgreSQL"),
        ("Complaint handling", "zh", Reason.MENTIONED, "客户投诉"),
        ("Inventory management", "zh", Reason.MENTIONED, "库存"),
        ("German", "en", Reason.LANGUAGE, "German"),
        ("English", "zh", Reason.LANGUAGE, "英语"),
        ("Java", "en", Reason.NOT_FOUND, None),
        ("R", "en", Reason.NOT_FOUND, None),
        ("Underwater welding", "zh", Reason.NOT_FOUND, None),
    ],
)
def test_each_skill_has_its_reason_and_its_place(name: str, resume: str, reason: Reason, words: str | None) -> None:
    found = match(name, RESUMES[resume])
    assert (found.reason, found.found.value if found.found else None) == (reason, words)
    lines = {line.where: line.text for line in RESUMES[resume].lines}
    assert found.found is None or found.found.value in lines[found.found.where]
    assert found.certain is (reason in (Reason.EXACT, Reason.ALIAS, Reason.LANGUAGE))


def test_how_well_a_language_is_spoken_is_told() -> None:
    assert match("German", RESUMES["en"]).level == "B2"
    assert match("英语", RESUMES["zh"]).level == "CET-6"


def test_what_was_done_in_a_position_goes_before_a_mention_elsewhere() -> None:
    text = "Ada\nI like welding at home\nExperience\nAcme Ltd 2019 - 2021\nFitter\n- Did the welding of pipes"
    found = match("welding", parsed(text)).found
    assert found is not None
    assert found.where.line == 6


def test_a_name_within_another_word_is_not_it() -> None:
    resume = parsed("Ada wrote JavaScript and C++, going on with Cobol for years")
    assert [match(name, resume).reason for name in ("Java", "C", "Go", "C++")] == [
        *[Reason.NOT_FOUND] * 3,
        Reason.MENTIONED,
    ]
