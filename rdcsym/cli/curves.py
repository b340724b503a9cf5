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
_VALUE_NAMES = {
    "distortion": "distortion D",
    "rate": "rate R (bits)",
    "error probability": "error probability P_e",
    "information": "information (bits)",
}


def theorem_curves(theorem: Theorem, solved: bool = True) -> list[Curve]:
    """One curve for each example that the theorem's file names; `solved`: with certified intervals, which needs the solvers."""
    return [_curve(theorem, example, _SOLVED if solved else 0) for example in theorem.examples]


def shown(value: Any) -> Any:
    """A parameter's value as it stands in a title: a number, or a vector's entries as text."""
    return "(" + ", ".join(f"{v:.6g}" for v in value) + ")" if np.ndim(value) else float(value)


def value_name(problem: Problem) -> str:
    """The name and unit of what the theorem's function gives."""
    squared = ", squared units" if problem.value == "distortion" and problem.source == "gaussian" else ""
    return _VALUE_NAMES[problem.value] + squared


def _curve(theorem: Theorem, example: Example, intervals: int) -> Curve:
    parameter = next(p for p in theorem.parameters if p.symbol == example.x)
    x = np.linspace(example.low, example.high, _SAMPLES)
    at = np.linspace(example.low, example.high, intervals)
    given: dict[str, Any] = {parameter.name: x, **example.fixed}
    defaults: dict[str, Any] = {p.name: p.default for p in theorem.parameters if p.default is not None}
    fixed: dict[str, Any] = {n: v for n, v in {**defaults, **example.fixed}.items() if n != parameter.name}
    point: dict[str, Any] = {n: np.asarray(v) if np.ndim(v) else v for n, v in fixed.items()}
    ask = oracle(theorem) if intervals else None
    published = theorem.published.evaluate(**given).tolist() if theorem.published is not None else None
    return Curve(
        parameter=parameter.name,
        unit=parameter.unit,
        fixed={n: shown(v) for n, v in fixed.items()},
        x=x.tolist(),
        certified=theorem.evaluate(**given).tolist(),
        published=published,
        interval_x=at.tolist(),
        intervals=[ask({**point, parameter.name: float(a)}) for a in at] if ask else [],
        value_name=value_name(theorem.problem),
    )
