"""Flows made of competency models: each version has an id of its own, and only the last one is offered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from question_flows.model import Flow

_GENERATED = re.compile(r"([0-9a-f]{32})_v([1-9][0-9]*)")


def flow_id_of(model_id: str, version: int) -> str:
    """The id of the flow of a model's version. model_id: 32 hexadecimal digits."""
    return f"{model_id}_v{version}"


def is_generated(flow_id: str) -> bool:
    """Whether the flow was made of a competency model."""
    return _GENERATED.fullmatch(flow_id) is not None


def offered(flows: Mapping[str, Flow]) -> dict[str, Flow]:
    """Those that somebody may choose: all but the former versions of a model's flow."""
    newest: dict[str, int] = {}
    versions = {flow_id: (match[1], int(match[2])) for flow_id in flows if (match := _GENERATED.fullmatch(flow_id))}
    for model_id, version in versions.values():
        newest[model_id] = max(version, newest.get(model_id, 0))
    return {
        flow_id: flow
        for flow_id, flow in flows.items()
        if flow_id not in versions or newest[versions[flow_id][0]] == versions[flow_id][1]
    }
