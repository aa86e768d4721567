"""An auditor learns nobody's name: not from a page, not from JSON, not from what was said."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from analyzers.results import Transcript, TranscriptWord
from question_flows.model import Language
from server.hr.names import Mask
from server.interview.commands import StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode
from server.interview.hr_commands import SendHint
from server.keys import DATABASE, INTERVIEWS
from server.records.default_rules import DEFAULT_RULES
from server.storage.hr_user import Role
from server.storage.jobs import Jobs
from server.storage.record_tables import applications
from tests.hr.conftest import EMAIL, House, answer_all
from tests.server.test_routes import ROUTES


def transcript(language: Language, *texts: str) -> Transcript:
    return Transcript(language, tuple(TranscriptWord(text, at, at + 1, 1.0) for at, text in enumerate(texts)))


@dataclass(frozen=True)
class Said:
    interview_id: str
    lines: tuple[str, ...]
    by: dict[str, str]


def test_a_name_goes_from_every_text_and_nothing_else_does() -> None:
    mask = Mask("Ada Lovelace", "ada@example.org", "Candidate 7F", "[name]")
    said = Said("Ada", ("I am Ada Lovelace.", "ADA, please. Adamant Canada"), {"text": "Mrs Lovelace", "id": "Ada"})
    assert mask.of(said) == Said(
        "Ada", ("I am Candidate 7F.", "[name], please. Adamant Canada"), {"text": "Mrs [name]", "id": "Ada"}
    )
    assert mask.of(["ada@example.org", 3, None]) == ["[name]", 3, None]
    untouched = Said("x", ("Nothing",), {})
    assert mask.of(untouched) == untouched


def test_a_name_that_spreads_over_words_goes_word_by_word() -> None:
    english = Mask("Ada Lovelace", "", "C", "[name]").of(transcript(Language.ENGLISH, "I'm", "Ada", "Lovelace,", "yes"))
    assert english.text == "I'm [name] [name] yes"
    chinese = Mask("王小明", "", "C", "［姓名］")
    assert (
        chinese.of(transcript(Language.CHINESE, *"我叫王小明，小明")).text
        == "我叫［姓名］［姓名］［姓名］，［姓名］［姓名］"
    )
    assert chinese.of("我叫王小明，大家叫我小明") == "我叫C，大家叫我［姓名］"
    words = [{"text": "Ada", "start_ms": 0, "end_ms": 1}, {"text": "can", "start_ms": 1, "end_ms": 2}]
    assert Mask("Ada Lovelace", "", "C", "x").of(words) == [{**words[0], "text": "x"}, words[1]]


@pytest.mark.parametrize(("language", "name"), [(Language.ENGLISH, "Ada Lovelace"), (Language.CHINESE, "王小明")])
async def test_nothing_that_an_auditor_may_ask_for_holds_the_name(house: House, language: Language, name: str) -> None:
    auditor, _ = await house.person(Role.AUDITOR)
    registry, now = house.app[INTERVIEWS], datetime.now(UTC)
    job_id = await Jobs(house.app[DATABASE]).add("Store", "Sales", "customer_service", now)
    wanted = {"flow_id": "customer_service", "language": language, "email": "ada@example.org", "jurisdiction": "EU"}
    first, _ = await registry.invite(**wanted, candidate_name=name, now=now, job_id=job_id)
    second, _ = await registry.invite(**{**wanted, "email": ""}, candidate_name=name, now=now, job_id=job_id)
    row = await registry.event_log.row(first)
    assert row is not None
    assert row.candidate_id is not None
    async with house.begun(first) as session:
        question_id = session.state.question_id
        assert question_id is not None
        await session.execute(SendHint(f"{name}, take your time", EMAIL))
        await session.execute(StartAnswer(question_id))
        said = f"My name is {name}. " if language is Language.ENGLISH else f"我叫{name}。"
        sample = session.flow.question(question_id).sample_answers[language][0]
        await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, said + sample))
        await answer_all(session)
    # Whom HR invites for a job applies for it, as soon as the inbox has been looked at.
    query = sa.select(applications.c.id).where(applications.c.candidate_id == row.candidate_id)
    application_id = None
    async with asyncio.timeout(10):
        while application_id is None:
            await asyncio.sleep(0.02)
            async with house.app[DATABASE].read() as connection:
                application_id = await connection.scalar(query)
    places = {
        "interview_id": first,
        "candidate_id": row.candidate_id,
        "job_id": job_id,
        "flow_id": "customer_service",
        "application_id": application_id,
        "rule_id": next(iter(DEFAULT_RULES)),
    }
    paths = [
        re.sub(r"{(\w+)}", lambda place: places[str(place[1])], route.removeprefix("GET "))
        for route, who in ROUTES.items()
        if route.startswith("GET ") and not isinstance(who, str) and Role.AUDITOR in who
    ]
    paths += [f"/hr/jobs/{job_id}/compare?interview={first}&interview={second}", "/hr/interviews?sort=name"]
    parts = {name, *name.split(), "ada@example.org", *([name[-2:]] if language is Language.CHINESE else [])}
    for path in paths:
        async with auditor.get(house.url(path)) as response:
            assert response.status == 200 or path.endswith("/compare"), (path, response.status)
            text = await response.text()
        for part in parts:
            assert part not in text, path
            assert part.encode("ascii", "backslashreplace").decode() not in text, path
    # Nor is the name found by asking for it.
    for path in ("/hr/interviews", "/hr/candidates"):
        async with auditor.get(house.url(path), params={"q": name.split()[0]}) as response:
            text = await response.text()
        assert first not in text, path
        assert row.candidate_id not in text, path
    async with auditor.get(house.url(f"/api/hr/interviews/{first}/report")) as response:
        assert (await response.json())["candidate_name"] == f"Candidate {row.candidate_id[:6].upper()}"
    # Everybody else still reads it.
    async with house.hr.get(house.url(f"/hr/interviews/{first}/report")) as response:
        assert name in await response.text()
