"""Probes chosen and worded by a model: only predefined ones, only within bounds, and never later than allowed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from analyzers.results import Transcript
from analyzers.scoring.chat import ChatModel
from analyzers.scoring.probe_choice import Probe, ProbeChooser, acceptable, first_probe
from question_flows.loader import shipped_flows
from question_flows.model import Language
from tests.analyzers.scoring.chat_server import KEY, MODEL, Answerer, Asked, chat_server, completion, sample
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken

FLOW = shipped_flows()["customer_service"]
QUESTION = FLOW.questions[0]
MISSING = [name for name in QUESTION.indicator_ids if FLOW.indicator(name).probes][:2]
FIRST, SECOND = MISSING


def saying(choose: Callable[[Asked], object]) -> Answerer:
    """The model answers with this, made of what it was asked."""

    async def answer(asked: Asked) -> web.StreamResponse:
        value = choose(asked)
        return completion(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    return answer


@asynccontextmanager
async def chooser(answer: Answerer, timeout_s: float = 10.0) -> AsyncIterator[ProbeChooser]:
    """A chooser whose model answers so."""
    async with chat_server(answer) as chat, ClientSession(cookie_jar=DummyCookieJar()) as client:
        yield ProbeChooser(ChatModel(client, base_url=chat.url, name=MODEL, key=KEY), timeout_s)


def answered(language: Language = ENGLISH) -> Transcript:
    return spoken(sample(QUESTION, language), language)


def predefined(language: Language = ENGLISH) -> Probe:
    return Probe(FIRST, 0, FLOW.indicator(FIRST).probes[0][language], None)


@pytest.mark.parametrize(
    ("language", "wording"),
    [
        (ENGLISH, "You spoke of the delay; how did you find out what she needed?"),
        (CHINESE, "您提到了延误，您是怎么了解她需要什么的？"),
    ],
)
async def test_a_model_chooses_among_the_probes_and_words_its_choice(language: Language, wording: str) -> None:
    seen: list[Asked] = []

    def choose(asked: Asked) -> object:
        seen.append(asked)
        return {"probe": f"{SECOND}/0", "wording": wording}

    async with chooser(saying(choose)) as one:
        probe = await one.choose(FLOW, QUESTION, answered(language), MISSING)
    assert probe == Probe(SECOND, 0, wording, MODEL)
    names = [f"{name}/{number}" for name in MISSING for number in range(len(FLOW.indicator(name).probes))]
    assert list(seen[0].task["probes"]) == names
    assert seen[0].words == [word.text for word in answered(language).words]


@pytest.mark.parametrize(
    "wording",
    [
        "",
        "Tell me more.",
        "Why? And when?",
        "You did great, did you not? Good.",
        "Did you save 5000 euros?",
        "Would you look at https://example.org?",
        "<b>What</b> did you do?",
        "您做了什么？",
        "What " + "x" * 300 + "?",
    ],
)
async def test_a_wording_out_of_bounds_is_replaced_by_the_predefined_one(wording: str) -> None:
    async with chooser(saying(lambda _: {"probe": f"{SECOND}/0", "wording": wording})) as one:
        probe = await one.choose(FLOW, QUESTION, answered(), MISSING)
    assert probe == Probe(SECOND, 0, FLOW.indicator(SECOND).probes[0][ENGLISH], MODEL)


@pytest.mark.parametrize(
    "reply",
    [
        "not JSON",
        {"probe": "charm/0", "wording": "How are you?"},
        {"probe": f"{FIRST}/99", "wording": "How are you?"},
        {"probe": f"{SECOND}/0"},
        {"probe": f"{SECOND}/0", "wording": 3},
        {"probe": f"{SECOND}/0", "wording": "What did you do?", "points": 10},
    ],
    ids=str,
)
async def test_what_is_no_choice_among_the_probes_leads_to_the_first_one(reply: object) -> None:
    async with chooser(saying(lambda _: reply)) as one:
        assert await one.choose(FLOW, QUESTION, answered(), MISSING) == predefined()


async def test_the_candidate_waits_no_longer_than_allowed() -> None:
    async def slow(_: Asked) -> web.StreamResponse:
        await asyncio.sleep(10)
        raise AssertionError

    async with chooser(slow, timeout_s=0.3) as one:
        begun = time.monotonic()
        assert await one.choose(FLOW, QUESTION, answered(), MISSING) == predefined()
        assert time.monotonic() - begun < 5


async def test_an_endpoint_that_fails_leads_to_the_first_probe() -> None:
    async def failing(_: Asked) -> web.StreamResponse:
        return web.Response(status=401)

    async with chooser(failing) as one:
        assert await one.choose(FLOW, QUESTION, answered(), MISSING) == predefined()


async def test_without_probes_none_is_asked_and_nobody_is_asked_for_one() -> None:
    def never(_: Asked) -> object:
        raise AssertionError

    async with chooser(saying(never)) as one:
        assert await one.choose(FLOW, QUESTION, answered(), []) is None
        assert await one.choose(FLOW, QUESTION, Transcript(ENGLISH, ()), MISSING) == predefined()


@pytest.mark.parametrize("language", list(Language))
def test_every_shipped_probe_is_acceptable_as_its_own_wording(language: Language) -> None:
    for flow in shipped_flows().values():
        for competency in flow.competencies:
            for indicator in competency.indicators:
                for probe in indicator.probes:
                    assert acceptable(probe[language], probe[language], language), probe[language]


def test_the_first_probe_is_the_first_missing_indicators() -> None:
    assert first_probe(FLOW, MISSING, ENGLISH) == predefined()
    assert first_probe(FLOW, [], ENGLISH) is None
