"""Watches the candidate's pictures during an answer: samples are kept until it is submitted, never the pictures."""

from __future__ import annotations

from pydantic import TypeAdapter

from analyzers.expression import FaceSample, summarise
from analyzers.results import Observation
from media.frames import VideoFrame
from server.interview.events import Purpose
from server.interview.faces import SecondFace
from server.interview.journal import Journal
from server.interview.state import AnswerState, Phase, Status

_OBSERVATIONS = TypeAdapter(tuple[Observation, ...])


class Watching:
    """One sample a second and answer, when policy and consent allow; else it sees nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._samples: dict[str, list[FaceSample]] = {}
        self._second_face: tuple[str, SecondFace] = ("", SecondFace())

    def looks(self) -> bool:
        """Whether pictures are of use now."""
        return self._answer() is not None

    async def see(self, picture: VideoFrame) -> None:
        """Takes a picture of the line."""
        expression, answer = self._journal.services.expression, self._answer()
        if expression is None or answer is None:
            return
        sample = await expression.analyse(picture)
        samples = self._samples.setdefault(answer.question_id, [])
        samples.append(sample)
        observations = summarise(samples, answer.started_ms or answer.asked_ms, picture.at_ms)
        await self._journal.signal(
            "observations",
            {
                "question_id": answer.question_id,
                "observations": _OBSERVATIONS.dump_python(observations, mode="json"),
            },
        )
        await self._tell_of_second_face(answer.question_id, sample)

    async def _tell_of_second_face(self, question_id: str, sample: FaceSample) -> None:
        """HR's wall, which does not follow every observation, learns when one comes and when it goes."""
        if self._second_face[0] != question_id:
            self._second_face = (question_id, SecondFace())
        second = self._second_face[1]
        if second.take(sample.second_face, self._journal.now()):
            since = second.since.isoformat() if second.since is not None else None
            data = {"question_id": question_id, "second_face": since is not None, "since": since}
            await self._journal.signal("faces", data)

    def _answer(self) -> AnswerState | None:
        """The answer that may be watched, while it is given."""
        state = self._journal.state
        if self._journal.services.expression is None or not state.allows(Purpose.EXPRESSION):
            return None
        if state.status is not Status.RUNNING or state.answer is None or state.answer.phase is not Phase.ANSWERING:
            return None
        return state.answer

    def take(self, answer: AnswerState) -> tuple[Observation, ...]:
        """What was seen over a submitted answer; the samples are forgotten."""
        samples = self._samples.pop(answer.question_id, [])
        if not samples:
            return ()
        return summarise(samples, answer.started_ms or answer.asked_ms, answer.submitted_ms or samples[-1].at_ms)
