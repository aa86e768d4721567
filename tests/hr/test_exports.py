"""Interviews as a CSV file: what the list shows, with machine, people and both apart."""

from __future__ import annotations

import csv
import io

from server.interview.commands import Decide, RateCompetency
from server.interview.hr_events import Decision
from tests.hr.conftest import House, answer_all


async def lines(house: House, query: str = "") -> tuple[bytes, list[dict[str, str]]]:
    """(the file, its lines by column)."""
    async with house.hr.get(house.url(f"/hr/interviews/export.csv{query}")) as response:
        assert response.status == 200
        assert response.headers["Content-Disposition"].startswith("attachment")
        body = await response.read()
    return body, list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


async def test_a_line_an_interview_with_scores_kept_apart(house: House) -> None:
    async with house.started(name="=HYPERLINK(1)") as session:
        await answer_all(session)
        await session.execute(RateCompetency("empathy", 6.5, "Listened.", "manager@example.com"))
        await session.execute(Decide(Decision.HOLD, "Later.", "hr@example.com"))
    await house.invite(name="李明", flow_id="software_engineer")
    body, (waiting, done) = await lines(house)
    # Excel knows by it that the file is UTF-8.
    assert body.startswith(b"\xef\xbb\xbf")
    assert waiting["Candidate"] == "李明"
    assert waiting["State"] == "Invited"
    assert waiting["Total: machine"] == ""
    assert done["Candidate"] == "'=HYPERLINK(1)"
    assert float(done["Total: machine"]) > 5
    assert done["People who rated"] == "1"
    assert done["Decided by"] == "hr@example.com"
    title = session.flow.title[session.state.language]
    assert done[f"Empathy ({title}): people"] == "6.5"
    assert done[f"Empathy ({title}): combined"] != done[f"Empathy ({title}): machine"] != ""
    assert waiting[f"Empathy ({title}): people"] == ""
    only = (await lines(house, "?state=completed"))[1]
    assert [one["Candidate"] for one in only] == ["'=HYPERLINK(1)"]
