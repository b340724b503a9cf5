"""The least t <P,c> + a I(X;Y) + m H(S|Y) over all couplings, proved: the lower end of the convex envelope at given prices.

For m <= a the Lagrangian is convex and its minimiser proves it. Above, it is branch and bound on the posteriors with a tree whose
leaves share their multipliers: such a tree bounds averages of couplings too (see `checker_tree`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch import search, tree_dual
from solvers.branch_bound import Programme, greatest_kappa
from solvers.certificate import ChannelDual, Dual
from solvers.lagrangian import Column, Prices, descend, log_laws
from solvers.problem import Support
from solvers.relaxation import LOWEST, LabelledSource


@dataclass(frozen=True, eq=False)
class LeastLagrangian:
    """lower: the bound, in the Lagrangian's units; dual: its evidence; best: the best coupling met; nodes: programmes solved."""

    lower: float
    dual: Dual
    best: Column
    nodes: int


def least_lagrangian(
    where: Support, source: LabelledSource, prices: Prices, known: Column, *, gap: float, nodes: int
) -> LeastLagrangian:
    """The bound, within `gap` of the best coupling met unless that is better than `known`, or `nodes` programmes are solved.

    known: the best coupling so far. The cost's price must be 1 or 0, and not all prices 0.
    """
    made = known.state
    if made is not None and prices.label <= prices.rate == made.temperature:
        channel = where.full_plan(np.maximum(made.plan / where.p[:, None], LOWEST))
        dual = ChannelDual(where.full_g(made.g), channel, prices.cost, prices.rate - prices.label, prices.label)
        return LeastLagrangian(known.value(prices), dual, known, 0)
    return _by_tree(source, prices, known, gap, nodes)


def _by_tree(source: LabelledSource, prices: Prices, known: Column, gap: float, nodes: int) -> LeastLagrangian:
    offset, spread = float(source.cost.min()), float(np.ptp(source.cost)) or 1.0
    unit = max(prices.cost * spread, prices.rate, prices.label)
    # As much of the label as the rate keeps convex goes with it; the rest is the secants'.
    kappa = greatest_kappa(source.label)
    convex = min(prices.rate, prices.label / kappa)
    secant = max(0.0, prices.label - kappa * convex)
    programme = Programme(
        p=source.p,
        q=source.q,
        label=source.label,
        cost=(source.cost.T - offset) / spread,
        kappa=kappa,
        budgets=np.zeros(4),
        fixed=np.ones(4, dtype=bool),
        prices=np.array([prices.rate - convex, convex, secant, prices.cost * spread]) / unit,
    )
    constant = prices.cost * offset + kappa * convex * programme.label_entropy
    met = [known]

    def local(plans: FloatArray, rounds: int) -> tuple[float, FloatArray]:
        """A descent from each of the plans (B, m, n); it has turns in the place of rounds."""
        met.extend(descend(source, prices, log_laws(source, np.maximum(plan.T, 0.0))) for plan in plans)
        best = min(met, key=lambda c: c.value(prices))
        return (best.value(prices) - constant) / unit, best.plan.T

    surprise = (known.value(prices) - gap - constant) / unit

    def enough(value: float) -> float:
        """A better coupling ends the search: it will change the prices."""
        return gap / unit if value > surprise else math.inf

    found = search(programme, local, known.plan.T[None], gap=enough, nodes=nodes)
    dual = tree_dual(programme, found.root, scale=unit, spread=spread, offset=offset)
    best = min(met, key=lambda c: c.value(prices))
    return LeastLagrangian(found.lower * unit + constant, dual, best, found.nodes)
