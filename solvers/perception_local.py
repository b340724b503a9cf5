"""Plans that meet the classification constraint for certain, from rounds of tangents of I(S;Y)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.perception_ball import FreePlan
from solvers.perception_newton import FreePoint, optimum
from solvers.perception_source import LOWEST, Source, ladder
from solvers.perception_system import Constraint

ROUNDS: Final = 8
LEAST_GAIN: Final = 1e-9


def local_plans(
    source: Source, cost: FloatArray | None, constraints: list[Constraint], relaxed: FreePoint
) -> list[Iterator[FreePlan]]:
    """Plans that meet I(S;Y) >= wanted, by rounds of tangents, which lie below it, from the relaxation's plan."""
    assert source.label is not None
    point, last, ladders = relaxed, math.inf, list[Iterator[FreePlan]]()
    for _ in range(ROUNDS):
        tangent = _tangent(source, point.plan)
        limit = Constraint(-source.wanted * (1 + LEAST_GAIN), linear=-tangent)
        found, inside = optimum(source.program(cost, [*constraints, limit]))
        if found.gap > 1e-6 or float(np.sum(found.plan * tangent)) < source.wanted * (1 - LEAST_GAIN):
            break
        ladders.insert(0, ladder(source, found, inside))
        value = float(np.sum(found.plan * cost)) if cost is not None else _rate(source, found.plan)
        point = found
        if value > last - LEAST_GAIN * abs(last):
            break
        last = value
    return ladders[:2]


def _rate(source: Source, plan: FloatArray) -> float:
    return float(np.sum(plan * np.log(np.maximum(plan / np.outer(source.p, plan.sum(axis=0)), LOWEST))))


def _tangent(source: Source, plan: FloatArray) -> FloatArray:
    """L with I(S;Y) of any plan >= <P, L>, equal at `plan`: L_xy = sum_s p(s|x) log(r(s|y) / p(s)) for any law r(.|y)."""
    assert source.label is not None
    posterior = source.label.T @ plan
    posterior = posterior / posterior.sum(axis=0)
    return np.asarray(source.label @ (np.log(np.maximum(posterior, 1e-14)) - np.log(source.p @ source.label)[:, None]))
