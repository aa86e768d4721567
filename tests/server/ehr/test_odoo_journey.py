"""From Odoo through an interview and back: jobs and applicant in, report, notes, skills and stage there once.

A server of its own, killed while it writes, an Odoo that is down for a while, a letter by a real mail server, and a
candidate who types.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from question_flows.model import Language
from scripts.candidate_api import CandidateApi
from scripts.load_generator.candidate import answer_to
from scripts.local_server import free_port
from server.delivery.connections import Connections
from server.ehr.connectors.odoo_records import level_for
from server.ehr.connectors.report_notes import summary_of, text
from server.ehr.kinds import KINDS
from server.settings import Settings
from server.storage.database import Database
from server.storage.schema import outbox
from tests.mail.conftest import Mailbox
from tests.server.ehr.odoo_connected import Connected
from tests.server.ehr.odoo_house import LEVELS
from tests.server.ehr.reports import NAMES
from tests.warm_server import WarmServer

CONNECTION = "the-odoo"
PATIENCE_S = 90.0


async def connect(database: Database, data_dir: Path, odoo: Connected) -> None:
    """Sets the connection up as HR does."""
    sealer = Settings(data_dir=data_dir, _env_file=None).sealer()
    settings, secrets = odoo.settings(order_interview=True), {"api_key": odoo.house.key}
    await Connections(database, sealer, KINDS, odoo.client).add(
        "odoo", "Odoo", settings, secrets, datetime.now(UTC), connection_id=CONNECTION
    )


async def waiting(database: Database) -> list[tuple[str, int]]:
    """(type, attempts) of what has not reached Odoo."""
    query = sa.select(outbox.c.type, outbox.c.attempts).where(
        outbox.c.destination == CONNECTION, outbox.c.delivered_at.is_(None)
    )
    async with database.read() as connection:
        return [(row.type, row.attempts) for row in (await connection.execute(query)).all()]


async def let_time_pass(database: Database) -> None:
    """Longer than any wait before the next attempt, and than a dead worker's lease."""
    async with database.begin() as connection:
        await connection.execute(outbox.update().values(next_attempt_at=datetime.now(UTC)))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Raises TimeoutError when it does not."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.3)


async def invitation_of(mailbox: Mailbox) -> str:
    """The link in the candidate's letter."""

    async def has_come() -> bool:
        return bool(mailbox.mails)

    await until(has_come)
    body = mailbox.mails[0].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+/i/\S+", body.get_content())
    assert found is not None
    return found[0]


async def take_interview(link: str) -> None:
    """Types an answer to everything that is asked."""
    async with CandidateApi(link) as candidate:
        await candidate.redeem()
        await candidate.consent()
        await candidate.start()
        async for now in candidate.questions():
            question = now["question"]
            if question["practice"]:
                await candidate.skip(question["id"])
                continue
            await candidate.start_answer(question["id"])
            await candidate.hand_in_text(question["id"], answer_to(question["id"], now["language"]))


async def test_an_applicant_goes_from_odoo_through_an_interview_and_back(odoo: Connected, tmp_path: Path) -> None:
    skills = dict.fromkeys(NAMES[:2], "Expert")
    applicant = await odoo.interviewed(skills)
    mailbox = Mailbox(free_port())
    letters = await mailbox.serve()
    port = free_port()
    settings = {
        "public_url": f"http://127.0.0.1:{port}",
        "smtp_url": f"smtp://127.0.0.1:{mailbox.port}",
        "mail_from": "Example Ltd <jobs@example.com>",
        "connect_inside": '["127.0.0.0/8"]',
        "jurisdiction": "EU",
    }
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    database = Database(f"sqlite+aiosqlite:///{data_dir / 'interviews.sqlite'}")
    await database.open()
    await connect(database, data_dir, odoo)
    server = WarmServer(data_dir, settings=settings, port=port, log=tmp_path / "log")
    try:
        await server.start()
        link = await invitation_of(mailbox)
        odoo.line.dead_before = 0
        await take_interview(link)

        async def report_waits_in_vain() -> bool:
            found = await waiting(database)
            return any(kind == "report.ready" for kind, _ in found) and any(attempts for _, attempts in found)

        await until(report_waits_in_vain)
        await server.kill()
        odoo.line.mend()
        odoo.line.dead_after_path = "ir.attachment/create"
        await let_time_pass(database)
        await server.start()
        async with asyncio.timeout(PATIENCE_S):
            await odoo.line.has_died.wait()
        await server.kill()
        odoo.line.mend()
        await let_time_pass(database)
        await server.start()

        async def all_is_there() -> bool:
            return not await waiting(database)

        await until(all_is_there)
    finally:
        await server.stop()
        await database.close()
        letters.close()
        await letters.wait_closed()

    left = await odoo.house.left(applicant)
    assert (left["stage"], left["kanban_state"]) == (odoo.stages[2], "done")
    [attachment] = left["attachments"]
    report = json.loads(b64decode(attachment["datas"]))
    assert [one["name"] for one in report["competencies"]] == sorted(NAMES[:2], key=NAMES.index)
    headings = Counter(re.sub("<[^>]+>", "\n", note["body"]).strip().split("\n")[0].strip() for note in left["notes"])
    told = ("interview_invited", "interview_started", "interview_finished", "report_ready")
    assert headings == Counter(text(Language.ENGLISH, key) for key in told)
    levels = [(place, progress) for place, (_, progress) in enumerate(LEVELS)]
    reached = {
        one.name: level_for(one.points, levels) for one in summary_of(report).competencies if one.points is not None
    }
    assert left["skills"] == sorted((name, LEVELS[level or 0][0]) for name, level in reached.items())
    assert len(mailbox.mails) == 1
