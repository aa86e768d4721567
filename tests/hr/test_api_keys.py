"""HR's keys of the API: made by a form, shown once, revoked; only by who may connect systems."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from server.keys import DATABASE
from server.storage.api_keys import ApiKeys, Scope
from tests.hr.conftest import House
from tests.hr.test_deliveries import connected
from tests.hr.test_people import page, post, trail

FORM = {"name": "Odoo, production", "system": "odoo", "days": "90", "scope.candidates:read": "yes"}


async def test_a_key_is_shown_once_does_what_it_may_and_is_revoked(house: House) -> None:
    assert "scope.erase" in await page(house, "/hr/api-keys")
    status, _, html = await post(house, "/hr/api-keys", **FORM)
    assert status == 200
    [secret] = re.findall(r'value="(ivk_[^"]+)"', html)
    keys, now = ApiKeys(house.app[DATABASE]), datetime.now(UTC)
    key = await keys.of_secret(secret, now)
    assert key is not None
    assert (key.name, key.system, set(key.scopes)) == ("Odoo, production", "odoo", {Scope.CANDIDATES_READ})
    assert key.expires_at is not None
    assert 89 <= (key.expires_at - now).days <= 90
    html = await page(house, "/hr/api-keys")
    assert "Odoo, production" in html
    assert "Read candidates" in html
    assert secret not in html
    status, _, html = await post(house, f"/hr/api-keys/{key.id}/revoke")
    assert (status, "Please tick the box" in html) == (400, True)
    assert await keys.of_secret(secret, now) is not None
    status, _, _ = await post(house, f"/hr/api-keys/{key.id}/revoke", confirm="yes")
    assert status == 303
    assert await keys.of_secret(secret, now) is None
    assert "Revoked" in await page(house, "/hr/api-keys")
    assert [(action, subject) for action, subject, _ in await trail(house)] == [
        ("api_key_revoked", key.id),
        ("api_key_made", key.id),
    ]


async def test_a_key_may_belong_to_a_connected_system_and_goes_by_its_name(house: House) -> None:
    await connected(house, "e3cf9a1d", "Acme's ATS")
    html = await page(house, "/hr/api-keys")
    assert '<option value="e3cf9a1d">Acme&#39;s ATS</option>' in html
    assert (await post(house, "/hr/api-keys", **{**FORM, "system": "e3cf9a1d"}))[0] == 200
    assert "for Acme&#39;s ATS" in await page(house, "/hr/api-keys")


async def test_what_is_wrong_with_the_form_is_said_and_kept(house: House) -> None:
    for change in ({"name": ""}, {"system": "two words"}, {"days": "1"}, {"scope.candidates:read": ""}):
        sent = {name: value for name, value in {**FORM, **change}.items() if value}
        status, _, html = await post(house, "/hr/api-keys", **sent)
        assert (status, "field__error" in html, "ivk_" in html) == (400, True, False), change
    assert 'value="odoo"' in html
    assert await ApiKeys(house.app[DATABASE]).all() == []
