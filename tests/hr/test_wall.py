"""The live wall in a real browser: who needs a person and why, two hundred interviews, a day left open, alarms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from scripts.browsers import CHROMIUM
from server.interview.events import (
    AnswerDrafted,
    ConnectionLost,
    ConnectionRestored,
    EventBody,
    HelpAcknowledged,
    HelpRequested,
    InterviewCompleted,
    InterviewEvent,
)
from server.interview.hr_events import HandedOver
from server.keys import DATABASE, HUB, INTERVIEWS
from server.live.hub import Signal
from server.settings import Settings
from server.storage import schema
from tests.e2e.axe import expect_accessible
from tests.hr.conftest import UNHURRIED, House, serving
from tests.hr.crowd import KINDS, add_flow_with_recording, gather

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Walls:
    """One server and one Chromium. What happens is published as it is after it has been stored."""

    house: House
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)
    questions: dict[str, str | None] = field(default_factory=dict)

    async def gather(self, kinds: Sequence[str]) -> list[str]:
        """Interviews of these kinds, and no others."""
        async with self.house.app[DATABASE].begin() as connection:
            for table in (schema.events, schema.interviews):
                await connection.execute(sa.delete(table))
        ids = await gather(self.house, kinds)
        for interview_id in ids:
            state = await self.house.app[INTERVIEWS].state(interview_id)
            self.seqs[interview_id], self.questions[interview_id] = state.seq, state.question_id
        return ids

    async def context(self, language: str = "en", **options: Any) -> BrowserContext:
        """A browser of HR's, signed in."""
        [cookie] = [cookie.value for cookie in self.house.hr.cookie_jar]
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        context = await self.browser.new_context(locale=language, **options)
        await context.add_cookies([{"name": "hr_session", "value": cookie, "url": self.house.url("/")}])
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    async def page(self, query: str = "", language: str = "en") -> Page:
        """The wall, once its stream has come."""
        return await self.open(await self.context(language), query)

    async def open(self, context: BrowserContext, query: str = "") -> Page:
        """Another tab with the wall, once its stream has come."""
        page = await context.new_page()
        await page.goto(self.house.url(f"/hr{query}"))
        await page.wait_for_selector("html[data-line=open]")
        return page

    async def happen(self, interview_id: str, *bodies: EventBody) -> None:
        """Tells walls of events, as the journal does."""
        for body in bodies:
            self.seqs[interview_id] += 1
            event = InterviewEvent(self.seqs[interview_id], datetime.now(UTC), 60_000, body)
            await self.house.app[HUB].publish_events(interview_id, [event])

    async def signal(self, interview_id: str, type_name: str, **data: Any) -> None:
        """Tells walls something perishable."""
        await self.house.app[HUB].publish_signal(Signal(interview_id, type_name, self.seqs[interview_id], data))

    async def say(self, interview_id: str, text: str) -> None:
        """Words of the open answer, being spoken."""
        words = [{"text": word, "start_ms": i * 300, "end_ms": i * 300 + 250} for i, word in enumerate(text.split())]
        data = {"question_id": self.questions[interview_id], "utterance_number": 2, "committed": words, "tentative": []}
        await self.signal(interview_id, "transcript", **data, confidence=0.9, final=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walls]:
    """No page's script may fail."""
    folder = tmp_path_factory.mktemp("walls")
    settings = Settings(
        data_dir=folder / "data",
        whisper_model=str(folder / "no-model"),
        **UNHURRIED,
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    async with serving(settings) as house, async_playwright() as playwright:
        add_flow_with_recording(house)
        arguments = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=document-user-activation-required"]
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        walls = Walls(house, chromium)
        yield walls
        await chromium.close()
    assert walls.complaints == []


def order(page: Page, section: str = "#groups") -> Any:
    """The ids of the cards as they stand."""
    return page.eval_on_selector_all(f"{section} .wall-card", "cards => cards.map((card) => card.dataset.key)")


async def eventually(page: Page, wanted: Sequence[str], section: str = "#groups") -> None:
    """The cards stand in this order before long."""
    async with asyncio.timeout(10):
        while await order(page, section) != list(wanted):
            await asyncio.sleep(0.05)


async def until(page: Page, expression: str) -> None:
    """It is so before long. Playwright's own waiting evaluates strings, which the pages' policy forbids."""
    async with asyncio.timeout(10):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.05)


REASONS = {
    "help": ("The candidate asks for help · 40 s", "候选人请求帮助 · 40 秒"),
    "lost": ("The candidate's connection is lost · ", "候选人的连接已中断 · "),
    "restarted": ("The server restarted and the candidate is not back yet", "服务器已重启，候选人尚未回来"),
    "line": ("The sound connection is lost", "声音传输已中断"),
    "recognition": ("Speech recognition is failing", "语音识别出现故障"),
    "silent": ("Nothing has been heard · 8 min", "没有听到声音 · 8 分钟"),
    "paused_long": ("Paused · 8 min", "已暂停 · 8 分钟"),
    "paused_by_hr": ("Paused by HR · 8 min", "已由 HR 暂停 · 8 分钟"),
    "person": ("Refused to be recorded: a person interviews instead · 8 min", "不同意录制：改由工作人员面谈 · 8 分钟"),
    "face": ("A second face has been in the picture", "画面中出现了第二张脸"),
}
"""Kind → why a person is needed, in the order of the wall."""


async def test_who_needs_a_person_stands_first_with_the_reason_in_words(walls: Walls) -> None:
    made = {"line": "answering", "face": "answering"}
    kinds = ["thinking", *reversed(REASONS), "paused", "checking"]
    ids = dict(zip(kinds, await walls.gather([made.get(kind, kind) for kind in kinds]), strict=True))
    question_id = (await walls.house.app[INTERVIEWS].state(ids["face"])).question_id
    since = datetime.now(UTC).isoformat()
    for place, language in enumerate(("en", "zh-CN")):
        page = await walls.page(language=language)
        await walls.signal(ids["line"], "connection", line="lost", packet_loss=0)
        await walls.signal(ids["face"], "faces", question_id=question_id, second_face=True, since=since)
        await walls.signal(ids["thinking"], "connection", line="connected", packet_loss=0.2)
        # Two that paused, and two whose connection is away, waited equally long or by when it began.
        wanted = [ids[kind] for kind in ("help", "restarted", "lost", *list(REASONS)[3:])]
        await expect(page.locator("#needing .wall-card")).to_have_count(len(wanted))
        found = await order(page, "#needing")
        pairs = [{ids["paused_long"], ids["paused_by_hr"]}, {ids["person"], ids["face"]}]
        assert [next((frozenset(p) for p in pairs if one in p), one) for one in found] == [
            next((frozenset(p) for p in pairs if one in p), one) for one in wanted
        ]
        for kind, texts in REASONS.items():
            card = page.get_by_test_id(f"wall-card-{ids[kind]}")
            text = " ".join((await card.inner_text()).split())
            assert texts[place].split(" · ")[0] in text, kind
            if " · " in texts[place]:
                assert texts[place] in text or "help" in kind, (kind, text)
        await expect(page.locator("#running .wall-card")).to_have_count(3)
        unsteady = page.get_by_test_id(f"wall-card-{ids['thinking']}")
        await expect(unsteady).to_contain_text(("Unsteady connection", "网络不稳定")[place])
        # It is over: the question is another, or the face has gone.
        await walls.signal(ids["face"], "faces", question_id="another", second_face=True, since=since)
        await expect(page.get_by_test_id(f"wall-card-{ids['face']}")).to_contain_text(("Settled", "已自行恢复")[place])
        if language == "en":  # whose texts are the longer ones
            await expect_accessible(page, "wall with every need")
        await page.context.close()


async def test_cards_are_found_filtered_and_grouped_and_the_address_says_how(walls: Walls) -> None:
    ids = await walls.gather([KINDS[i % len(KINDS)] for i in range(32)])
    states = {one: await walls.house.app[INTERVIEWS].state(one) for one in ids}
    page = await walls.page()
    cards, count = page.locator("#groups .wall-card"), page.get_by_test_id("wall-count")
    await expect(cards).to_have_count(32)
    await expect(count).to_have_text("Running: 32")
    # Accents and case are no matter, and each word counts.
    await page.get_by_test_id("wall-search").fill("JOSE  love")
    named = [one for one in ids if states[one].candidate_name == "José Lovelace"]
    await eventually(page, named)
    await expect(count).to_have_text(f"{len(named)} of 32 running interviews are shown")
    await page.get_by_test_id("wall-search").fill("nobody of this name")
    await expect(page.get_by_test_id("wall-no-match")).to_be_visible()
    await expect(page.locator("#nothing")).to_be_hidden()
    await page.get_by_test_id("wall-no-match").get_by_role("button", name="Show all").click()
    await expect(cards).to_have_count(32)
    # One filter upon the other; the address says it, and a colleague who opens it sees the same.
    flow_id = next(s.flow_id for s in states.values() if s.status == "running" and s.language == "zh-CN")
    flow = walls.house.app[INTERVIEWS].flows[flow_id]
    chosen = [
        one
        for one, state in states.items()
        if (state.flow_id, state.status, state.language) == (flow_id, "running", "zh-CN")
    ]
    await page.get_by_label("Job").select_option(flow.job[next(iter(flow.job))])
    await page.get_by_label("State").select_option("running")
    await page.locator("#wall-spoken").select_option("zh-CN")
    await expect(cards).to_have_count(len(chosen))
    assert set(await order(page)) == set(chosen)
    await page.get_by_test_id("wall-compact").check()
    assert all(part in page.url for part in ("job=", "state=running", "spoken=zh-CN", "view=compact"))
    shared = await walls.open(page.context, page.url.removeprefix(walls.house.url("/hr")))
    for one in (shared, page):
        await one.reload()
        await expect(one.locator("#groups .wall-card")).to_have_count(len(chosen))
        await expect(one.get_by_label("State")).to_have_value("running")
        await expect(one.locator("#groups.wall--compact")).to_have_count(1)
    await shared.close()
    await page.get_by_test_id("wall-clear").click()
    await expect(page.get_by_test_id("wall-search")).to_be_focused()
    assert "job=" not in page.url
    assert "view=compact" in page.url
    await page.get_by_test_id("wall-needs").check()
    await expect(page.locator("#running")).to_have_count(0)
    await expect(page.locator("#needing .wall-card")).to_have_count(sum(kind in REASONS for kind in KINDS) * 2)
    await page.get_by_test_id("wall-needs").uncheck()
    headings = page.locator("#groups h2")
    for group, some in (("job", "Store manager"), ("stage", "Checking the transcript"), ("none", "All running")):
        await page.get_by_label("Group by").select_option(group)
        await expect(headings.filter(has_text=some)).to_have_count(1)
        await expect(cards).to_have_count(32)
        assert f"group={group}" in page.url
    # Changing the language keeps what is seen.
    await page.get_by_role("link", name="简体中文").click()
    await expect(headings).to_contain_text(["全部进行中的面试"])
    await expect(page.locator("#groups.wall--compact")).to_have_count(1)
    await page.context.close()


async def test_no_card_moves_under_the_reader_and_the_next_that_needs_them_is_a_key_away(walls: Walls) -> None:
    ids = await walls.gather(["answering"] * 6)
    page = await walls.page()
    await eventually(page, before := [*reversed(ids)])
    last = before[-1]
    await page.get_by_test_id(f"wall-card-{before[0]}").hover()
    await walls.happen(last, HelpRequested("Please come"))
    card = page.get_by_test_id(f"wall-card-{last}")
    await expect(card).to_contain_text("“Please come”")
    await expect(page.get_by_test_id("wall-held")).to_be_visible()
    assert await order(page) == before
    await page.get_by_role("button", name="Sort now").click()
    await eventually(page, after := [last, *before[:-1]])
    # By keys: the focus stays on its card when that moves, and holds the others while it is used.
    await page.mouse.move(0, 0)
    await page.get_by_test_id("wall-search").focus()
    await page.keyboard.press("Alt+n")
    await expect(card.get_by_role("link")).to_be_focused()
    await walls.happen(before[2], ConnectionLost())
    await expect(page.get_by_test_id("wall-held")).to_be_visible()
    assert await order(page) == after
    await page.keyboard.press("Alt+n")
    await expect(page.get_by_test_id(f"wall-card-{before[2]}").get_by_role("link")).to_be_focused()
    await page.get_by_test_id("wall-search").focus()
    await eventually(page, [last, before[2], *[one for one in before if one not in (last, before[2])]])
    await page.context.close()


MODULES = """async () => {
  const { WallModel, LEAVES_AFTER_MS } = await import("/static/hr/wall_model.js");
  const { Order, SETTLES_AFTER_MS } = await import("/static/hr/wall_order.js");
  const { NewNeeds } = await import("/static/hr/wall_alerts.js");
  const { attention } = await import("/static/hr/attention.js");
  const { fromQuery, toQuery } = await import("/static/hr/wall_query.js");
  let now = Date.parse("2026-05-04T09:00:00Z");
  const at = () => new Date(now).toISOString();
  const flow = { id: "f", job: "Job", rounds: [], questions: [{ id: "q", round_id: null, rest: 0 }], follow_ups: [] };
  const card = (id) => ({
    interview_id: id, seq: 2, at: at(), clock_ms: 0, status: "running", connected: true, flow_id: "f", flow,
    candidate_name: id, language: "en", started_at: at(), question_id: "q",
    answers: [{ question_id: "q", index: 0, phase: "answering" }],
  });
  const left = [];
  const read = async (id) => card(id);
  const model = new WallModel({ read, changed() {}, removed: (id) => left.push(id), now: () => now });
  const order = new Order();
  const news = new NewNeeds();
  const told = [];
  const look = () => {
    model.expire();
    const items = [...model.views.values()].map((view) => ({ view, need: attention(view, now) }));
    const needing = items.filter(({ need }) => need.rank >= 3);
    const needs = needing.map(({ view, need }) => ({ id: view.interview_id, reason: need.reason }));
    told.push(...news.take(needs, now));
    const { groups } = order.arrange(items, { grouping: "need", held: false, now });
    return groups.map(({ key, items: inside }) => `${key}:${inside.map(({ view }) => view.interview_id)}`);
  };
  const event = (id, seq, type, data = {}) =>
    model.take(type, { interview_id: id, seq, at: at(), clock_ms: 0, type, data });
  const sizes = [];
  look();
  for (let day = 0; day < 3; day += 1) {
    for (let number = 0; number < 100; number += 1) {
      const id = `i${day}-${number}`;
      event(id, 2, "InterviewInvited");
      await null; await null; await null; await null;
      for (let seq = 3; seq < 63; seq += 1) {
        const said = { question_id: "q", number: seq, words: Array(10).fill({ text: "word" }), confidence: 1 };
        if (seq % 6 > 0) event(id, seq, "UtteranceTranscribed", said);
        else event(id, seq, "RecordingGap", { start_ms: 0, end_ms: 1, reason: "x" });
      }
      const view = model.views.get(id);
      if (view.answers.get("q").utterances.length > 6 || view.faults.length > 0) throw new Error("it grows");
      event(id, view.seq + 1, "HelpRequested", { message: "" });
      event(id, view.seq + 1, "HelpAcknowledged");
      event(id, view.seq + 1, "InterviewCompleted");
      now += 1000;
      look();
    }
    now += LEAVES_AFTER_MS;
    look();
    now += 61_000; // nor does it remember whom it let go
    look();
    sizes.push(model.size + order.size + news.size);
  }
  // A line that flickers: told once, and the card stays among those in need until it has been well for a while.
  model.replace({ interviews: [card("a"), card("b")], flows: { f: flow } });
  const places = [];
  told.length = 0;
  const flickers = [
    ["", 0], ["ConnectionLost", 1000], ["ConnectionRestored", 3000], ["ConnectionLost", 1000],
    ["ConnectionRestored", SETTLES_AFTER_MS - 1000], ["", 2000], ["", 0],
  ];
  for (const [type, ms] of flickers) {
    if (type) event("b", model.views.get("b").seq + 1, type, { lost_ms: 1 });
    places.push(look().join(" "));
    now += ms;
  }
  const all = "?q=a&job=J%26B&state=paused&spoken=zh-CN&needs=1&group=stage&view=compact";
  const queries = ["", all, "?group=nonsense&state=x&lang=en"].map((query) => toQuery(fromQuery(query), query));
  return { sizes, left: left.length, places, told: told.map(({ id, reason }) => `${id} ${reason}`), queries };
}"""


async def test_what_the_wall_keeps_does_not_grow_and_a_line_that_flickers_makes_no_card_dance(walls: Walls) -> None:
    await walls.gather([])
    page = await walls.page()
    result = await page.evaluate(MODULES)
    assert result["left"] == 300
    assert result["sizes"] == [0, 0, 0]
    assert result["places"] == [
        "running:a,b",
        "needing:b running:a",
        "needing:b running:a",
        "needing:b running:a",
        "needing:b running:a",
        "needing:b running:a",
        "running:a,b",
    ]
    assert result["told"] == ["b needs_connection"]
    assert result["queries"] == [
        "",
        "?q=a&job=J%26B&state=paused&spoken=zh-CN&needs=1&group=stage&view=compact",
        "?lang=en",
    ]
    await page.context.close()


WATCH = """() => {
  const touched = (window.touched = new Set());
  window.longTasks = [];
  const note = (list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration));
  new PerformanceObserver(note).observe({ type: "longtask" });
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    const card = (target.nodeType === 1 ? target : target.parentElement)?.closest(".wall-card");
    if (card) touched.add(card.dataset.key);
  })).observe(document.getElementById("groups"), { subtree: true, childList: true, characterData: true });
}"""


async def test_two_hundred_interviews_touch_only_their_own_cards_and_a_day_of_them_leaves_nothing(walls: Walls) -> None:
    ids = await walls.gather(["answering"] * 200)
    page = await walls.page()
    await expect(page.locator("#running .wall-card")).to_have_count(200)
    await page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    await page.evaluate(WATCH)
    speaking = ids[::20]
    for interview_id in speaking:
        await walls.say(interview_id, "these are my words")
    for interview_id in speaking:
        await expect(page.get_by_test_id(f"wall-card-{interview_id}")).to_contain_text("these are my words")
    assert set(await page.evaluate("[...touched]")) == set(speaking)
    # A card off the screen costs no layout.
    last = "[...document.querySelectorAll('.wall-card h3')].at(-1)"
    await until(page, f"!{last}.checkVisibility({{ contentVisibilityAuto: true }})")
    devtools = await page.context.new_cdp_session(page)

    async def held() -> tuple[int, int]:
        await devtools.send("HeapProfiler.collectGarbage")
        heap = await devtools.send("Runtime.getHeapUsage")
        return heap["usedSize"], (await devtools.send("Memory.getDOMCounters"))["nodes"]

    async def hours(first: int) -> None:
        for number in range(first, first + 8):
            for interview_id in ids:
                text = f"and number {number} of what I have to say " * 5
                await walls.happen(interview_id, AnswerDrafted("no-such-question", text))
                await walls.say(interview_id, text)
            flickers = ids[number]
            await walls.happen(flickers, ConnectionLost(), ConnectionRestored(10))
            await walls.happen(flickers, HelpRequested(text), HelpAcknowledged())
            shown = page.get_by_test_id(f"wall-card-{ids[0]}")
            await expect(shown).to_contain_text(f"number {number} of")

    await hours(0)
    heap, nodes = await held()
    await hours(8)
    heap_after, nodes_after = await held()
    # 3000 messages, of several MB: what stays is the help boxes of eight more cards, and noise.
    assert nodes_after - nodes < 1000, (nodes, nodes_after)
    assert heap_after - heap < 2_000_000, (heap, heap_after)
    # How smooth it is depends on the machine; a page that stands still for seconds is broken on any.
    assert max(await page.evaluate("longTasks"), default=0) < 3000
    await walls.happen(ids[0], InterviewCompleted())
    await expect(page.locator("#just-done").get_by_test_id(f"wall-card-{ids[0]}")).to_be_visible()
    await walls.happen(ids[1], HandedOver("A colleague goes on from here.", "hr@example.com"))
    await expect(page.locator("#just-done").get_by_test_id(f"wall-card-{ids[1]}")).to_contain_text("With a person now")
    await expect(page.locator("#running .wall-card")).to_have_count(198)
    await page.context.close()


INSTRUMENTS = """() => {
  window.tones = 0;
  window.notes = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...args) { window.tones += 1; return start.apply(this, args); };
  const Real = window.Notification;
  window.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      window.notes.push([title, options.body, options.tag]);
      window.lastNote = this;
    }
  };
}"""


async def test_a_new_need_is_told_once_by_one_of_several_tabs(walls: Walls) -> None:
    steady, calls, other = await walls.gather(["thinking", "thinking", "thinking"])
    name = (await walls.house.app[INTERVIEWS].state(calls)).candidate_name
    context = await walls.context(permissions=["notifications"])
    await context.add_init_script(f"({INSTRUMENTS})()")
    first = await walls.open(context)
    assert await first.get_by_test_id("wall-sound").get_attribute("aria-pressed") == "false"
    await first.get_by_test_id("wall-sound").click()
    await expect(first.get_by_test_id("wall-sound")).to_have_attribute("aria-pressed", "true")
    await until(first, "tones === 2")  # what it will be like
    await first.get_by_test_id("wall-notify").click()
    await expect(first.get_by_test_id("wall-notify")).to_have_attribute("aria-pressed", "true")
    second = await walls.open(context, "?q=nobody")
    for button in ("wall-sound", "wall-notify"):
        await expect(second.get_by_test_id(button)).to_have_attribute("aria-pressed", "true")
    await expect(second.locator("#wall-hint")).to_contain_text("once you have clicked")
    await second.get_by_test_id("wall-count").click()
    await expect(second.locator("#wall-hint")).to_be_empty()
    await asyncio.sleep(3.1)  # the sound that was asked for by hand rests as well
    await walls.happen(calls, HelpRequested("Please come"))
    for page in (first, second):
        await expect(page.get_by_test_id("wall-live")).to_have_text(f"{name}: The candidate asks for help.")
        assert (await page.title()).startswith("(1)")
    await until(first, "tones === 4")
    assert [await page.evaluate("notes.length") for page in (first, second)] == [1, 0]
    [note] = await first.evaluate("notes")
    assert note[0] == name
    assert note[1].startswith("The candidate asks for help\n")
    # What goes on being so is not told again.
    await walls.say(calls, "I am waiting")
    await walls.happen(calls, AnswerDrafted("none", "I am waiting"))
    await expect(first.get_by_test_id(f"wall-card-{calls}")).to_contain_text("I am waiting")
    # The tab that led is closed: the other tells of the next one, whatever it shows.
    await first.close()
    # It takes the line over too: a new snapshot, in which nobody calls, as the log of this test's interview is empty.
    await until(second, "!document.title.startsWith('(')")
    await asyncio.sleep(0.2)
    await walls.happen(other, ConnectionLost())
    await until(second, "notes.length === 1 && tones === 2")
    await second.evaluate("lastNote.onclick()")
    await expect(second.get_by_test_id(f"wall-card-{other}").get_by_role("link")).to_be_focused()
    await expect(second.locator("#groups .wall-card")).to_have_count(3)
    assert "q=" not in second.url
    await second.get_by_test_id("wall-sound").click()
    await second.get_by_test_id("wall-notify").click()
    await walls.happen(steady, HelpRequested(""))
    await expect(second).to_have_title("(2) Needs you · Live Interview")
    assert await second.evaluate("[notes.length, tones]") == [1, 2]
    await context.close()
    # Where the browser's owner has said no, the button says so and stays off.
    strict = await walls.context(permissions=[])
    page = await walls.open(strict)
    await page.get_by_test_id("wall-notify").click()
    await expect(page.locator("#wall-hint")).to_contain_text("does not show notifications")
    await expect(page.get_by_test_id("wall-notify")).to_have_attribute("aria-pressed", "false")
    await strict.close()
