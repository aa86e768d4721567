"""The rules that come with the server. A company changes them by new versions, or switches them off."""

from __future__ import annotations

from collections.abc import Mapping

from question_flows.model import Language
from server.records.application_events import FollowUpKind
from server.records.rule_reading import RuleBody
from server.records.rules import Action, On, Then, When

PASS_TOTAL = 7.5
PASS_SCORE = 0.6


def _named(english: str, chinese: str) -> Mapping[Language, str]:
    return {Language.ENGLISH: english, Language.CHINESE: chinese}


DEFAULT_RULES: Mapping[str, RuleBody] = {
    "high_total_to_assessment": RuleBody(
        _named("A total of 7.5 or more leads to the assessment", "总分达到 7.5 分，进入测评"),
        When(On.REPORT, total_at_least=PASS_TOTAL),
        Then(Action.ASSESSMENT),
    ),
    "assessment_to_background_check": RuleBody(
        _named("An assessment of 60% or more leads to the background check", "测评得分达到 60%，进入背景调查"),
        When(On.FOLLOW_UP, kind=FollowUpKind.ASSESSMENT, score_at_least=PASS_SCORE),
        Then(Action.BACKGROUND_CHECK),
    ),
    "clear_to_ready_for_offer": RuleBody(
        _named("A clear background check makes ready for an offer", "背景调查无异常，可由人决定是否录用"),
        When(On.FOLLOW_UP, kind=FollowUpKind.BACKGROUND_CHECK, result=("clear",)),
        Then(Action.READY_FOR_OFFER),
    ),
}
"""Id → what its first version says. "Ready" is where rules end: offering and rejecting are a person's acts."""
