"""The report for paper: HTML and PDF with the company's name, in the reader's language."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from question_flows.model import Language
from server.hr.printing import disposition
from server.interview.commands import Decide, OverrideScore, RateCompetency
from server.interview.hr_events import Decision
from server.settings import Settings
from tests.hr.conftest import UNHURRIED, House, answer_all, serving

COMPANY = "示例 <Ltd>"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A company that has a name, with characters that HTML must escape."""
    settings = Settings(
        data_dir=tmp_path / "data",
        whisper_model=str(tmp_path / "no-model"),
        company_name=COMPANY,
        **UNHURRIED,
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    async with serving(settings) as running:
        yield running


async def test_the_report_prints_as_html_and_as_pdf_with_the_companys_name(house: House) -> None:
    async with house.started(name="李明 <b>", language=Language.CHINESE) as session:
        await answer_all(session)
        first = session.state.asked[0]
        indicator_id = session.flow.question(first.question_id).indicator_ids[0]
        await session.execute(RateCompetency("empathy", 6.5, "听得很认真", "manager@example.com"))
        await session.execute(OverrideScore(first.question_id, indicator_id, 4, "没有道歉", "hr@example.com"))
        await session.execute(Decide(Decision.ADVANCE, "适合这家店", "hr@example.com"))
    path = f"/hr/interviews/{session.interview_id}"
    async with house.hr.get(house.url(f"{path}/print")) as response:
        page = await response.text()
    assert "示例 &lt;Ltd&gt;" in page
    assert "李明 &lt;b&gt;" in page
    async with house.hr.get(house.url(f"{path}/report.pdf"), headers={"Accept-Language": "zh-CN"}) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/pdf"
        assert "filename*=UTF-8''" in response.headers["Content-Disposition"]
        made = PdfReader(io.BytesIO(await response.read()))
    text = "\n".join(page.extract_text() for page in made.pages)
    assert "李明 <b>" in text
    assert COMPANY in text
    assert f"1 / {len(made.pages)}" in text
    assert "最终决定由人作出" in text
    for written in ("听得很认真", "manager@example.com: 6.5", "没有道歉", "进入下一步", "适合这家店"):
        assert written in text
    assert made.metadata is not None
    assert made.metadata.author == COMPANY
    # Tagged, so that a screen reader finds headings and tables.
    assert "/Marked" in str(made.root_object["/MarkInfo"])


async def test_an_interview_that_has_not_begun_prints_too(house: House) -> None:
    interview_id, _ = await house.invite()
    async with house.hr.get(house.url(f"/hr/interviews/{interview_id}/report.pdf")) as response:
        made = PdfReader(io.BytesIO(await response.read()))
    assert "not finished" in made.pages[0].extract_text()


def test_a_files_name_is_kept_and_never_breaks_the_header() -> None:
    header = disposition('Report 李"\r\n明.pdf')
    assert header.isascii()
    assert "\r" not in header
    assert header == "attachment; filename=\"Report _.pdf\"; filename*=UTF-8''Report%20%E6%9D%8E%22%0D%0A%E6%98%8E.pdf"
