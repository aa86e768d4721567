"""What a candidate can meet, typed and in both languages: the whole way, branches, help, a person instead of us."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible
from tests.e2e.house import (
    FLOW,
    PHONE,
    House,
    asked,
    in_both_languages,
    in_chinese,
    in_english,
    open_house,
    sample_of,
    text_of,
    without_speech,
)

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

NOTHING_OFFERED = {
    Language.ENGLISH: "A parcel was late, so I asked for the order number and checked it together with the driver.",
    Language.CHINESE: "有一个包裹晚到了，我先问了顾客的订单号，然后和司机一起查了它在哪里。",
}
"""Of the story's two indicators it shows one, so the probe of the other is asked."""
COLD = {
    Language.ENGLISH: "It is somewhere on its way, please wait until it comes, I do not know more.",
    Language.CHINESE: "应该在路上，您等着就行，别的我也不清楚，到了会通知您的。",
}

A_PERSON_INSTEAD = {Language.ENGLISH: "a person interviews instead", Language.CHINESE: "改由工作人员面谈"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, settings=without_speech(folder)) as opened:
        yield opened


@in_both_languages
async def test_the_whole_way_on_a_phone(house: House, language: Language) -> None:
    """Practice, hint, probe, role-play with its branch, a rest, text, code, a fact, the end, the survey: all typed.

    Each of these screens, and HR's report of it, is without a serious finding.
    """
    page, interview_id = await house.candidate(language, size=PHONE)
    await expect(page.get_by_test_id("practice")).to_be_visible()
    await expect_accessible(page, "practice")
    await journeys.answer_typed(page, "Hello, this works.")
    await asked(page, "story", language)
    await page.get_by_test_id("hint-open").click()
    await expect(page.get_by_test_id("hint-0")).to_contain_text(FLOW.question("story").hints[0].text[language])
    await expect_accessible(page, "thinking, with a hint open")
    await journeys.answer_typed(page, NOTHING_OFFERED[language])
    await asked(page, "story-solve", language)
    await expect(page.get_by_test_id("follow-up")).to_be_visible()
    await expect(page.get_by_test_id("progress")).to_contain_text("1")
    await expect_accessible(page, "follow-up")
    await journeys.answer_typed(page, sample_of("counter_2_calm", language))
    await asked(page, "counter_1", language)
    await expect(page.get_by_test_id("scenario")).to_be_visible()
    await journeys.answer_typed(page, sample_of("counter_1", language))
    await asked(page, "counter_2_calm", language)
    earlier = page.get_by_test_id("exchanges")
    await expect(earlier).not_to_have_attribute("open", "")
    await earlier.locator("summary").click()
    await expect(earlier).to_contain_text(sample_of("counter_1", language))
    await expect_accessible(page, "role-play")
    await journeys.answer_typed(page, sample_of("counter_2_calm", language))
    await expect(page.get_by_test_id("next-round")).to_contain_text(FLOW.rounds[1].title[language])
    await expect_accessible(page, "rest between rounds")
    await page.get_by_test_id("round-continue").click()
    await asked(page, "letter", language)
    await journeys.start_answer(page)
    await expect(page.get_by_test_id("speak-instead")).to_be_hidden()
    await expect_accessible(page, "written answer")
    await journeys.answer_typed(page, sample_of("letter", language))
    await write_code(page, language)
    await asked(page, "shifts", language)
    await page.get_by_test_id("option-not_now").check()
    await expect_accessible(page, "question of fact")
    await page.get_by_test_id("finish-answer").click()
    await expect(page.get_by_test_id("done")).to_be_visible()
    await expect_accessible(page, "the end, with the survey")
    await page.get_by_test_id("feedback-4").check()
    await page.get_by_test_id("survey-fairness-5").check(force=True)
    await page.get_by_test_id("feedback-send").click()
    await expect(page.get_by_test_id("feedback-thanks")).to_be_visible()
    await expect_accessible(page, "the end")
    await expect_the_whole_way_in_the_report(house, interview_id, language)


async def write_code(page: Page, language: Language) -> None:
    """Tab inserts two spaces; Escape, then Tab leaves the field."""
    await asked(page, "snippet", language)
    await journeys.start_answer(page)
    field = page.get_by_test_id("answer-text")
    await field.focus()
    await page.keyboard.type("def two():\n")
    await page.keyboard.press("Tab")
    await page.keyboard.type("return 2")
    await expect(field).to_have_value("def two():\n  return 2")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await expect(field).not_to_be_focused()
    await expect(field).to_have_value("def two():\n  return 2")
    await expect_accessible(page, "code")
    await journeys.finish_answer(page)


async def expect_the_whole_way_in_the_report(house: House, interview_id: str, language: Language) -> None:
    """What was asked, the hint, the probe by its words, code, the fact and the survey: for machines and for people."""
    report = await house.report(interview_id)
    ids = ["story", "story-solve", "counter_1", "counter_2_calm", "letter", "snippet", "shifts"]
    answers = report["answers"]
    assert [answer["question_id"] for answer in answers] == ids
    assert [answer["hints_opened"] for answer in answers] == [1, 0, 0, 0, 0, 0, 0]
    assert answers[1]["follow_up_of"] == "story"
    [probe] = report["probes"]
    assert (probe["question_id"], probe["indicator_id"]) == ("story", "solve")
    assert (probe["text"], probe["worded_by"]) == (text_of("story-solve", language), None)
    assert answers[5]["text"].endswith("  return 2")
    assert [answers[-1][key] for key in ("mode", "option_id", "open_point")] == ["choice", "not_now", True]
    assert (report["feedback"]["rating"], report["feedback"]["answers"]) == (4, {"fairness": 5})
    # Nothing was spoken, so there was nothing to check.
    assert report["confirmed"] is None
    assert house.log(interview_id, "HintOpened") == [("HintOpened", {"question_id": "story", "hint": 0})]
    hr = await house.read_report(interview_id)
    await expect(hr.locator("#answer-story-solve")).to_contain_text(text_of("story-solve", language))
    await expect(hr.locator("#answer-story [data-testid=report-transcript]")).to_contain_text(
        NOTHING_OFFERED[language][:20]
    )
    await hr.goto(f"{hr.url}?lang={language.value}")
    await hr.get_by_test_id("rate-motivation").click()
    await expect_accessible(hr, "report, with a rating begun")


@in_chinese
async def test_who_does_not_apologise_meets_an_angrier_customer(house: House, language: Language) -> None:
    """The other branch; a skipped question is said to be so in the report, and the branch not taken is not in it."""
    page, interview_id = await house.candidate(language)
    await journeys.leave_practice(page)
    await asked(page, "story", language)
    await page.get_by_test_id("skip").click()
    await expect(page.get_by_test_id("skip-ask-yes")).to_be_visible()
    await expect_accessible(page, "before skipping")
    await page.get_by_test_id("skip-ask-no").click()
    await journeys.skip(page)
    await asked(page, "counter_1", language)
    await journeys.answer_typed(page, COLD[language])
    await asked(page, "counter_2_angry", language)
    await expect(page.get_by_test_id("exchanges")).to_contain_text(COLD[language])
    report = await house.report(interview_id)
    assert [answer["question_id"] for answer in report["answers"]] == ["story", "counter_1", "counter_2_angry"]
    assert [answer["skipped"] for answer in report["answers"]] == [True, False, False]
    skipped = {one["reason"] for one in report["withheld"] if one["question_id"] == "story"}
    assert skipped == {"question_skipped"}
    hr = await house.read_report(interview_id)
    await expect(hr.locator("#answer-counter_1")).to_contain_text(COLD[language][:20])
    await expect(hr.locator("#answer-counter_2_angry")).to_contain_text(text_of("counter_2_angry", language))


async def test_the_keyboard_goes_on_where_the_pressed_button_was(house: House) -> None:
    """The button to answer goes away: what took its place has the focus, so that nobody starts at the top again."""
    page, _ = await house.candidate(Language.ENGLISH)
    await journeys.leave_practice(page)
    await page.get_by_test_id("answer-now").press("Enter")
    await expect(page.get_by_test_id("answer-panel")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("answer-text")).to_be_focused()


@in_chinese
async def test_whoever_agrees_to_nothing_types_and_is_read_by_people(house: House, language: Language) -> None:
    """No voice, no scoring, no recording: the whole interview is typed, and no machine scores or records anything."""
    interview_id, link = await house.invite(language)
    page = await house.browsers.page(language.value, viewport=PHONE)
    await page.goto(link)
    await page.get_by_test_id("landing-begin").click()
    await page.get_by_test_id("consent-continue").wait_for()
    for control in await page.locator('[data-testid^="consent-"][data-testid$="-no"]').all():
        await control.check(force=True)
    await page.get_by_test_id("consent-continue").click()
    await expect(page.get_by_test_id("check-sound-play")).to_be_visible()
    await expect(page.get_by_test_id("check-sentence-record")).to_have_count(0)
    await expect_accessible(page, "check of who types")
    await page.get_by_test_id("check-continue").click()
    await journeys.leave_practice(page)
    for question_id in ("story", "counter_1", "counter_2_angry", "letter"):
        await asked(page, question_id, language)
        await expect(page.get_by_test_id("being-recorded")).to_be_hidden()
        await expect(page.get_by_test_id("speak-instead")).to_be_hidden()
        await journeys.answer_typed(page, sample_of(question_id, language))
        if question_id == "counter_2_angry":
            await page.get_by_test_id("round-continue").click()
    await asked(page, "snippet", language)
    await journeys.skip(page)
    await asked(page, "shifts", language)
    await journeys.skip(page)
    await expect(page.get_by_test_id("done")).to_be_visible()
    report = await house.report(interview_id)
    assert set(report["consents"].values()) == {False}
    assert [answer["mode"] for answer in report["answers"][:4]] == ["typed"] * 4
    assert report["answers"][0]["text"] == sample_of("story", language)
    assert report["score"]["total"] is None
    assert report["recording"]["status"] == "not_allowed"
    assert all(i["points"] is None for a in report["answers"] for i in (a["score"] or {"indicators": []})["indicators"])
    assert not house.log(interview_id, "UtteranceTranscribed")


@in_english
async def test_a_call_for_help_reaches_hr_at_once(house: House, language: Language) -> None:
    """The wall shows it with its message; "I am on it" reaches the candidate, who may withdraw it as well."""
    page, interview_id = await house.candidate(language, size=PHONE)
    wall = house.hr
    await wall.goto(f"{house.server.url}/hr?lang={language.value}")
    await page.get_by_test_id("help-open").click()
    await expect_accessible(page, "calling for help")
    await page.get_by_test_id("help-message").fill("I cannot hear the question")
    await page.get_by_test_id("help-send").click()
    await expect(page.get_by_test_id("help-status")).not_to_be_empty()
    told = await page.get_by_test_id("help-status").text_content() or ""
    await expect_accessible(page, "help was called")
    call = wall.get_by_test_id(f"help-call-{interview_id}")
    await expect(call).to_contain_text("I cannot hear the question")
    await expect(wall.locator("#needing")).to_contain_text("Kim Doe")
    await expect_accessible(wall, "wall with a call for help")
    await wall.get_by_test_id(f"help-acknowledge-{interview_id}").click()
    await expect(page.get_by_test_id("help-status")).not_to_have_text(told)
    await page.get_by_test_id("help-withdraw").click()
    await expect(page.get_by_test_id("help-status")).to_be_empty()
    await expect(call).to_be_hidden()
    await page.get_by_test_id("help-open").click()
    await page.get_by_test_id("help-send").click()
    await wall.goto(f"{house.server.url}/hr/interviews/{interview_id}?lang={language.value}")
    await expect(wall.get_by_test_id(f"help-call-{interview_id}")).to_be_visible()
    await expect_accessible(wall, "one interview, with a call for help")
    called = [name for name, _ in house.log(interview_id) if name.startswith("Help")]
    assert called == ["HelpRequested", "HelpAcknowledged", "HelpWithdrawn", "HelpRequested"]


@in_english
async def test_who_refuses_a_required_recording_is_met_by_a_person(house: House, language: Language) -> None:
    """The candidate reads that it does not count against them, HR that somebody has to call them; nothing starts."""
    interview_id, link = await house.invite(language, "recorded_only")
    page = await house.browsers.page(language.value, viewport=PHONE)
    await page.goto(link)
    await page.get_by_test_id("landing-begin").click()
    await expect(page.get_by_test_id("consent-required")).to_be_visible()
    await expect_accessible(page, "consent where a recording is required")
    await page.get_by_test_id("consent-recording-no").check(force=True)
    for control in await page.locator('[data-testid^="consent-"][data-testid$="-yes"]').all():
        if await control.get_attribute("data-testid") != "consent-recording-yes":
            await control.check(force=True)
    await page.get_by_test_id("consent-continue").click()
    await expect(page.get_by_test_id("person-instead")).to_be_visible()
    await expect_accessible(page, "a person instead")
    await page.reload()
    await expect(page.get_by_test_id("person-instead")).to_contain_text("Kim Doe")
    refused = await page.request.post(f"{house.server.url}/api/interview/start")
    assert (refused.status, (await refused.json())["error"]["code"]) == (409, "person_instead")
    [(_, consents)] = house.log(interview_id, "ConsentRecorded")
    assert consents["granted"]["recording"] is False
    assert not house.log(interview_id, "InterviewStarted")
    report = await house.report(interview_id)
    assert (report["answers"], report["recording"]["status"]) == ([], "not_allowed")
    await house.hr.goto(f"{house.server.url}/hr?lang={language.value}")
    entry = house.hr.locator("li", has=house.hr.locator(f"a[href='/hr/interviews/{interview_id}']"))
    await expect(entry).to_contain_text(A_PERSON_INSTEAD[language])
