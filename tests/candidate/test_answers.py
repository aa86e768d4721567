"""A typed interview over HTTP: every command, repeated, refused and resumed."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest

from analyzers.results import TranscriptWord
from question_flows.model import Language
from server.interview.commands import LONGEST_TEXT
from server.interview.events import UtteranceTranscribed
from server.keys import INTERVIEWS
from tests.candidate.conftest import Browser, House, error_of

ANSWER = "I am very sorry. I will check your order at once and call you tomorrow."


async def answer_all(browser: Browser) -> dict[str, Any]:
    """Types every answer; the snapshot of the completed interview."""
    snapshot = await browser.snapshot()
    while (question := snapshot["question"]) is not None:
        address = f"/api/interview/questions/{question['id']}"
        await browser.ok(address + "/start-answer")
        snapshot = await browser.ok(address + "/answer", {"mode": "typed", "text": ANSWER})
    async with asyncio.timeout(20):
        while not snapshot["completed"]:
            await asyncio.sleep(0.02)
            snapshot = await browser.snapshot()
    return snapshot


async def test_a_whole_typed_interview_with_feedback(house: House) -> None:
    browser = await house.candidate()
    first = await browser.ok("/api/interview/start")
    assert (first["status"], first["question"]["index"], first["question"]["total"]) == ("running", 0, 6)
    done = await answer_all(browser)
    assert (done["status"], done["feedback_given"]) == ("completed", False)
    thanked = await browser.ok("/api/interview/feedback", {"rating": 4, "comment": "Clear questions."})
    assert thanked["feedback_given"]


async def test_the_candidate_never_sees_scores_or_what_counts(house: House) -> None:
    browser = await house.candidate()
    await browser.ok("/api/interview/start")
    seen = json.dumps(await browser.snapshot()) + json.dumps(await answer_all(browser))
    for secret in ("score", "cue", "indicator", "sample_answers", "points", "apologise"):
        assert secret not in seen.replace('"scoring"', "").replace('"second_scorer"', ""), secret


async def test_an_answer_sent_twice_counts_once(house: House) -> None:
    browser, address = await house.answering()
    once = await browser.ok(address + "/answer", {"mode": "typed", "text": ANSWER})
    twice = await browser.ok(address + "/answer", {"mode": "typed", "text": ANSWER})
    assert once["question"]["id"] == twice["question"]["id"]
    assert twice["question"]["index"] == 1


async def test_an_answer_for_a_question_that_is_not_open_changes_nothing(house: House) -> None:
    browser, _ = await house.answering()
    before = await browser.snapshot()
    response = await browser.post("/api/interview/questions/busy_team/answer", {"mode": "typed", "text": ANSWER})
    assert response.status == 409
    assert (await error_of(response))["code"] == "question_not_open"
    assert (
        await browser.post("/api/interview/questions/nonsense/answer", {"mode": "typed", "text": "x"})
    ).status == 404
    after = await browser.snapshot()
    assert after["question"]["id"] == before["question"]["id"]


async def test_a_draft_survives_and_is_not_wiped_by_an_empty_field(house: House) -> None:
    browser, address = await house.answering()
    draft = browser.root + address + "/draft"
    assert (await browser.http.put(draft, json={"text": "我先听他说完"})).status == 200
    assert (await browser.http.put(draft, json={"text": ""})).status == 200
    assert (await browser.snapshot())["question"]["draft"] == "我先听他说完"
    assert (await browser.http.put(draft, json={"text": "", "cleared": True})).status == 200
    assert (await browser.snapshot())["question"]["draft"] == ""


async def test_pausing_stops_and_resuming_goes_on_at_the_same_question(house: House) -> None:
    browser, address = await house.answering()
    assert (await browser.ok("/api/interview/pause"))["status"] == "paused"
    assert (await browser.ok("/api/interview/pause"))["status"] == "paused"
    assert (await browser.post(address + "/answer", {"mode": "typed", "text": ANSWER})).status == 409
    resumed = await browser.ok("/api/interview/resume")
    assert (resumed["status"], resumed["question"]["phase"]) == ("running", "answering")


async def test_hints_open_one_by_one_and_stay_open(house: House) -> None:
    browser, address = await house.answering()
    await browser.ok(address + "/hints/0")
    assert (await browser.snapshot())["question"]["hints_opened"] == [0]
    assert (await browser.post(address + "/hints/99")).status == 404


async def test_each_purpose_can_be_refused_alone(house: House) -> None:
    for refused in ("voice", "scoring", "recording", "expression"):
        _, link = await house.invite(jurisdiction="CN")
        browser = house.browser()
        await browser.post(link)
        granted = {purpose: purpose != refused for purpose in (await browser.snapshot())["policy"]["purposes"]}
        assert (await browser.ok("/api/interview/consent", {"granted": granted}))["consents"] == granted
        assert (await browser.ok("/api/interview/start"))["status"] == "running"
        assert (await answer_all(browser))["completed"]


async def test_expression_is_not_offered_and_not_taken_under_eu_law(house: House) -> None:
    _, link = await house.invite(jurisdiction="EU")
    browser = house.browser()
    await browser.post(link)
    assert (await browser.snapshot())["policy"]["purposes"] == ["voice", "scoring", "recording"]
    granted = {"voice": True, "scoring": True, "recording": True, "expression": True}
    response = await browser.post("/api/interview/consent", {"granted": granted})
    assert (response.status, (await error_of(response))["code"]) == (400, "purpose_not_offered")
    assert (await browser.snapshot())["status"] == "invited"


@pytest.mark.parametrize("body", [{"granted": {"voice": True}}, {"granted": {}}])
async def test_consent_needs_an_answer_for_every_purpose(house: House, body: dict[str, Any]) -> None:
    _, link = await house.invite()
    browser = house.browser()
    await browser.post(link)
    response = await browser.post("/api/interview/consent", body)
    assert response.status == 400
    error = await error_of(response)
    assert error["code"] == "consent_missing"
    assert error["field"].startswith("granted")


@pytest.mark.parametrize(
    ("path", "raw", "code", "field"),
    [
        ("consent", b"{", "malformed_json", None),
        ("consent", b"[1]", "malformed_json", None),
        ("consent", b"\xff\xfe\x00", "malformed_json", None),
        ("consent", b"[" * 100_000, "malformed_json", None),
        ("consent", b"{}", "field_missing", "granted"),
        ("consent", b'{"granted": {"soul": true}}', "field_wrong", "granted"),
        ("consent", b'{"granted": {"voice": "yes"}}', "field_wrong", "granted"),
        ("feedback", b'{"rating": 9}', "rating_invalid", "rating"),
        ("feedback", b'{"rating": "5"}', "rating_invalid", "rating"),
        ("feedback", b'{"comment": "x"}', "rating_invalid", "rating"),
        ("feedback", json.dumps({"rating": 3, "comment": "x" * 2001}).encode(), "comment_too_long", "comment"),
        ("questions/experience/answer", b'{"text": "x"}', "field_missing", "mode"),
        ("questions/experience/answer", b'{"mode": "sung"}', "field_wrong", "mode"),
        (
            "questions/experience/answer",
            json.dumps({"mode": "typed", "text": "x" * (LONGEST_TEXT + 1)}).encode(),
            "answer_too_long",
            "text",
        ),
        ("questions/experience/answer", b'{"mode": "typed", "text": "  "}', "answer_empty", "text"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_bad_input_names_the_field_in_the_persons_language(
    house: House, path: str, raw: bytes, code: str, field: str | None, language: str
) -> None:
    browser, _ = await house.answering()
    before = (await browser.snapshot())["seq"]
    headers = {"Content-Type": "application/json", "Accept-Language": language}
    response = await browser.post(f"/api/interview/{path}", data=raw, headers=headers)
    error = await error_of(response)
    assert (response.status, error["code"], error["field"]) == (400, code, field)
    assert error["message"].endswith("。" if language == "zh-CN" else ".")
    assert "{" not in error["message"]
    assert (await browser.snapshot())["seq"] == before, "a refusal changes nothing"


async def test_a_body_beyond_a_mebibyte_is_refused(house: House) -> None:
    browser, address = await house.answering()
    raw = io.BytesIO(json.dumps({"mode": "typed", "text": "x" * (2 << 20)}).encode())
    response = await browser.post(address + "/answer", data=raw)
    assert (response.status, (await error_of(response))["code"]) == (413, "too_large")


async def test_voice_is_refused_without_recognition_and_typing_goes_on(house: House) -> None:
    browser, address = await house.answering(language=Language.CHINESE)
    assert not (await browser.snapshot())["recognition"]["available"]
    response = await browser.post(address + "/answer", {"mode": "voice"})
    assert (response.status, (await error_of(response))["code"]) == (409, "recognition_unavailable")
    assert (await browser.ok(address + "/answer", {"mode": "typed", "text": "对不起，我马上查。"}))["question"][
        "index"
    ] == 1


async def test_what_was_heard_is_put_right_and_confirmed(house: House) -> None:
    browser, address = await house.answering()
    question_id = address.rsplit("/", 1)[1]
    [session] = house.app[INTERVIEWS].running()
    words = (TranscriptWord("I", 0, 250, 0.9), TranscriptWord("sore", 300, 550, 0.4))
    said = UtteranceTranscribed(question_id, 1, words, 0.6)
    await session._journal.record(lambda _: [said])
    refused = await browser.post("/api/interview/confirm-transcripts")
    assert (refused.status, (await error_of(refused))["code"]) == (409, "not_checking")
    shown = await browser.ok(address + "/answer", {"mode": "voice"})
    assert (shown["question"]["index"], shown["check"]) == (1, None)
    while shown["question"] is not None:
        shown = await browser.ok(f"/api/interview/questions/{shown['question']['id']}/skip")
    assert (shown["status"], shown["all_submitted"]) == ("checking", True)
    [answer] = shown["check"]["answers"]
    assert (answer["heard"], answer["text"], answer["waiting"]) == ("I sore", "I sore", 0)
    put = await browser.put(address + "/correction", {"text": "I was sorry"})
    assert put.status == 200
    [answer] = (await put.json())["check"]["answers"]
    assert (answer["heard"], answer["text"]) == ("I sore", "I was sorry")
    seen = json.dumps(await browser.snapshot())
    assert '"score' not in seen.replace('"scoring"', "")
    shown = await browser.ok("/api/interview/confirm-transcripts")
    assert shown["check"] is None
    too_late = await browser.put(address + "/correction", {"text": "no"})
    assert too_late.status == 409
