"""A letter's calendar entry as iCalendar (RFC 5545), to be asked for or taken back (RFC 5546). Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, vCalAddress, vText, vUri

from server.mail.address import one_line
from server.mail.letter import Appointment, CalendarMethod

PRODUCT = "-//Live Interview Server//Invitations//EN"
ALARM_BEFORE = timedelta(minutes=15)


def calendar_entry(
    appointment: Appointment,
    method: CalendarMethod,
    *,
    stamp: datetime,
    summary: str,
    description: str,
    link: str,
    organizer: tuple[str, str],
    attendee: tuple[str, str] | None,
) -> bytes:
    """The entry's bytes. stamp: when this was written (DTSTAMP). organizer, attendee: (address, name or empty).

    attendee: None: a published entry names none (RFC 5546, 3.2.1).

    Times are local ones of the appointment's zone, which is described in the entry itself (VTIMEZONE).
    """
    zone = ZoneInfo(appointment.time_zone)
    starts, ends = appointment.starts_at.astimezone(zone), appointment.ends_at.astimezone(zone)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    if appointment.time_zone != "UTC":
        first, last = starts.date() - timedelta(days=366), ends.date() + timedelta(days=366)
        calendar.add_component(Timezone.from_tzinfo(zone, appointment.time_zone, first, last))
    event = Event()
    event.add("uid", appointment.uid)
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", stamp.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", one_line(summary))
    event.add("description", description)
    event.add("organizer", _person(*organizer))
    if attendee is not None:
        event.add("attendee", _invitee(*attendee))
    event.add("transp", "OPAQUE")
    event.add("status", "CANCELLED" if method is CalendarMethod.CANCEL else "CONFIRMED")
    if link:
        event.add("url", vUri(link))
    if method is not CalendarMethod.CANCEL:
        event.add_component(_alarm(summary))
    calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made


def _invitee(address: str, name: str) -> vCalAddress:
    person = _person(address, name)
    # Answers to a calendar entry would reach nobody: the letter says whom to write to.
    person.params |= {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"}
    return person


def _alarm(summary: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one_line(summary))
    alarm.add("trigger", -ALARM_BEFORE)
    return alarm


def _person(address: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    if name:
        # A parameter's value cannot hold double quotes or line ends (RFC 5545, 3.2).
        person.params["CN"] = vText(one_line(name).replace('"', "'"))
    return person
