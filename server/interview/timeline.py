"""What happened in an interview, in order, for people: a pure pass over its events. No answer's words are in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from question_flows.model import FOLLOW_UP_MARK, PRACTICE_ID, Flow, Language
from server.interview import events as happened
from server.interview import hr_events as by_hr
from server.interview.events import EventBody, InterviewEvent, PausedBy
from server.interview.timeline_entry import Entry, EntryKind, Lane

K, L = EntryKind, Lane


def timeline(events: Iterable[InterviewEvent], flow: Flow, language: Language) -> tuple[Entry, ...]:
    """The entries of one interview's events, in the order they began in the log. language: of the flow's texts."""
    making = _Timeline(flow, language)
    for event in events:
        making.take(event)
    return tuple(making.entries)


class _Timeline:
    """The entries so far. open: the place of each span that has not ended."""

    def __init__(self, flow: Flow, language: Language) -> None:
        self.flow = flow
        self.language = language
        self.entries: list[Entry] = []
        self.open: dict[EntryKind, int] = {}
        self.question_id: str | None = None

    def take(self, event: InterviewEvent) -> None:
        """Adds what one event begins, and ends what it ends."""
        if getattr(event.body, "question_id", None) == PRACTICE_ID:
            self._practised(event)
        elif not (self._answered(event) or self._interrupted(event) or self._intervened(event)):
            self._went_on(event)

    def _practised(self, event: InterviewEvent) -> None:
        # Nothing of it is kept, but people did what they did.
        match event.body:
            case happened.QuestionAsked():
                self._begin(event, K.PRACTICE)
            case happened.AnswerSubmitted() | happened.AnswerSkipped():
                self._end(event, K.PRACTICE, on_clock=True)
            case _:
                self._intervened(event)

    def _answered(self, event: InterviewEvent) -> bool:
        """What concerns one question."""
        match event.body:
            case happened.QuestionAsked(question_id, asked_by=asked_by) as asked:
                self._end(event, K.PRACTICE, on_clock=True)
                self._end(event, K.ROUND)
                self._close_answer(event)
                self.question_id = question_id
                self._begin(event, K.QUESTION, text=self._asked(asked), by=asked_by)
            case happened.AnswerStarted():
                self._begin(event, K.ANSWER)
            case happened.AnswerSubmitted(question_id, mode):
                self._close_answer(event)
                self._note(event, K.SUBMITTED, detail=mode.value)
            case happened.AnswerSkipped():
                self._close_answer(event)
                self._note(event, K.SKIPPED)
            case happened.AnswerRestarted():
                self._note(event, K.AGAIN)
            case happened.HintOpened(question_id, hint):
                self._note(event, K.HINT, text=self._hint(question_id, hint))
            case happened.MomentTaken(extra_ms=extra_ms):
                self._note(event, K.MOMENT, length_ms=extra_ms)
            case happened.TranscriptCorrected():
                self._note(event, K.CORRECTION)
            case _:
                return False
        return True

    def _interrupted(self, event: InterviewEvent) -> bool:
        """What stops the interview, or takes something of it away."""
        match event.body:
            case happened.InterviewPaused(by, user):
                self._end(event, K.PAUSE)  # HR may pause while the candidate does.
                lane = L.PEOPLE if by is PausedBy.HR else L.FAULTS
                self._begin(event, K.PAUSE, lane, by=user, detail=by.value)
            case happened.InterviewResumed():
                self._end(event, K.PAUSE)
            case happened.ConnectionLost():
                self._begin(event, K.OUTAGE, L.FAULTS)
            case happened.ServerRestarted():
                self._begin(event, K.RESTART, L.FAULTS)
            case happened.ConnectionRestored(lost_ms):
                self._end(event, K.OUTAGE, length_ms=lost_ms)
                self._end(event, K.RESTART, length_ms=lost_ms)
            case happened.RecognitionFailed(reason):
                self._end(event, K.RECOGNITION_FAILED)
                self._begin(event, K.RECOGNITION_FAILED, L.FAULTS, detail=reason)
            case happened.RecognitionRestored():
                self._end(event, K.RECOGNITION_FAILED)
            case happened.UtteranceLost(start_ms=start_ms, end_ms=end_ms, reason=reason):
                self._lost(event, K.UTTERANCE_LOST, start_ms, end_ms, reason)
            case happened.RecordingGap(start_ms, end_ms, reason):
                self._lost(event, K.RECORDING_GAP, start_ms, end_ms, reason)
            case happened.RecordingFailed(reason):
                if K.RECORDING_FAILED not in self.open:
                    self._begin(event, K.RECORDING_FAILED, L.FAULTS, detail=reason)
            case happened.RecordingStored():
                self._end(event, K.RECORDING_FAILED)
            case _:
                return False
        return True

    def _intervened(self, event: InterviewEvent) -> bool:
        """The candidate's call for a person, and what people did."""
        match event.body:
            case happened.HelpRequested(message):
                self._note(event, K.HELP, L.PEOPLE, text=message)
            case happened.HelpAcknowledged(user):
                self._note(event, K.HELP_TAKEN, L.PEOPLE, by=user)
            case happened.HelpWithdrawn():
                self._note(event, K.HELP_WITHDRAWN, L.PEOPLE)
            case by_hr.TimeGiven(extra_ms=extra_ms, by=by):
                self._note(event, K.TIME_GIVEN, L.PEOPLE, by=by, length_ms=extra_ms)
            case by_hr.HintSent(text=text, by=by):
                self._note(event, K.HINT_SENT, L.PEOPLE, by=by, text=text)
            case by_hr.QuestionRequested(question_id, by, probe, wording):
                self._note(
                    event, K.QUESTION_REQUESTED, L.PEOPLE, by=by, text=wording or self._probe(question_id, probe)
                )
            case by_hr.MomentMarked(note, by):
                self._note(event, K.MARK, L.PEOPLE, by=by, text=note)
            case by_hr.HandedOver(message, by):
                self._cut_short(event)
                self._note(event, K.HANDED_OVER, L.PEOPLE, by=by, text=message)
            case by_hr.InterviewEnded(reason, by):
                self._cut_short(event)
                self._note(event, K.ENDED, L.PEOPLE, by=by, text=reason)
            case by_hr.InterviewCancelled(reason, by):
                self._note(event, K.ENDED, L.PEOPLE, by=by, text=reason)
            case _:
                return False
        return True

    def _went_on(self, event: InterviewEvent) -> None:
        """What concerns the whole interview; whatever else there is has no entry."""
        match event.body:
            case happened.InterviewStarted():
                self._note(event, K.STARTED)
            case happened.RoundEnded(next_round_id=next_round_id):
                self._begin(event, K.ROUND, detail=next_round_id, text=self._round(next_round_id))
            case happened.TranscriptCheckBegan():
                self._close_answer(event)
                self._end(event, K.ROUND)
                self._begin(event, K.CHECK)
            case happened.TranscriptsConfirmed(by):
                self._end(event, K.CHECK)
                self._note(event, K.CONFIRMED, detail=by.value)
            case happened.InterviewCompleted():
                self._close_answer(event)
                for kind in [one for one in self.open if one is not K.RECORDING_FAILED]:
                    self._end(event, kind)
                self._note(event, K.COMPLETED)

    def _note(
        self,
        event: InterviewEvent,
        kind: EntryKind,
        lane: Lane = L.COURSE,
        *,
        by: str = "",
        text: str = "",
        detail: str = "",
        length_ms: int | None = None,
    ) -> None:
        question_id = _question_of(event.body) or self.question_id
        self.entries.append(
            Entry(
                event.seq,
                kind,
                lane,
                event.at,
                event.clock_ms,
                None if question_id == PRACTICE_ID else question_id,
                length_ms=length_ms,
                by=by,
                text=text,
                detail=detail,
            )
        )

    def _begin(
        self,
        event: InterviewEvent,
        kind: EntryKind,
        lane: Lane = L.COURSE,
        *,
        by: str = "",
        text: str = "",
        detail: str = "",
    ) -> None:
        self._note(event, kind, lane, by=by, text=text, detail=detail)
        self.open[kind] = len(self.entries) - 1
        self.entries[-1] = replace(self.entries[-1], open=True)

    def _end(
        self, event: InterviewEvent, kind: EntryKind, *, length_ms: int | None = None, on_clock: bool = False
    ) -> None:
        place = self.open.pop(kind, None)
        if place is None:
            return
        began = self.entries[place]
        if length_ms is None:
            wall_ms = (event.at - began.at) // timedelta(milliseconds=1)
            length_ms = max(0, event.clock_ms - began.clock_ms if on_clock else wall_ms)
        self.entries[place] = replace(began, until=event.at, open=False, length_ms=length_ms)

    def _close_answer(self, event: InterviewEvent) -> None:
        """The question's and the answer's span are over; what comes next belongs to no question, until one is asked."""
        for kind in (K.PRACTICE, K.ANSWER, K.QUESTION):
            self._end(event, kind, on_clock=True)
        self.question_id = None

    def _cut_short(self, event: InterviewEvent) -> None:
        """Nothing more is asked, and neither a pause nor a rest goes on."""
        self._close_answer(event)
        self._end(event, K.PAUSE)
        self._end(event, K.ROUND)

    def _lost(self, event: InterviewEvent, kind: EntryKind, start_ms: int, end_ms: int, reason: str) -> None:
        self._note(event, kind, L.FAULTS, detail=reason, length_ms=end_ms - start_ms)
        self.entries[-1] = replace(self.entries[-1], clock_ms=start_ms)

    def _asked(self, asked: happened.QuestionAsked) -> str:
        """The question as it was put, else as the flow has it in the reader's language."""
        return asked.wording or self._probe(asked.question_id, asked.probe)

    def _probe(self, question_id: str, probe: int) -> str:
        _, mark, indicator_id = question_id.partition(FOLLOW_UP_MARK)
        try:
            if mark:
                return self.flow.indicator(indicator_id).probes[probe][self.language]
            return self.flow.question(question_id).text[self.language]
        except LookupError:
            return ""  # Of another version of the flow.

    def _hint(self, question_id: str, hint: int) -> str:
        try:
            return self.flow.question(question_id).hints[hint].text[self.language]
        except LookupError:
            return ""

    def _round(self, round_id: str) -> str:
        return next((one.title[self.language] for one in self.flow.rounds if one.id == round_id), "")


def _question_of(body: EventBody) -> str | None:
    found = getattr(body, "question_id", None)
    return found if isinstance(found, str) else None
