"""The records at work: what is told is kept once, rules carry on, and only people end or offer anything."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.delivery.worker import opened
from server.errors import UserError
from server.interview.events import InterviewInvited
from server.mail.mailer import LinkSeal, LinkUnreadable
from server.records.application_events import FollowUpKind, FollowUpMoved, FollowUpStatus, Outcome, Step
from server.records.engine import Records
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    CompetencySeen,
    FollowUpReturned,
    Incoming,
    InterviewOrdered,
    JobSeen,
)
from server.records.looking_after import Look, look_of_a_start, to_look_at
from server.records.taking_in import NotKnownYet, NotTheirs
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from server.storage.event_log import EventLog, NewInterview
from tests.records.conftest import NOW, a_candidate, a_job
from tests.records.house import APPLIED, FLOW, FLOWS, LINKS, an_application, connect, count, everything, records, told

ORDER_AT_ONCE = {
    "name": {"en": "Invite at once", "zh-CN": "立即邀请"},
    "when": {"event": "applied"},
    "then": {"action": "order_interview"},
}


@pytest.fixture
async def engine(database: Database) -> Records:
    engine = records(database)
    await engine.rules.ensure_defaults(NOW)
    return engine


async def the_interview(engine: Records, application_id: str) -> str:
    ordered = await engine.acts.order_interview(application_id, "u" * 32, NOW)
    assert ordered is not None
    assert ordered.is_told
    return ordered.interview_id


async def test_from_application_to_ready_for_offer_by_the_default_rules(database: Database, engine: Records) -> None:
    await connect(database, "assess", "assessment", "follow_up.ordered")
    await connect(database, "check", "checkr", "follow_up.ordered")
    await connect(database, "hr", "standard_webhooks", "application.step_changed")
    application_id = await an_application(engine)
    interview_id = await the_interview(engine, application_id)
    await engine.interview_told("m1", "interview.started", told("interview.started", interview_id), NOW)
    assert (await engine.log.state(application_id)).step is Step.INTERVIEW
    await engine.interview_told("m2", "report.ready", told("report.ready", interview_id, 8.1, minutes=1), NOW)
    state = await engine.log.state(application_id)
    assert (state.step, state.step_by) == (Step.ASSESSMENT, "rule:high_total_to_assessment")
    [assessment] = state.follow_ups
    assert (assessment.kind, assessment.connection_id) == (FollowUpKind.ASSESSMENT, "assess")
    passed = FollowUpReturned(assessment.id, None, "completed", 18, 30, "Passed", "https://example.org/r")
    await engine.take("assess", "r1", [passed], NOW)
    state = await engine.log.state(application_id)
    assert state.follow_ups[0].score == 0.6
    check = state.follow_ups[1]
    assert (state.step, check.connection_id) == (Step.BACKGROUND_CHECK, "check")
    await engine.remote_ids.keep("check", "follow_up", "report_1", check.id, NOW)
    await engine.take("check", "r2", [FollowUpReturned(None, "report_1", "completed", result="Clear")], NOW)
    state = await engine.log.state(application_id)
    assert (state.step, state.is_open) == (Step.READY_FOR_OFFER, True)
    assert [one.rule_id for one in state.fired] == [
        "high_total_to_assessment",
        "assessment_to_background_check",
        "clear_to_ready_for_offer",
    ]
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(schema.outbox).order_by(schema.outbox.c.position))).all()
    ordered = {row.destination: row.body["data"] for row in rows if row.type == "follow_up.ordered"}
    assert set(ordered) == {"assess", "check"}
    assert ordered["check"]["candidate"]["phone"] == "+442079460018"
    assert ordered["check"]["report"] == {"total": 8.1}
    steps = [row.body["data"]["step"] for row in rows if row.type == "application.step_changed"]
    assert steps == ["invited", "interview", "interviewed", "assessment", "background_check", "ready_for_offer"]


@pytest.mark.parametrize(("total", "score", "result"), [(7.4, 1, "clear"), (8, 0.5, "clear"), (8, 1, "consider")])
async def test_whoever_does_not_reach_a_mark_waits_for_a_person(
    database: Database, engine: Records, total: float, score: float, result: str
) -> None:
    await connect(database, "assess", "assessment")
    await connect(database, "check", "checkr")
    application_id = await an_application(engine)
    interview_id = await the_interview(engine, application_id)
    await engine.interview_told("m2", "report.ready", told("report.ready", interview_id, total), NOW)
    for kind, source in ((FollowUpKind.ASSESSMENT, "assess"), (FollowUpKind.BACKGROUND_CHECK, "check")):
        for one in (await engine.log.state(application_id)).follow_ups:
            if one.kind is kind:
                returned = FollowUpReturned(one.id, None, "completed", score, 1, result)
                await engine.take(source, kind.value, [returned], NOW)
    state = await engine.log.state(application_id)
    assert state.is_open
    assert state.step in (Step.INTERVIEWED, Step.ASSESSMENT, Step.BACKGROUND_CHECK)


async def test_the_same_told_twice_changes_nothing(database: Database, engine: Records) -> None:
    await connect(database, "assess", "assessment")
    skill = CompetencySeen("s1", "Python", 2, 0.75, ("Writes tests",))
    asked = [*APPLIED[:1], JobSeen("j1", "Backend developer", competencies=[skill]), *APPLIED[2:]]
    application_id = await an_application(engine)
    await engine.rules.add("at_once", ORDER_AT_ONCE, "", NOW)
    await engine.carry_on(application_id, NOW)
    [interview] = (await engine.log.state(application_id)).interviews
    report = told("report.ready", interview.id, 8.1)
    await engine.take("odoo", "e1", asked, NOW)
    await engine.interview_told("m1", "report.ready", report, NOW)
    [ordered] = (await engine.log.state(application_id)).follow_ups
    returned = FollowUpReturned(ordered.id, None, "completed", 0.9, 1)
    again = FollowUpReturned(ordered.id, None, "completed", 0.3, 1)
    await engine.take("assess", "r1", [returned], NOW)
    await engine.take("assess", "r2", [again], NOW)
    before = await everything(database)
    later = NOW + timedelta(days=1)
    for engine_ in (engine, records(database)):
        await engine_.take("odoo", "e1", asked, later)
        await engine_.take("odoo", "e9", asked, later)
        await engine_.interview_told("m1", "report.ready", report, later)
        await engine_.take("assess", "r1", [returned], later)
        await engine_.take("assess", "r2", [again], later)
    assert await everything(database) == before
    assert await count(database, tables.competency_models) == 1
    assert (await engine.log.state(application_id)).follow_ups[0].score == 0.3


async def test_a_rule_orders_an_interview_once_with_its_letter(database: Database, engine: Records) -> None:
    await connect(database, "email", "email", "email.send")
    application_id = await an_application(engine)
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
    for _ in range(2):
        await engine.carry_on(application_id, NOW)
    [interview] = (await engine.log.state(application_id)).interviews
    async with database.read() as connection:
        row = (await connection.execute(sa.select(schema.interviews))).one()
    assert (row.id, row.application_id, row.round, row.flow_id) == (interview.id, application_id, 1, FLOW)
    assert (row.candidate_email, row.jurisdiction) == ("ada@example.org", "EU")
    assert await count(database, schema.outbox, schema.outbox.c.type == "email.send") == 1
    assert await count(database, schema.invitations) == 1


async def test_what_dies_half_way_leaves_nothing_and_is_done_afterwards(
    database: Database, engine: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    application_id = await an_application(engine)
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
    before = await everything(database)

    async def dies(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("server.records.application_log._keep_firings", dies)
        with pytest.raises(KeyboardInterrupt):
            await engine.carry_on(application_id, NOW)
    assert await everything(database) == before
    await records(database).carry_on(application_id, NOW)
    assert len((await engine.log.state(application_id)).interviews) == 1


async def test_what_cannot_be_done_is_recorded_once_and_done_when_it_can(database: Database, engine: Records) -> None:
    application_id = await an_application(engine)
    interview_id = await the_interview(engine, application_id)
    await engine.interview_told("m1", "report.ready", told("report.ready", interview_id, 8.0), NOW)
    await engine.carry_on(application_id, NOW)
    state = await engine.log.state(application_id)
    assert [(one.because, one.action) for one in state.blocked] == [("no_connection", "assessment")]
    assert (await engine.applications.get(application_id)).stuck == "no_connection"
    assert state.step is Step.INTERVIEWED
    await connect(database, "one", "assessment")
    await connect(database, "two", "assessment")
    await engine.carry_on(application_id, NOW)
    assert [one.because for one in (await engine.log.state(application_id)).blocked] == ["several_connections"]
    async with database.begin() as connection:
        table = tables.connections
        await connection.execute(table.update().where(table.c.id == "two").values(is_on=False))
    await engine.carry_on(application_id, NOW)
    state = await engine.log.state(application_id)
    assert (state.step, state.blocked) == (Step.ASSESSMENT, ())


async def test_no_interview_is_made_that_nobody_hears_of(database: Database, engine: Records) -> None:
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
    silent = [CandidateSeen("c1", "Ada", None, "+442079460018"), *APPLIED[1:]]
    await engine.take("odoo", "e0", silent, NOW)
    application_id = await engine.remote_ids.local("odoo", "application", "a1") or ""
    assert (await engine.log.state(application_id)).blocked[0].because == "no_flow"
    async with database.begin() as connection:
        await connection.execute(schema.jobs.update().values(flow_id=FLOW))
    await engine.carry_on(application_id, NOW)
    assert (await engine.log.state(application_id)).blocked[0].because == "no_email"
    assert await count(database, schema.interviews) == 0
    await engine.take("odoo", "e2", APPLIED, NOW)
    assert len((await engine.log.state(application_id)).interviews) == 1


async def test_people_do_what_rules_cannot(database: Database, engine: Records) -> None:
    person = "u" * 32
    application_id = await an_application(engine)
    await engine.acts.advance(application_id, Step.OFFERED, person, "we like her", NOW)
    await engine.acts.advance(application_id, Step.APPLIED, person, "too early", NOW)
    state = await engine.log.state(application_id)
    assert (state.step, state.step_reason) == (Step.APPLIED, "too early")
    follow_up = await engine.acts.order_follow_up(
        application_id, FollowUpKind.DEPARTMENT_RATING, person, NOW, department="Engineering"
    )
    await engine.take("console", "f1", [FollowUpReturned(follow_up, None, "completed", 8, 10)], NOW)
    assert (await engine.log.state(application_id)).follow_ups[0].score == 0.8
    await engine.acts.close(application_id, Outcome.HIRED, person, "", NOW)
    await engine.acts.close(application_id, Outcome.HIRED, person, "", NOW)
    for act in (
        engine.acts.advance(application_id, Step.OFFERED, person, "", NOW),
        engine.acts.close(application_id, Outcome.REJECTED, person, "", NOW),
        engine.acts.order_interview(application_id, person, NOW),
        engine.acts.order_follow_up(application_id, FollowUpKind.DEPARTMENT_RATING, person, NOW),
    ):
        with pytest.raises(UserError, match="application_closed"):
            await act
    state = await engine.log.state(application_id)
    assert await engine.applications.open_for(state.candidate_id, state.job_id, "odoo", NOW) != application_id
    with pytest.raises(UserError, match="application_open_already"):
        await engine.acts.reopen(application_id, person, "", NOW)
    with pytest.raises(ValueError, match="a rule closes nothing"):
        await engine.acts.close(application_id, Outcome.REJECTED, "rule:r", "", NOW)


async def test_orders_say_what_is_missing(engine: Records) -> None:
    application_id = await an_application(engine, flow_id=None)
    with pytest.raises(UserError, match="cannot_order_no_flow"):
        await engine.acts.order_interview(application_id, "u" * 32, NOW)
    with pytest.raises(UserError, match="cannot_order_no_connection"):
        await engine.acts.order_follow_up(application_id, FollowUpKind.TRAINING, "u" * 32, NOW)
    with pytest.raises(UserError, match="cannot_order_connection_off"):
        await engine.acts.order_follow_up(application_id, FollowUpKind.TRAINING, "u" * 32, NOW, connection_id="gone")
    first = await engine.acts.order_interview(application_id, "u" * 32, NOW, flow_id=FLOW, interview_id="f" * 32)
    again = await engine.acts.order_interview(application_id, "u" * 32, NOW, flow_id=FLOW, interview_id="f" * 32)
    assert first is not None
    assert again is None


async def test_of_two_applications_there_that_are_one_here_the_last_one_taken_back_closes_it(engine: Records) -> None:
    application_id = await an_application(engine)
    again = (CandidateSeen("c2", "Ada", "ada@example.org"), ApplicationSeen("a2", "c2", "j1"))
    await engine.take("odoo", "e1", again, NOW)
    assert await engine.remote_ids.local("odoo", "application", "a2") == application_id
    await engine.take("odoo", "e2", [ApplicationWithdrawn("a1", "Duplicate")], NOW)
    assert (await engine.log.state(application_id)).is_open
    assert await engine.remote_ids.remote("odoo", "application", application_id) == "a2"
    await engine.take("odoo", "e3", [ApplicationWithdrawn("a2", "Refused")], NOW)
    assert (await engine.log.state(application_id)).outcome is Outcome.WITHDRAWN


async def test_what_comes_too_early_is_asked_for_again(engine: Records) -> None:
    for too_early in (
        ApplicationSeen("a1", "c1", "j1"),
        FollowUpReturned(None, "r1", "completed"),
        FollowUpReturned("f" * 32, None, "completed"),
        ApplicationWithdrawn("a1"),
    ):
        with pytest.raises(NotKnownYet):
            await engine.take("odoo", "e", [too_early], NOW)


async def test_one_that_comes_too_early_holds_up_no_other(engine: Records) -> None:
    with pytest.raises(NotKnownYet):
        await engine.take("odoo", "e", [ApplicationSeen("a0", "c0", "j1"), *APPLIED], NOW)
    assert await engine.remote_ids.local("odoo", "application", "a1") is not None


async def test_what_was_left_undone_is_looked_after(database: Database, engine: Records) -> None:
    application_id = await an_application(engine)
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
    assert (await engine.look_after(Look(NOW), NOW))[0] == 1
    state = await engine.log.state(application_id)
    assert len(state.interviews) == 1
    later = NOW + timedelta(hours=1)
    assert (await engine.look_after(Look(later), later))[0] == 0
    report = told("report.ready", state.interviews[0].id, 8.0)
    await engine.interview_told("m1", "report.ready", report, NOW)
    await connect(database, "assess", "assessment")
    assert (await engine.look_after(Look(later), later))[0] == 1
    assert (await engine.log.state(application_id)).step is Step.ASSESSMENT


async def test_every_open_application_is_looked_at_in_time_however_many_and_however_old(database: Database) -> None:
    job_id = await a_job(database)
    row = {"job_id": job_id, "source": "console", "created_at": NOW, "step": "applied"}
    ago = {"old": timedelta(days=3), "stuck": timedelta(days=2), "new": timedelta()}
    async with database.begin() as connection:
        # One open application for each candidate and job.
        for number in range(7):
            for kind, since in ago.items():
                id_ = f"{kind}{number}"
                person = {"id": id_, "name": id_, "email": f"{id_}@example.org", "language": "en", "created_at": NOW}
                await connection.execute(schema.candidates.insert().values(person))
                values = {**row, "id": id_, "candidate_id": id_, "step_since": NOW - since}
                values |= {"stuck": "no_connection" if kind == "stuck" else None}
                await connection.execute(tables.applications.insert().values(values))
    look, seen, rounds = look_of_a_start(NOW), list[str](), 0
    while rounds == 0 or look.after_any is not None:
        ids, look = await to_look_at(database, look, NOW, limit=2)
        assert len(ids) <= 6
        seen += ids
        rounds += 1
    every = {f"{kind}{number}" for kind in ago for number in range(7)}
    assert set(seen) == every
    # From then on those that wait and those that come to a step, all of them, over and over.
    again = list[str]()
    for _ in range(4):
        ids, look = await to_look_at(database, look, NOW, limit=2)
        again += ids
    assert set(again) == {one for one in every if not one.startswith("old")}


async def test_one_that_cannot_be_read_keeps_no_other_from_being_looked_after(
    database: Database, engine: Records
) -> None:
    application_id = await an_application(engine)
    later = NOW + timedelta(minutes=1)
    broken = await engine.applications.open_for(
        await a_candidate(database, "Mei", "mei@example.org"), await a_job(database), "console", later
    )
    async with database.begin() as connection:
        events = tables.application_events
        await connection.execute(events.delete().where(events.c.application_id == broken))
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
    assert (await engine.look_after(Look(NOW), later))[0] == 2
    assert len((await engine.log.state(application_id)).interviews) == 1


async def test_a_flow_that_is_made_this_moment_is_waited_for(database: Database) -> None:
    async def look() -> None:
        async with database.begin() as connection:
            await connection.execute(schema.jobs.update().values(flow_id=FLOW))

    engine = records(database, look_for_flows=look)
    await engine.take("odoo", "e", [*APPLIED[:2], ApplicationSeen("a1", "c1", "j1", order_interview=True)], NOW)
    application_id = await engine.remote_ids.local("odoo", "application", "a1") or ""
    state = await engine.log.state(application_id)
    assert (len(state.interviews), state.blocked) == (1, ())


async def test_a_partner_may_order_a_flow_that_another_process_has_made_this_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        monkeypatch.setitem(FLOWS, "fresh", replace(FLOWS[FLOW], id="fresh"))

    engine = records(database, look_for_flows=look)
    ordered = InterviewOrdered("i1", "fresh", CandidateSeen("c1", "Ada", "ada@example.org"))
    await engine.take("partner", "e", [ordered], NOW)
    assert await engine.remote_ids.local("partner", "interview", "i1") is not None


async def test_a_connection_speaks_only_of_its_own(database: Database, engine: Records) -> None:
    await connect(database, "assess", "assessment")
    await connect(database, "other", "checkr")
    application_id = await an_application(engine)
    ordered = await engine.acts.order_follow_up(application_id, FollowUpKind.ASSESSMENT, "u" * 32, NOW)
    # "hr": the system of an API key, which is no connection.
    for stranger in ("other", "hr"):
        with pytest.raises(NotTheirs):
            await engine.take(stranger, "e", [FollowUpReturned(ordered, None, "completed", 1, 1)], NOW)
    with pytest.raises(NotKnownYet):
        await engine.take("other", "e", [ApplicationWithdrawn("a1")], NOW)
    state = await engine.log.state(application_id)
    assert (state.follow_ups[0].status, state.is_open) == (FollowUpStatus.ORDERED, True)
    await engine.take("odoo", "w", [ApplicationWithdrawn("a1", "has another job")], NOW)
    await engine.take("odoo", "w", [ApplicationWithdrawn("a1", "has another job")], NOW)
    closed = await engine.log.state(application_id)
    assert (closed.outcome, closed.closed_by) == (Outcome.WITHDRAWN, "connection:odoo")


async def test_a_partner_orders_an_interview_and_passes_its_link_on(database: Database, engine: Records) -> None:
    await connect(database, "feishu", "feishu", "interview.arranged")
    order = InterviewOrdered("exam_1", FLOW, CandidateSeen("p1", "李娜", None, "+8613812345678"))
    await engine.take("feishu", "e1", [order], NOW)
    await engine.take("feishu", "e2", [order], NOW)
    interview_id = await engine.remote_ids.local("feishu", "interview", "exam_1")
    async with database.read() as connection:
        row = (await connection.execute(sa.select(schema.interviews))).one()
        sent = (await connection.execute(sa.select(schema.outbox))).all()
        job = (await connection.execute(sa.select(schema.jobs))).one()
    assert (row.id, job.flow_id) == (interview_id, FLOW)
    [arranged] = [one for one in sent if one.type == "interview.arranged"]
    assert arranged.destination == "feishu"
    assert "/i/" not in json.dumps(arranged.body), "the database keeps no link that works"
    sent_on = opened(arranged.body, LINKS)["data"]
    assert sent_on.keys() == {"interview_id", "application_id", "link"}
    assert sent_on["link"].startswith("https://hr.example.org/i/")
    with pytest.raises(LinkUnreadable):
        opened(arranged.body, LinkSeal("another"))
    # A partner that leaves writing to us, of somebody whose address is unknown: a person is told.
    unwritten = InterviewOrdered("url_1", FLOW, CandidateSeen("q1", "Bo", None, None))
    await engine.take("greenhouse", "e1", [unwritten], NOW)
    made = await engine.remote_ids.local("greenhouse", "interview", "url_1") or ""
    application_id = await engine.applications.of_interview(made) or ""
    assert (await engine.applications.get(application_id)).stuck == "no_email"
    await engine.interview_told("m", "interview.started", told("interview.started", made), NOW)
    assert (await engine.applications.get(application_id)).stuck is None
    with pytest.raises(UserError, match="flow_unknown"):
        await engine.take("greenhouse", "e3", [InterviewOrdered("u2", "none", unwritten.candidate)], NOW)


async def test_who_was_invited_by_hand_gets_an_application(database: Database, engine: Records) -> None:
    candidate_id, job_id = await a_candidate(database), await a_job(database)
    body = InterviewInvited(FLOW, FLOWS[FLOW].version, FLOWS[FLOW].languages[0], "EU", "Ada Lovelace")
    async with database.begin() as connection:
        log = EventLog(database)
        made = [
            NewInterview("1" * 32, body, "ada@example.org", candidate_id, job_id),
            NewInterview("2" * 32, body, "ada@example.org", candidate_id, None),
            NewInterview("3" * 32, body, "ada@example.org", candidate_id, job_id, is_trial=True),
        ]
        await log.create_all(connection, made, now=NOW)
    for n in "1234":
        await engine.interview_told(f"m{n}", "interview.invited", told("interview.invited", n * 32), NOW)
    assert await count(database, tables.applications) == 1
    application_id = await engine.applications.of_interview("1" * 32)
    assert application_id is not None
    state = await engine.log.state(application_id)
    assert (state.source, state.step, state.interviews[0].id) == ("console", Step.INVITED, "1" * 32)


async def test_an_application_opened_for_an_interview_is_never_without_it(database: Database, engine: Records) -> None:
    candidate_id, job_id = await a_candidate(database), await a_job(database)
    body = InterviewInvited(FLOW, FLOWS[FLOW].version, FLOWS[FLOW].languages[0], "EU", "Ada Lovelace")
    async with database.begin() as connection:
        one = NewInterview("1" * 32, body, "ada@example.org", candidate_id, job_id)
        await EventLog(database).create_all(connection, [one], now=NOW)
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)

    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("UPDATE interviews"):
            raise ConnectionAbortedError

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", die)
    with pytest.raises(ConnectionAbortedError):
        await engine.interview_told("m", "interview.invited", told("interview.invited", "1" * 32), NOW)
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", die)
    # Another process that looks now finds nothing to order a second interview for.
    assert (await engine.look_after(Look(NOW), NOW))[0] == 0
    await engine.interview_told("m", "interview.invited", told("interview.invited", "1" * 32), NOW)
    assert await count(database, schema.interviews) == 1


async def test_what_came_back_to_a_process_that_died_is_looked_after(database: Database, engine: Records) -> None:
    await connect(database, "assess", "assessment", "follow_up.ordered")
    await connect(database, "check", "checkr", "follow_up.ordered")
    application_id = await an_application(engine)
    follow_up_id = await engine.acts.order_follow_up(application_id, FollowUpKind.ASSESSMENT, "u" * 32, NOW)
    later = NOW + timedelta(hours=3)
    passed = FollowUpMoved(follow_up_id, FollowUpStatus.COMPLETED, 0.9)
    await engine.acts.record(application_id, lambda state: [passed], later)
    assert (await engine.look_after(Look(later + timedelta(minutes=1)), later))[0] == 0
    assert (await engine.look_after(Look(later), later))[0] == 1
    assert (await engine.log.state(application_id)).step is Step.BACKGROUND_CHECK


@pytest.mark.parametrize("by_partner", [False, True])
async def test_an_order_that_is_cut_off_makes_one_interview(
    database: Database, engine: Records, by_partner: bool
) -> None:
    await connect(database, "email", "email", "email.send")
    await engine.rules.add("at_once", ORDER_AT_ONCE, "u" * 32, NOW)
    job_id = await a_job(database)
    await engine.remote_ids.keep("odoo", "job", "j1", job_id, NOW)
    person = CandidateSeen("c1", "Ada Lovelace", "ada@example.org")
    seen = ApplicationSeen("a1", "c1", "j1", order_interview=True)
    told_of: list[Incoming] = [InterviewOrdered("exam_1", FLOW, person, "j1")] if by_partner else [person, seen]

    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO interviews"):
            raise ConnectionAbortedError

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", die)
    with pytest.raises(ConnectionAbortedError):
        await engine.take("odoo", "e1", told_of, NOW)
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", die)
    # Another process that looks now finds nothing to order an interview for.
    assert (await records(database).look_after(Look(NOW), NOW))[0] == 0
    for _ in range(2):
        await engine.take("odoo", "e1", told_of, NOW)
        await engine.look_after(Look(NOW), NOW)
    assert [await count(database, one) for one in (tables.applications, schema.interviews, tables.firings)] == [1, 1, 0]
    if by_partner:
        assert await engine.remote_ids.local("odoo", "interview", "exam_1") is not None


async def test_correcting_an_old_report_starts_nothing(database: Database, engine: Records) -> None:
    await connect(database, "assess", "assessment", "follow_up.ordered")
    for event in ("applied", "step"):
        when = {"event": event} | ({"step": "interviewed"} if event == "step" else {})
        rule = {**ORDER_AT_ONCE, "when": when, "then": {"action": "notify", "text": "Look"}}
        await engine.rules.add(f"on_{event}", rule, "u" * 32, NOW)
    candidate_id, job_id = await a_candidate(database), await a_job(database)
    body = InterviewInvited(FLOW, FLOWS[FLOW].version, FLOWS[FLOW].languages[0], "EU", "Ada Lovelace")
    before = NOW - timedelta(days=30)
    async with database.begin() as connection:
        one = NewInterview("1" * 32, body, "ada@example.org", candidate_id, job_id)
        await EventLog(database).create_all(connection, [one], now=before)
        await connection.execute(schema.interviews.update().values(completed_at=before, status="completed"))
    for n in (1, 2):
        updated = told("report.updated", "1" * 32, 9.0, minutes=n)
        await engine.interview_told(f"m{n}", "report.updated", updated, NOW + timedelta(minutes=n))
    state = await engine.log.state(await engine.applications.of_interview("1" * 32) or "")
    assert (state.step, state.total, state.fired, state.follow_ups) == (Step.INTERVIEWED, 9.0, (), ())
    # A person goes on, and rules from there.
    later = NOW + timedelta(hours=1)
    await engine.acts.order_follow_up(
        await engine.applications.of_interview("1" * 32) or "", FollowUpKind.ASSESSMENT, "u" * 32, later
    )
    [assessment] = (await engine.log.state(await engine.applications.of_interview("1" * 32) or "")).follow_ups
    await engine.take("assess", "r", [FollowUpReturned(assessment.id, None, "completed", 9, 10)], later)
    [blocked] = (await engine.log.state(await engine.applications.of_interview("1" * 32) or "")).blocked
    assert (blocked.rule_id, blocked.because) == ("assessment_to_background_check", "no_connection")


async def test_a_follow_up_is_ordered_only_of_who_does_it(database: Database, engine: Records) -> None:
    application_id = await an_application(engine)
    await connect(database, "check", "checkr", "follow_up.ordered")
    await connect(database, "hr", "odoo", "report.ready")
    await connect(database, "own", "standard_webhooks", "follow_up.ordered")
    kind = FollowUpKind.ASSESSMENT
    for unfit in ("check", "hr"):
        with pytest.raises(UserError, match="cannot_order_connection_unfit"):
            await engine.acts.order_follow_up(application_id, kind, "u" * 32, NOW, connection_id=unfit)
    assert await count(database, tables.follow_ups) == 0
    await engine.acts.order_follow_up(application_id, kind, "u" * 32, NOW, connection_id="own")
    then = {"action": "background_check", "connection_id": "hr"}
    await engine.rules.add("unfit", {**ORDER_AT_ONCE, "then": then}, "u" * 32, NOW)
    await engine.carry_on(application_id, NOW)
    assert (await engine.applications.get(application_id)).stuck == "connection_unfit"


async def test_what_is_told_after_a_merging_names_who_is_kept(database: Database, engine: Records) -> None:
    await connect(database, "hr", "standard_webhooks", "application.step_changed")
    application_id = await an_application(engine)
    gone = (await engine.log.state(application_id)).candidate_id
    kept = await a_candidate(database, "Ada L.", "ada.l@example.org")
    assert await engine.people.merge(kept, gone, "u" * 32, NOW) == kept
    await engine.acts.advance(application_id, Step.INVITED, "u" * 32, "", NOW)
    await engine.acts.close(application_id, Outcome.WITHDRAWN, "u" * 32, "", NOW)
    query = sa.select(schema.outbox.c.body).where(schema.outbox.c.type == "application.step_changed")
    async with database.read() as connection:
        named = {body["data"]["candidate_id"] for body in await connection.scalars(query)}
    assert named == {kept}
    assert (await engine.people.get(gone)).id == kept


async def test_a_newer_report_holds_whichever_comes_first(engine: Records) -> None:
    application_id = await an_application(engine)
    interview_id = await the_interview(engine, application_id)
    new = told("report.updated", interview_id, 6.0, minutes=9, combined=7.0)
    await engine.interview_told("m2", "report.updated", new, NOW)
    await engine.interview_told("m1", "report.ready", told("report.ready", interview_id, 6.0, minutes=1), NOW)
    assert (await engine.applications.get(application_id)).total == 7.0
