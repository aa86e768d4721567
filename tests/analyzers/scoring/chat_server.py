"""A chat-completions endpoint over real HTTP that is strict about the protocol and answers as a test says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer
from jsonschema import Draft202012Validator

from analyzers.results import join_words
from analyzers.scoring.chat import ChatModel
from analyzers.scoring.llm import LlmScorer
from question_flows.model import Language, Question

KEY, MODEL = "sk-a key of the tests", "judge-7b"
FENCE = re.compile(r"^=== ANSWER [0-9a-f]{32} ===$", re.MULTILINE)


@dataclass(frozen=True)
class Asked:
    """One request as the endpoint understood it."""

    body: dict[str, Any]
    fence: str
    words: list[str]
    """The words between the fences, by their numbers."""
    task: dict[str, Any]

    @property
    def indicators(self) -> list[str]:
        return [indicator["id"] for indicator in self.task["indicators"]]

    @property
    def format(self) -> str:
        kind: str = self.body["response_format"]["type"]
        return kind


Answerer = Callable[[Asked], Awaitable[web.StreamResponse]]


@dataclass
class ChatServer:
    """`answer` decides what comes back; every request is checked and kept."""

    answer: Answerer
    key: str = KEY
    url: str = ""
    requests: list[Asked] = field(default_factory=list)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"message": "invalid api key"}}, status=401)
        if not self.key:
            assert "Authorization" not in request.headers
        body = await request.json()
        if body["model"] != MODEL:
            return web.json_response({"error": {"message": "model not found"}}, status=404)
        asked = understood(body)
        self.requests.append(asked)
        return await self.answer(asked)


def understood(body: dict[str, Any]) -> Asked:
    """The request's parts. Raises AssertionError (the client sees a 500) when it is not what the protocol allows."""
    assert set(body) == {"model", "messages", "temperature", "response_format", "stream"}
    assert body["temperature"] == 0
    assert body["stream"] is False
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    if body["response_format"]["type"] == "json_schema":
        schema = body["response_format"]["json_schema"]
        assert schema["strict"] is True
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", schema["name"])
        Draft202012Validator.check_schema(schema["schema"])
        assert_strict(schema["schema"])
    else:
        # OpenAI refuses json_object unless the messages speak of JSON.
        assert body["response_format"] == {"type": "json_object"}
        assert "JSON" in system["content"]
    opening, closing = FENCE.findall(user["content"])
    assert opening == closing
    assert opening in system["content"]
    task, fenced, rest = user["content"].split(opening)
    assert not rest.strip()
    words = []
    for number, line in enumerate(fenced.strip("\n").split("\n")):
        place, _, word = line.partition(" ")
        assert place == str(number)
        words.append(word)
    return Asked(body, opening, words, json.loads(task))


def assert_strict(schema: Any) -> None:
    """OpenAI's strict mode: every object lists all its properties as required and allows no others."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert set(schema["required"]) == set(schema["properties"])
        for value in schema.values():
            assert_strict(value)
    elif isinstance(schema, list):
        for value in schema:
            assert_strict(value)


@asynccontextmanager
async def chat_server(answer: Answerer, key: str = KEY) -> AsyncIterator[ChatServer]:
    """The endpoint on a free port."""
    chat = ChatServer(answer, key)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat.complete)
    async with TestServer(app) as running:
        chat.url = str(running.make_url("/v1"))
        yield chat


@asynccontextmanager
async def scorer(url: str, *, key: str = KEY, model: str = MODEL, timeout_s: float = 20.0) -> AsyncIterator[LlmScorer]:
    """A scorer that speaks to this address."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        yield LlmScorer(ChatModel(client, base_url=url, name=model, key=key), timeout_s)


def completion(content: str | None, finish_reason: str = "stop") -> web.Response:
    """A chat completion with this text."""
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return web.json_response({"id": "c1", "object": "chat.completion", "model": MODEL, "choices": [choice]})


def rating(indicator_id: str, words: list[str], language: Language, **changes: Any) -> dict[str, Any]:
    """One indicator as a good model rates it: 7.5 points for the answer's first words."""
    last = min(4, len(words) - 1)
    quote = {"first_word": 0, "last_word": last, "text": join_words(words[: last + 1], language)}
    good = {
        "indicator_id": indicator_id,
        "points": 7.5,
        "confidence": 0.8,
        "quotes": [quote],
        "explanation_en": "It names what was done.",
        "explanation_zh": "说明了所做的事。",
    }
    return {**good, **changes}


def good_answer(language: Language = Language.ENGLISH, **changes: Any) -> Answerer:
    """Rates every indicator alike; the answer follows the schema that was sent with the request."""

    async def answer(asked: Asked) -> web.StreamResponse:
        ratings = [rating(name, asked.words, language, **changes) for name in asked.indicators]
        data = {"indicators": ratings}
        if asked.format == "json_schema":
            Draft202012Validator(asked.body["response_format"]["json_schema"]["schema"]).validate(data)
        return completion(json.dumps(data, ensure_ascii=False))

    return answer


def text_answer(text: str | None, finish_reason: str = "stop") -> Answerer:
    """Always this text."""

    async def answer(_: Asked) -> web.StreamResponse:
        return completion(text, finish_reason)

    return answer


def sample(question: Question, language: Language) -> str:
    """What a good candidate says."""
    return question.sample_answers[language][0]
