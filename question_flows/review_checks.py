"""What has to be true of a flow's review: departments' weights and names, what dimensions weigh."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from question_flows.problems import FieldPath, Group, Problem, groups, number


def departments(data: dict[str, Any]) -> Iterator[Group]:
    """The review's departments, with their paths."""
    review = data.get("review")
    if isinstance(review, dict):
        yield from groups(review.get("departments"), "review", "departments")


def review_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Weights that are no shares or do not add up, and departments that an account could not be told apart by."""
    for path, dimension in groups(data.get("dimensions"), "dimensions"):
        weight = dimension.get("weight", 0)
        if number(weight) and not 0 <= weight <= 1:
            yield Problem((*path, "weight"), f"is {weight}; it has to be 0 to 1, 0 being shown only")
    review = data.get("review")
    if not isinstance(review, dict):
        return
    listed = list(departments(data))
    if not listed and number(review.get("others_weight")) and review["others_weight"]:
        yield Problem(("review", "others_weight"), "says nothing without departments; leave it out")
    yield from _weight_problems(listed, review.get("others_weight", 0))
    yield from _name_problems(listed)


def _weight_problems(listed: list[Group], others: Any) -> Iterator[Problem]:
    weights = [department.get("weight") for _, department in listed]
    for (path, _), weight in zip(listed, weights, strict=True):
        if number(weight) and not 0 < weight <= 1:
            yield Problem((*path, "weight"), f"is {weight}; a weight is more than 0 and at most 1")
    numbers = [weight for weight in [*weights, others] if number(weight)]
    if listed and len(numbers) == len(weights) + 1 and not math.isclose(sum(numbers), 1, abs_tol=1e-6):
        with_others = " with others_weight" if others else ""
        yield Problem(
            ("review", "departments"), f"have weights that add up{with_others} to {sum(numbers):g} and not to 1"
        )


def _name_problems(listed: list[Group]) -> Iterator[Problem]:
    """An account belongs to a department by its id or one of its names: no two departments may share one."""
    owners: dict[str, FieldPath] = {}
    for path, department in listed:
        names = department.get("name")
        for tag, name in names.items() if isinstance(names, dict) else ():
            if not isinstance(name, str):
                continue
            owner = owners.setdefault(" ".join(name.split()).casefold(), path)
            if owner != path:
                yield Problem((*path, "name", tag), f"{name!r} is already the name of another department")
