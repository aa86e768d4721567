"""Reading what other systems hold as e-mail addresses and phone numbers. Pure."""

from __future__ import annotations

import phonenumbers

from server.errors import UserError
from server.storage.hr_user import email_of

LONGEST_ADDRESS = 320
_REGIONS = {"CN": "CN", "UK": "GB"}


def region_of(jurisdiction: str) -> str | None:
    """Where a number without a country's code is taken to be: an ISO 3166 code, or None for no single country."""
    if jurisdiction.startswith("US-"):
        return "US"
    return _REGIONS.get(jurisdiction)


def phone_of(text: str | None, region: str | None) -> str | None:
    """The number as E.164; None for no possible number, and for one without a country's code where no region is."""
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def address_of(text: str | None) -> str | None:
    """The address in lower case; None for none, and for what is no address: other systems hold such things."""
    try:
        address = email_of(text) if text and text.strip() else None
    except UserError:
        return None
    return address if address and len(address) <= LONGEST_ADDRESS else None
