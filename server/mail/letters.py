"""From a letter to what its reader sees: subject, plain text, HTML, calendar entry, and the message for a messenger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_datetime

from question_flows.model import Language
from server.i18n import Messages
from server.mail.address import Mailbox, one_line
from server.mail.calendar import calendar_entry
from server.mail.letter import CalendarMethod, Letter, LetterKind

TEMPLATES = Path(__file__).parent.parent.parent / "web" / "templates" / "mail"

DATES = {Language.ENGLISH: ("en", "EEEE, d MMMM y, HH:mm"), Language.CHINESE: ("zh_CN", "y年M月d日 EEEE HH:mm")}
WITH_APPOINTMENT = frozenset(
    {LetterKind.SCHEDULED, LetterKind.RESCHEDULED, LetterKind.DAY_BEFORE, LetterKind.HOUR_BEFORE}
)
FIRST = frozenset({LetterKind.INVITED, LetterKind.INVITED_AGAIN})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter in its reader's language. calendar: its entry's bytes and method, or None."""

    subject: str
    text: str
    html: str
    calendar: tuple[bytes, CalendarMethod] | None


@dataclass(frozen=True, slots=True)
class Words:
    """The paragraphs that both forms of a letter have, in this order; empty ones are left out."""

    subject: str
    greeting: str
    lead: str
    when: str
    link_label: str
    link: str
    notes: tuple[str, ...]
    contact: str
    closing: str
    company: str


def render(letter: Letter, link: str, catalogue: Messages, sender: Mailbox) -> Rendered:
    """The letter with its link (empty: none) in the open. Raises KeyError for a text that the catalogue lacks."""
    words = _words(letter, link, catalogue)
    context: dict[str, Any] = {"words": words, "lang": letter.language.value}
    return Rendered(
        one_line(words.subject),
        _templates(html=False).get_template("letter.txt").render(context),
        _templates(html=True).get_template("letter.html").render(context),
        _calendar(letter, words, link, catalogue, sender),
    )


def messenger_text(letter: Letter, link: str, catalogue: Messages) -> str:
    """The invitation for any messenger: a few lines, the link alone on the last, so that it can be opened."""
    words = _words(letter, link, catalogue)
    return "\n".join(
        part for part in (words.greeting, words.lead, words.when, words.notes[0], words.notes[1], link) if part
    )


def entry_of(letter: Letter, link: str, catalogue: Messages, sender: Mailbox) -> bytes | None:
    """The letter's calendar entry by itself, or None."""
    made = _calendar(letter, _words(letter, link, catalogue), link, catalogue, sender)
    return made[0] if made else None


def moment_text(moment: datetime, zone: str, language: Language) -> str:
    """A moment on the clock of the zone, with the zone's name and its distance from UTC."""
    locale, pattern = DATES[language]
    local = moment.astimezone(ZoneInfo(zone))
    shown, name = format_datetime(local, pattern, locale=locale), zone.replace("_", " ")
    if zone == "UTC":
        return f"{shown} UTC"
    distance = local.strftime("%z")
    brackets = "（{}）" if language is Language.CHINESE else " ({})"
    return shown + brackets.format(f"{name}, UTC{distance[:3]}:{distance[3:]}")


def _words(letter: Letter, link: str, catalogue: Messages) -> Words:
    kind, language = letter.kind, letter.language
    company = one_line(letter.company) or catalogue.text(language, "mail.nobody")
    # A team signs a letter; a job is at a company.
    within = one_line(letter.company) or catalogue.text(language, "mail.nobody_within")
    params = {"name": one_line(letter.name), "job": one_line(letter.job), "company": within}
    params |= {"minutes": str(letter.minutes), "contact": one_line(letter.contact)}
    if letter.expires_at is not None:
        params["until"] = moment_text(letter.expires_at, letter.time_zone, language)
    if letter.appointment is not None:
        params["when"] = moment_text(letter.appointment.starts_at, letter.appointment.time_zone, language)

    def t(key: str) -> str:
        return catalogue.text(language, f"mail.{key}", params)

    notes = []
    if link:
        notes = [t("until") if kind not in FIRST else t("how_long")]
        if kind in FIRST:
            notes += [t("until"), t("about")]
        notes.append(t("own_link"))
    return Words(
        subject=t(f"{kind}_subject"),
        greeting=t("greeting"),
        lead=t(f"{kind}_lead"),
        when=_when(letter, t) if link else "",
        link_label=t("open") if link else "",
        link=link,
        notes=tuple(notes),
        contact=t("write_to") if letter.contact else t("reply"),
        closing=t("closing"),
        company=company,
    )


def _when(letter: Letter, t: Callable[[str], str]) -> str:
    if letter.appointment is None or letter.kind is LetterKind.CANCELLED:
        return ""
    if letter.kind in FIRST:
        parts = ("put_down", "entry_comes", "any_time") if letter.calendar else ("put_down", "any_time")
        return ("" if letter.language is Language.CHINESE else " ").join(t(part) for part in parts)
    return t("any_time") if letter.kind in WITH_APPOINTMENT else ""


def _calendar(
    letter: Letter, words: Words, link: str, catalogue: Messages, sender: Mailbox
) -> tuple[bytes, CalendarMethod] | None:
    if letter.appointment is None or letter.calendar is None:
        return None
    summary = catalogue.text(letter.language, "mail.entry", {"job": letter.job, "company": words.company})
    made = calendar_entry(
        letter.appointment,
        letter.calendar,
        stamp=letter.written_at,
        summary=summary,
        description="\n\n".join(part for part in (words.lead, link, *words.notes, words.contact) if part),
        link=link,
        organizer=(sender.address, one_line(letter.company) or sender.name),
        attendee=None if letter.calendar is CalendarMethod.PUBLISH else (Mailbox.of(letter.to).address, letter.name),
    )
    return made, letter.calendar


@cache
def _templates(*, html: bool) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
