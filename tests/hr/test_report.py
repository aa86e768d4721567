"""The report's page and JSON, the list of finished interviews, and whether their reports have arrived."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from analyzers.results import Transcript, TranscriptWord
from question_flows.model import Language
from server.hr.listing import DeliveryState, deliveries
from server.hr.report import words_of
from server.interview.commands import CorrectTranscript, SkipQuestion, StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode, UtteranceTranscribed
from server.keys import DATABASE
from server.storage import schema
from server.storage.outbox import Outbox
from tests.hr.conftest import House, answer, answer_all


async def text_of(house: House, path: str) -> str:
    """A page's HTML."""
    async with house.hr.get(house.url(path)) as response:
        assert response.status == 200
        return await response.text()


async def test_the_report_shows_every_answer_and_its_quotes_word_for_word(house: House) -> None:
    async with house.started() as session:
        await answer_all(session)
    path = f"/hr/interviews/{session.interview_id}/report"
    report = await house.json(f"/api{path}")
    page = html.unescape(re.sub(r"</?span[^>]*>", "", await text_of(house, path)))
    assert len(report["answers"]) == len(session.flow.questions)
    for one in report["answers"]:
        assert one["text"] in page
    quotes = [q["text"] for c in report["score"]["competencies"] for q in c["evidence"]]
    assert quotes
    for quote in quotes:
        assert quote in page
        assert any(quote in one["text"] for one in report["answers"])
    assert f"{report['score']['total']:.1f}" in page


async def test_both_versions_of_a_corrected_answer_are_shown_and_a_large_change_is_flagged(house: House) -> None:
    async with house.started() as session:
        question_id = session.state.question_id or ""
        await session.execute(StartAnswer(question_id))
        heard = tuple(TranscriptWord(text, 9, 9, 0.9) for text in ["I", "was", "sore", "<b>", "that", "you", "waited"])
        await session._journal.record(lambda _: [UtteranceTranscribed(question_id, 1, heard, 0.9)])
        await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
        await session.execute(SkipQuestion(session.state.question_id or ""))
        while session.state.question_id is not None:
            await answer(session)
        path = f"/hr/interviews/{session.interview_id}/report"
        await session.execute(CorrectTranscript(question_id, "I was sorry that you waited"))
        page = await text_of(house, path)
        assert "<del>sore &lt;b&gt;</del><ins>sorry</ins>" in page
        assert "29% of the words" in page
        assert 'data-testid="corrected-much"' not in page
        assert "The candidate skipped this question" in page
        await session.execute(CorrectTranscript(question_id, "I was never there"))
        assert 'data-testid="corrected-much"' in await text_of(house, path)
        await answer_all(session)
    report = await house.json(f"/api{path}")
    assert report["answers"][0]["text"] == "I was never there"
    assert report["confirmed"] == "candidate"
    assert [word["text"] for word in report["answers"][0]["heard"]["words"]] == [word.text for word in heard]


async def test_the_report_of_a_running_interview_says_that_it_is_not_finished(house: House) -> None:
    async with house.started(name="林晓雨", language=Language.CHINESE) as session:
        await answer(session)
        page = await text_of(house, f"/hr/interviews/{session.interview_id}/report?lang=zh-CN")
    assert "面试尚未完成，以下是目前的报告。" in page
    assert "林晓雨" in page


async def test_the_finished_list_shows_how_the_report_fares(house: House) -> None:
    async with house.started() as session:
        await answer_all(session)
    outbox = Outbox(house.app[DATABASE])
    async with asyncio.timeout(10):
        while await outbox.waiting():
            await asyncio.sleep(0.05)
    page = await text_of(house, "/hr")
    assert f'data-testid="report-{session.interview_id}"' in page
    assert 'data-state="delivered"' in page
    async with house.app[DATABASE].read() as connection:
        kept = await connection.scalar(sa.select(schema.ehr_inbox.c.body))
    assert kept["data"]["interview_id"] == session.interview_id


async def test_each_state_of_a_delivery_is_told(house: House) -> None:
    interview_id, _ = await house.invite()
    database, now = house.app[DATABASE], datetime.now(UTC)

    async def state_after(**values: object) -> DeliveryState:
        async with database.begin() as connection:
            await connection.execute(schema.outbox.update().values(**values))
        return (await deliveries(database, [interview_id]))[interview_id].state

    assert await deliveries(database, [interview_id]) == {}
    async with database.begin() as connection:
        row = {"id": "msg_1", "position": 1, "interview_id": interview_id, "type": "report.ready", "body": {}}
        # Far in the future: this test's row is not for the worker.
        due = {"created_at": now, "attempts": 0, "next_attempt_at": now + timedelta(days=365), "dead": False}
        await connection.execute(schema.outbox.insert().values(**row, **due))
    assert await state_after(attempts=0) is DeliveryState.WAITING
    assert await state_after(attempts=1, last_error="HTTP 500") is DeliveryState.RETRYING
    assert await state_after(dead=True) is DeliveryState.DEAD
    assert await state_after(delivered_at=now) is DeliveryState.DELIVERED


def test_words_with_their_spaces_join_to_the_transcripts_text() -> None:
    for language, texts in (
        (Language.ENGLISH, ["I", "am", "sorry,", "sir."]),
        (Language.CHINESE, ["用", "Redis", "Cache", "缓", "存", "，", "A", "B"]),
    ):
        transcript = Transcript(language, tuple(TranscriptWord(text, 0, 0, 1.0) for text in texts))
        assert "".join(words_of(transcript)) == transcript.text
