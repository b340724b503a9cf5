"""The curves of the report: a theorem's forms along one budget, with certified intervals at a few points."""

from __future__ import annotations

from typing import Any

import numpy as np

from rdcsym.cli.results import Curve
from rdcsym.oracles import oracle
from rdcsym.problem import Problem
from rdcsym.theorem import Example, Theorem

_SAMPLES = 241
_SOLVED = 13
_VALUE_NAMES = {"distortion": "distortion D", "rate": "rate R (bits)", "error probability": "error probability P_e"}


def theorem_curves(theorem: Theorem) -> list[Curve]:
    """One curve for each example that the theorem's file names."""
    return [_curve(theorem, example) for example in theorem.examples]


def value_name(problem: Problem) -> str:
    """The name and unit of what the theorem's function gives."""
    squared = ", squared units" if problem.value == "distortion" and problem.source == "gaussian" else ""
    return _VALUE_NAMES[problem.value] + squared


def _curve(theorem: Theorem, example: Example) -> Curve:
    parameter = next(p for p in theorem.parameters if p.symbol == example.x)
    x = np.linspace(example.low, example.high, _SAMPLES)
    solved = np.linspace(example.low, example.high, _SOLVED)
    given: dict[str, Any] = {parameter.name: x, **example.fixed}
    defaults = {p.name: p.default for p in theorem.parameters if p.default is not None}
    ask = oracle(theorem)
    published = theorem.published.evaluate(**given).tolist() if theorem.published is not None else None
    return Curve(
        parameter=parameter.name,
        unit=parameter.unit,
        fixed={n: v for n, v in {**defaults, **example.fixed}.items() if n != parameter.name},
        x=x.tolist(),
        certified=theorem.evaluate(**given).tolist(),
        published=published,
        interval_x=solved.tolist(),
        intervals=[ask({**defaults, **example.fixed, parameter.name: float(at)}) for at in solved],
        value_name=value_name(theorem.problem),
    )
