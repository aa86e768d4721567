"""A rule as a sentence, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.records.rules import Action, On, Rule, Then, When


@dataclass(frozen=True, slots=True)
class RuleWords:
    """t: the reader's texts; the others: id → what people call it."""

    t: Callable[..., str]
    jobs: Mapping[str, str]
    flows: Mapping[str, str]
    connections: Mapping[str, str]

    def sentence(self, rule: Rule) -> str:
        """What it does, and when."""
        return self.t("console.rule_sentence", when=self._when(rule.when), then=self._then(rule.then))

    def _when(self, when: When) -> str:
        job = self.t("console.when_job", job=self.jobs.get(when.job_id, when.job_id)) if when.job_id else ""
        match when.event:
            case On.APPLIED:
                return self.t("console.when_applied") + job
            case On.REPORT:
                round_ = self.t("console.when_round", n=when.round) if when.round else ""
                total = (
                    "" if when.total_at_least is None else self.t("console.when_total", n=f"{when.total_at_least:g}")
                )
                return self.t("console.when_report", round=round_, total=total) + job
            case On.STEP:
                return self.t("console.when_step", step=self.t(f"console.step_{when.step}")) + job
            case On.FOLLOW_UP:
                score = (
                    "" if when.score_at_least is None else self.t("console.when_score", n=percent(when.score_at_least))
                )
                words = self.t("console.or").join(f"“{word}”" for word in when.result)
                result = self.t("console.when_result", result=words) if words else ""
                came = self.t(
                    "console.when_follow_up",
                    kind=self.t(f"console.when_kind_{when.kind}"),
                    status=self.t(f"console.when_status_{when.status}"),
                )
                return came + score + result + job

    def _then(self, then: Then) -> str:
        doing = self.t(f"console.action_{then.action}")
        if then.action is Action.NOTIFY:
            return self.t("console.then_notify", action=doing, text=then.text)
        if then.action is Action.DEPARTMENT_RATING and then.department:
            doing = self.t("console.then_department", department=then.department)
        if then.flow_id:
            doing = self.t("console.then_flow", action=doing, flow=self.flows.get(then.flow_id, then.flow_id))
        if then.connection_id:
            by = self.connections.get(then.connection_id, then.connection_id)
            doing = self.t("console.then_by", action=doing, by=by)
        return doing


def percent(share: float) -> str:
    """A share of 0-1 as people write it: "60"."""
    return f"{share * 100:g}"
