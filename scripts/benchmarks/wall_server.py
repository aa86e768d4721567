"""The server that `scripts/bench wall` watches: the whole application, and running interviews in which words come.

A process of its own. It prints one line of JSON once the interviews run: the address and HR's cookie. What happens
takes the way of real interviews: of ten events of an interview one is stored by a command of its session (journal,
log, hub), the others are what recognition, score and line publish. Words end with the time they were made, by which
viewers know how late they are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from question_flows.model import PRACTICE_ID, Language
from scripts.benchmarks.wall_words import Kind, kind_of, stamp, words_at
from scripts.local_server import free_port
from server.admission import Limits
from server.app import create_app
from server.hr.card import for_card
from server.interview.commands import GiveConsent, SaveDraft, SkipQuestion, Start, StartAnswer
from server.interview.running_score import score_json
from server.interview.session import InterviewSession
from server.keys import DATABASE, FLOWS, HUB, INTERVIEWS, RECOGNITION_SETTLED, REPORT_ENDPOINT
from server.live.hub import Signal
from server.live.messages import LiveEvent, LiveMessage, event_json
from server.settings import Settings
from server.storage.users import Users

PASSWORD = "correct horse battery staple"
MADE = web.AppKey("made", list[int])
SIGNALS_OF_A_WALL = frozenset({"transcript", "scores", "connection", "recognition", "faces"})


def main() -> None:
    """Serves until its standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--interviews", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="events a second and interview")
    options = parser.parse_args()
    asyncio.run(serve(options.folder, options.interviews, options.rate))


async def serve(folder: Path, interviews: int, rate: float) -> None:
    """The server and what happens in it, until nobody needs it any more."""
    settings = Settings(
        data_dir=folder,
        whisper_model=str(folder / "no-model"),
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    app = create_app(settings)
    app.router.add_get("/former", former)
    app.router.add_get("/made", made)
    app[MADE] = [0]
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    app[REPORT_ENDPOINT].set_result(f"http://127.0.0.1:{port}/ehr/reports")
    await app[RECOGNITION_SETTLED].wait()
    # All come at once here, and what they cost is what is measured.
    app[INTERVIEWS].room.admission.limits = Limits(math.inf, math.inf, math.inf)
    users, now = Users(app[DATABASE]), datetime.now(UTC)
    cookie = await users.create_account(await users.issue_link(now), "hr@example.com", PASSWORD, now)
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(begun(app, number)) for number in range(interviews)]
        talking = [asyncio.create_task(talk(app, one, n, rate)) for n, one in enumerate(sessions)]
        print(json.dumps({"url": f"http://127.0.0.1:{port}", "cookie": cookie}), flush=True)
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        await asyncio.wait({ended, *talking}, return_when=asyncio.FIRST_COMPLETED)
        for task in talking:
            task.cancel()
        failed = [one for one in await asyncio.gather(*talking, return_exceptions=True) if isinstance(one, Exception)]
        if failed:
            raise failed[0]
    await runner.cleanup()


@asynccontextmanager
async def begun(app: web.Application, number: int) -> AsyncIterator[InterviewSession]:
    """A running interview whose candidate is there and has begun to answer."""
    flows: list[str] = sorted(flow.id for flow in app[FLOWS].values())
    interview_id, _ = await app[INTERVIEWS].invite(
        flow_id=flows[number % len(flows)],
        language=Language.ENGLISH,
        candidate_name=f"Candidate {number + 1}",
        email="",
        jurisdiction="EU",
        now=datetime.now(UTC),
    )
    session = await app[INTERVIEWS].get(interview_id)
    async with session.candidate_present():
        await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
        await session.execute(Start())
        if session.state.question_id == PRACTICE_ID:
            await session.execute(SkipQuestion(PRACTICE_ID))
        assert session.state.question_id is not None
        await session.execute(StartAnswer(session.state.question_id))
        yield session


async def talk(app: web.Application, session: InterviewSession, number: int, rate: float) -> None:
    """So many events a second, not all interviews at the same moment; what cannot be made in time is made late."""
    due = time.monotonic() + (number * 0.6180339887 % 1) / rate
    count = number
    while True:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += 1 / rate
        count += 1
        await happen(app, session, count)
        app[MADE][0] += 1


async def happen(app: web.Application, session: InterviewSession, count: int) -> None:
    """The next event of an interview."""
    state = session.state
    question_id = state.question_id
    assert question_id is not None
    now = stamp(time.time())
    match kind_of(count):
        case Kind.DRAFT:
            await session.execute(SaveDraft(question_id, f"What I did then was this: {now}"))
            return
        case Kind.SCORES:
            score = score_json(session.flow, state, {})
            data: dict[str, Any] = {"question_id": question_id, "score": score, "answer": None, "answers": []}
            kind = "scores"
        case Kind.CONNECTION:
            data, kind = {"line": "good", "packet_loss": 0.01}, "connection"
        case Kind.WORDS:
            committed, tentative = words_at(count, now)
            data = {"question_id": question_id, "utterance_number": 1, "committed": committed, "tentative": tentative}
            data |= {"confidence": 0.9, "final": False}
            kind = "transcript"
    await app[HUB].publish_signal(Signal(session.interview_id, kind, state.seq, data))


async def made(request: web.Request) -> web.Response:
    """How many events have been made: a machine with other work to do makes fewer than are wanted."""
    return web.json_response(request.app[MADE][0])


async def former(request: web.Request) -> web.StreamResponse:
    """The way before: each message made into JSON and written on its own for each viewer."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    with suppress(ConnectionResetError):
        async for message in request.app[HUB].follow_all():
            if (text := _formerly(message)) is not None:
                await response.write(text.encode())
    return response


def _formerly(message: LiveMessage) -> str | None:
    """As one viewer got it; None: a signal that no card shows."""
    if isinstance(message, LiveEvent):
        data: dict[str, Any] = event_json(message.interview_id, message.event)
        return _frame(f"id: {message.event.seq}\n", message.event.type, data)
    if message.type not in SIGNALS_OF_A_WALL:
        return None
    lean = for_card(message)
    assert isinstance(lean, Signal)
    return _frame("", lean.type, {"interview_id": lean.interview_id, "after_seq": lean.after_seq, **lean.data})


def _frame(head: str, type_name: str, data: dict[str, Any]) -> str:
    return f"{head}event: {type_name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


if __name__ == "__main__":
    main()
