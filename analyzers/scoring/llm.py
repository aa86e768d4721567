"""The second scorer: a language model behind any OpenAI-compatible endpoint, one of this machine's own included.

Its opinion stands beside the built-in score and never changes it: the same words have to get the same points for every
candidate, and a model's points change with its version, its provider and its mood.
"""

from __future__ import annotations

from analyzers.results import AnswerScore, Transcript, WithheldReason
from analyzers.scoring.chat import ChatModel
from analyzers.scoring.llm_answer import read_answer
from analyzers.scoring.llm_prompt import prompt
from analyzers.scoring.rubric import withhold
from question_flows.model import Flow, Question


class LlmScorer:
    """timeout_s: for a whole opinion, retries and waits included."""

    def __init__(self, model: ChatModel, timeout_s: float = 60.0) -> None:
        self._model = model
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        """The model's name as it is set."""
        return self._model.name

    async def score(self, flow: Flow, question: Question, transcript: Transcript) -> AnswerScore:
        """The model's points of one answer, each with verbatim quotes; withheld where there is none.

        Sends the question, its indicators and the answer's words; nothing else of the candidate. Raises ScorerFailed.
        """
        if not transcript.words:
            return withhold(flow, question, WithheldReason.NOT_ANSWERED)
        content = await self._model.complete(prompt(flow, question, transcript), self._timeout_s)
        return read_answer(content, flow, question, transcript)
