"""Asks a language model behind any OpenAI-compatible endpoint: one JSON object by a schema, in bounded time."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import stamina

from analyzers.scoring.scorer import ScorerFailed, ScorerFailure

ATTEMPTS = 4
AT_ONCE = 8
"""Calls at the endpoint at the same time; others wait for their turn within their timeout."""
LARGEST_REPLY = 1 << 20
"""Bytes; a reply is some kilobytes."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0


class _Busy(Exception):
    """Worth another attempt. retry_after_s: what the endpoint asks for; None: it does not say."""

    def __init__(self, failure: ScorerFailed, retry_after_s: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after_s = retry_after_s


class _FormatRefused(Exception):
    """The endpoint answers 400 (or 422) to a request with this response format."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One call's messages and the JSON Schema that its answer has to follow. name: of the schema."""

    messages: list[dict[str, str]]
    schema: dict[str, Any]
    name: str


class ChatModel:
    """One per process. base_url: up to the part before /chat/completions, such as http://localhost:8000/v1.

    name: the model's. key: sent as a bearer token; empty: none is sent.
    """

    def __init__(self, client: aiohttp.ClientSession, *, base_url: str, name: str, key: str = "") -> None:
        self.name = name
        self._client = client
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._knows_schemas = True
        """Whether the endpoint takes a JSON Schema, as far as is known."""

    async def complete(self, asked: Prompt, timeout_s: float) -> str:
        """The model's text as it is. timeout_s: for everything, retries and waits included. Raises ScorerFailed."""
        ends_at = time.monotonic() + timeout_s
        try:
            async with asyncio.timeout(timeout_s), self._turn:
                return await self._answered(asked, ends_at)
        except TimeoutError:
            raise ScorerFailed(ScorerFailure.TIMED_OUT, f"no answer within {timeout_s:g} s") from None
        except _Busy as error:
            raise error.failure from None

    async def _answered(self, asked: Prompt, ends_at: float) -> str:
        if self._knows_schemas:
            schema = {"name": asked.name, "strict": True, "schema": asked.schema}
            try:
                return await self._retried(asked, {"type": "json_schema", "json_schema": schema}, ends_at)
            except _FormatRefused:
                pass
        try:
            content = await self._retried(asked, {"type": "json_object"}, ends_at)
        except _FormatRefused:
            raise ScorerFailed(ScorerFailure.REFUSED, "it takes neither response format") from None
        self._knows_schemas = False
        return content

    async def _retried(self, asked: Prompt, response_format: dict[str, Any], ends_at: float) -> str:
        def again(error: Exception) -> bool | float:
            if not isinstance(error, _Busy):
                return False
            if error.retry_after_s is None:
                return True
            # To wait beyond our own end would only hold the report up.
            return error.retry_after_s if error.retry_after_s < ends_at - time.monotonic() else False

        async for attempt in stamina.retry_context(
            on=again,
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=FIRST_WAIT_SECONDS,
            wait_max=LONGEST_WAIT_SECONDS,
            wait_jitter=FIRST_WAIT_SECONDS,
        ):
            with attempt:
                return await self._post(asked, response_format)
        raise AssertionError("unreachable")

    async def _post(self, asked: Prompt, response_format: dict[str, Any]) -> str:
        body = {
            "model": self.name,
            "messages": asked.messages,
            "temperature": 0,
            "response_format": response_format,
            "stream": False,
        }
        try:
            async with self._client.post(
                self._url,
                json=body,
                headers=self._headers,
                # Answers go to the address that was set and to no other.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as response:
                _check_status(response)
                return _content(await _read(response))
        except aiohttp.ClientError as error:
            raise _Busy(ScorerFailed(ScorerFailure.UNREACHABLE, type(error).__name__)) from None


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 200:
        return
    if status in (400, 422):
        raise _FormatRefused
    if status == 429 or status >= 500:
        raise _Busy(ScorerFailed(ScorerFailure.OVERLOADED, f"status {status}"), _retry_after_s(response))
    raise ScorerFailed(ScorerFailure.REFUSED, f"status {status}")


def _retry_after_s(response: aiohttp.ClientResponse) -> float | None:
    """Retry-After in seconds; None when there is none, or it is a date."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > LARGEST_REPLY:
            raise ScorerFailed(ScorerFailure.UNUSABLE, "the reply is too large")
    return bytes(body)


def _content(body: bytes) -> str:
    """The text of the first choice. Raises ScorerFailed (unusable) when it was cut off, refused or not there."""
    try:
        choice = json.loads(body)["choices"][0]
        content, finished = choice["message"]["content"], choice.get("finish_reason", "stop")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ScorerFailed(ScorerFailure.UNUSABLE, "no chat completion") from None
    if not isinstance(content, str) or finished != "stop":
        raise ScorerFailed(ScorerFailure.UNUSABLE, "the completion did not end by itself or holds no text")
    return content
