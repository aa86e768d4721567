"""What people of HR do in a running interview, as its candidate meets it: told calmly, kept at a refresh, reported."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible
from tests.e2e.house import DESKTOP, PHONE, House, asked, fits, in_both_languages, open_house, sample_of, without_speech

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

HINT = {Language.ENGLISH: "What did it cost the shop?", Language.CHINESE: "这让店里花了多少钱？"}
QUESTION = {Language.ENGLISH: "Would you move to the north for us?", Language.CHINESE: "您愿意去北方工作吗？"}
TIME = {Language.ENGLISH: "The recruiter gave you one more minute", Language.CHINESE: "招聘人员为您增加了一分钟"}
TOLD_HINT = {Language.ENGLISH: "A hint from the recruiter: ", Language.CHINESE: "招聘人员给您的提示："}
NEXT = {Language.ENGLISH: "The next question comes from a person", Language.CHINESE: "下一个问题由工作人员提出"}
PAUSED = {Language.ENGLISH: "You can rest; nothing is lost", Language.CHINESE: "您可以休息一下，内容不会丢失"}
GOES_ON = {Language.ENGLISH: "The interview goes on", Language.CHINESE: "面试继续"}
HALF = {Language.ENGLISH: "I am very sorry that", Language.CHINESE: "非常抱歉，您的"}
MESSAGE, REASON = "Please join https://meet.example/room-1 now.", "Fire alarm in the building"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, settings=without_speech(folder)) as opened:
        yield opened


class Recruiter:
    """HR's signed-in page, stepping into one interview."""

    def __init__(self, house: House, interview_id: str) -> None:
        self._house = house
        self._address = f"{house.server.url}/api/hr/interviews/{interview_id}"
        self.delays_s: list[float] = []
        """From each step until the candidate's page told of it."""
        self._began = 0.0

    async def does(self, what: str, **body: Any) -> int:
        """The log's last event behind it."""
        self._began = time.monotonic()
        response = await self._house.hr.request.post(f"{self._address}/{what}", data=body)
        assert response.status == 200, await response.text()
        seq: int = (await response.json())["seq"]
        return seq

    async def is_refused(self, what: str, status: int, code: str, **body: Any) -> None:
        response = await self._house.hr.request.post(f"{self._address}/{what}", data=body)
        error = (await response.json())["error"]
        assert (response.status, error["code"]) == (status, code)
        assert error["message"]

    async def sees(self) -> dict[str, Any]:
        data: dict[str, Any] = await (await self._house.hr.request.get(self._address)).json()
        return data

    async def told(self, page: Page, kind: str, text: str) -> None:
        """The notice of the step just taken comes into sight, in a region that is announced."""
        await page.get_by_test_id(f"notice-{kind}").wait_for()
        self.delays_s.append(time.monotonic() - self._began)
        await told(page, kind, text)


async def told(page: Page, kind: str, text: str) -> None:
    """The notice is in sight, in a region that is announced."""
    notice = page.get_by_test_id(f"notice-{kind}")
    await expect(notice).to_contain_text(text)
    await expect(notice).to_be_in_viewport()
    await expect(page.get_by_test_id("notices").locator("[role=status]")).to_contain_text(text)


@in_both_languages
async def test_everything_hr_does_is_told_kept_and_reported(house: House, language: Language) -> None:
    page, interview_id = await house.candidate(language, size=PHONE if language is Language.CHINESE else DESKTOP)
    recruiter = Recruiter(house, interview_id)
    await recruiter.is_refused("ask", 409, "practice_only", text=QUESTION[language])
    await journeys.leave_practice(page)
    await asked(page, "story", language)
    await refused_at_the_door(recruiter)

    await recruiter.does("give-time", seconds=60)
    await recruiter.told(page, "time", TIME[language])
    await expect(page.get_by_test_id("thinking-left")).to_contain_text("2:")
    await recruiter.does("give-time", seconds=60)  # a double click
    await recruiter.does("hint", text=HINT[language])
    await recruiter.told(page, "hint", TOLD_HINT[language] + HINT[language])
    await recruiter.does("ask", indicator_id="solve", probe=0)
    await recruiter.told(page, "question", NEXT[language])
    await recruiter.does("ask", text=QUESTION[language])
    await recruiter.does("ask", text=QUESTION[language])
    await expect_accessible(page, "notices")
    await fits(page)

    await journeys.start_answer(page)
    await page.get_by_test_id("answer-text").fill(sample_of("story", language))
    await recruiter.does("pause")
    await expect(page.get_by_test_id("paused")).to_contain_text(PAUSED[language])
    await expect(page.get_by_test_id("resume")).to_have_count(0)
    await expect_accessible(page, "paused by HR")
    await page.reload()
    await expect(page.get_by_test_id("paused")).to_contain_text(PAUSED[language])
    assert (await page.request.post(f"{house.server.url}/api/interview/resume")).status == 409
    await page.get_by_test_id("help-open").click()
    await page.get_by_test_id("help-send").click()
    await expect(page.get_by_test_id("help-status")).to_be_visible()
    await recruiter.does("help/acknowledge")
    seen = await recruiter.sees()
    assert (seen["paused_by"], [one["text"] for one in seen["requested"]][1]) == ("hr", QUESTION[language])
    await recruiter.does("resume")
    await recruiter.told(page, "resume", GOES_ON[language])
    await told(page, "hint", HINT[language])
    await expect(page.get_by_test_id("answer-text")).to_have_value(sample_of("story", language))
    # The quickest: a busy machine may be late with one of them, not with all.
    assert min(recruiter.delays_s) < 1, recruiter.delays_s
    await recruiter.does("mark", note="A strong moment")

    await journeys.on_to_the_next(page, "finish-answer")
    await asked(page, "story-solve", language)
    await expect(page.get_by_test_id("from-person")).to_be_visible()
    await expect(page.get_by_test_id("notice-question")).to_be_visible()  # one more of them waits
    await expect(page.get_by_test_id("notice-hint")).to_have_count(0)
    await journeys.answer_typed(page, sample_of("counter_2_calm", language))
    await expect(page.get_by_test_id("question-text")).to_have_text(QUESTION[language])
    await expect(page.get_by_test_id("from-person")).to_be_visible()
    await expect(page.get_by_test_id("notices")).to_be_hidden()
    await journeys.answer_typed(page, HALF[language])
    await asked(page, "counter_1", language)

    await journeys.start_answer(page)
    await page.get_by_test_id("answer-text").fill(HALF[language])
    await until_drafted(house, interview_id, HALF[language])
    if language is Language.ENGLISH:
        await recruiter.does("end", reason=REASON)
        await expect(page.get_by_test_id("ended")).to_be_visible()
        await expect(page.get_by_text(REASON)).to_have_count(0)
        await recruiter.does("end", reason=REASON)
    else:
        await recruiter.does("hand-over", message=MESSAGE)
        await expect(page.get_by_test_id("handed-over-message")).to_have_text(MESSAGE)
        await expect(page.get_by_role("link", name="https://meet.example/room-1")).to_be_visible()
        await recruiter.is_refused("end", 409, "handed_over_already", reason=REASON)
    await expect(page.get_by_test_id("done")).to_be_visible()
    await expect_accessible(page, "over")
    await fits(page)
    await page.reload()
    await expect(page.get_by_test_id("ended").or_(page.get_by_test_id("handed-over"))).to_be_visible()
    await is_reported(house, interview_id, language)


async def refused_at_the_door(recruiter: Recruiter) -> None:
    await recruiter.is_refused("give-time", 400, "time_invalid", seconds=5)
    await recruiter.is_refused("give-time", 400, "field_missing")
    await recruiter.is_refused("give-time", 400, "field_wrong", seconds="60")
    await recruiter.is_refused("ask", 400, "ask_one")
    await recruiter.is_refused("ask", 400, "ask_one", indicator_id="solve", text="both")
    await recruiter.is_refused("ask", 404, "probe_unknown", indicator_id="nothing")
    await recruiter.is_refused("hint", 400, "text_too_long", text="x" * 301)


async def until_drafted(house: House, interview_id: str, text: str) -> None:
    """The page saves what is typed a moment later."""
    for _ in range(150):
        if any(data["text"] == text for _, data in house.log(interview_id, "AnswerDrafted")):
            return
        await house.hr.wait_for_timeout(100)
    raise AssertionError("the draft has not arrived")


async def is_reported(house: House, interview_id: str, language: Language) -> None:
    """In the log with names, in the report as departures, and nothing of it twice."""
    for _ in range(150):
        if house.log(interview_id, "ReportWritten"):
            break
        await house.hr.wait_for_timeout(100)
    by_people = [name for name, data in house.log(interview_id) if "@" in f"{data.get('by', '')}{data.get('user', '')}"]
    last = "InterviewEnded" if language is Language.ENGLISH else "HandedOver"
    assert by_people == [
        "TimeGiven", "HintSent", "QuestionRequested", "QuestionRequested", "InterviewPaused", "HelpAcknowledged",
        "InterviewResumed", "MomentMarked", last,
    ]  # fmt: skip
    report = await house.report(interview_id)
    kinds = ["time", "hint", "question", "question", "pause", "resume"]
    assert [one["kind"] for one in report["departures"]] == [
        *kinds, "end" if language is Language.ENGLISH else "hand_over",
    ]  # fmt: skip
    assert report["is_standard"] is False
    assert [one["text"] for one in report["marks"]] == ["A strong moment"]
    answers = {one["question_id"]: one for one in report["answers"]}
    assert list(answers) == ["story", "story-solve", "story-ask-1", "counter_1"]
    assert [one["points"] is not None for one in answers["story-solve"]["score"]["indicators"]] == [True]
    assert answers["story-ask-1"]["score"]["indicators"] == []
    assert (answers["counter_1"]["text"].replace(" ", ""), answers["counter_1"]["cut_short"]) == (
        HALF[language].replace(" ", ""), True,
    )  # fmt: skip
    assert [one["question_id"] for one in report["not_asked"]] == ["letter", "snippet", "shifts"]
    page = await house.read_report(interview_id)
    await expect(page.get_by_test_id("not-standard")).to_be_visible()
    await expect(page.get_by_test_id("departures").get_by_role("listitem")).to_have_count(len(kinds) + 1 + 3)
    await expect(page.get_by_test_id("asked-by-story-ask-1")).to_contain_text("No machine scores it")
    await expect(page.get_by_test_id("cut-short-counter_1")).to_be_visible()
    await expect(page.get_by_test_id("marks")).to_contain_text("A strong moment")
    for other in ("", "/review", "/print"):
        response = await page.request.get(f"{house.server.url}/hr/interviews/{interview_id}{other}")
        assert response.status == 200
        assert QUESTION[language] in await response.text()


@in_both_languages
async def test_a_person_takes_over_who_refuses_the_recording(house: House, language: Language) -> None:
    """It leaves the wall with a report, and the candidate reads where it goes on."""
    interview_id, link = await house.invite(language, "recorded_only")
    page = await house.browsers.page(language.value)
    await page.goto(link)
    await page.get_by_test_id("landing-begin").click()
    for purpose, answer in (("voice", "yes"), ("scoring", "yes"), ("recording", "no")):
        await page.get_by_test_id(f"consent-{purpose}-{answer}").check(force=True)
    await page.get_by_test_id("consent-continue").click()
    await expect(page.get_by_test_id("person-instead")).to_be_visible()
    await Recruiter(house, interview_id).does("hand-over", message=MESSAGE)
    await expect(page.get_by_test_id("handed-over-message")).to_have_text(MESSAGE)
    report = await house.report(interview_id)
    assert [one["kind"] for one in report["departures"]] == ["hand_over"]
    for _ in range(100):
        if house.log(interview_id, "ReportWritten"):
            break
        await page.wait_for_timeout(100)
    running = await (await house.hr.request.get(f"{house.server.url}/api/hr/interviews")).json()
    assert interview_id not in [one["interview_id"] for one in running["interviews"]]
