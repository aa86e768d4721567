"""What HR can send to a candidate without writing it: the flow's hints and probes of each question."""

from __future__ import annotations

from typing import Any

from question_flows.model import Flow, Language, Text


def offered_steps(flow: Flow, language: Language, reader: Language) -> dict[str, Any]:
    """{question id: {"hints": [words], "probes": [{"indicator_id", "name", "probes": [words]}]}}.

    words: {"text" in the interview's language, which is what the candidate reads, "meaning" in the reader's, or None
    when that is the same}. Only of the flow's own questions: a follow-up has no hints, and is probed by its question's.
    """

    def words(text: Text) -> dict[str, str | None]:
        return {"text": text[language], "meaning": None if reader is language else text.get(reader)}

    return {
        question.id: {
            "hints": [words(hint.text) for hint in question.hints],
            "probes": [
                {
                    "indicator_id": indicator.id,
                    "name": indicator.name[reader],
                    "probes": [words(probe) for probe in indicator.probes],
                }
                for indicator in map(flow.indicator, question.indicator_ids)
                if indicator.probes
            ],
        }
        for question in flow.questions
    }
