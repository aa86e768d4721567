"""Two people of HR and two candidates at once: who watches whom, every step, and what each sees of the other's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from scripts.browsers import HR_PASSWORD
from server.storage.database import Database
from server.storage.users import Role, Users
from tests.e2e import journeys
from tests.e2e.axe import DESKTOP, PHONE
from tests.e2e.house import House, asked, fits, open_house, without_speech

ANN, BOB = "hr@example.com", "Bob Brand"
pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

EN = Language.ENGLISH
STEPS = {"TimeGiven", "HintSent", "QuestionRequested", "MomentMarked", "HandedOver", "InterviewEnded"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server on which everybody types."""
    folder = tmp_path_factory.mktemp("two")
    async with open_house(folder, settings=without_speech(folder)) as opened:
        yield opened


async def second_person(house: House) -> Page:
    """The page of another recruiter, signed in."""
    database, now = Database(f"sqlite+aiosqlite:///{house.server.data_dir / 'interviews.sqlite'}"), datetime.now(UTC)
    await database.open()
    users = Users(database)
    token = await users.issue_link(now, role=Role.RECRUITER, name=BOB)
    cookie = await users.create_account(token, "bob@example.com", HR_PASSWORD, now)
    await database.close()
    page = await house.browsers.page()
    await page.context.add_cookies([{"name": "hr_session", "value": cookie, "url": house.server.url}])
    return page


async def at_story(house: House, name: str) -> tuple[Page, str]:
    """A candidate who answers the first question, and the interview's id."""
    interview_id, link = await house.invite(EN, name=name)
    page = await house.browsers.page()
    await journeys.begin_typing(page, link)
    await journeys.leave_practice(page)
    await asked(page, "story", EN)
    await journeys.start_answer(page)
    return page, interview_id


async def watch(page: Page, house: House, interview_id: str) -> None:
    """Opens the monitor of one interview."""
    await page.goto(f"{house.server.url}/hr/interviews/{interview_id}")
    await expect(page.get_by_test_id("own-line")).to_have_count(0)


async def entries(page: Page) -> list[str]:
    """The timeline as it reads, the latest first."""
    return [re.sub(r"\s+", " ", text).strip() for text in await page.get_by_test_id("entry").all_inner_texts()]


async def step(page: Page, name: str, **fields: str) -> None:
    """Opens a step, fills its field, sends it, and sees that it is in the log."""
    await page.get_by_test_id(f"step-{name}").click()
    if "text" in fields:
        await page.get_by_test_id(f"step-{name}-text").fill(fields["text"])
        await page.get_by_test_id(f"step-{name}-send").click()
    await expect(page.get_by_test_id("step-status")).to_contain_text("done and in the log")


async def test_two_people_and_two_candidates_at_once(house: House) -> None:
    """Each sees the right one; both at one interview see each other, every step of the other's, and what it did."""
    ann, bob = house.hr, await second_person(house)
    (ada, adas), (ben, bens) = await at_story(house, "Ada Adler"), await at_story(house, "Ben Berg")
    await watch(ann, house, adas)
    await watch(bob, house, bens)
    await ada.get_by_test_id("answer-text").fill("I was at the counter")
    await ben.get_by_test_id("answer-text").fill("My parcel story")
    await expect(ann.locator("#answers")).to_contain_text("I was at the counter")
    await expect(bob.locator("#answers")).to_contain_text("My parcel story")
    await expect(ann.get_by_role("heading", level=1)).to_have_text("Ada Adler")
    await expect(bob.get_by_role("heading", level=1)).to_have_text("Ben Berg")
    await expect(ann.get_by_test_id("watchers")).to_be_hidden()

    # Bob comes to Ada's too: a late joiner sees what the first has seen, and both see each other.
    await watch(bob, house, adas)
    await expect(ann.get_by_test_id("watchers")).to_contain_text(BOB)
    await expect(bob.get_by_test_id("watchers")).to_contain_text(ANN)
    await expect(bob.locator("#answers")).to_contain_text("I was at the counter")
    await expect(bob.get_by_test_id("entry")).to_have_count(await ann.get_by_test_id("entry").count())
    assert await entries(bob) == await entries(ann)

    # A pause of the one is the other's to end.
    await step(bob, "pause")
    await expect(ann.get_by_test_id("last-step")).to_contain_text(f"Paused by HR · {BOB}")
    await expect(bob.get_by_test_id("last-step")).to_contain_text("Paused by HR · you")
    await expect(ann.get_by_test_id("status")).to_have_text("Paused")
    await expect(ada.get_by_test_id("paused")).to_be_visible()
    await expect(ann.get_by_test_id("step-pause")).to_contain_text("Resume")
    await step(ann, "pause")
    await expect(bob.get_by_test_id("status")).to_have_text("Running")
    await expect(ada.get_by_test_id("answer-text")).to_have_value("I was at the counter")

    # Time, a hint of the flow's and one's own, two questions, a mark by the key.
    await ann.get_by_test_id("step-time").click()
    await ann.get_by_test_id("give-60").click()
    await expect(bob.get_by_test_id("last-step")).to_contain_text(f"Gave 60 s more · {ANN}")
    await bob.get_by_test_id("step-hint").click()
    await bob.get_by_role("button", name="Send: What did you find out first?").click()
    await expect(ada.get_by_text("What did you find out first?").first).to_be_visible()
    await step(ann, "hint", text="Think of last week.")
    await expect(ada.get_by_text("Think of last week.")).to_be_visible()
    await ann.get_by_test_id("step-ask").click()
    await expect(ann.get_by_test_id("probes-solve")).to_contain_text("no evidence yet")
    await ann.get_by_test_id("probes-solve").get_by_role("button").first.click()
    await expect(bob.get_by_test_id("requested")).to_contain_text(f"for {ANN}")
    await step(bob, "ask", text="Why this shop?")
    await expect(ann.get_by_test_id("requested")).to_contain_text(f"Why this shop? for {BOB}", use_inner_text=True)
    await ann.keyboard.press("m")
    await ann.keyboard.type("mentions the counter")
    await ann.keyboard.press("Enter")
    await expect(bob.get_by_test_id("entries")).to_contain_text("“mentions the counter”")

    # They are asked behind the open answer, and the answers are shown to both.
    await ada.get_by_test_id("answer-text").fill("A parcel was late, so I asked for the order number.")
    await journeys.on_to_the_next(ada, "finish-answer")
    await expect(ann.get_by_test_id("question-now")).to_have_text(
        await ada.get_by_test_id("question-text").inner_text()
    )
    await journeys.answer_typed(ada, "I offered a refund at once and a new parcel on the same day, which she took.")
    await expect(ada.get_by_test_id("question-text")).to_have_text("Why this shop?")
    await expect(bob.get_by_test_id("question-now")).to_have_text("Why this shop?")
    await expect(bob.get_by_test_id("requested")).to_be_hidden()
    await journeys.answer_typed(ada, "Because I like to help people.")

    # Whoever comes now sees all of it: the same timeline, words and scores.
    late = await bob.context.new_page()
    await watch(late, house, adas)
    await expect(late.get_by_test_id("entry")).to_have_count(await ann.get_by_test_id("entry").count())
    assert await entries(late) == await entries(bob)  # The same account: what it did itself is "you" in both.
    for place in ("#answers", "#competencies", "#total"):
        assert await late.locator(place).inner_text() == await ann.locator(place).inner_text(), place
    await expect(ann.get_by_test_id("watchers").get_by_role("listitem")).to_have_count(1)
    await late.close()
    for size in (PHONE, DESKTOP):
        await ann.set_viewport_size(size)
        await fits(ann)
    await ann.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(ann.get_by_test_id("step-end")).to_be_in_viewport()

    # Ben has seen nothing of all this, and is handed over; then Ada's questions are ended.
    assert {kind for kind, _ in house.log(bens)} & STEPS == set()
    await watch(bob, house, bens)
    await expect(ann.get_by_test_id("watchers")).to_be_hidden(timeout=5000)
    await step(bob, "hand_over", text="Please join the call at 3 pm.")
    await expect(ben.get_by_text("Please join the call at 3 pm.")).to_be_visible()
    await expect(bob.get_by_test_id("steps-why")).not_to_be_empty()
    await expect(bob.get_by_test_id("step-time")).to_have_attribute("aria-disabled", "true")
    await ann.get_by_test_id("step-end").click()
    await expect(ann.get_by_test_id("end-dialog")).to_contain_text("This cannot be undone.")
    await ann.get_by_test_id("end-cancel").click()
    await ann.get_by_test_id("step-end").click()
    await ann.get_by_test_id("end-reason").fill("The shop closes.")
    await ann.get_by_test_id("end-confirm").click()
    await expect(ann.get_by_test_id("interview-done")).to_be_visible()
    await expect(ann.get_by_test_id("entries")).to_contain_text("“The shop closes.”")
    await expect(ada.get_by_test_id("done")).to_be_visible()
    await expect(ada.get_by_text("The shop closes.")).to_have_count(0)
    assert STEPS - {kind for kind, _ in house.log(adas)} == {"HandedOver"}
