"""HR invites a candidate: the link is shown once and opens the interview; mistakes are named by field."""

from __future__ import annotations

import re

import pytest

from tests.hr.conftest import House

FORM = {"name": "Ada Lovelace", "email": "", "flow": "customer_service", "language": "en", "jurisdiction": "US-IL"}


async def test_the_link_opens_the_interview(house: House) -> None:
    async with house.hr.post(house.url("/hr/invitations"), data=FORM) as response:
        assert response.status == 200
        page = await response.text()
    [link] = re.findall(r'value="(http[^"]+/i/[^"]+)"', page)
    assert link.startswith(house.url("/i/"))
    async with house.stranger().get(link) as response:
        assert response.status == 200
        assert "Customer service" in await response.text()
    [interview_id] = [card["interview_id"] for card in (await house.json("/api/hr/interviews"))["interviews"]]
    assert f"/hr/interviews/{interview_id}" in page
    snapshot = await house.json(f"/api/hr/interviews/{interview_id}")
    assert (snapshot["candidate_name"], snapshot["jurisdiction"]) == ("Ada Lovelace", "US-IL")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": "  "}, "name", "Please enter the candidate"),
        ({"name": "x" * 201}, "name", "longer than 200 characters"),
        ({"email": "nonsense"}, "email", "complete e-mail address"),
        ({"flow": "nonsense"}, "flow", "There is no such question flow"),
        ({"language": "fr"}, "language", "not available in that language"),
    ],
)
async def test_a_mistake_is_named_beside_its_field_and_nothing_is_made(
    house: House, change: dict[str, str], field: str, sentence: str
) -> None:
    async with house.hr.post(house.url("/hr/invitations"), data={**FORM, **change}) as response:
        assert response.status == 400
        page = await response.text()
    assert re.search(rf'id="{field}-problem"[^>]*>[^<]*{sentence}', page)
    assert 'value="Ada Lovelace"' in page or field == "name"
    assert (await house.json("/api/hr/interviews"))["interviews"] == []
