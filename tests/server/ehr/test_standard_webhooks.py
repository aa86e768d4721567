"""Signing and verifying as Standard Webhooks has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook

from server.delivery.answers import retry_after
from server.delivery.connector import BadSignature
from server.ehr.connectors.signed import encode
from server.ehr.connectors.standard_webhooks import headers, verify

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="
OTHER = "whsec_" + "YW5vdGhlci1zZWNyZXQtZm9yLXRoZS10ZXN0cyE="
BODY = encode({"type": "report.ready", "data": {"quote": "对不起，让您久等了"}})


def test_the_standards_own_library_accepts_what_we_sign() -> None:
    signed = headers(SECRET, "msg_1", BODY, datetime.now(UTC))
    assert Webhook(SECRET).verify(BODY, signed)["data"]["quote"] == "对不起，让您久等了"


def test_a_time_in_another_zone_is_signed_as_the_same_moment() -> None:
    moment = datetime.now(UTC)
    in_shanghai = moment.astimezone(timezone(timedelta(hours=8)))
    assert headers(SECRET, "msg_1", BODY, in_shanghai) == headers(SECRET, "msg_1", BODY, moment)


def test_any_of_several_signatures_may_hold_while_keys_rotate() -> None:
    now = datetime.now(UTC)
    signed = headers(SECRET, "msg_1", BODY, now)
    old = headers(OTHER, "msg_1", BODY, now)["webhook-signature"]
    verify(SECRET, BODY, {**signed, "webhook-signature": f"{old} {signed['webhook-signature']}"})


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": headers(OTHER, "msg_1", BODY, datetime.now(UTC))["webhook-signature"]},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "nan"},
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    signed = headers(SECRET, "msg_1", BODY, datetime.now(UTC))
    with pytest.raises(BadSignature):
        verify(SECRET, BODY, {**signed, **change})


def test_another_time_than_the_signed_one_is_refused() -> None:
    now = datetime.now(UTC)
    signed = headers(SECRET, "msg_1", BODY, now)
    with pytest.raises(BadSignature):
        verify(SECRET, BODY, {**signed, "webhook-timestamp": str(int(now.timestamp()) + 1)})


@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_an_old_or_early_message_is_refused(away: timedelta) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, BODY, headers(SECRET, "msg_1", BODY, datetime.now(UTC) + away))


@pytest.mark.parametrize("raw", [BODY + b" ", b"\xff\xfe"])
def test_changed_or_undecodable_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, raw, headers(SECRET, "msg_1", BODY, datetime.now(UTC)))


NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 01 Mar 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta()),
        ("999999999999", timedelta(hours=24)),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Sun, 01 Mar 99999999999999999999 12:10:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(header: str, wait: timedelta | None) -> None:
    assert retry_after(header, NOW) == wait
