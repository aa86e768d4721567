"""A whole interview in a real browser, watched by HR in another, and its report at the company's HR system."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import chromium, face_video, sign_in_first, speech_file
from scripts.local_server import LocalServer
from tests.e2e import journeys
from tests.e2e.conftest import Receiver, ServerFactory, one_process_and_two

pytestmark = pytest.mark.timeout(420)

FLOWS = shipped_flows()


def words_of(text: str) -> list[str]:
    """Comparable words: lower case without punctuation; each Chinese character is one."""
    return re.findall(r"[\u4e00-\u9fff]|[a-z0-9']+", text.lower())


def spoken_texts(flow_id: str, language: Language, count: int) -> list[str]:
    """Sample answers for the fake microphone."""
    return [question.sample_answers[language][0] for question in FLOWS[flow_id].questions[:count]]


async def watch_words(hr: Page) -> str:
    """What HR sees of the answer being spoken, certain or not, as soon as there are two words."""
    handle = await hr.wait_for_function(
        """() => {
            const of = (id) => document.querySelector(`[data-testid=${id}]`)?.textContent ?? "";
            const words = `${of("committed")} ${of("tentative")}`.trim();
            return (words.match(/[\\p{Script=Han}]|[\\p{L}\\p{N}]+/gu) ?? []).length >= 2 && words;
        }""",
        timeout=30_000,
    )
    return str(await handle.json_value())


async def wait_for_report(receiver: Receiver) -> dict[str, Any]:
    """The one report, as the HR system got it."""
    async with asyncio.timeout(30):
        await receiver.arrived.wait()
    await asyncio.sleep(1)
    assert len(receiver.reports) == 1, "a report arrived twice"
    assert receiver.refused == 0
    message = receiver.reports[0]
    assert message["type"] == "report.ready"
    data: dict[str, Any] = message["data"]
    return data


def check_log(server: LocalServer, interview_id: str) -> list[str]:
    """The event log has no gap and no duplicate. Returns the events' types in order."""
    with sqlite3.connect(server.data_dir / "interviews.sqlite") as database:
        rows = database.execute(
            "select seq, type from events where interview_id = ? order by seq", (interview_id,)
        ).fetchall()
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    types = [str(kind) for _, kind in rows]
    questions = len([kind for kind in types if kind == "QuestionAsked"])
    assert types.count("AnswerSubmitted") + types.count("AnswerSkipped") == questions
    assert types.count("InterviewCompleted") == 1
    assert types.count("ReportWritten") == 1
    return types


def check_evidence(report: dict[str, Any]) -> int:
    """Every quote is verbatim in the transcript of its answer, inside the answer's time. Returns how many there are."""
    transcripts = {answer["question_id"]: answer["transcript"] for answer in report["answers"]}
    quotes = [
        quote
        for answer in report["answers"]
        for indicator in (answer["score"] or {"indicators": []})["indicators"]
        for quote in indicator["evidence"]
    ]
    for quote in quotes:
        transcript = transcripts[quote["question_id"]]
        span = transcript["words"][quote["first_word"] : quote["last_word"] + 1]
        joined = " ".join(word["text"] for word in span)
        assert quote["text"].replace(" ", "") == joined.replace(" ", "")
        assert span[0]["start_ms"] == quote["start_ms"]
        assert span[-1]["end_ms"] == quote["end_ms"]
    for answer in report["answers"]:
        for indicator in (answer["score"] or {"indicators": []})["indicators"]:
            assert (indicator["points"] is None) == (indicator["withheld"] is not None)
            assert indicator["points"] is None or indicator["evidence"], "points without evidence"
    return len(quotes)


def check_transcripts(report: dict[str, Any], spoken: list[str]) -> None:
    """What was recognised is what the microphone played: most words come from it."""
    known = {word for text in spoken for word in words_of(text)}
    heard = [
        word
        for answer in journeys.own_answers(report)
        for word in words_of("".join(w["text"] + " " for w in answer["transcript"]["words"]))
    ]
    assert len(heard) >= 8 * len(journeys.own_answers(report))
    assert sum(word in known for word in heard) / len(heard) > 0.9


@one_process_and_two
async def test_a_whole_interview(
    broker: dict[str, str], start_server: ServerFactory, receiver: Receiver, tmp_path: Path
) -> None:
    """English in one process, Chinese in two: words at HR before the answer ends, scores after it."""
    language = Language.CHINESE if broker else Language.ENGLISH
    flow_id = "software_engineer" if broker else "customer_service"
    flow = FLOWS[flow_id]
    spoken = spoken_texts(flow_id, language, 3)
    server = await start_server(**broker)
    interview_id, link = await server.invite(flow_id, language.value, "Kim Doe")
    audio = speech_file(tmp_path / "speech.wav", spoken, language.value)
    async with chromium(audio, face_video(tmp_path / "face.mjpeg")) as browsers:
        hr = await browsers.page()
        assert server.welcome_link is not None
        await sign_in_first(hr, server.welcome_link)
        candidate = await browsers.page(language.value)
        await journeys.begin_interview(candidate, link)
        await expect(hr.get_by_test_id(f"wall-card-{interview_id}")).to_be_visible()
        await hr.goto(f"{server.url}/hr/interviews/{interview_id}")
        for index, question in enumerate(flow.questions):
            await expect(candidate.get_by_test_id("question-text")).to_have_text(question.text[language])
            await journeys.start_answer(candidate)
            if index == 0:
                seen = await watch_words(hr)
                assert words_of(seen), "HR saw no word while the answer was being spoken"
                assert await candidate.get_by_test_id("finish-answer").is_visible()
            # Long enough to be judged wherever in its loop the microphone happens to be.
            await journeys.hear_words(candidate, 34 if language is Language.CHINESE else 18)
            await journeys.finish_answer(candidate)
        await journeys.confirm_words(candidate)
        await expect(
            hr.locator("[data-testid^=competency-score-]").filter(has_text=re.compile(r"\d\.\d"))
        ).not_to_have_count(0)
        assert browsers.complaints == []
        late = await browsers.page()
        await late.context.add_cookies(await hr.context.cookies())  # type: ignore[arg-type]
        await late.goto(f"{server.url}/hr/interviews/{interview_id}/report")
        await expect(late.get_by_text("Kim Doe").first).to_be_visible()
    report = await wait_for_report(receiver)
    assert report["interview_id"] == interview_id
    assert all(answer["score"] for answer in journeys.own_answers(report))
    assert len(journeys.own_answers(report)) == len(flow.questions)
    assert check_evidence(report) >= 1
    check_transcripts(report, spoken)
    types = check_log(server, interview_id)
    assert "AnswerObserved" in types
    observed = [o for answer in report["answers"] for o in answer["observations"] if o["kind"] == "face_present"]
    assert observed, "no observation of the moving face"
    assert all(o["share"] == pytest.approx(1, abs=0.3) for o in observed if o["samples"] >= 3)
    assert server.log is not None
    log = server.log.read_text()
    assert "Kim Doe" not in log
    assert link.rsplit("/", 1)[1] not in log


@one_process_and_two
async def test_a_killed_server_loses_nothing_it_acknowledged(
    broker: dict[str, str], start_server: ServerFactory, receiver: Receiver, tmp_path: Path
) -> None:
    """kill -9 in the middle of an answer; the same tab goes on at the same question and finishes."""
    flow = FLOWS["software_engineer"]
    spoken = spoken_texts("software_engineer", Language.ENGLISH, 3)
    server = await start_server(**broker)
    interview_id, link = await server.invite("software_engineer", "en", "Sam Poe", "EU")
    audio = speech_file(tmp_path / "speech.wav", spoken, "en")
    async with chromium(audio) as browsers:
        candidate = await browsers.page()
        await journeys.begin_interview(candidate, link)
        await journeys.start_answer(candidate)
        await journeys.hear_words(candidate, 14)
        await journeys.finish_answer(candidate)
        await journeys.start_answer(candidate)
        before = await stored_words(server, interview_id, flow.questions[1].id, at_least=5)
        await server.kill()
        await asyncio.sleep(2)
        await server.start()
        await expect(candidate.get_by_test_id("question-text")).to_have_text(flow.questions[1].text[Language.ENGLISH])
        after = await stored_words(server, interview_id, flow.questions[1].id, at_least=len(before) + 3)
        assert after[: len(before)] == before
        await journeys.finish_answer(candidate)
        # Whole interviews are spoken to the end by the test above; here the end only has to come.
        for _ in flow.questions[2:]:
            await journeys.skip(candidate)
        await journeys.confirm_words(candidate)
    report = await wait_for_report(receiver)
    assert [answer["question_id"] for answer in journeys.own_answers(report)] == [
        question.id for question in flow.questions
    ]
    second = [word["text"] for word in journeys.own_answers(report)[1]["transcript"]["words"]]
    assert second[: len(before)] == before
    check_evidence(report)
    types = check_log(server, interview_id)
    assert types.count("ServerRestarted") == 1


async def stored_words(server: LocalServer, interview_id: str, question_id: str, at_least: int) -> list[str]:
    """Waits until the log holds so many spoken words of this answer, and returns them."""
    async with asyncio.timeout(60):
        while True:
            with sqlite3.connect(server.data_dir / "interviews.sqlite") as database:
                rows = database.execute(
                    "select data from events where interview_id = ? and type = 'UtteranceTranscribed' order by seq",
                    (interview_id,),
                ).fetchall()
            bodies = [json.loads(data) for (data,) in rows]
            words = [w["text"] for body in bodies if body["question_id"] == question_id for w in body["words"]]
            if len(words) >= at_least:
                return words
            await asyncio.sleep(0.2)
