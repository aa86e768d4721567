"""One file, several jobs: the flows that a flow with variants stands for."""

from __future__ import annotations

from dataclasses import replace

from question_flows.model import Flow, Variant


def expanded(flow: Flow) -> tuple[Flow, ...]:
    """The flow without its variants' questions, then one flow for each variant; the flow itself when it has none.

    A variant's id follows the flow's: `software_engineer_java`. Questions without a variant's tag belong to all.
    """
    if not flow.variants:
        return (flow,)
    return (_asking(flow, ()), *(_of_variant(flow, variant) for variant in flow.variants))


def _of_variant(flow: Flow, variant: Variant) -> Flow:
    name = f"{flow.id}_{variant.id}"
    return replace(_asking(flow, variant.tags), id=name, title=variant.title, job=variant.job)


def _asking(flow: Flow, tags: tuple[str, ...]) -> Flow:
    reserved = {tag for variant in flow.variants for tag in variant.tags}
    questions = tuple(
        question
        for question in flow.questions
        if not reserved.intersection(question.tags) or set(tags).intersection(question.tags)
    )
    return replace(flow, questions=questions, variants=())
