"""What went wrong, in a form that can be logged."""

from __future__ import annotations

import traceback


def describe(error: BaseException) -> str:
    """Class and place of each error, those in groups one by one; no message: it can hold what a candidate said."""
    return "; ".join(f"{type(leaf).__name__} at {_place(leaf)}" for leaf in _leaves(error))


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else "nowhere"
