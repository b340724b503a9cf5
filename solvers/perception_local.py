"""Plans that meet the classification constraint for certain, from rounds of tangents of I(S;Y)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.perception_ball import FreePlan
from solvers.perception_newton import FreePoint, optimum
from solvers.perception_source import LOWEST, Source, ladder
from solvers.perception_system import Constraint

ROUNDS: Final = 8
STARTS: Final = 2  # at random, beside the relaxation's plan, for problems of up to SMALL pairs
SMALL: Final = 400
LEAST_GAIN: Final = 1e-9
KEPT: Final = 2  # plans handed to the checker


def local_plans(
    source: Source, cost: FloatArray | None, constraints: list[Constraint], relaxed: FreePoint
) -> Iterator[Iterator[FreePlan]]:
    """Plans that meet I(S;Y) >= wanted, by rounds in which I(S;Y) is replaced by its tangent, which lies below it.

    cost: what is minimised, None for the rate; constraints: all but those of the label.
    """
    found: list[tuple[float, FreePoint, FreePoint]] = []
    # Little may lie strictly inside tangent and budgets: a hair is kept free of each.
    source = replace(source, radius=source.radius * (1 - LEAST_GAIN))
    constraints = [replace(k, bound=k.bound - LEAST_GAIN * abs(k.bound)) for k in constraints]
    for start in _starts(source, constraints, relaxed.plan):
        plan, last = start, math.inf
        for _ in range(ROUNDS):
            tangent = _tangent(source, plan)
            limit = Constraint(-source.wanted * (1 + LEAST_GAIN), linear=-tangent)
            point, inside = optimum(source.program(cost, [*constraints, limit]))
            if point.gap > 1e-6 or float(np.sum(point.plan * tangent)) < source.wanted:
                break
            plan, value = point.plan, float(np.sum(point.plan * cost)) if cost is not None else _rate(source, point.plan)
            found.append((value, point, inside))
            if value > last - LEAST_GAIN * abs(last):
                break
            last = value
    found.sort(key=lambda k: k[0])
    yield from (ladder(source, point, inside) for _, point, inside in found[:KEPT])


def _starts(source: Source, constraints: list[Constraint], relaxed: FloatArray) -> Iterator[FloatArray]:
    yield relaxed
    yield _informed(source, constraints, relaxed)
    if relaxed.size <= SMALL:
        rng = np.random.default_rng(0)
        for _ in range(STARTS):
            start = source.p[:, None] * rng.dirichlet(np.ones(relaxed.shape[1]), size=relaxed.shape[0])
            yield _informed(source, constraints, start)


def _informed(source: Source, constraints: list[Constraint], plan: FloatArray) -> FloatArray:
    """Climb I(S;Y) by its tangents, within the given budgets, until it is as much as wanted or no longer rises."""
    budgets = [k for k in constraints if not k.epigraph]
    level = 0.0
    for _ in range(ROUNDS):
        tangent = _tangent(source, plan)
        point, _ = optimum(source.program(-tangent / max(float(np.abs(tangent).max()), LOWEST), budgets))
        rise = float(np.sum(point.plan * tangent))
        if rise <= level * (1 + LEAST_GAIN):
            break
        plan, level = point.plan, rise
        if level >= source.wanted:
            break
    return plan


def _rate(source: Source, plan: FloatArray) -> float:
    return float(np.sum(plan * np.log(np.maximum(plan / np.outer(source.p, plan.sum(axis=0)), LOWEST))))


def _tangent(source: Source, plan: FloatArray) -> FloatArray:
    """L with I(S;Y) of any plan >= <P, L>, equal at `plan`: L_xy = sum_s p(s|x) log(r(s|y) / p(s)) for any law r(.|y)."""
    assert source.label is not None
    posterior = source.label.T @ plan
    posterior = posterior / posterior.sum(axis=0)
    return np.asarray(source.label @ (np.log(np.maximum(posterior, 1e-14)) - np.log(source.p @ source.label)[:, None]))
