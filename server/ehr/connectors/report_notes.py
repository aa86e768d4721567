"""A report in a few lines for people in another HR system: its figures, and notes as HTML and as plain text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape
from typing import Any

from question_flows.model import Language
from server.delivery.connector import Outgoing
from server.i18n import Messages

_REFERENCE = re.compile(r"(msg_\w+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)")


@dataclass(frozen=True, slots=True)
class Figure:
    """One competency's points, 0-10; None: withheld, for this reason."""

    id: str
    name: str
    points: float | None
    withheld: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What counts: people and machine combined where there is that, else the machine's after people's overrides.

    decision: a person's "advance", "hold" or "decline"; empty: none yet. pass_mark: 0-10.
    """

    interview_id: str
    started_at: datetime | None
    total: float | None
    is_combined: bool
    withheld: str
    pass_mark: float
    decision: str
    competencies: tuple[Figure, ...]

    @property
    def reaches_mark(self) -> bool:
        """Whether there is a total and it is not below the pass mark."""
        return self.total is not None and self.total >= self.pass_mark


@dataclass(frozen=True, slots=True)
class Note:
    """What people read, in their language."""

    heading: str
    sentences: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    link: str = ""


def summary_of(report: Mapping[str, Any]) -> Summary:
    """The figures of a report as `report_json` gives it."""
    people, machine = report["people"], report["score"]
    by_people = {one["id"]: one["score"] for one in people["competencies"]}
    by_machine = {one["competency_id"]: one for one in machine["competencies"]}
    total, is_combined = _counts(people["total"], machine["total"])
    started = report["started_at"]
    return Summary(
        interview_id=report["interview_id"],
        started_at=datetime.fromisoformat(started) if started else None,
        total=total,
        is_combined=is_combined,
        withheld=machine["withheld"] or "",
        pass_mark=report["pass_mark"],
        decision=(people["decision"] or {}).get("decision", ""),
        competencies=tuple(
            Figure(
                one["id"],
                one["name"],
                _counts(by_people.get(one["id"], {}), by_machine.get(one["id"], {}).get("points"))[0],
                by_machine.get(one["id"], {}).get("withheld") or "",
            )
            for one in report["competencies"]
        ),
    )


def _counts(people: Mapping[str, Any], machine: float | None) -> tuple[float | None, bool]:
    combined, corrected = people.get("combined"), people.get("corrected")
    if combined is not None:
        return combined, True
    return (machine if corrected is None else corrected), False


def report_note(summary: Summary, message: Outgoing, language: Language, *also: str) -> Note:
    """The report that the message brings, in a few lines. also: names of further sentences."""
    sentences = [_total(summary, language)]
    if summary.total is not None:
        key = "mark_reached" if summary.reaches_mark else "mark_not_reached"
        sentences.append(text(language, key, mark=f"{summary.pass_mark:.1f}"))
    if summary.decision:
        sentences.append(text(language, f"decision_{summary.decision}"))
    sentences += [text(language, key) for key in also]
    items = [
        text(language, "competency_withheld", name=one.name, reason=_reason(language, one.withheld))
        if one.points is None
        else text(language, "competency", name=one.name, points=f"{one.points:.1f}")
        for one in summary.competencies
    ]
    heading = text(language, message.type.replace(".", "_"))
    return Note(heading, tuple(sentences), tuple(items), message.report_url)


def _total(summary: Summary, language: Language) -> str:
    if summary.total is None:
        return text(language, "total_withheld", reason=_reason(language, summary.withheld))
    return text(language, "total_combined" if summary.is_combined else "total", total=f"{summary.total:.1f}")


def _reason(language: Language, withheld: str) -> str:
    return messages().text(language, f"hr.withheld_{withheld or 'not_enough_evidence'}")


def milestone_note(message: Outgoing, language: Language) -> Note | None:
    """What to say of an interview that was invited, started or finished, or of a step; None: nothing."""
    if message.type == "application.step_changed":
        key = f"step_{message.body['data']['step']}"
    else:
        key = message.type.replace(".", "_")
    return Note(text(language, key)) if f"connected.{key}" in messages().keys(language) else None


def as_html(note: Note, reference: str, language: Language) -> str:
    """The note as HTML without styles; every text escaped."""
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in note.sentences)
    items = "".join(f"<li>{escape(one)}</li>" for one in note.items)
    told = text(language, "reference", reference=reference)
    link = f'<p><a href="{escape(note.link)}">{escape(text(language, "link"))}</a></p>' if note.link else ""
    return (
        f"<p><b>{escape(note.heading)}</b></p>{paragraphs}"
        f"{f'<ul>{items}</ul>' if items else ''}{link}<p><small>{escape(told)}</small></p>"
    )


def as_text(note: Note, reference: str, language: Language) -> str:
    """The note as lines."""
    items = [f"- {one}" for one in note.items]
    told = text(language, "reference", reference=reference)
    return "\n".join([note.heading, *note.sentences, *items, *filter(None, [note.link]), told])


def reference_of(message: Outgoing) -> str:
    """What marks something as left by this message: its id and when it was made, so that the newest can be told."""
    return f"{message.id} {message.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def is_ours(found: str) -> bool:
    """Whether the text that was found bears such a mark."""
    return _REFERENCE.search(found) is not None


def is_newer(found: str, message: Outgoing) -> bool:
    """Whether the text that was found was left by a message made after this one."""
    marked = _REFERENCE.search(found)
    return marked is not None and marked[2] > reference_of(message).split(" ")[1]


def text(language: Language, key: str, **params: str) -> str:
    """A text of `connected.json`."""
    return messages().text(language, f"connected.{key}", params)


@cache
def messages() -> Messages:
    """The catalogue; it is read once."""
    return Messages()
