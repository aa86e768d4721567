"""How a completed interview stands for the system that ordered it: people's points count where there are some."""

from __future__ import annotations

from dataclasses import replace

from question_flows.model import Language
from server.ehr.look_up import standing_of
from server.interview.combined import CombinedScore
from server.interview.events import InterviewEvent, InterviewInvited
from server.interview.report import build_report
from server.interview.reported_people import RatedCompetency
from tests.server.ehr.reports import FLOW, NAMES, NOON


def test_people_count_in_the_total_and_in_its_parts() -> None:
    invited = InterviewEvent(1, NOON, 0, InterviewInvited(FLOW.id, FLOW.version, Language.ENGLISH, "EU", "Ada & Co"))
    made = build_report("a" * 32, [invited], FLOW)
    rated = CombinedScore(machine=4.0, corrected=5.0, human=9.0, combined=7.0, missing=None)
    corrected, unseen = replace(rated, human=None, combined=None), replace(rated, corrected=None, combined=None)
    scores = dict(zip((one.id for one in FLOW.competencies), (rated, corrected, unseen), strict=False))
    parts = tuple(RatedCompetency(name, (), score) for name, score in scores.items())
    people = replace(made.people, total=rated, competencies=parts)
    standing = standing_of(replace(made, people=people), "https://hr.test/report")
    assert (standing.status, standing.total) == ("completed", 7.0)
    assert standing.competencies == {NAMES[0]: 7.0, NAMES[1]: 5.0}
