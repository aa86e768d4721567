"""Lets a model choose and word the follow-up, within a short bound; else the first predefined probe stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from analyzers.results import Transcript
from analyzers.scoring.probe_choice import Probe, first_probe
from question_flows.progress import follow_up_id
from server.interview.events import EventBody, ProbeSought, QuestionAsked
from server.interview.failures import describe
from server.interview.journal import Journal
from server.interview.state import InterviewState

log = logging.getLogger(__name__)


class Probing:
    """One interview's. asked: called with the event that ends the choice, once it is in the log."""

    def __init__(self, journal: Journal, asked: Callable[[EventBody], None]) -> None:
        self._journal = journal
        self._asked = asked
        self._task: asyncio.Task[None] | None = None
        self._seeking: ProbeSought | None = None

    def seek(self, group: asyncio.TaskGroup) -> None:
        """Has the sought probe chosen, unless that is under way; returns at once. After a crash it is chosen anew."""
        sought = self._journal.state.probe_sought
        if sought is None or (self._task is not None and not self._task.done() and self._seeking == sought):
            return
        self.stop()  # A person has put another question meanwhile, and this choice comes behind its answer.
        self._seeking, self._task = sought, group.create_task(self._ask(sought))

    def stop(self) -> None:
        """Ends what is under way; whoever takes the interview up chooses again."""
        if self._task is not None:
            self._task.cancel()

    async def _ask(self, sought: ProbeSought) -> None:
        probe = await self._chosen(sought)

        def asked(state: InterviewState) -> Sequence[EventBody]:
            return [self._question(state, sought, probe)] if state.probe_sought == sought else []

        for event in await self._journal.record(asked):
            self._asked(event.body)

    async def _chosen(self, sought: ProbeSought) -> Probe:
        flow, state = self._journal.flow, self._journal.state
        chooser = self._journal.services.probe_chooser
        as_it_stands = first_probe(flow, sought.indicator_ids, state.language)
        assert as_it_stands is not None
        if chooser is None:  # It was taken out of the settings while the choice was under way.
            return as_it_stands
        answer = (state.answers or {})[sought.question_id]
        transcript = answer.transcript or Transcript(state.language, ())
        try:
            question = state.question(flow, sought.question_id)
            return await chooser.choose(flow, question, transcript, sought.indicator_ids) or as_it_stands
        except Exception as error:  # noqa: BLE001
            # Whatever goes wrong here, the candidate's next question comes.
            log.error("interview %s is probed in the flow's words: %s", self._journal.interview_id, describe(error))
            return as_it_stands

    def _question(self, state: InterviewState, sought: ProbeSought, probe: Probe) -> QuestionAsked:
        index = (state.answers or {})[sought.question_id].index
        question_id = follow_up_id(self._journal.flow.question(sought.question_id), probe.indicator_id)
        if probe.model is None:
            return QuestionAsked(question_id, index)
        return QuestionAsked(question_id, index, probe.number, probe.text, probe.model)
