"""HR's rules: read as sentences, made and changed by a form, switched, and what they did."""

from __future__ import annotations

import re

import pytest

from question_flows.model import Language
from server.errors import UserError
from server.hr.rule_form import body_of, form_of, new_rule_id
from server.keys import DATABASE
from server.records.application_events import RuleFired, Step
from server.records.application_log import ApplicationLog, Firing
from server.records.rule_reading import read_rule
from server.records.rule_store import Rules
from server.records.rules import Rule
from server.storage.hr_user import Role
from tests.hr.applied import NOW, a_candidate, a_connection, a_job, applied
from tests.hr.conftest import House
from tests.hr.test_people import page, post, trail

FORM = {
    "name_en": "Good interview",
    "name_zh": "面试优秀",
    "event": "report",
    "total_at_least": "7.5",
    "round": "1",
    # Of another event and another action: not taken.
    "kind": "training",
    "text": "Look",
    "action": "assessment",
    "connection_id": "codility",
}


def spoken(html: str) -> str:
    found = re.search(r'data-testid="sentence">(.*?)</p>', html, re.DOTALL)
    return found[1].strip() if found else ""


async def test_a_rule_is_made_by_a_form_read_as_a_sentence_and_changed_by_a_new_version(house: House) -> None:
    job = await a_job(house)
    await a_connection(house)
    status, path, _ = await post(house, "/hr/rules", **FORM, job_id=job)
    assert status == 303
    rule_id = path.rsplit("/", 1)[1]
    assert rule_id.startswith("good_interview_")
    html = await page(house, path)
    assert spoken(html) == (
        "When the report of round 1 is ready, with at least 7.5 points, for the job “Customer service”:"
        " order an assessment (Codility Berlin)."
    )
    assert spoken(await page(house, f"{path}?lang=zh-CN")).startswith("报告生成时（第 1 轮），总分不低于 7.5 分（职位")
    changed = {**FORM, "event": "follow_up", "kind": "assessment", "score_at_least": "60", "result": "passed, Clear"}
    changed |= {"action": "notify", "text": "Have a look", "status": "completed"}
    status, _, _ = await post(house, path, **changed, version="1")
    assert status == 303
    html = await page(house, f"{path}?lang=en")
    assert spoken(html) == (
        "When an assessment is completed, with a score of at least 60%, with the result “passed” or “clear”:"
        " notify HR: “Have a look”."
    )
    assert "Version 1</strong> · When the report of round 1 is ready" in " ".join(html.split())
    # Somebody who still looks at version 1 is told so; nothing is changed.
    status, _, html = await post(house, path, **FORM, version="1")
    assert (status, "Somebody else has just changed this rule" in html) == (409, True)
    assert len(await Rules(house.app[DATABASE]).versions(rule_id)) == 2
    await post(house, f"{path}/switch", is_on="no", back="list")
    [rule] = [one for one in await Rules(house.app[DATABASE]).all() if one.id == rule_id]
    assert not rule.is_on
    assert [action for action, subject, _ in await trail(house) if subject == rule_id] == [
        "rule_switched_off",
        "rule_changed",
        "rule_added",
    ]


async def test_what_a_rule_did_is_shown_with_its_reason_to_who_may_know(house: House) -> None:
    _, path, _ = await post(house, "/hr/rules", **FORM)
    rule_id = path.rsplit("/", 1)[1]
    application_id = await applied(
        house, await a_candidate(house, "Ada Lovelace", "ada@example.com"), await a_job(house)
    )
    reason = {"total": 8.1, "at_least": 7.5, "round": 1, "interview_id": "x"}
    await ApplicationLog(house.app[DATABASE]).append(
        application_id,
        1,
        [RuleFired(rule_id, 1, "assessment", reason, Step.INTERVIEWED)],
        at=NOW,
        firings=[Firing(rule_id, 1, Step.INTERVIEWED, reason)],
    )
    html = await page(house, path)
    assert "Ada Lovelace" in html
    assert "total 8.1 ≥ 7.5" in html
    assert "has acted 1×" in await page(house, "/hr/rules")
    auditor, _ = await house.person(Role.AUDITOR)
    html = await page(house, path, auditor)
    assert application_id in html
    assert "Ada" not in html
    assert "rule-edit" not in html
    reviewer, _ = await house.person(Role.REVIEWER)
    assert application_id not in await page(house, path, reviewer)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"total_at_least": "11"}, "total_at_least", "“Points at least” must be a number from 0 to 10."),
        ({"round": "1.5"}, "round", "“Round” must be a number"),
        ({"name_en": "", "name_zh": ""}, "name_en", "“Name in English” must be a text"),
        ({"action": "reject"}, "action", "“Action” must be one of"),
        ({"action": "department_rating"}, "department", "“Department” is missing"),
        ({"event": "follow_up", "score_at_least": "1000"}, "score_at_least", "from 0 to 100"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(change: dict[str, str], field: str, says: str) -> None:
    from server.hr.rule_form import form_field
    from server.i18n import Messages

    with pytest.raises(UserError) as caught:
        read_rule(body_of({**FORM, **change}))
    error, words = caught.value, Messages()
    assert form_field(error) == field
    named = {**error.params, "field": words.text(Language.ENGLISH, f"console.field_{field}")}
    assert says in words.text(Language.ENGLISH, f"error.{error.code}", named)


def test_a_form_filled_with_a_rule_says_the_same_rule() -> None:
    for change in ({}, {"event": "step", "step": "interviewed"}, {"event": "follow_up", "result": "clear, passed"}):
        body = read_rule(body_of({**FORM, **change}))
        rule = Rule("x", 1, body.name, body.when, body.then, True, NOW)
        assert read_rule(body_of(form_of(rule))) == body
    only_one = read_rule(body_of({**FORM, "name_zh": " "}))
    assert only_one.name[Language.CHINESE] == "Good interview"


def test_a_new_rules_id_fits_an_address_whatever_it_is_called() -> None:
    for name in ("Good interview", "面试优秀", "7.5 and more", "_", "x" * 200):
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,59}", new_rule_id({"name_en": name})), name
