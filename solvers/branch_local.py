"""Upper ends of a problem with a label: rounds of tangents from many plans at once.

The concave H(S|Y) lies below its tangent at any posteriors, so what keeps the tangent within the budget keeps the budget.
Each round solves that convex programme (`branch_relaxation`) and moves the tangent to its plan; the cost never rises again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch_bound import Programme
from solvers.branch_relaxation import solve_nodes
from solvers.branch_system import Nodes

STILL: Final = 1e-8
"""Progress of a round, in the programme's units, at which a start is left."""
EXPLORING: Final = 2
FINALISTS: Final = 3
"""Rounds after which only so many starts go on, those of least value."""
OUTSIDE: Final = 1e6
"""Above every value: what a plan outside the budgets counts as, before its excess."""
LEAST: Final = 1e-9
"""Least posterior at which a tangent is drawn; any law gives a bound from above."""


def local_search(
    programme: Programme, feasible: Callable[[FloatArray], FloatArray]
) -> Callable[[FloatArray, int], tuple[float, FloatArray] | None]:
    """A function from plans (B, m, n) and a number of rounds to the best plan that the rounds reach, with its value.

    feasible: the value of each plan, inf where it breaks a budget.
    """
    fixed = programme.fixed.copy()
    prices = programme.prices.copy()
    if not fixed.all():
        fixed[1], prices[1] = True, 0.0
    # A tangent out of reach is to be met as far as it goes, so its programme is solved to the end: no ceiling.
    inner = replace(programme, fixed=fixed, prices=prices, ceiling=math.inf)
    m = len(programme.q)
    trivial = np.tile(programme.label.T, (m, 1, 1))
    product = np.outer(programme.q, programme.p)

    def search(plans: FloatArray, rounds: int) -> tuple[float, FloatArray] | None:
        values = feasible(plans)
        i = int(np.argmin(values))
        best, plan = float(values[i]), plans[i]
        last = np.full(len(plans), np.inf)
        for turn in range(rounds):
            t = np.maximum(plans @ programme.label, LEAST)
            t /= t.sum(axis=2, keepdims=True)
            tangent = -np.log(t) @ programme.label.T
            coordinates, start = (np.broadcast_to(x, (len(plans), *x.shape)) for x in (trivial, product))
            found = solve_nodes(inner, Nodes(tangent, coordinates, start), np.inf)
            values = feasible(found.plan)
            i = int(np.argmin(values))
            if values[i] < best:
                best, plan = float(values[i]), found.plan[i]
            # A tangent out of reach is met as far as it goes, and the next one reaches further.
            merit = np.where(values < np.inf, values, OUTSIDE + np.maximum(found.excess, 0.0).sum(axis=1))
            moving = merit < last - STILL
            # Starts that cannot become the best at the rate at which they improve are left.
            moving &= (merit >= OUTSIDE) | (last >= OUTSIDE) | (merit - best < 4 * (last - merit))
            if turn >= EXPLORING and np.isfinite(best):
                moving &= merit <= np.partition(merit, min(FINALISTS, len(merit)) - 1)[min(FINALISTS, len(merit)) - 1]
            if not moving.any():
                break
            plans, last = found.plan[moving], merit[moving]
        return (best, plan) if np.isfinite(best) else None

    return search
