"""Single-letter problems with a label, solved globally: the plan and the tree that close the relaxation's gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch import Searched, entropies, search, tree_dual
from solvers.branch_bound import ON_MARGINALS, Programme, greatest_kappa
from solvers.branch_local import local_search
from solvers.branch_starts import sorted_couplings
from solvers.certificate import ChannelDual, Dual, TreeDual
from solvers.problem import OperatingPoint, Support

MARGIN: Final = 1e-9
"""Share of a budget that plans keep free, so that the exact plan is inside."""
LEAST_UNIT: Final = 1e-6
ROUNDING: Final = 1e-5
"""A label budget's margin is in units of I(S;X), at least LEAST_UNIT, plus what rounding needs of the budget itself."""
INSIDE: Final = 2e-10
"""Share of a budget within which a plan must keep to be offered to the kernel."""
SHARE_OF_TOLERANCE: Final = 0.6
LEFT_OVER: Final = 1e-6
"""The search ends at this share of the tolerated gap, or so much below it; the rest is for rounding and the margins."""
RANDOM_STARTS: Final = 8
ABOVE: Final = 1e-4
"""How far above every plan's value a bound must be to prove that there is no plan."""
WORK: Final = 60_000
MOST_NODES: Final = 1000


def default_nodes(where: Support) -> int:
    """Nodes that take a few seconds, 0 where too few of them would."""
    if where.label is None:
        return 0
    nodes = WORK // (where.cost.size * where.label.shape[1])
    return min(MOST_NODES, nodes) if nodes >= 10 else 0


def tree_evidence(
    where: Support, point: OperatingPoint, known: Sequence[FloatArray], *, tolerance: float, nodes: int
) -> tuple[FloatArray | None, Dual, int]:
    """The best plan (n, m) on the support that the search met, or None; the tree; and how many programmes it solved.

    known: (n, m) plans on the support from which the local search starts too. tolerance: relative gap at which to end.
    """
    assert where.label is not None
    offset, spread = float(where.cost.min()), float(np.ptp(where.cost)) or 1.0
    programme = _programme(where, point, offset, spread)
    inner = _shrunk(programme, MARGIN)
    edge = _shrunk(programme, INSIDE)

    def value(plans: FloatArray) -> FloatArray:
        both, _, _, cost = programme.functions(plans, np.zeros_like(plans)).T
        mass = plans @ programme.label
        loss = np.sum(mass.sum(axis=2) * entropies(mass / np.maximum(mass.sum(axis=2, keepdims=True), 1e-300)), axis=1)
        ok = (loss <= edge.budgets[2]) & (programme.off_marginals(plans) <= ON_MARGINALS)
        if point.minimises_rate:
            return np.where(ok & (cost <= edge.budgets[3]), both, np.inf)
        return np.where(ok & (both <= edge.budgets[0]), cost, np.inf)

    scale, origin = (1.0, 0.0) if point.minimises_rate else (spread, offset)

    def gap(value: float) -> float:
        floor = 1e-6 if point.minimises_rate else 1e-6 * spread
        return max(SHARE_OF_TOLERANCE * tolerance, tolerance - LEFT_OVER) * max(abs(value * scale + origin), floor) / scale

    found: Searched = search(programme, local_search(inner, value), _starts(programme, known), gap=gap, nodes=nodes)
    dual = _dual(where, tree_dual(programme, found.root, scale=scale, spread=spread, offset=offset))
    return None if found.plan is None else found.plan.T, dual, found.nodes


def _dual(where: Support, tree: TreeDual) -> Dual:
    """The tree; or, where its root is all and the rate keeps the whole label convex, the relaxation's own witness."""
    t, rate, label, _ = tree.multipliers[0]
    if len(tree.splits) > 1 or label > rate:
        return tree
    return ChannelDual(where.full_g(tree.g[0]), where.full_plan(tree.channel[0]), float(t), float(rate - label), float(label))


def _programme(where: Support, point: OperatingPoint, offset: float, spread: float) -> Programme:
    assert where.label is not None
    p, q, label = where.p / where.p.sum(), where.q / where.q.sum(), where.label
    entropy_s = float(entropies(p @ label))
    most = min(float(entropies(p)), float(entropies(q)))
    loss = min(point.classification_nats, entropy_s)
    kappa = greatest_kappa(label)
    rate = 0.0 if point.minimises_rate else min(point.rate_nats, most)
    least_distortion = (point.distortion - offset) / spread if point.minimises_rate else 0.0
    return Programme(
        p=p,
        q=q,
        label=label,
        cost=(where.cost.T - offset) / spread,
        kappa=kappa,
        budgets=np.array([rate, rate - kappa * (entropy_s - loss), loss, least_distortion]),
        fixed=np.array([False, False, False, not point.minimises_rate]),
        prices=np.array([0.0, 0.0, 0.0, 1.0]),
        minimises_rate=point.minimises_rate,
        ceiling=(most if point.minimises_rate else 1.0) + ABOVE,
    )


def _shrunk(programme: Programme, share: float) -> Programme:
    """The programme with a share of its budgets kept free, of the label's in units of what X tells of S.

    What the relaxation adds (the second) is left as it is.
    """
    rate, _, loss, distortion = np.abs(programme.budgets)
    less = np.array([rate, 0.0, max(programme.label_capacity, LEAST_UNIT) + ROUNDING * loss, distortion])
    return replace(programme, budgets=programme.budgets - share * less)


def _starts(programme: Programme, known: Sequence[FloatArray]) -> FloatArray:
    product = np.outer(programme.q, programme.p)
    random = product * np.random.default_rng(0).gamma(0.5, 1.0, (RANDOM_STARTS, *product.shape)) + 1e-6 * product
    random /= random.sum(axis=(1, 2), keepdims=True)
    informed = 0.98 * sorted_couplings(programme) + 0.02 * product
    return np.concatenate([random, informed, *((plan.T + 1e-9 * product)[None] for plan in known)])
