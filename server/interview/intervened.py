"""What people did while an interview ran, as pages show it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from question_flows.model import PRACTICE_ID, Flow, Language
from server.interview.intervention import Intervention, InterventionKind, interventions_json
from server.interview.state import InterviewState

K = InterventionKind


def worded(
    interventions: Iterable[Intervention], state: InterviewState, flow: Flow, language: Language
) -> tuple[Intervention, ...]:
    """The same with the words of the flow's probes, which the events name by number only."""
    return tuple(
        replace(one, text=_probe(flow, one.question_id, one.probe, language))
        if one.kind is K.QUESTION and not one.text
        else one
        for one in interventions
    )


def _probe(flow: Flow, question_id: str | None, probe: int, language: Language) -> str:
    try:
        return flow.indicator(flow.question(question_id or "").indicator_ids[0]).probes[probe][language]
    except LookupError:
        return ""  # Of another version of the flow.


def interventions_for_hr(state: InterviewState, flow: Flow, language: Language) -> dict[str, Any]:
    """All of it, the flow's probes in this language; requested: what is still to be asked."""
    done = worded(state.interventions, state, flow, language)
    words = {one.question_id: one.text for one in done if one.kind is K.QUESTION}
    paused_by, ended = state.paused_by, state.ended
    return {
        "interventions": interventions_json(done),
        "requested": [
            {"question_id": one.question_id, "text": words.get(one.question_id, ""), "by": one.by}
            for one in state.requested
        ],
        "paused_by": paused_by.value if paused_by else None,
        "handed_over": state.handed_over is not None,
        "ended": {"reason": ended.reason, "by": ended.by} if ended else None,
    }


def interventions_for_candidate(state: InterviewState) -> dict[str, Any]:
    """What concerns the open question, and what the interview has come to: without names, and without the reason."""
    handed_over = state.handed_over
    return {
        "notices": [
            {"kind": one.kind.value, "at": one.at.isoformat(), "text": one.text, "extra_ms": one.extra_ms}
            for one in _notices(state)
        ],
        "paused_by": state.paused_by.value if state.paused_by else None,
        "handed_over": {"message": handed_over.message} if handed_over else None,
        "ended": state.ended is not None,
    }


def _notices(state: InterviewState) -> list[Intervention]:
    if state.question_id is None:
        return []
    open_id = state.question_id if state.question_id != PRACTICE_ID else None
    here = [one for one in state.interventions if one.question_id == open_id]
    waiting = [one.question_id for one in state.requested]
    coming = [one for one in state.interventions if one.kind is K.QUESTION and one.question_id in waiting][:1]
    told = [one for one in here if one.kind in (K.TIME, K.HINT)]
    told += [one for one in here if one.kind in (K.PAUSE, K.RESUME)][-1:]
    # In the order they happened; a question's words come with the question.
    return [replace(one, text="") if one in coming else one for one in state.interventions if one in [*told, *coming]]
