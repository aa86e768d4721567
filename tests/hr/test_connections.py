"""HR's connected systems: set up by a form of the system's own fields, changed without its secrets, switched, tried."""

from __future__ import annotations

import pytest

from question_flows.model import Language
from server.ehr.kinds import KINDS
from server.hr.schema_form import fields_of, given_in, secrets_in
from server.i18n import Messages
from server.keys import CONNECTIONS
from tests.hr.conftest import House
from tests.hr.test_people import page, post, trail

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
FORM = {
    "kind": "standard_webhooks",
    "name": "Workday",
    "settings.url": "https://hr.example.com/hook",
    "secrets.secret": SECRET,
    "wants.report.ready": "yes",
}


async def test_a_system_is_set_up_changed_switched_and_its_secret_never_shown(house: House) -> None:
    html = await page(house, "/hr/connections")
    assert "Nothing is connected yet" in html
    assert "/hr/connections/new/odoo" in html
    assert 'name="secrets.api_key"' in await page(house, "/hr/connections/new/odoo")
    status, _, html = await post(house, "/hr/connections", **{**FORM, "settings.url": "nowhere"})
    assert (status, "The field “Address” is missing" in html) == (400, True)
    assert 'value="Workday"' in html
    assert SECRET not in html
    status, path, _ = await post(house, "/hr/connections", **FORM)
    assert status == 303
    connection_id = path.rsplit("/", 1)[1]
    html = await page(house, path)
    assert f"/ehr/in/{connection_id}/" in html
    assert SECRET not in html
    connections = house.app[CONNECTIONS]
    [one] = await connections.all()
    assert (one.name, one.subscriptions) == ("Workday", ("report.ready",))
    changed = {**FORM, "name": "Workday EU", "secrets.secret": "", "wants.interview.started": "yes"}
    assert (await post(house, path, **changed))[0] == 303
    [one] = await connections.all()
    assert (one.name, set(one.subscriptions)) == ("Workday EU", {"interview.started", "report.ready"})
    # The secret that was left empty still is what it was.
    connector = await connections.connector(connection_id)
    assert connector is not None
    assert SECRET in connector._secrets
    # Nobody answers there; a trial that failed leaves nothing in the trail.
    status, _, html = await post(house, f"{path}/test")
    assert (status, "did not accept the test message" in html) == (400, True)
    assert (await post(house, f"{path}/switch", is_on="no"))[0] == 303
    assert "While it is off, nothing new is kept for it" in await page(house, path)
    assert [action for action, subject, _ in await trail(house) if subject == connection_id] == [
        "connection_switched_off",
        "connection_changed",
        "connection_added",
    ]
    assert (await post(house, "/hr/connections/none/switch", is_on="yes"))[0] == 404


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_field_of_every_system_has_its_words_in_both_languages(kind: str) -> None:
    words = Messages()
    for language in Language:
        known = words.keys(language)
        assert {f"connections.{kind}", f"connections.{kind}_what"} <= known
        for model in (KINDS[kind].Settings, KINDS[kind].Secrets):
            for field in fields_of(model, {}):
                for suffix in ("", "_hint"):
                    either = {f"connections.{kind}_{field.name}{suffix}", f"connections.any_{field.name}{suffix}"}
                    assert either & known, (field.name, suffix)


def test_a_form_gives_the_model_what_it_needs_and_keeps_what_it_leaves_out() -> None:
    odoo = KINDS["odoo"]
    sent = {"settings.url": "https://odoo.example.com", "settings.database": "hr", "settings.marks_ready": ""}
    made = odoo.Settings.model_validate(given_in(odoo.Settings, sent, "settings"))
    kinds = {field.name: (field.kind, field.value) for field in fields_of(odoo.Settings, made.model_dump(mode="json"))}
    assert kinds["marks_ready"] == ("check", "")
    assert kinds["language"] == ("choice", "en")
    assert kinds["database"] == ("text", "hr")
    webhooks = KINDS["standard_webhooks"].Secrets
    assert secrets_in(webhooks, {}) == {"secret": None, "former_secret": None}
    assert secrets_in(webhooks, {"secrets.secret.remove": "yes", "secrets.former_secret.remove": "yes"}) == {
        "secret": None,
        "former_secret": "",
    }
