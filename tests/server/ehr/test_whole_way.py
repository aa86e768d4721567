"""One candidate's whole way: from a résumé file to "ready for an offer", seen only through the API and the mailbox.

The server is a process of its own; the candidate speaks over WebRTC and is recognised and scored; the assessment
provider and Checkr are strict fakes over HTTP, and mail goes to a real SMTP server.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from docx import Document

from question_flows.loader import load_flow
from question_flows.model import Language
from scripts.hr_client import HrClient
from scripts.local_server import LocalServer, free_port
from scripts.sample_answers import sample_answer
from scripts.simulated_candidate import SimulatedCandidate
from server.delivery.connections import Connections
from server.delivery.safe_client import SafeClient
from server.ehr.api.interview_models import InterviewIn
from server.ehr.api.record_models import ApplicationIn, ApplicationWithHistory, Availability, CandidateIn, JobIn
from server.ehr.kinds import KINDS
from server.records.application_events import Step
from server.settings import Settings
from server.storage.api_keys import ApiKeys, Scope
from server.storage.database import Database
from tests.mail.conftest import Mailbox
from tests.server.ehr import fake_checkr
from tests.server.ehr.connecting import reachable
from tests.server.ehr.fake_checkr import FakeCheckr
from tests.server.ehr.fake_provider import SECRET, FakeProvider

FLOW = Path(__file__).parent / "flows" / "short_service.yaml"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
UNHURRIED = {"most_loop_lag_ms": "60000", "most_loop_load": "1", "most_queue_wait_ms": "60000"}
"""A busy machine turns nobody away: this test is of other things."""
LONGEST_WAIT_S = 60.0
T = TypeVar("T")

pytestmark = pytest.mark.timeout(240)


async def test_a_candidate_is_carried_from_a_resume_to_ready_for_an_offer(tmp_path: Path) -> None:
    mailbox, provider, checkr = Mailbox(free_port()), FakeProvider(name="order-1"), FakeCheckr()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(await mailbox.serve())
        provider_url, _ = await stack.enter_async_context(reachable(provider.app))
        checkr_url, _ = await stack.enter_async_context(reachable(checkr.app))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        server = await stack.enter_async_context(running(tmp_path, mailbox.port))
        key, assessing, checking = await set_up(server, provider_url, checkr_url)
        hr = await stack.enter_async_context(HrClient(server.url, key))
        job = await hr.upsert_job(JobIn(remote_id="job-1", title="Shop assistant", flow_id="short_service"))

        # The job board knows a name; everything else stands in the résumé.
        candidate = await hr.upsert_candidate(CandidateIn(remote_id="person-1", name="Kim Doe"))
        resume = await hr.add_resume(candidate.id, a_resume(), DOCX, "kim.docx")
        found = {one.field: one for one in resume.finds if one.certain}
        known = CandidateIn(
            remote_id="person-1",
            name="Kim Doe",
            email=found["contact.email"].value,
            phone=found["contact.phone"].normal,
            language=Language.ENGLISH,
            time_zone="Europe/Berlin",
            availability=[next_days()],
        )
        assert (await hr.upsert_candidate(known)).id == candidate.id

        application = await hr.open_application(ApplicationIn(candidate_id=candidate.id, job_id=job.id))
        interview = await hr.order_interview(InterviewIn(application_id=application.id))
        assert interview.is_told
        letter = await mail_to(mailbox, "kim.doe@example.org")
        entry = next(part for part in letter.walk() if part.get_content_type() == "text/calendar")
        assert "METHOD:REQUEST" in entry.get_content()
        await attend(link_in(letter))

        application = await at_step(hr, application.id, Step.ASSESSMENT)
        assert application.total is not None
        assert application.total >= 7.5
        order = await eventually(lambda: _first(provider.applied), "the order of an assessment")
        assert order["data"]["candidate"]["email"] == "kim.doe@example.org"
        result = {"follow_up_id": order["data"]["follow_up_id"], "status": "completed", "score": 50, "max_score": 60}
        await knock(http, server, assessing, provider.tell("follow_up.updated", result, datetime.now(UTC)))

        await at_step(hr, application.id, Step.BACKGROUND_CHECK)
        await eventually(lambda: _first(checkr.invitations), "the invitation to a background check")
        await knock(http, server, checking, checkr.event("report.completed", checkr.report("clear")))

        done = await at_step(hr, application.id, Step.READY_FOR_OFFER)
        assert done.outcome is None, "offering is a person's act"
        fired = [one.data["rule_id"] for one in done.history if one.type == "RuleFired"]
        assert len(fired) == len(set(fired)) == 3
        assert (await hr.get_interview(interview.id)).status == "completed"
        assert "sorry" in (await hr.get_transcript(interview.id)).model_dump_json(), "the voice was recognised"


@asynccontextmanager
async def running(folder: Path, smtp_port: int) -> AsyncIterator[LocalServer]:
    """The server as somebody would run it who has a mail server and connected systems inside the company."""
    port = free_port()
    settings = {
        **UNHURRIED,
        "public_url": f"http://127.0.0.1:{port}",
        "flows_dir": str(FLOW.parent),
        "smtp_url": f"smtp://127.0.0.1:{smtp_port}",
        "mail_from": "Interviews <interviews@example.org>",
        "connect_inside": '["127.0.0.0/8"]',
        "jurisdiction": "EU",
    }
    server = LocalServer(folder / "data", settings=settings, port=port, log=folder / "server.log")
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def set_up(server: LocalServer, provider_url: str, checkr_url: str) -> tuple[str, str, str]:
    """What an administrator does on HR's pages: (an API key, the assessment's connection, the background check's)."""
    settings = Settings(data_dir=server.data_dir, database_url="", _env_file=None)
    database, now = Database(settings.sqlalchemy_url), datetime.now(UTC)
    await database.open()
    try:
        _, key = await ApiKeys(database).create(name="HR", system="hr", scopes=list(Scope), by="test", now=now)
        connections = Connections(database, settings.sealer(), KINDS, SafeClient())
        where = {"url": f"{provider_url}/webhooks"}
        assessing = await connections.add("assessment", "Tests", where, {"secret": SECRET}, now)
        what = {"url": checkr_url, "package": "basic_plus", "state": "CA"}
        checking = await connections.add("checkr", "Checkr", what, {"api_key": fake_checkr.KEY}, now)
    finally:
        await database.close()
    return key, assessing.id, checking.id


def a_resume() -> bytes:
    """A Word file."""
    document = Document()
    document.add_heading("Kim Doe", 0)
    for line in (
        "Email: kim.doe@example.org",
        "Phone: +49 30 901820",
        "Experience",
        "2021-03 - 2024-06 Shop assistant, Example Stores, Berlin",
        "Skills",
        "Customer service, complaints",
    ):
        document.add_paragraph(line)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def next_days() -> Availability:
    """A stretch of time that the candidate has."""
    tomorrow = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Availability.model_validate({"from": tomorrow, "to": tomorrow + timedelta(days=2)})


async def at_step(hr: HrClient, application_id: str, step: Step) -> ApplicationWithHistory:
    """The application, once it stands there."""

    async def there() -> ApplicationWithHistory | None:
        found = await hr.get_application(application_id)
        return found if found.step == step else None

    return await eventually(there, step)


async def mail_to(mailbox: Mailbox, address: str) -> EmailMessage:
    """The first letter to this address."""
    return await eventually(lambda: _first([mail for mail in mailbox.mails if address in mail["To"]]), "a letter")


def link_in(letter: EmailMessage) -> str:
    """The address that opens the interview."""
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://127\.0\.0\.1:\d+/i/[\w-]+", body.get_content())
    assert link is not None
    return link[0]


async def attend(link: str) -> None:
    """The interview, by voice and without a camera."""
    flow = load_flow(FLOW)
    # Seen by nobody: video would cost this test more than all the rest.
    async with SimulatedCandidate(link, accept=lambda purpose: purpose not in ("recording", "expression")) as candidate:
        await candidate.attend(lambda question: sample_answer(flow, question, Language.ENGLISH), lambda *_: None)


async def knock(
    http: aiohttp.ClientSession, server: LocalServer, connection: str, message: tuple[Mapping[str, str], bytes]
) -> None:
    """A connected system tells something; it repeats itself, as they do."""
    headers, raw = message
    for _ in range(2):
        async with http.post(f"{server.url}/ehr/in/{connection}/", data=BytesIO(raw), headers=headers) as response:
            assert 200 <= response.status < 300, await response.text()


def _first(found: Mapping[Any, T] | Sequence[T]) -> T | None:
    items = list(found.values()) if isinstance(found, Mapping) else found
    return items[0] if items else None


async def eventually(found: Callable[[], Awaitable[T | None] | T | None], what: str) -> T:
    """What this gives once it gives something. Raises AssertionError after LONGEST_WAIT_S."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < deadline:
        one = found()
        if isinstance(one, Awaitable):
            one = await one
        if one is not None:
            return one
        await asyncio.sleep(0.3)
    raise AssertionError(f"waited in vain for {what}")
