"""The report's page and JSON, the list of finished interviews, and whether their reports have arrived."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from analyzers.results import Transcript, TranscriptWord
from question_flows.loader import load_flow
from question_flows.model import Language
from server.hr.listing import DeliveryState, deliveries
from server.hr.report import in_code, words_of
from server.interview.commands import (
    ContinueInterview,
    CorrectTranscript,
    GiveFeedback,
    Pause,
    Resume,
    SkipQuestion,
    StartAnswer,
    SubmitAnswer,
    TakeMoment,
)
from server.interview.events import AnswerMode, SurveyItem, UtteranceTranscribed
from server.interview.state import Status
from server.interview.typed import typed_transcript
from server.keys import DATABASE, FLOWS
from server.storage import schema
from server.storage.outbox import Outbox
from tests.hr.conftest import House, answer, answer_all

EVERY_PATH = Path(__file__).parents[1] / "e2e" / "flows" / "every_path.yaml"


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


async def test_what_is_left_to_people_and_what_was_asked_further_stands_in_the_report(house: House) -> None:
    """Dimensions, the mark, a fact's open point, a probe under its question, code with its lines, the survey."""
    flow = replace(load_flow(EVERY_PATH), dimensions=house.app[FLOWS]["store_manager"].dimensions)
    house.app[FLOWS]["every_path"] = flow
    async with house.started(flow_id="every_path") as session:
        await session.execute(SkipQuestion("-practice"))
        await session.execute(TakeMoment("story"))
        await answer(session, "A parcel was late, so I asked for the order number and checked it with the driver.")
        await answer(session, "In the end I offered a refund and sent a new parcel on the same day.")
        while session.state.question_id != "shifts":
            await answer(session)
            if session.state.status is Status.BETWEEN_ROUNDS:
                await session.execute(ContinueInterview())
        await session.execute(Pause())
        await session.execute(Resume())
        await session.execute(SubmitAnswer("shifts", AnswerMode.CHOICE, option_id="not_now"))
        await answer_all(session)
        await session.execute(GiveFeedback(4, "Fair.", {SurveyItem.CLARITY: 5}))
    path = f"/hr/interviews/{session.interview_id}/report"
    report = await house.json(f"/api{path}")
    assert [one["id"] for one in report["dimensions"]] == [one.id for one in flow.dimensions]
    assert report["mark_reached"] is (report["score"]["total"] >= 7.5)
    assert [one["round"] for one in report["answers"]][:: len(report["answers"]) - 1] == ["Talking", "Writing"]
    page = html.unescape(await text_of(house, path))
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.partition("<main")[2]))
    assert plain.count("Awaits a person") == len(flow.dimensions)
    assert "the mark of 7.5. Information for the people who decide" in plain
    assert "failed" not in plain
    assert "Can you work at weekends?Not at the moment Open point" in plain
    assert "Follow-up to question 1" in plain
    assert "What exactly did you offer in the end? Asked because the answer showed nothing yet of: Solves" in plain
    assert "Took 30 s more to think" in plain
    code = next(one["text"] for one in report["answers"] if one["kind"] == "code")
    block = re.search(r'data-testid="report-code"><code>(.*?)</code>', page, re.DOTALL)
    assert block
    assert re.sub(r"<[^>]*>", "", block[1]) == code
    assert "\n" in code
    assert "given back to the candidate’s clock" in plain
    assert "Questions were clear5 of 5" in plain
    assert "Felt treated fairly" not in plain


async def test_a_movement_that_was_not_used_is_named_with_the_reason(house: House) -> None:
    async with house.started(flow_id="store_manager") as session:
        page = await text_of(house, f"/hr/interviews/{session.interview_id}/report")
    assert "It was not used: the applicable law does not allow it." in page.partition("<main")[2]


def test_code_is_shown_with_its_lines_and_each_of_its_words_can_be_marked() -> None:
    code = "# 订单 first\ndef double(n):\n    return  2 * n\n"
    for language in Language:
        transcript = typed_transcript(code, language, 0)
        pieces = list(in_code(code, transcript))
        assert "".join(gap + word for gap, word in pieces) == code
        assert ["".join(word.split()) for _, word in pieces if word] == [word.text for word in transcript.words]


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
        row = {"id": "msg_1", "stream": interview_id, "position": 1, "interview_id": interview_id}
        row |= {"type": "report.ready", "body": {}}
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
