"""The connector for Odoo 19, by one set of tests against a fake and, where pytest is given --odoo, a real one."""

from __future__ import annotations

import html
import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from pypdf import PdfReader

from question_flows.model import Language
from server.delivery.connector import Outgoing, Received, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, Response, SafeClient
from server.ehr.connectors.odoo import OdooConnector
from server.ehr.connectors.odoo_json2 import refusal
from server.ehr.connectors.odoo_settings import OdooSecrets, OdooSettings
from server.records.incoming import ApplicationSeen, ApplicationWithdrawn, CandidateSeen, Incoming, JobSeen
from tests.server.ehr.odoo_connected import Connected
from tests.server.ehr.reports import NAMES, NOON, message, report


async def polled(connector: OdooConnector, seen: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Incoming]]:
    """Everything new, and the last `seen`, as it comes back from JSON."""
    pages = [page async for page in connector.poll(seen, datetime.now(UTC))]
    last = pages[-1][0] if pages else seen
    return json.loads(json.dumps(last)), [one for _, incoming in pages for one in incoming]


async def test_jobs_come_with_their_skills_as_competencies_and_again_only_when_something_changed(
    odoo: Connected,
) -> None:
    job = await odoo.house.job({"Python": "Expert", "Patience": "Intermediate"})
    seen, found = await polled(odoo.connector(), {})
    [mine] = [one for one in found if isinstance(one, JobSeen) and one.remote_id == str(job)]
    assert (mine.department, mine.is_open) == (f"Service {odoo.house.mark}", True)
    assert mine.competencies is not None
    assert sorted((one.name, one.level, one.weight) for one in mine.competencies) == [
        ("Patience", 0.5, 1.0),
        ("Python", 1.0, 1.0),
    ]
    seen, found = await polled(odoo.connector(), seen)
    assert not any(isinstance(one, JobSeen) for one in found)
    python = next(one for one in mine.competencies if one.name == "Python")
    await odoo.house.call("hr.skill", "write", ids=[int(python.remote_id)], vals={"name": "Python 3"})
    seen, found = await polled(odoo.connector(), seen)
    [mine] = [one for one in found if isinstance(one, JobSeen)]
    assert mine.competencies is not None
    assert "Python 3" in {one.name for one in mine.competencies}
    await odoo.house.call("hr.job", "action_archive", ids=[job])
    _, found = await polled(odoo.connector(), seen)
    assert [(one.remote_id, one.is_open) for one in found if isinstance(one, JobSeen)] == [(str(job), False)]


async def test_applicants_of_the_chosen_stage_come_in_once_each_time_they_change(odoo: Connected) -> None:
    house = odoo.house
    job = await house.job({})
    applicant, nameless = await house.applicant(job), await house.applicant(None, email_from=False)
    seen, found = await polled(odoo.connector(order_interview=True), {})
    assert not any(isinstance(one, CandidateSeen | ApplicationSeen) for one in found)
    await house.move(applicant, odoo.stages[1])
    await house.move(nameless, odoo.stages[1])
    seen, found = await polled(odoo.connector(order_interview=True), seen)
    candidate, application, other = found
    [row] = await house.rows("hr.applicant", [["id", "=", applicant]], "partner_name", "email_from", "partner_id")
    assert isinstance(candidate, CandidateSeen)
    assert (candidate.name, candidate.email) == (row["partner_name"], row["email_from"])
    # Odoo makes the contact by itself, and gives it no language.
    assert (candidate.phone, candidate.language) == ("+86 10 1234", None)
    assert application == ApplicationSeen(str(applicant), str(applicant), str(job), order_interview=True)
    assert isinstance(other, CandidateSeen)
    assert (other.remote_id, other.email) == (str(nameless), None)
    seen, found = await polled(odoo.connector(), seen)
    assert found == []
    await house.call("res.partner", "write", ids=[row["partner_id"][0]], vals={"lang": "en_US"})
    await house.call("hr.applicant", "write", ids=[applicant], vals={"partner_name": "Ada Lovelace"})
    seen, found = await polled(odoo.connector(), seen)
    [ada] = [one for one in found if isinstance(one, CandidateSeen)]
    assert (ada.name, ada.language) == ("Ada Lovelace", Language.ENGLISH)
    reason = await house.make("hr.applicant.refuse.reason", name=f"Moved away {house.mark}")
    await house.call("hr.applicant", "write", ids=[applicant], vals={"active": False, "refuse_reason_id": reason})
    seen, found = await polled(odoo.connector(), seen)
    assert found == [ApplicationWithdrawn(str(applicant), f"Moved away {house.mark}")]
    assert (await polled(odoo.connector(), seen))[1] == []


async def test_who_was_in_a_stage_before_it_was_chosen_comes_in_when_it_is(odoo: Connected) -> None:
    applicant = await odoo.house.applicant(await odoo.house.job({}))
    await odoo.house.move(applicant, odoo.stages[0])
    seen, _ = await polled(odoo.connector(), {})
    _, found = await polled(odoo.connector(stages=f"{odoo.stages[0]}, {odoo.stages[1].upper()}"), seen)
    assert [one.remote_id for one in found if isinstance(one, CandidateSeen)] == [str(applicant)]


async def test_a_report_leaves_attachment_note_skills_and_stage(odoo: Connected) -> None:
    applicant = await odoo.interviewed({NAMES[0].upper(): "Expert", NAMES[1]: "Expert", "Juggling": "Expert"})
    sent = report([8.0, None])
    assert await odoo.connector().deliver(message(applicant, "report.ready", sent), NOON) == Sent(status=200)
    left = await odoo.house.left(applicant)
    assert (left["stage"], left["kanban_state"]) == (odoo.stages[2], "done")
    [attachment] = left["attachments"]
    assert json.loads(b64decode(attachment["datas"])) == sent
    [note] = left["notes"]
    assert note["attachment_ids"] == [attachment["id"]]
    assert "Total: 8.2 of 10" in note["body"]
    assert 'href="https://hr.test/report"' in note["body"]
    assert f"{NAMES[1]}: no score (Too few words to judge)" in html.unescape(note["body"])
    # 8.0 is not yet an expert's; and what was withheld is no level.
    assert left["skills"] == [(NAMES[0].upper(), "Intermediate")]


async def test_the_report_is_attached_as_pdf_too(odoo: Connected) -> None:
    applicant = await odoo.interviewed({})
    sent = report([8.0], decision="advance")
    connector = odoo.connector(attaches_pdf=True, company="Example Ltd")
    assert (await connector.deliver(message(applicant, "report.ready", sent), NOON)).delivered
    left = await odoo.house.left(applicant)
    data, pdf = left["attachments"]
    assert (data["mimetype"], pdf["mimetype"]) == ("application/json", "application/pdf")
    page = PdfReader(BytesIO(b64decode(pdf["datas"]))).pages[0].extract_text()
    assert "Example Ltd" in page
    assert NAMES[0] in page
    # In no order that Odoo promises.
    assert all(sorted(note["attachment_ids"]) == [data["id"], pdf["id"]] for note in left["notes"])


@pytest.mark.parametrize("arrives", [False, True])
async def test_killed_anywhere_on_the_way_all_is_there_once(odoo: Connected, *, arrives: bool) -> None:
    """The server or the line dies at each request in turn; arrives: the request gets through and its answer not."""
    for place in count():
        applicant = await odoo.interviewed({NAMES[0]: "Expert"})
        told = message(applicant, "report.ready", report([9.9]))
        odoo.line.mend()
        if arrives:
            odoo.line.dead_after = place
        else:
            odoo.line.dead_before = place
        first = await odoo.connector().deliver(told, NOON)
        assert not first.final
        odoo.line.mend()
        assert await odoo.connector().deliver(told, NOON) == Sent(status=200)
        left = await odoo.house.left(applicant)
        assert (len(left["attachments"]), len(left["notes"])) == (1, 1), place
        assert left["skills"] == [(NAMES[0], "Intermediate")]
        assert (left["stage"], left["kanban_state"]) == (odoo.stages[2], "done")
        if first.delivered:
            break
    assert place > 8


async def test_an_updated_report_takes_the_former_ones_place_and_an_older_one_does_not_come_back(
    odoo: Connected,
) -> None:
    applicant = await odoo.interviewed({NAMES[0]: "Expert"})
    old = report([5.0])
    new = {**report([10.0], decision="advance"), "interview_id": old["interview_id"]}
    late = message(applicant, "report.updated", old, minutes=1)
    first, second = message(applicant, "report.ready", old), message(applicant, "report.updated", new, minutes=5)
    for one in (first, second, late):
        assert (await odoo.connector().deliver(one, NOON)).delivered
    left = await odoo.house.left(applicant)
    [attachment] = left["attachments"]
    assert json.loads(b64decode(attachment["datas"])) == new
    assert left["skills"] == [(NAMES[0], "Expert")]
    assert len(left["notes"]) == 2
    assert "A person decided: move on." in left["notes"][1]["body"]


async def test_somebody_moved_on_by_hand_is_not_moved_back_and_the_refused_stay_where_they_are(
    odoo: Connected,
) -> None:
    moved, refused = await odoo.interviewed({}), await odoo.interviewed({})
    await odoo.house.move(moved, odoo.stages[3])
    await odoo.house.call("hr.applicant", "action_archive", ids=[refused])
    for applicant in (moved, refused):
        assert (await odoo.connector().deliver(message(applicant, "report.ready", report([5.0])), NOON)).delivered
    assert (await odoo.house.left(moved))["stage"] == odoo.stages[3]
    left = await odoo.house.left(refused)
    assert (left["stage"], left["kanban_state"], len(left["notes"])) == (odoo.stages[1], "normal", 1)


@pytest.mark.parametrize("mails", [False, True])
async def test_a_new_stage_writes_to_the_candidate_only_if_hr_wants_that(odoo: Connected, *, mails: bool) -> None:
    [model] = await odoo.house.rows("ir.model", [["model", "=", "hr.applicant"]], "model")
    template = await odoo.house.make(
        "mail.template", name="Letter", model_id=model["id"], subject="Hello", body_html="<p>A letter</p>"
    )
    stage = await odoo.house.stage("With a letter", 150, template_id=template)
    applicant = await odoo.interviewed({})
    connector = odoo.connector(report_stage=stage, mails_candidate=mails)
    before = len((await odoo.house.left(applicant))["others"])
    assert (await connector.deliver(message(applicant, "report.ready", report([5.0])), NOON)).delivered
    left = await odoo.house.left(applicant)
    letters = [one for one in left["others"] if "A letter" in (one["body"] or "")]
    assert (left["stage"], len(letters)) == (stage, int(mails))
    assert mails or len(left["others"]) == before


async def test_milestones_and_steps_are_noted_once_in_the_chosen_language(odoo: Connected) -> None:
    applicant = await odoo.interviewed({})
    connector = odoo.connector(language="zh-CN")
    for type_ in ("interview.invited", "interview.started", "interview.finished"):
        told = message(applicant, type_, {"interview_id": "i"})
        for _ in range(2):
            assert (await connector.deliver(told, NOON)).delivered
    step = message(applicant, "application.step_changed", {"application_id": "a", "step": "ready_for_offer"})
    assert (await connector.deliver(step, NOON)).delivered
    silent = message(applicant, "application.step_changed", {"application_id": "a", "step": "invited"})
    assert (await connector.deliver(silent, NOON)).delivered
    left = await odoo.house.left(applicant)
    assert len(left["notes"]) == 4
    assert "已邀请候选人" in left["notes"][0]["body"]
    assert left["stage"] == odoo.stages[3]


async def test_what_trying_again_cannot_mend_is_final_and_what_people_can_mend_is_not(odoo: Connected) -> None:
    applicant = await odoo.interviewed({})
    told = message(applicant, "report.ready", report([5.0]))
    gone = message(999_999, "report.ready", report([5.0]))
    assert await odoo.connector().deliver(gone, NOON) == Sent("applicant gone", final=True)
    wrong_key = await odoo.connector(api_key="wrong").deliver(told, NOON)
    assert (wrong_key.status, wrong_key.final) == (401, False)
    wrong_database = await odoo.connector(database="no_such").deliver(told, NOON)
    assert (wrong_database.delivered, wrong_database.final) == (False, False)
    wrong_stage = await odoo.connector(report_stage="no such").deliver(told, NOON)
    assert (wrong_stage.error, wrong_stage.final) == ("a stage of the settings is not there", False)
    odoo.line.dead_before = 0
    down = await odoo.connector().deliver(told, NOON)
    assert (down.status, down.final, down.delivered) == (None, False, False)
    with pytest.raises(NoAnswer):
        await polled(odoo.connector(), {})
    odoo.line.mend()
    with pytest.raises(NoAnswer, match="stage"):
        await polled(odoo.connector(stages="no such"), {})
    elsewhere = Outgoing(told.id, told.type, told.body, "i", "a", NOON, 1, {})
    assert await odoo.connector().deliver(elsewhere, NOON) == Sent()
    assert (await odoo.house.left(applicant))["stage"] == odoo.stages[1]


@pytest.mark.parametrize(
    ("name", "final"),
    [
        ("builtins.ValueError", True),
        ("odoo.exceptions.ValidationError", True),
        ("builtins.OSError", False),
        ("builtins.MemoryError", False),
        ("psycopg2.errors.SerializationFailure", False),
        ("odoo.exceptions.LockError", False),
    ],
)
def test_a_fault_of_odoos_own_is_over_some_day(name: str, *, final: bool) -> None:
    assert refusal(Response(500, {}, json.dumps({"name": name}).encode())).final == final


async def test_odoo_answers_as_the_connector_reads_it(odoo: Connected) -> None:
    """Holds the fake to what the real one answers."""
    house = odoo.house
    applicant = await odoo.interviewed({"Patience": "Expert"})
    asked: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("hr.applicant", "search_read", {"domain": [], "fields": ["no_such"]}, 500, "builtins.ValueError"),
        ("hr.applicant", "write", {"ids": [applicant], "vals": {"kanban_state": "no"}}, 500, "builtins.ValueError"),
        ("hr.applicant", "write", {"ids": [applicant], "vals": {"availability": "soon"}}, 500, "builtins.ValueError"),
        ("hr.applicant", "write", {"ids": [applicant], "vals": {"stage_id": "New"}}, 500, "builtins.ValueError"),
        ("hr.applicant", "message_post", {"ids": [applicant], "no_such": 1}, 500, "builtins.ValueError"),
        ("hr.applicant", "_write", {"ids": [applicant]}, 403, "odoo.exceptions.AccessError"),
        ("hr.applicant", "write", {"ids": [999_999], "vals": {"priority": "1"}}, 404, "odoo.exceptions.MissingError"),
        ("hr.applicant", "write", {"ids": [applicant]}, 422, "werkzeug.exceptions.UnprocessableEntity"),
        ("no.such", "search_read", {"domain": []}, 404, "werkzeug.exceptions.NotFound"),
        ("hr.applicant", "no_such", {}, 404, "werkzeug.exceptions.NotFound"),
    ]
    for model, method, arguments, status, name in asked:
        answer = await house.ask(model, method, house.key, **arguments)
        assert (answer[0], answer[1]["name"]) == (status, name), (model, method, arguments)
    [job] = await house.rows("hr.applicant", [["id", "=", applicant]], "job_id")
    [asks] = await house.rows(
        "hr.job.skill", [["job_id", "=", job["job_id"][0]]], "skill_id", "skill_type_id", "skill_level_id"
    )
    skill = {name: asks[name][0] for name in ("skill_id", "skill_type_id", "skill_level_id")}
    await house.make("hr.applicant.skill", applicant_id=applicant, **skill)
    status, answer = await house.ask(
        "hr.applicant.skill", "create", house.key, vals_list=[{"applicant_id": applicant, **skill}]
    )
    assert (status, answer["name"]) == (422, "odoo.exceptions.ValidationError")
    assert await house.call("hr.applicant", "write", ids=[], vals={"priority": "1"}) is True
    assert await house.rows("hr.applicant", [["id", "=", 999_999]], "partner_name") == []


def test_its_webhooks_are_hints_and_junk_is_refused() -> None:
    settings = OdooSettings.model_validate({"url": "https://odoo.example.com", "database": "d"})
    connector = OdooConnector(settings, OdooSecrets.model_validate({"api_key": "k"}), SafeClient())
    hint = Received("POST", "", {}, {}, b'{"_action": "", "_id": 7, "_model": "hr.applicant"}')
    answer = connector.receive(hint, NOON)
    assert (answer.status, answer.keep, answer.poll_soon) == (200, None, True)
    for raw in (b"not json", b"[]", b'{"_model": 1}', b"[" * 500_000):
        with pytest.raises(Unreadable):
            connector.receive(Received("POST", "", {}, {}, raw), NOON)
    with pytest.raises(Unreadable):
        connector.read("hint", {})
