"""Couplings that tell much of S, cheaply: X sorted by its label, Y in an order of little cost, north-west corners between them.

Where the label asks for nearly all that the marginals allow, the plans within the budget are near such couplings, one for
every order of Y; tangents drawn elsewhere do not reach them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.branch_bound import Programme

ORDERS: Final = 12
"""Random orders of Y that are improved by swaps."""
KEPT: Final = 4
PASSES: Final = 6

Order = NDArray[np.intp]


def sorted_couplings(programme: Programme) -> FloatArray:
    """The cheapest couplings found (B, m, n), for X sorted along the main direction of its label laws and B up to KEPT."""
    rng = np.random.default_rng(1)
    centred = programme.label - programme.label_mass
    directions = np.linalg.svd(np.sqrt(programme.p)[:, None] * centred)[2][: max(1, programme.label.shape[1] - 1)]
    found: dict[tuple[int, ...], tuple[float, FloatArray]] = {}
    for direction in directions:
        rows = np.argsort(centred @ direction, kind="stable")
        for _ in range(ORDERS):
            order, value = _improved(programme, rows, rng.permutation(len(programme.q)))
            found[tuple(order.tolist())] = value, _corner(programme, rows, order)
    best = sorted(found.values(), key=lambda pair: pair[0])[:KEPT]
    return np.array([plan for _, plan in best])


def _improved(programme: Programme, rows: Order, order: Order) -> tuple[Order, float]:
    """Swaps of neighbours while one of them lowers the cost."""
    value = _cost(programme, rows, order)
    for _ in range(PASSES):
        before = value
        for j in range(len(order) - 1):
            other = order.copy()
            other[[j, j + 1]] = order[[j + 1, j]]
            trial = _cost(programme, rows, other)
            if trial < value:
                order, value = other, trial
        if value >= before:
            break
    return order, value


def _cost(programme: Programme, rows: Order, order: Order) -> float:
    return float(np.sum(_corner(programme, rows, order) * programme.cost))


def _corner(programme: Programme, rows: Order, order: Order) -> FloatArray:
    """The coupling (m, n) that fills Y in `order` with X in the order of `rows`: overlaps of intervals between partial sums."""
    p_ends, q_ends = np.cumsum(programme.p[rows]), np.cumsum(programme.q[order])
    p_starts, q_starts = p_ends - programme.p[rows], q_ends - programme.q[order]
    overlap = np.minimum(q_ends[:, None], p_ends) - np.maximum(q_starts[:, None], p_starts)
    plan = np.empty_like(programme.cost)
    plan[np.ix_(order, rows)] = np.maximum(overlap, 0.0)
    return plan
