"""An application's log as lines that people read: what happened, by whom, for which reason, and where to read more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from server.hr.reasons import Reasons
from server.records import application_events as happened
from server.records.application import ApplicationState
from server.records.application_events import ApplicationEvent, ApplicationEventBody


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. mark: "step", "rule", "person", "other" or "trouble", for its look. detail and link may be empty."""

    at: datetime
    mark: str
    text: str
    detail: str = ""
    link: str = ""
    link_text: str = ""


def entries(
    events: Sequence[ApplicationEvent], state: ApplicationState, words: Reasons, flows: Mapping[str, str]
) -> list[Entry]:
    """The last first. flows: id → title."""
    return [_entry(event.at, event.body, state, words, flows) for event in reversed(events)]


def _entry(
    at: datetime, body: ApplicationEventBody, state: ApplicationState, words: Reasons, flows: Mapping[str, str]
) -> Entry:
    t = words.t
    match body:
        case happened.Applied(source=source):
            return Entry(at, "step", t("console.why_applied", source=words.who(source)))
        case happened.InterviewArranged(interview_id, round_, flow_id, by):
            text = t("console.did_arrange", n=round_, flow=flows.get(flow_id, flow_id))
            link = f"/hr/interviews/{interview_id}" if words.sees(interview_id) else ""
            return Entry(at, _mark(by), text, _by(words, by), link, t("console.interview"))
        case happened.InterviewMoved(interview_id, status):
            return Entry(
                at, "other", t("console.did_interview", n=_round(state, interview_id), state=t(f"hr.status_{status}"))
            )
        case happened.ReportReceived(interview_id=interview_id, total=total):
            if not words.sees(interview_id):
                return Entry(at, "other", t("console.did_report_unseen", n=_round(state, interview_id)))
            key = "console.did_report_withheld" if total is None else "console.did_report"
            text = t(key, n=_round(state, interview_id), total="" if total is None else f"{total:.1f}")
            return Entry(at, "other", text, "", f"/hr/interviews/{interview_id}/report", t("lists.report"))
        case happened.FollowUpOrdered() as order:
            what = words.at(order.kind, order.connection_id, order.department)
            return Entry(at, _mark(order.by), t("console.did_order", what=what), _by(words, order.by))
        case happened.FollowUpMoved() as moved:
            return _moved(at, moved, state, words)
        case happened.RuleFired(rule_id, version, action, reason):
            text = t("console.did_fire", rule=words.rule(rule_id, version), action=t(f"console.action_{action}"))
            return Entry(at, "rule", text, words.compared(reason), f"/hr/rules/{rule_id}", t("console.rule"))
        case happened.RuleBlocked(rule_id, version, action, because):
            text = t("console.did_block", rule=words.rule(rule_id, version), action=t(f"console.action_{action}"))
            return Entry(at, "trouble", text, words.because(because), f"/hr/rules/{rule_id}", t("console.rule"))
        case _:
            return _by_person(at, body, words)


def _by_person(at: datetime, body: ApplicationEventBody, words: Reasons) -> Entry:
    t = words.t
    match body:
        case happened.StepReached(step, by, reason):
            return Entry(at, "step", t("console.did_reach", step=t(f"console.step_{step}")), _by(words, by, reason))
        case happened.HrNotified(text, by):
            return Entry(at, "trouble", t("console.did_notify", text=text), _by(words, by))
        case happened.Closed(outcome, by, reason):
            text = t("console.did_close", outcome=t(f"console.outcome_{outcome}"))
            return Entry(at, "step", text, _by(words, by, reason))
        case happened.Reopened(by, reason):
            return Entry(at, "step", t("console.did_reopen"), _by(words, by, reason))
        case _:
            return Entry(at, "other", type(body).__name__)


def _moved(at: datetime, moved: happened.FollowUpMoved, state: ApplicationState, words: Reasons) -> Entry:
    known = state.follow_up(moved.follow_up_id)
    what = words.follow_up(known) if known else moved.follow_up_id
    text = words.t("console.did_move", what=what, status=words.t(f"console.status_{moved.status}"))
    mark = "trouble" if moved.status is happened.FollowUpStatus.FAILED else "other"
    link = safe_link(moved.url)
    return Entry(at, mark, text, outcome(words, moved.score, moved.result), link, words.t("console.read_there"))


def outcome(words: Reasons, score: float | None, result: str) -> str:
    """What came of a follow-up: its score and the other system's word."""
    parts = [] if score is None else [words.t("console.compared_score", value=f"{score:.0%}")]
    if result:
        parts.append(words.t("console.compared_result", result=result))
    return words.t("hr.list_separator").join(parts)


def safe_link(url: str) -> str:
    """An address of the web; empty for anything else that another system may send."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def _round(state: ApplicationState, interview_id: str) -> int:
    found = state.interview(interview_id)
    return found.round if found else 1


def _mark(by: str) -> str:
    return "rule" if by.startswith(happened.BY_RULE) else "person"


def _by(words: Reasons, by: str, reason: str = "") -> str:
    if not reason and by == happened.BY_INTERVIEW:
        return ""
    who = words.who(by)
    return words.t("console.said_by", who=who, reason=reason) if reason else who
