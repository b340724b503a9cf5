"""The asymptotic setting: the convex envelope in (R, C) of the single-letter function, by column generation.

The least average cost of a mixture of couplings under average budgets is a linear program with a column for every coupling.
Its dual function, for prices a, m >= 0,

    min over couplings of { <P,c> + a I(X;Y) + m H(S|Y) } - a R - m C,

is concave, and every value of it bounds the envelope from below. The master program (`time_sharing`) over the couplings known so
far gives a mixture, the upper end, and prices; the minimiser at those prices is the next coupling. Local descents look for it
while they succeed. Where they fail, the minimum is bounded from below (`envelope_bound`), and either the ends meet or a better
coupling has been found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch_bound import greatest_kappa
from solvers.certificate import Dual, Primal, gap_floor
from solvers.envelope_bound import least_lagrangian
from solvers.lagrangian import Column, Prices, column, descend, starts
from solvers.problem import DiscreteProblem, OperatingPoint, Support
from solvers.relaxation import LabelledSource, RelaxedPlan
from solvers.sinkhorn import at_rate
from solvers.time_sharing import Budgets, best_mixture, witness
from solvers.transport import transport

ROUNDS: Final = 200
LARGEST: Final = 1024
"""Pairs of symbols above which a round takes too long; the relaxation's ends then stand."""
KEPT: Final = 40
"""Columns of the master program: the best at the present prices."""
SHARE: Final = 0.1
"""Share of the wanted gap below which a better coupling is not worth a round, and of it that the tree may leave open."""
EXPLORED: Final = 8
"""Rounds that try random starts too."""
RANDOM_STARTS: Final = 4
NEIGHBOURS: Final = 3
NEARLY: Final = 0.01
"""Share of an excess below which a better coupling is not worth a round."""
HALF: Final = 0.5
MARGINS: Final = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7)
"""Shares of the budgets that a mixture leaves free: of the first that the kernel accepts is the upper end."""


def envelope_evidence(
    problem: DiscreteProblem, where: Support, point: OperatingPoint, plans: Iterable[FloatArray], *, tolerance: float, nodes: int
) -> tuple[Iterable[Primal], list[Dual]]:
    """Mixtures (a ladder of rising margins) and dual witnesses of the envelope at an operating point with a label.

    plans: (n, m) couplings already known. tolerance: relative gap to stop at; nodes: of branch and bound, all rounds together.
    """
    assert where.label is not None
    source = LabelledSource(where.p, where.q, where.cost, where.label)
    budgets = _budgets(source, point)
    columns = _first_columns(source, where, budgets, plans)
    duals: list[Dual] = []
    rng = np.random.default_rng(0)
    for step in range(ROUNDS):
        mixture = best_mixture(columns, budgets)
        prices = mixture.prices
        columns = sorted(columns, key=lambda c: c.value(prices))[:KEPT]
        scale = max(abs(mixture.value), gap_floor(problem, point))
        worth = SHARE * tolerance * scale * (prices.rate if budgets.minimises_rate and mixture.feasible else 1.0)
        if not mixture.feasible:
            worth = NEARLY * (columns[0].value(prices) - budgets.spent(prices))
        wanted = columns[0].value(prices) - worth
        fresh = _local(source, prices, columns, rng if step < EXPLORED else None)
        if fresh[0].value(prices) >= wanted:
            best = min(fresh[0], columns[0], key=lambda c: c.value(prices))
            # Only the sign of an excess is wanted: a bound that leaves half of it proves that the point is infeasible.
            bound = least_lagrangian(
                where, source, prices, best, gap=worth if mixture.feasible else HALF * worth / NEARLY, nodes=nodes
            )
            nodes -= bound.nodes
            duals.append(bound.dual)
            if not mixture.feasible and bound.lower > budgets.spent(prices):
                break
            fresh = [bound.best]
        better = [c for c in fresh if c.value(prices) < wanted]
        if not better:
            break
        columns += better
    return _ladder(where, columns, budgets), duals


def _budgets(source: LabelledSource, point: OperatingPoint) -> Budgets:
    mass = source.p @ source.label
    entropy = -float(np.sum(mass * np.log(mass)))
    rate = math.inf if point.minimises_rate else point.rate_nats
    ceiling = min(-float(np.sum(p * np.log(p))) for p in (source.p, source.q))
    cost = point.distortion if point.minimises_rate else math.inf
    spread = float(np.ptp(source.cost))
    return Budgets(cost, rate if rate < ceiling else math.inf, point.classification_nats, spread or 1.0, entropy or 1.0)


def _first_columns(source: LabelledSource, where: Support, budgets: Budgets, plans: Iterable[FloatArray]) -> list[Column]:
    """The product (the only coupling of rate 0), plain transport, the rate's own optimum and what is known already."""
    known = [np.outer(source.p, source.q), transport(source.p, source.q, source.cost).plan]
    if math.isfinite(budgets.rate):
        known.append(at_rate(source.p, source.q, source.cost, budgets.rate).plan)
    known += [plan[np.ix_(where.keep_x, where.keep_y)] for plan in plans]
    return [column(source, plan) for plan in known]


def _local(source: LabelledSource, prices: Prices, columns: list[Column], rng: np.random.Generator | None) -> list[Column]:
    """Local minimisers from the best couplings known, the best first; where the Lagrangian is convex one start will do."""
    states = [c.state for c in columns if c.state is not None][:NEIGHBOURS]
    begins: list[RelaxedPlan | FloatArray | None] = [*states[:1]] or [None]
    if prices.label > greatest_kappa(source.label) * prices.rate:
        begins = [None, *states, *(starts(source, prices, rng, RANDOM_STARTS) if rng is not None else [])]
    return sorted((descend(source, prices, begin) for begin in begins), key=lambda c: c.value(prices))


def _ladder(where: Support, columns: list[Column], budgets: Budgets) -> Iterable[Primal]:
    for margin in MARGINS:
        mixture = best_mixture(columns, budgets.shrunk(margin))
        if mixture.feasible:
            yield witness(where, mixture)
