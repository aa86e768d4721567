"""Candidates, jobs, applications and interviews, carried through the API alone."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from server.ehr.api.applications import without_totals
from server.interview.events import RecordingStarted, RecordingStored
from server.keys import DATABASE, FLOWS, RECORDS, SETTINGS
from server.recordings.links import RecordingLink
from server.records.application_events import FollowUpKind, ReportReceived, RuleFired, encode
from server.resumes.limits import LARGEST_FILE
from server.storage import schema
from server.storage.api_keys import ApiKeys
from server.storage.event_log import EventLog
from tests.server.ehr.api.conftest import Api

JOB = {"remote_id": "job-1", "title": "Support agent", "department": "Service", "flow_id": "customer_service"}
ADA = {"remote_id": "c-1", "name": "Ada Lovelace", "email": "Ada@Example.org", "phone": "+49 30 1234567"}


@pytest.fixture(scope="module")
def api(api_on_both: Api) -> Api:
    return api_on_both


async def sent(
    client: aiohttp.ClientSession, method: str, path: str, body: Any = None, status: int = 200, **params: str
) -> Any:
    """The answer's JSON."""
    async with client.request(method, path, json=body, params=params) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_a_candidate_is_one_by_remote_id_and_by_address(api: Api) -> None:
    async with api.client() as client:
        first = await sent(client, "POST", "candidates", ADA)
        assert (first["email"], first["phone"], first["remote_id"]) == ("ada@example.org", "+49301234567", "c-1")
        again = await sent(client, "POST", "candidates", {"remote_id": "c-1", "name": "Ada King"})
        assert (again["id"], again["name"], again["email"]) == (first["id"], "Ada King", "ada@example.org")
        listed = await sent(client, "GET", "candidates", remote_id="c-1")
        assert [one["id"] for one in listed["items"]] == [first["id"]]
        assert (await sent(client, "GET", f"candidates/{first['id']}"))["name"] == "Ada King"
    # Another system knows the same person by another id, and sees its own.
    async with api.client(api.key(system="other")[1]) as other:
        same = await sent(other, "POST", "candidates", {"remote_id": "77", "name": "A. L.", "email": "ada@example.org"})
        assert (same["id"], same["remote_id"]) == (first["id"], "77")
        for field, wrong in (("email", "nobody"), ("phone", "12"), ("time_zone", "Mars/Olympus"), ("time_zone", "..")):
            refused = await sent(other, "POST", "candidates", {"remote_id": "78", "name": "B", field: wrong}, 400)
            assert refused["field"] == field


async def test_what_a_candidate_says_of_their_time_becomes_times_on_their_clock(api: Api) -> None:
    cai = {"remote_id": "c-2", "name": "Cai", "availability_text": "工作日晚上七点以后（北京时间）"}
    async with api.client() as client:
        made = await sent(client, "POST", "candidates", cai)
        assert made["time_zone"] == "Asia/Shanghai"
        row = {"from": "2027-01-04T10:00:00Z", "to": "2027-01-04T12:00:00Z"}
        for wrong, code in (
            ({"availability_text": "weekdays, but not Mondays"}, "availability_unclear"),
            ({"availability_text": "weekdays after 6pm"}, "availability_needs_zone"),
            ({"availability": [row]}, "field_wrong"),
        ):
            refused = await sent(client, "POST", "candidates", {**cai, **wrong}, 400)
            assert (refused["code"], refused["field"]) == (code, "availability_text")

    async def kept() -> Any:
        async with api.app[DATABASE].read() as connection:
            table = schema.candidates.c
            return await connection.scalar(sa.select(table.availability).where(table.id == made["id"]))

    stated = api.run(kept())
    assert len(stated) in range(40, 46)
    assert {one["from"][10:] for one in stated} == {"T11:00:00+00:00"}


async def test_lists_come_in_pages_that_hold_still(api: Api) -> None:
    async with api.client() as client:
        made = [
            (await sent(client, "POST", "jobs", {**JOB, "remote_id": f"page-{n}", "title": f"Job {n}"}))["id"]
            for n in range(5)
        ]
        seen: list[str] = []
        page = await sent(client, "GET", "jobs", limit="2")
        while True:
            seen += [one["id"] for one in page["items"] if one["id"] in made]
            if page["next"] is None:
                break
            page = await sent(client, "GET", "jobs", limit="2", cursor=page["next"])
        assert seen == made[::-1]


async def test_a_job_is_changed_by_its_remote_id_and_its_model_gets_versions(api: Api) -> None:
    async with api.client() as client:
        job = await sent(client, "POST", "jobs", JOB)
        closed = await sent(client, "POST", "jobs", {"remote_id": "job-1", "title": "Agent", "is_open": False})
        assert (closed["id"], closed["title"], closed["is_open"]) == (job["id"], "Agent", False)
        assert closed["flow_id"] == "customer_service", "a flow that is not named stays"
        model = {
            "competencies": [{"remote_id": "s-1", "name": "Listening", "weight": 2.0, "indicators": ["Asks back"]}]
        }
        versions = []
        for sent_model in (model, model, {"competencies": [{"remote_id": "s-1", "name": "Listening"}]}):
            answer = await sent(client, "PUT", f"jobs/{job['id']}/competency-model", sent_model)
            versions.append((answer["id"], answer["version"]))
        assert [version for _, version in versions] == [1, 1, 2]
        assert len({id_ for id_, _ in versions}) == 1
        assert answer["flow_id"] == "customer_service", "HR's choice stays"
        other = await sent(client, "POST", "jobs", {"remote_id": "job-3", "title": "Nurse"})
        made = await sent(client, "PUT", f"jobs/{other['id']}/competency-model", model)
        assert made["flow_id"] in api.app[FLOWS], "its questions can be asked at once"
        twice = {"competencies": model["competencies"] * 2}
        assert (await sent(client, "PUT", f"jobs/{job['id']}/competency-model", twice, 400))["field"] == "competencies"


async def test_an_application_is_opened_once_and_closed_by_a_person_with_a_reason(api: Api) -> None:
    async with api.client() as client:
        job = await sent(client, "POST", "jobs", {**JOB, "remote_id": "job-2"})
        candidate = await sent(client, "POST", "candidates", {"remote_id": "c-2", "name": "Mei Lin"})
        body = {"candidate_id": candidate["id"], "job_id": job["id"], "remote_id": "a-2"}
        opened = await sent(client, "POST", "applications", body)
        assert (await sent(client, "POST", "applications", body))["id"] == opened["id"]
        assert (opened["step"], opened["source"], opened["remote_id"]) == ("applied", "acme", "a-2")
        listed = await sent(client, "GET", "applications", step="applied", is_open="true", job_id=job["id"])
        assert [one["id"] for one in listed["items"]] == [opened["id"]]
        close = {"outcome": "withdrawn", "decided_by": "Ann Smith", "reason": "She has found something else."}
        assert (await sent(client, "POST", f"applications/{opened['id']}/close", {"outcome": "withdrawn"}, 400))[
            "field"
        ]
        closed = await sent(client, "POST", f"applications/{opened['id']}/close", close)
        assert closed["outcome"] == "withdrawn"
        await sent(client, "POST", f"applications/{opened['id']}/close", close)
        other = await sent(client, "POST", f"applications/{opened['id']}/close", {**close, "outcome": "rejected"}, 409)
        assert other["code"] == "application_closed"
        history = (await sent(client, "GET", f"applications/{opened['id']}"))["history"]
        assert [one["type"] for one in history] == ["Applied", "Closed"]
        assert history[1]["data"]["reason"] == "Ann Smith: She has found something else."


async def test_an_interview_is_ordered_held_read_rated_and_cannot_be_called_off_afterwards(api: Api) -> None:
    async with api.client() as client:
        order = {"candidate_name": "Grace Hopper", "flow_id": "customer_service", "language": "en"}
        ordered = await sent(client, "POST", "interviews", order, 201)
        path = f"interviews/{ordered['id']}"
        assert (await sent(client, "GET", path))["status"] == "invited"
        assert (await sent(client, "POST", f"{path}/recording-link", {}, 404))["code"] == "recording_none"
        api.begin(ordered["id"], answers=-1)
        assert (await sent(client, "GET", path))["status"] == "completed"
        assert (await sent(client, "POST", f"{path}/cancel", {"reason": "Too late"}, 409))["code"] == "questions_over"
        transcript = await sent(client, "GET", f"{path}/transcript")
        assert transcript["answers"][0]["text"]
        assert len(transcript["answers"][0]["words"]) > 5
        scores = await sent(client, "GET", f"{path}/scores")
        assert scores["total"]["machine"] is not None
        rating = {"rater": "Ann Smith", "department": "Store", "competency_id": scores["competencies"][0]["id"]}
        rated = {**rating, "points": 7.5, "reason": "She listened."}
        await sent(client, "POST", f"{path}/ratings", rated)
        after = await sent(client, "GET", f"{path}/scores")
        assert after["competencies"][0]["human"] == 7.5
        for wrong in ({"points": 7.3}, {"points": 11.0}, {"reason": " "}, {"dimension_id": "motivation"}):
            await sent(client, "POST", f"{path}/ratings", {**rated, **wrong}, 400)
        report = (await sent(client, "GET", f"{path}/report"))["report"]
        [given] = report["people"]["competencies"][0]["ratings"]
        assert (given["rater"], given["reason"]) == ("Ann Smith (acme)", "She listened.")


async def test_an_interview_is_called_off_and_nobody_is_surprised(api: Api) -> None:
    async with api.client() as client:
        order = {"candidate_name": "Joan Clarke", "flow_id": "customer_service", "language": "en"}
        ordered = await sent(client, "POST", "interviews", order, 201)
        called_off = await sent(client, "POST", f"interviews/{ordered['id']}/cancel", {"reason": "The job is filled."})
        assert called_off["status"] == "cancelled"
        listed = await sent(client, "GET", "interviews?status=cancelled")
        assert ordered["id"] in [one["id"] for one in listed["items"]]
        async with client.get(ordered["link"]) as page:
            text = await page.text()
            assert page.status == 410
            assert "cancelled this interview before it began" in text
            assert "The job is filled" not in text
        running = api.invite("Alan Turing")
        api.begin(running, answers=1)
        ended = await sent(client, "POST", f"interviews/{running}/cancel", {"reason": "Fire drill."})
        assert ended["status"] in ("running", "checking", "completed")


async def test_an_application_gets_its_interview_and_a_check_comes_back(api: Api) -> None:
    async with api.client() as client:
        job = await sent(client, "POST", "jobs", {**JOB, "remote_id": "job-4"})
        candidate = await sent(client, "POST", "candidates", {"remote_id": "c-4", "name": "Katherine Johnson"})
        application = await sent(client, "POST", "applications", {"candidate_id": candidate["id"], "job_id": job["id"]})
        order = {"application_id": application["id"]}
        wrong = await sent(client, "POST", "interviews", {**order, "candidate_name": "Somebody"}, 400)
        assert wrong["field"] == "candidate_name"
        ordered = await sent(client, "POST", "interviews", order, 201)
        assert (ordered["candidate_id"], ordered["is_told"]) == (candidate["id"], False)
        shown = await sent(client, "GET", f"interviews/{ordered['id']}")
        assert (shown["application_id"], shown["round"]) == (application["id"], 1)
        now = await sent(client, "GET", f"applications/{application['id']}")
        assert now["step"] == "invited"
        await sent(client, "POST", f"interviews/{ordered['id']}/cancel", {"reason": "Another day."})
        history = (await sent(client, "GET", f"applications/{application['id']}"))["history"]
        assert history[-1]["data"] == {"interview_id": ordered["id"], "status": "cancelled"}

        kind, by = FollowUpKind.DEPARTMENT_RATING, "account"
        acts = api.app[RECORDS].acts
        follow_up = api.run(acts.order_follow_up(application["id"], kind, by, datetime.now(UTC), department="Store"))
        path, result = f"follow-ups/{follow_up}/result", {"status": "completed", "score": 8.0, "max_score": 10.0}
        assert (await sent(client, "POST", path, {**result, "score": 11.0}, 400))["field"] == "score"
        for _ in range(2):
            assert (await sent(client, "POST", path, result))["status"] == "completed"
        assert (await sent(client, "POST", f"follow-ups/{'0' * 32}/result", result, 404))["code"] == "follow_up_unknown"


async def test_how_somebody_did_is_for_keys_that_may_read_reports(api: Api) -> None:
    interview_id = api.invite("Emmy Noether")

    async def rate() -> None:
        table = schema.interviews
        async with api.app[DATABASE].begin() as connection:
            rated = table.update().where(table.c.id == interview_id).values(total=8.0, decision="advance")
            await connection.execute(rated)

    api.run(rate())
    for scopes, seen in ((["interviews:read"], (None, None)), (["interviews:read", "reports:read"], (8.0, "advance"))):
        async with api.client(api.key(scopes)[1]) as client:
            listed = (await sent(client, "GET", "interviews"))["items"]
            one = await sent(client, "GET", f"interviews/{interview_id}")
            assert one in listed
            assert (one["total"], one["decision"]) == seen
    report = ReportReceived(interview_id, "m1", 8.0)
    fired = RuleFired("r", 1, "assessment", {"total": 8.0, "total_at_least": 7.5})
    assert without_totals(report) == {**encode(report), "total": None}
    assert without_totals(fired)["reason"] == {"total_at_least": 7.5}


async def test_a_resume_is_read_and_says_where_it_found_what(api: Api) -> None:
    async with api.client() as client:
        candidate = await sent(client, "POST", "candidates", {"remote_id": "c-5", "name": "Mary Jackson"})
        job = await sent(client, "POST", "jobs", {"remote_id": "job-5", "title": "Analyst"})
        asked = [{"remote_id": str(number), "name": name} for number, name in enumerate(("Python", "Welding"))]
        await sent(client, "PUT", f"jobs/{job['id']}/competency-model", {"competencies": asked})
        path = f"candidates/{candidate['id']}/resumes?file_name=mary.txt&job_id={job['id']}"
        text = "Mary Jackson\nmary@example.org\n\nSkills\nPython, SQL\n"
        plain = {"Content-Type": "text/plain"}
        async with client.post(path, data=text.encode(), headers=plain) as response:
            assert response.status == 201, await response.text()
            answer = await response.json()
        found = {one["field"]: one for one in answer["finds"]}
        assert [one["reason"] for one in answer["matches"]] == ["exact", "not_found"]
        assert answer["filled"] == ["email"]
        assert (await sent(client, "GET", f"candidates/{candidate['id']}"))["email"] == "mary@example.org"
        assert (found["contact.email"]["value"], found["contact.email"]["line"]) == ("mary@example.org", 2)
        async with client.post(path, data=b"\x00\x01\x02", headers=plain) as response:
            assert response.status == 422
            assert (await response.json())["code"].startswith("resume_")
        async with client.post(path, data=BytesIO(b"x" * (LARGEST_FILE + 1)), headers=plain) as response:
            assert response.status == 413
        async with client.post(path, data=b"", headers=plain) as response:
            assert response.status == 400


async def test_a_recording_plays_by_its_link_until_the_key_is_revoked(api: Api) -> None:
    interview_id = api.invite("Dorothy Vaughan")
    content = b"\x1aE\xdf\xa3 sound"
    record(api, interview_id, content)
    key_id, secret = api.key(["media:read"])
    async with api.client(secret) as client:
        link = await sent(client, "POST", f"interviews/{interview_id}/recording-link", {"seconds": 60})
    async with aiohttp.ClientSession() as browser:
        async with browser.get(link["url"], headers={"Range": "bytes=0-3"}) as response:
            assert (response.status, await response.read()) == (206, content[:4])
        for wrong in (
            link["url"].replace("expires=", "expires=9"),
            link["url"].replace(interview_id, api.invite()),
            expired(api, link["url"], interview_id, key_id),
            link["url"][:-1] + ("0" if link["url"][-1] != "0" else "1"),
            link["url"].split("?")[0],
        ):
            async with browser.get(wrong) as response:
                assert (response.status, (await response.json())["code"]) == (410, "recording_link_ended")
        api.run(ApiKeys(api.app[DATABASE]).revoke(key_id, datetime.now(UTC)))
        async with browser.get(link["url"]) as response:
            assert response.status == 410


def expired(api: Api, url: str, interview_id: str, key_id: str) -> str:
    """The link as it was made for a time that is over, with its right signature."""
    over = RecordingLink(interview_id, key_id, int(datetime.now(UTC).timestamp()))
    signature = over.signature(api.app[SETTINGS].signing_secret())
    return f"{url.split('?')[0]}?key={key_id}&expires={over.expires}&signature={signature}"


def record(api: Api, interview_id: str, content: bytes) -> None:
    """Leaves a stored recording behind."""
    place = api.app[SETTINGS].recordings_dir / interview_id / "recording.webm"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    stored = RecordingStored(f"{interview_id}/recording.webm", "video/webm", len(content), "0" * 64, 1000, True)
    log = EventLog(api.app[DATABASE])
    api.run(log.append(interview_id, 1, [(0, RecordingStarted()), (0, stored)], at=datetime.now(UTC)))
