"""Why an application stands where it stands, who moved it and what it waits for, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from server.hr.days import span
from server.hr.process_list import ProcessList
from server.hr.visible import reviewer_of
from server.keys import DATABASE
from server.pages import page_language, texts
from server.records.application import ApplicationState, Blocked, Fired, FollowUp
from server.records.application_events import (
    BY_CONNECTION,
    BY_INTERVIEW,
    BY_KEY,
    BY_RULE,
    FollowUpKind,
    FollowUpStatus,
    Step,
)
from server.storage import schema
from server.storage.record_tables import api_keys, connections, rules

CONSOLE = "console"
"""As an application's source: somebody of HR opened it here."""
_AT_LEAST = {"total_at_least": "total", "score_at_least": "score"}


@dataclass(frozen=True, slots=True)
class Reasons:
    """t: the reader's texts. rules: (id, version) → name; the others: id → name.

    own: the interviews whose results a reviewer may see; None: the reader may see all.
    """

    t: Callable[..., str]
    rules: Mapping[tuple[str, int], str]
    connections: Mapping[str, str]
    keys: Mapping[str, str]
    people: Mapping[str, str]
    own: frozenset[str] | None = None

    def who(self, by: str) -> str:
        """Who or what did something, by what events call it."""
        if by == BY_INTERVIEW:
            return self.t("console.by_interview")
        if by == CONSOLE:
            return self.t("console.by_console")
        for beginning, names in ((BY_KEY, self.keys), (BY_CONNECTION, self.connections)):
            if by.startswith(beginning):
                return names.get(by.removeprefix(beginning), by)
        if by.startswith(BY_RULE):
            id_ = by.removeprefix(BY_RULE)
            return self.t("console.by_rule", name=self._newest(id_))
        return self.people.get(by) or self.connections.get(by) or by

    def rule(self, rule_id: str, version: int) -> str:
        """The rule as its firing names it."""
        name = self.rules.get((rule_id, version)) or self._newest(rule_id)
        return self.t("console.rule_named", name=name, version=version)

    def compared(self, reason: Mapping[str, Any]) -> str:
        """What a rule looked at: "total 8.1 ≥ 7.5"."""
        left = dict(reason)
        parts = [self._particular(key, left.pop(key)) for key in ("kind", "status") if key in left]
        if len(parts) == 2 and all(parts):
            parts = [self.t("console.did_move", what=parts[0], status=parts[1])]
        for figure in ("total", "score"):
            least = left.pop("at_least", None) if figure in left else left.pop(f"{figure}_at_least", None)
            value = left.pop(figure, None)
            if value is None:
                continue
            shown = self.t(f"console.compared_{figure}", value=_figure(figure, value))
            parts.append(shown if least is None else f"{shown} ≥ {_figure(figure, least)}")
        for key, value in left.items():
            parts.append(self._particular(key, value))
        return self.t("hr.list_separator").join(part for part in parts if part)

    def fired(self, fired: Fired) -> str:
        """A rule that acted, with what it compared."""
        compared = self.compared(fired.reason)
        named = self.rule(fired.rule_id, fired.rule_version)
        return self.t("console.fired", rule=named, compared=compared) if compared else named

    def blocked(self, blocked: Blocked) -> str:
        """A rule that could not act, and what a person can do."""
        return self.t(
            "console.blocked",
            rule=self.rule(blocked.rule_id, blocked.rule_version),
            because=self.because(blocked.because),
        )

    def because(self, name: str) -> str:
        """What keeps a rule from acting."""
        known = (
            "no_connection",
            "no_flow",
            "no_email",
            "several_connections",
            "connection_off",
            "connection_unfit",
            "follow_up_failed",
            "interview_cancelled",
        )
        return self.t(f"console.because_{name}") if name in known else name.replace("_", " ")

    def why(self, state: ApplicationState) -> str:
        """Why it stands at its step, or why it is closed."""
        if state.outcome is not None:
            return self._by(state.closed_by, state.closed_reason)
        if state.step_by.startswith(BY_RULE):
            id_ = state.step_by.removeprefix(BY_RULE)
            ours = [one for one in state.fired if one.rule_id == id_ and one.at <= state.step_since]
            return self.fired(ours[-1]) if ours else self.who(state.step_by)
        if state.step is Step.APPLIED and not state.step_reason:
            return self.t("console.why_applied", source=self.who(state.source))
        if state.step_by == BY_INTERVIEW:
            if state.step is Step.INTERVIEWED:
                return self._report(state)
            return self.t(f"console.why_{state.step}") if state.step in (Step.INVITED, Step.INTERVIEW) else ""
        return self._by(state.step_by, state.step_reason)

    def waits(self, state: ApplicationState) -> list[str]:
        """What is on its way: interviews that are not over, and what others do."""
        found = [
            self.t("console.waits_interview", n=one.round, state=self.t(f"hr.status_{one.status}"))
            for one in state.interviews
            if one.report_id is None and one.status != "completed"
        ]
        found += [self.follow_up(one) for one in state.follow_ups if one.is_open]
        return found

    def follow_up(self, one: FollowUp) -> str:
        """A follow-up with who does it: "Assessment at Codility"."""
        return self.at(one.kind, one.connection_id, one.department)

    def at(self, kind: FollowUpKind, connection_id: str | None, department: str) -> str:
        """The same, by its parts."""
        by = self.connections.get(connection_id or "", "") or department
        named = self.t(f"console.kind_{kind}")
        return self.t("console.kind_at", kind=named, by=by) if by else named

    def failed(self, state: ApplicationState) -> str:
        """The last follow-up that failed, or nothing."""
        found = [one for one in state.follow_ups if one.status is FollowUpStatus.FAILED]
        return self.t("console.failed", what=self.follow_up(found[-1])) if found else ""

    def sees(self, interview_id: str) -> bool:
        """Whether the reader may see this round's results and open its pages."""
        return self.own is None or interview_id in self.own

    def _report(self, state: ApplicationState) -> str:
        reported = [one for one in state.interviews if one.report_id is not None]
        if reported and not self.sees(max(reported, key=lambda one: one.round).id):
            return self.t("console.why_report_unseen")
        if state.total is None:
            return self.t("console.why_report_withheld")
        return self.t("console.why_report", total=f"{state.total:.1f}")

    def _by(self, by: str, reason: str) -> str:
        who = self.who(by)
        return self.t("console.said_by", who=who, reason=reason) if reason else self.t("console.moved_by", who=who)

    def _newest(self, rule_id: str) -> str:
        versions = [version for id_, version in self.rules if id_ == rule_id]
        return self.rules[rule_id, max(versions)] if versions else rule_id

    def _particular(self, key: str, value: Any) -> str:
        """A part of a reason that is no figure compared: a step, a kind, a status, a result."""
        if value in (None, "", []):
            return ""
        match key:
            case "step":
                return self.t("console.compared_step", step=self.t(f"console.step_{value}"))
            case "kind":
                return self.t(f"console.kind_{value}")
            case "status":
                return self.t(f"console.status_{value}")
            case "result":
                shown = ", ".join(value) if isinstance(value, list) else str(value)
                return self.t("console.compared_result", result=shown)
            case "round":
                return self.t("console.round_n", n=value)
            case "source":
                return self.t("console.compared_source", source=self.who(str(value)))
            case "event" | "job_id" | "interview_id" | "follow_up_id" | "message_id" | "one_of" | "expected":
                return ""
            case _:
                return f"{key.replace('_', ' ')} {value}"


def _figure(name: str, value: Any) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:.0%}" if name == "score" else f"{value:.1f}"


async def reasons_for(request: web.Request) -> Reasons:
    """Every name that a reason can hold, in the reader's language."""
    language = page_language(request)
    async with request.app[DATABASE].read() as connection:
        ruled = (await connection.execute(sa.select(rules.c.id, rules.c.version, rules.c.body))).all()
        connected = (await connection.execute(sa.select(connections.c.id, connections.c.name))).all()
        keyed = (await connection.execute(sa.select(api_keys.c.id, api_keys.c.name))).all()
        users = schema.hr_users
        known = (await connection.execute(sa.select(users.c.id, users.c.name, users.c.email))).all()
    return Reasons(
        texts(request, language)["t"],
        {(row.id, row.version): str(row.body.get("name", {}).get(language) or row.id) for row in ruled},
        {row.id: row.name for row in connected},
        {row.id: row.name for row in keyed},
        {row.id: row.name or row.email for row in known},
        await _own(request),
    )


async def _own(request: web.Request) -> frozenset[str] | None:
    reviewer = reviewer_of(request)
    if reviewer is None:
        return None
    theirs = await ProcessList(request.app[DATABASE]).interviews_of(reviewer)
    return frozenset(interview_id for _, interview_id, _ in theirs)


def in_words(t: Callable[..., str], since: Any, now: Any) -> str:
    """A span of time: "3 d"."""
    unit, n = span(since, now)
    return t(f"console.span_{unit}", n=n)
