"""The shipped flows as fixed lists of questions: for tests that are about something else than what is asked when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from question_flows.loader import shipped_flows
from question_flows.model import Flow, FollowUps
from scripts.local_server import ROOT


def fixed_flows() -> dict[str, Flow]:
    """Every shipped flow, by its id, without practice and without follow-ups."""
    fixed = {"practice": None, "follow_ups": FollowUps(most=0)}
    return {flow_id: replace(flow, **fixed) for flow_id, flow in shipped_flows().items()}  # type: ignore[arg-type]


def fixed_flow_file(folder: Path, flow_id: str) -> Path:
    """Writes a shipped flow so, under its own id, which a server with this folder of flows then asks; the folder."""
    folder.mkdir()
    shipped = ROOT / "question_flows" / "flows" / f"{flow_id}.yaml"
    flow = yaml.safe_load(shipped.read_text(encoding="utf-8")) | {"follow_ups": {"most": 0}}
    del flow["practice"]
    (folder / shipped.name).write_text(yaml.safe_dump(flow, allow_unicode=True), encoding="utf-8")
    return folder
