"""Single-letter problems with a classification constraint: lower end by the convex relaxation, upper end by a feasible plan.

H(S|Y) <= C asks for I(S;Y) >= H(S) - C, a lower bound on a convex function, so the problem is not convex. The lower
end is the relaxation's (see `relaxation`), exact where its plan meets the true constraint. Otherwise the upper end comes
from convex-concave rounds: I(S;Y) is replaced by its tangent at the last plan, which lies below it, so what is feasible for
the tangent is feasible. Where the ends do not meet the status is "gap".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.certificate import ChannelDual, Dual, JointPlan, LabelBound, Primal
from solvers.problem import OperatingPoint, Support
from solvers.relaxation import LOWEST, LabelledSource, RelaxedPlan, StalledError, minimise_lagrangian, solve_relaxation
from solvers.sinkhorn import at_distortion, at_rate, mutual_information

MARGIN: Final = 1e-9
"""Share of a budget that the solver keeps free, so that the exact plan is inside."""
ROUNDS: Final = 8
PATIENCE: Final = 1
"""Minimisations of the relaxation that may stall before the conic solver takes over, up to CONE_SIZE masses P(x, s, y)."""
CONE_SIZE: Final = 5000
SMALL: Final = 1024
"""Number of pairs (x, y) up to which every start of the convex-concave rounds is tried."""


@dataclass(frozen=True, eq=False)
class _Budgets:
    """In nats and cost units, margins taken off; what is minimised has budget inf. wanted: least I(S;Y)."""

    rate: float
    distortion: float
    wanted: float


def classification_evidence(
    where: Support, point: OperatingPoint, *, conic: bool = False, rounds: bool = True
) -> tuple[list[Primal], list[Dual]]:
    """Plans and dual witnesses beyond `infeasibility_evidence` and those without label.

    conic: the relaxation's multipliers come from the conic solver. rounds: whether the convex-concave rounds are run.
    """
    assert where.label is not None
    source = LabelledSource(where.p, where.q, where.cost, where.label)
    entropy_s = _entropy(where.p @ where.label)
    wanted = max(0.0, entropy_s - point.classification_nats)
    ceiling = min(_entropy(where.p), _entropy(where.q))
    duals: list[Dual] = []
    budgets = _Budgets(
        rate=math.inf if point.minimises_rate else min(point.rate_nats, ceiling) * (1 - MARGIN),
        distortion=point.distortion * (1 - MARGIN) if point.minimises_rate else math.inf,
        wanted=wanted * (1 + MARGIN),
    )
    if not point.minimises_rate and wanted >= budgets.rate:
        return [], duals
    small = source.cost.size * source.label.shape[1] <= CONE_SIZE and not point.minimises_rate
    try:
        relaxed = None if conic else _relaxed(source, budgets, PATIENCE if small else None)
    except StalledError:
        relaxed = None
    conic = relaxed is None
    relaxed = relaxed or _relaxed_by_cone(source, point, ceiling, wanted)
    if relaxed is None:
        return [], duals
    duals.append(_channel_dual(where, relaxed))
    plans = [relaxed.plan]
    if rounds and (source.label_information(relaxed.plan) < wanted or conic):
        plans += _convex_concave(source, budgets, _starts(source, budgets, relaxed.plan))
    return [JointPlan(where.full_plan(plan)) for plan in plans], duals


def _relaxed(source: LabelledSource, budgets: _Budgets, patience: int | None) -> RelaxedPlan:
    def hotter(k: RelaxedPlan) -> float:
        if math.isfinite(budgets.distortion):
            return (budgets.distortion - float(np.sum(k.plan * source.cost))) / (abs(budgets.distortion) + 1e-300)
        both, given = source.information(k.plan)
        # Positive where the information is above its budgets: a higher temperature lowers it.
        return (1 - k.share) * (both - budgets.rate) + k.share * (given - (budgets.rate - budgets.wanted))

    def more_label(k: RelaxedPlan) -> float:
        # The label needs weight where I(S;Y) = I(X;Y) - I(X;Y|S) falls short.
        return budgets.wanted - source.label_information(k.plan)

    return solve_relaxation(source, hotter, more_label, patience)


def _relaxed_by_cone(source: LabelledSource, point: OperatingPoint, ceiling: float, wanted: float) -> RelaxedPlan | None:
    from solvers.conic import least_distortion

    if point.minimises_rate:
        return None
    rate = min(point.rate_nats, ceiling)
    found = least_distortion(source.p, source.q, source.cost, rate, source.label, rate - wanted)
    if found is None or found.rate_multiplier + found.label_multiplier <= 0:
        return None
    total = found.rate_multiplier + found.label_multiplier
    share = found.label_multiplier / total
    # The cone's multipliers are kept; its plan, which has zeros and rounding, is replaced by the Lagrangian's own.
    return minimise_lagrangian(source, total, share)


def infeasibility_evidence(where: Support) -> list[Dual]:
    """C < H(S|X); and no cost with the product for a channel: I(X;Y|S) >= 0, so R >= H(S) - C."""
    channel = where.full_plan(np.tile(where.q, (where.p.size, 1)))
    return [LabelBound(), ChannelDual(np.zeros(where.full_shape[1]), channel, 0.0, 0.0, 1.0)]


def _channel_dual(where: Support, relaxed: RelaxedPlan) -> ChannelDual:
    channel = np.maximum(relaxed.plan / where.p[:, None], LOWEST)
    return ChannelDual(where.full_g(relaxed.g), where.full_plan(channel), 1.0, relaxed.rate_multiplier, relaxed.label_multiplier)


def _convex_concave(source: LabelledSource, budgets: _Budgets, starts: Iterable[FloatArray]) -> list[FloatArray]:
    """The plans that rounds of tangents reach from the starts."""
    found: list[FloatArray] = []
    rate_given = math.isinf(budgets.distortion)
    for start in starts:
        plan, last = start, math.inf
        for _ in range(ROUNDS):
            step = _within_tangent(source, budgets, plan)
            if step is None:
                break
            plan = step
            found.append(plan)
            value = float(np.sum(plan * source.cost)) if rate_given else mutual_information(plan, source.p, source.q)
            if value > last - 1e-9 * abs(last):
                break
            last = value
    return found


def _starts(source: LabelledSource, budgets: _Budgets, relaxed: FloatArray) -> Iterator[FloatArray]:
    """The relaxation's plan, made more informative about S; then plans that order X by label and Y by its usual partners.

    Where the distortion is the budget: the plan of least distortion that informs enough, whatever its rate.
    """
    if math.isfinite(budgets.distortion):
        ceiling = min(_entropy(source.p), _entropy(source.q))
        free = _Budgets(ceiling, math.inf, budgets.wanted)
        reached = _convex_concave(source, free, [_informed(source, free, relaxed)])
        yield min(reached, key=lambda plan: float(np.sum(plan * source.cost)), default=relaxed)
        return
    yield _informed(source, budgets, relaxed)
    if relaxed.size > SMALL:
        return
    labels = source.label - source.p @ source.label
    direction = labels @ np.linalg.svd(np.sqrt(source.p)[:, None] * labels)[2][0]
    partners = direction @ relaxed / source.q
    rank = np.argsort(np.argsort(partners, kind="stable"), kind="stable") - 0.5 * (source.q.size - 1)
    for sign in (1.0, -1.0):
        score = sign * np.outer(direction, rank)
        yield _informed(source, budgets, at_rate(source.p, source.q, -score, budgets.rate).plan)


def _informed(source: LabelledSource, budgets: _Budgets, plan: FloatArray) -> FloatArray:
    """Climb I(S;Y) by its tangents until it is as much as wanted, or no longer rises."""
    level = source.label_information(plan)
    for _ in range(ROUNDS):
        if level >= budgets.wanted:
            break
        plan = at_rate(source.p, source.q, -_tangent(source, plan), budgets.rate).plan
        rise = source.label_information(plan)
        if rise <= level * (1 + 1e-9):
            break
        level = rise
    return plan


def _tangent(source: LabelledSource, plan: FloatArray) -> FloatArray:
    """L with I(S;Y) of any plan >= <P, L>, equal at `plan`: L_xy = sum_s p(s|x) log(r(s|y) / p(s)) for any law r(.|y)."""
    posterior = source.label.T @ plan + 1e-14
    posterior = posterior / posterior.sum(axis=0)
    return np.asarray(source.label @ (np.log(posterior) - np.log(source.p @ source.label)[:, None]))


def _within_tangent(source: LabelledSource, budgets: _Budgets, last: FloatArray) -> FloatArray | None:
    """The best plan with <P, L> >= wanted, L the tangent at `last`; None where no weight of L brings that about."""
    tangent = _tangent(source, last)

    def at(weight: float) -> FloatArray:
        cost = source.cost - weight * tangent
        if math.isinf(budgets.distortion):
            return at_rate(source.p, source.q, cost, budgets.rate).plan
        return at_distortion(source.p, source.q, cost, budgets.distortion - weight * budgets.wanted).plan

    def short(plan: FloatArray) -> float:
        return budgets.wanted - float(np.sum(plan * tangent))

    low, low_plan = 0.0, at(0.0)
    if short(low_plan) <= 0:
        return low_plan
    scale = float(np.ptp(tangent))
    if scale <= 0:
        return None
    if math.isfinite(budgets.distortion):
        # Where the label alone decides the rate, no finite weight balances the two.
        alone = at_distortion(source.p, source.q, -tangent, -budgets.wanted).plan
        if float(np.sum(alone * source.cost)) <= budgets.distortion and short(alone) <= MARGIN * budgets.wanted:
            return alone
    high = max(float(np.ptp(source.cost)), 1e-12) / scale
    for _ in range(12):
        high_plan = at(high)
        if short(high_plan) <= 0:
            break
        low, low_plan, high = high, high_plan, high * 4
    else:
        return None
    for _ in range(8 if math.isinf(budgets.distortion) else 30):
        middle = 0.5 * (low + high)
        plan = at(middle)
        if short(plan) > 0:
            low, low_plan = middle, plan
        else:
            high, high_plan = middle, plan
    # Budgets are convex, so a mixture of the two sides keeps them, and meets the tangent exactly.
    above, below = short(low_plan), -short(high_plan)
    share = above / (above + below) if above + below > 0 else 1.0
    return (1 - share) * low_plan + share * high_plan


def _entropy(p: FloatArray) -> float:
    positive = p[p > 0]
    return -float(np.sum(positive * np.log(positive)))
