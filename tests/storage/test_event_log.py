"""The log: gapless, in order, all or nothing, and on disk when it says so."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from analyzers.results import Transcript, TranscriptWord
from question_flows.model import Language
from server.interview.events import (
    AnswerDrafted,
    AnswerMode,
    AnswerSubmitted,
    ConsentRecorded,
    EventBody,
    InterviewCompleted,
    InterviewStarted,
    Purpose,
    QuestionAsked,
)
from server.storage.database import Database
from server.storage.event_log import Conflict, EventLog
from server.storage.outbox import Outbox, OutboxMessage
from tests.storage.conftest import INVITED, NOW


@pytest.fixture
def log(database: Database) -> EventLog:
    return EventLog(database)


async def test_what_is_appended_is_read_back_equal(log: EventLog, interview_id: str) -> None:
    spoken = Transcript(Language.CHINESE, (TranscriptWord("对，", 10, 20, 0.9), TranscriptWord("好", 20, 30, 0.75)))
    bodies: list[EventBody] = [
        ConsentRecorded({Purpose.VOICE: True, Purpose.SCORING: False}),
        InterviewStarted(),
        QuestionAsked("q1", 0),
        AnswerSubmitted("q1", AnswerMode.VOICE, spoken),
    ]
    appended = await log.append(interview_id, 1, [(place, body) for place, body in enumerate(bodies)], at=NOW)
    read = await log.read(interview_id)
    assert [event.seq for event in read] == [1, 2, 3, 4, 5]
    assert [event.body for event in read] == [INVITED, *bodies]
    assert read[1:] == appended
    assert await log.read(interview_id, after_seq=3) == appended[2:]


async def test_an_append_behind_an_old_seq_is_refused_and_writes_nothing(log: EventLog, interview_id: str) -> None:
    await log.append(interview_id, 1, [(0, InterviewStarted())], at=NOW)
    for stale in (0, 1, 3):
        with pytest.raises(Conflict):
            await log.append(interview_id, stale, [(0, QuestionAsked("q", 0))], at=NOW)
    assert len(await log.read(interview_id)) == 2


async def test_an_unknown_interview_is_refused(log: EventLog) -> None:
    with pytest.raises(Conflict):
        await log.append("b" * 32, 1, [(0, InterviewStarted())], at=NOW)
    assert await log.read("b" * 32) == []
    assert await log.row("b" * 32) is None


async def test_of_two_appends_at_once_one_wins(log: EventLog, interview_id: str) -> None:
    results = await asyncio.gather(
        *(log.append(interview_id, 1, [(0, AnswerDrafted("q", str(n)))], at=NOW) for n in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Conflict) for result in results) == 4
    assert [event.seq for event in await log.read(interview_id)] == [1, 2]


async def test_outbox_rows_come_and_go_with_their_events(log: EventLog, database: Database, interview_id: str) -> None:
    message = OutboxMessage("msg_1", interview_id, "report.ready", {"答": 1})
    await log.append(interview_id, 1, [(5, InterviewCompleted())], at=NOW, outbox=[message])
    # The second append fails on the webhook id after its event was inserted: neither stays.
    with pytest.raises(Conflict):
        await log.append(interview_id, 2, [(6, InterviewStarted())], at=NOW, outbox=[message])
    assert len(await log.read(interview_id)) == 2
    assert [(row.id, row.body) for row in await Outbox(database).claim(NOW)] == [("msg_1", {"答": 1})]


async def test_completion_shows_in_the_list(log: EventLog, interview_id: str) -> None:
    before = await log.row(interview_id)
    assert before is not None
    assert (before.completed_at, before.language, before.candidate_email) == (
        None,
        Language.ENGLISH,
        "ada@example.org",
    )
    await log.append(interview_id, 1, [(5, InterviewCompleted())], at=NOW)
    assert [row.completed_at for row in await log.rows()] == [NOW]


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from server.interview.events import AnswerDrafted
from server.storage.database import Database
from server.storage.event_log import EventLog

async def main():
    database = Database(sys.argv[1])
    await database.open()
    log = EventLog(database)
    seq = 1
    while True:
        await log.append("a" * 32, seq, [(seq, AnswerDrafted("q", "x" * 2000))], at=datetime.now(UTC))
        seq += 1
        print(seq, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(log: EventLog, database_url: str, interview_id: str) -> None:
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITER,
        database_url,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert writer.stdout is not None
    acknowledged = 0
    while acknowledged < 40:
        acknowledged = int(await writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = await writer.stdout.read()
    await writer.wait()
    complete = [line for line in rest.decode().splitlines(keepends=True) if line.endswith("\n")]
    acknowledged = int(complete[-1]) if complete else acknowledged
    sequence = [event.seq for event in await log.read(interview_id)]
    assert sequence == list(range(1, len(sequence) + 1))
    assert len(sequence) in (acknowledged, acknowledged + 1)
