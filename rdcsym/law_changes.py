"""Laws about a changed problem: a noisier label asks for more; a renamed or shifted one asks for the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from rdcsym.laws import EXACT, Law, base_point
from rdcsym.operating_points import Points
from rdcsym.problem import FloatArray
from rdcsym.theorem import Theorem


def noisier_label(theorem: Theorem) -> list[Law]:
    """More noise in the label, the same budgets."""
    names = {p.name for p in theorem.parameters}
    if theorem.problem.classification is None or not ({"q_S1"} <= names or {"sigma_S", "theta"} <= names):
        return []

    def points(base: Points) -> list[Points]:
        step = base["step noise"]
        if "q_S1" in names:
            noisier = ("q_S1", base["q_S1"] + step * (0.5 - base["q_S1"]))
        else:
            noisier = ("sigma_S", base["sigma_S"] * (1.0 + step))
        return [base_point(base), base_point(base, noisier)]

    return [
        Law(
            name="noisier label",
            statement="noise added to the label raises H(S|Y) of every code (data processing), so the value does not fall",
            kinds=EXACT,
            steps=("step noise",),
            points=points,
            sides=lambda values, base: (values[0], values[1]),
        )
    ]


def symmetries(theorem: Theorem) -> list[Law]:
    """Changes of notation under which the value stays."""
    names, problem = {p.name for p in theorem.parameters}, theorem.problem
    found: list[tuple[str, str, Callable[[Points], list[tuple[str, FloatArray]]]]] = []
    if problem.source == "bernoulli" and "q_X" in names:
        ends = [n for n in ("q_X", "q_Y") if n in names]
        found.append(("flip", "renaming 0 and 1 of X and Y changes nothing", lambda p: [(n, 1.0 - p[n]) for n in ends]))
        if "q_S1" in names:
            found.append(
                ("flip of the label", "renaming the label's 0 and 1 changes nothing", lambda p: [("q_S1", 1 - p["q_S1"])])
            )
    if problem.source == "gaussian":
        means = [n for n in ("mu_X", "mu_Y") if n in names]
        if means:
            found.append(("shift", "moving X and Y together changes nothing", lambda p: [(n, p[n] + 1.0) for n in means]))
        if "theta" in names:
            found.append(("sign of the label", "the sign of the label changes nothing", lambda p: [("theta", -p["theta"])]))

    def equal(values: list[FloatArray], base: Points) -> tuple[FloatArray, FloatArray]:
        return np.maximum(*values), np.minimum(*values)

    def both(change: Callable[[Points], list[tuple[str, FloatArray]]], base: Points) -> list[Points]:
        return [base_point(base), base_point(base, *change(base))]

    return [
        Law(name=f"symmetry: {name}", statement=text, kinds=EXACT, points=partial(both, change), sides=equal)
        for name, text, change in found
    ]
