"""The Lagrangian <P,c> + A I(X;Y) + M H(S|Y), minimised over all couplings: convex for M <= kappa A, branch and bound above.

Its minima over all (A, M) are what the convex envelope of D(R, C) is made of (THEORY 2.4); kappa >= 1 is the reciprocal of the
label channel's contraction, see `checker_tree`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch import entropies, search, tree_dual
from solvers.branch_bound import ON_MARGINALS, Programme, greatest_kappa
from solvers.branch_local import local_search
from solvers.certificate import TreeDual
from solvers.problem import Support

RANDOM_STARTS: Final = 8
BELOW: Final = 1e-13
"""Relative margin by which the convex part stays inside its limit."""


@dataclass(frozen=True, eq=False)
class LagrangianMinimum:
    """plan: (n, m) on the support, the best coupling found; value: its Lagrangian, lower: the tree's bound, in cost units;
    dual: the tree, in Lagrangian mode."""

    plan: FloatArray
    value: float
    lower: float
    dual: TreeDual
    nodes: int


def least_lagrangian(
    where: Support,
    rate_multiplier: float,
    label_multiplier: float,
    *,
    tolerance: float,
    nodes: int,
    starts: Sequence[FloatArray] = (),
) -> LagrangianMinimum:
    """Minimise <P,c> + A I(X;Y) + M H(S|Y), A = rate_multiplier, M = label_multiplier >= 0 in cost units a nat.

    tolerance: gap, relative to the spread of the cost, at which the search ends; nodes: at which it ends anyway.
    starts: (n, m) plans on the support from which the local search starts besides its own.
    """
    assert where.label is not None
    offset, spread = float(where.cost.min()), float(np.ptp(where.cost)) or 1.0
    p, q, label = where.p / where.p.sum(), where.q / where.q.sum(), where.label
    a, m = rate_multiplier / spread, label_multiplier / spread
    kappa = greatest_kappa(label)
    convex = min(a, m / kappa) * (1 - BELOW)
    programme = Programme(
        p=p,
        q=q,
        label=label,
        cost=(where.cost.T - offset) / spread,
        kappa=kappa,
        budgets=np.zeros(4),
        fixed=np.ones(4, dtype=bool),
        prices=np.array([a - convex, convex, m - kappa * convex, 1.0]),
    )
    constant = kappa * convex * programme.label_entropy

    def value(plans: FloatArray) -> FloatArray:
        both, _, _, cost = programme.functions(plans, np.zeros_like(plans)).T
        mass = plans @ label
        lost = np.sum(mass.sum(axis=2) * entropies(mass / mass.sum(axis=2, keepdims=True)), axis=1)
        # Without the constant, as the programme's own objective.
        return np.where(programme.off_marginals(plans) <= ON_MARGINALS, cost + a * both + m * lost - constant, np.inf)

    rng = np.random.default_rng(0)
    product = np.outer(q, p)
    own = product * rng.gamma(0.5, 1.0, (RANDOM_STARTS, *product.shape)) + 1e-6 * product
    own = np.concatenate(
        [product[None], own / own.sum(axis=(1, 2), keepdims=True), *(s.T[None] + 1e-9 * product for s in starts)]
    )
    found = search(programme, local_search(programme, value), own, gap=lambda _: tolerance, nodes=nodes)
    assert found.plan is not None
    dual = tree_dual(programme, found.root, scale=spread, spread=spread, offset=offset)
    # Exactly common multipliers, whatever the scaling rounded.
    beta = min(label_multiplier, float(dual.multipliers[0, 3]))
    shared = np.tile([1.0, rate_multiplier, label_multiplier, beta], (len(dual.multipliers), 1))
    back = (constant + offset / spread) * spread
    return LagrangianMinimum(
        plan=found.plan.T,
        value=found.upper * spread + back,
        lower=found.lower * spread + back,
        dual=replace(dual, multipliers=shared),
        nodes=found.nodes,
    )
