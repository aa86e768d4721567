"""Has a résumé read by a process that may use little, and takes its answer with care."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from server.errors import UserError
from server.resumes import limits
from server.resumes.codec import decode
from server.resumes.resume import Resume

_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-E", "-s", "-B", "-m", "server.resumes.reading")
_AT_ONCE = 2
MOST_WAITING = 16
"""Files that wait for their turn; a page's included. Each is held in memory meanwhile."""
RETRY_AFTER_S = 20
_ANSWER: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
ERRORS = frozenset(
    f"resume_{name}"
    for name in (
        *("empty", "too_large", "kind_unknown", "old_word", "encrypted", "damaged", "bomb", "too_long", "no_text"),
        *("not_json_resume", "too_slow"),
    )
)
"""Codes of all that can be wrong with a file."""


class Reader:
    """Reads at most two files at once; so many others wait, and the rest are told to come again."""

    def __init__(self, wall_seconds: float = limits.WALL_SECONDS) -> None:
        self._wall_seconds = wall_seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._held = 0

    @property
    def is_full(self) -> bool:
        """Whether another file would be refused now."""
        return self._held >= _AT_ONCE + MOST_WAITING

    async def read(self, content: bytes) -> Resume:
        """The résumé. Raises UserError with one of ERRORS (422; too large: 413); the server is never harmed.

        Raises UserError resumes_waiting (503) while too many files wait.
        """
        if len(content) > limits.LARGEST_FILE:
            megabytes = str(limits.LARGEST_FILE // 1_000_000)
            raise UserError("resume_too_large", status=413, field="resume", params={"megabytes": megabytes})
        if self.is_full:
            raise UserError("resumes_waiting", status=503, field="resume", retry_after_s=RETRY_AFTER_S)
        self._held += 1
        try:
            async with self._turns:
                answer = await self._asked(content)
        finally:
            self._held -= 1
        try:
            given = _ANSWER.validate_json(answer)
            if "resume" in given:
                return decode(given["resume"])
        except ValidationError:
            given = {}
        # No answer that makes sense: memory was used up where nothing could be said any more.
        code = str(given.get("error"))
        raise UserError(code if code in ERRORS else "resume_bomb", status=422, field="resume")

    async def _asked(self, content: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=_ROOT,
            # Nothing of the server's environment: it holds secrets.
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(self._wall_seconds):
                answer, _ = await asyncio.gather(_output(process), _give(process, content))
                status = await process.wait()
        except TimeoutError:
            raise UserError("resume_too_slow", status=422, field="resume") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
        if status < 0 and not answer:
            # Ended by a signal: by the limit of its processor time, as a rule.
            raise UserError("resume_too_slow", status=422, field="resume")
        return answer


async def _give(process: asyncio.subprocess.Process, content: bytes) -> None:
    assert process.stdin is not None
    # It may have ended before it has read everything; its answer tells.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(content)
        await process.stdin.drain()
        process.stdin.close()


async def _output(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    held = bytearray()
    while chunk := await process.stdout.read(64 * 1024):
        held += chunk
        if len(held) > limits.LARGEST_OUTPUT:
            raise UserError("resume_bomb", status=422, field="resume")
    return bytes(held)
