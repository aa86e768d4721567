"""What people have rated, overridden and decided in an interview, folded from its events. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server.interview.events import InterviewEvent
from server.interview.hr_events import CompetencyRated, Decided, ReviewFinished, ScoreOverridden


@dataclass(frozen=True, slots=True)
class CompetencyRating:
    """What a person rated. at: aware UTC."""

    given: CompetencyRated
    at: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """What a person put in the place of the machine's points. at: aware UTC."""

    given: ScoreOverridden
    at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """A person's review is complete. at: aware UTC, of the first time they said so."""

    rater: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """at: aware UTC."""

    given: Decided
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """ratings: one of each rater for each competency. overrides: those in force. decisions: all; the last counts."""

    ratings: tuple[CompetencyRating, ...] = ()
    overrides: tuple[Override, ...] = ()
    finished: tuple[Finished, ...] = ()
    decisions: tuple[DecisionMade, ...] = ()

    def has_finished(self, rater: str) -> bool:
        """Whether this person's review is complete."""
        return any(one.rater == rater for one in self.finished)


def after_review(before: Review, event: InterviewEvent) -> Review | None:
    """The review after one more event; None for an event of something else."""
    match event.body:
        case CompetencyRated(competency_id, rater=rater) as rated:
            others = [
                one for one in before.ratings if (one.given.competency_id, one.given.rater) != (competency_id, rater)
            ]
            return replace(before, ratings=(*others, CompetencyRating(rated, event.at)))
        case ScoreOverridden(question_id, indicator_id, points) as given:
            where = (question_id, indicator_id)
            rest = [one for one in before.overrides if (one.given.question_id, one.given.indicator_id) != where]
            return replace(before, overrides=(*rest, *([Override(given, event.at)] if points is not None else [])))
        case ReviewFinished(rater):
            if before.has_finished(rater):
                return before
            return replace(before, finished=(*before.finished, Finished(rater, event.at)))
        case Decided() as decided:
            return replace(before, decisions=(*before.decisions, DecisionMade(decided, event.at)))
        case _:
            return None
