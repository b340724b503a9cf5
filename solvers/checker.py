"""The trusted kernel: what a certificate proves, computed from the raw data in rationals and balls. Imports no solver.

**Support inequalities.** Every dual witness of a single-letter problem proves, for *every* coupling P of the exact laws,

    t <P,c> + a I(X;Y) + b I(X;Y|S) >= B        (t, a, b >= 0; nats)                                         (*)

*SemiDual* (t = 1, a = eps, b = 0). With f_x = -eps log sum_y q_y exp((g_y - c_xy)/eps) the function
u = (f + g - c)/eps has sum p q exp(u) = 1, so <P,u> <= KL(P || pq) = I(X;Y) by Donsker and Varadhan, that is
<P,c> + eps I >= <p,f> + <q,g> = B. For eps = 0, f_x = min_y (c_xy - g_y) is plain transport duality.

*ChannelDual.* Let W(y|x) > 0 be a channel, q0 and r0(.|s) the laws of Y that it induces from p and from p(x|s). Then
I(X;Y) - sum P log(W/q0) = KL(P || pW) - KL(q || q0) >= 0, since q and q0 are the images of P and pW under one map (data
processing), and in the same way for each s:  I(X;Y|S) >= sum_xy P(x,y) sum_s p(s|x) log(W(y|x)/r0(y|s)). So the left
side of (*) is at least <P,G>, G = t c + a log(W/q0) + b sum_s p(s|x) log(W/r0), and <P,G> >= <q,g> + sum_x p_x min_y
(G_xy - g_y) = B.

**Conclusions.** A plan within the budgets has I(X;Y) <= R' = min(R, H(X), H(Y)) and, as I(X;Y) - I(S;Y) = I(X;Y|S) for
S - X - Y, I(X;Y|S) <= R' - H(S) + C. Put into (*) these bound the distortion from below, or the rate, or, where t = 0,
prove that no such plan exists. They are linear in (R', C), and R' is concave in R, so they hold for averages of
plans as well: for the convex envelope (`setting="asymptotic"`) too. An envelope's upper end is any single plan,
or a mixture of plans (`checker_mixture`).

**Plans.** A plan given in floats stands for an exact coupling near it, the first of three that is
within the budgets: the plan with the heaviest cells of its own support adjusted, the plan scaled down to its marginals and
completed by a product of what is missing, or the product of the marginals where the plan is within 1e-9 of it. Constraints
are then decided for the exact coupling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np
from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.certificate import (
    GAP_FLOOR,
    Arithmetic,
    Certificate,
    CertificateError,
    ChannelDual,
    Dual,
    JointPlan,
    LabelBound,
    MapDual,
    MapMixture,
    PlanMixture,
    Primal,
    SeedBlindDual,
    SemiDual,
    Status,
    TreeDual,
)
from solvers.checker_float import lower_end as float_lower_end
from solvers.checker_float import upper_end as float_upper_end
from solvers.checker_maps import map_lower_end, map_upper_end
from solvers.checker_mixture import mixture_upper_end
from solvers.checker_plan import plan_upper_end
from solvers.checker_tree import tree_lower_end
from solvers.exact import down, precision, rational
from solvers.exact_problem import ExactPoint, ExactProblem, exact_point, exact_problem
from solvers.problem import DiscreteProblem, OperatingPoint


def check(certificate: Certificate) -> None:
    """Raise CertificateError unless everything that the certificate states follows from its evidence."""
    c = certificate
    _check_types(c)
    if c.lower > c.upper:
        raise CertificateError(f"lower end {c.lower!r} is above the upper end {c.upper!r}: the interval is empty")
    status = status_of(c.problem, c.point, c.lower, c.upper, c.tolerance)
    if c.status != status:
        raise CertificateError(f"status is {c.status!r}, but the ends {c.lower!r} and {c.upper!r} say {status!r}")
    best_lower = lower_end(c.problem, c.point, c.dual, c.arithmetic)
    # "Not at most" rather than "above": nothing follows from an end that is not a number.
    if not c.lower <= best_lower:
        raise CertificateError(f"lower end {c.lower!r} is above {best_lower!r}, the most that the dual evidence proves")
    if c.status == "infeasible":
        if c.primal is not None:
            raise CertificateError("an infeasible point has no plan, but one is given")
        return
    if c.primal is None:
        if c.upper < math.inf:
            raise CertificateError(f"upper end {c.upper!r} has no plan behind it")
        return
    best_upper = upper_end(c.problem, c.point, c.primal, c.arithmetic)
    if not c.upper >= best_upper:
        raise CertificateError(f"upper end {c.upper!r} is below {best_upper!r}, the value of the plan")


def lower_end(problem: DiscreteProblem, point: OperatingPoint, dual: Dual, arithmetic: Arithmetic = "exact") -> float:
    """The greatest lower end (float, rounded down) that `dual` proves; inf where it proves the point infeasible."""
    if arithmetic == "float64":
        return float_lower_end(problem, _budgets(point), dual)
    with precision():
        data, budgets = exact_problem(problem), exact_point(point)
        if isinstance(dual, LabelBound):
            if budgets.classification is None:
                raise CertificateError("a label bound needs a classification constraint")
            low = data.label_floor.low
            return math.inf if low > budgets.classification.high else _trivial(point)
        if point.setting == "oneshot":
            if not isinstance(dual, MapDual | SeedBlindDual):
                raise CertificateError(f"{type(dual).__name__} is no evidence in the one-shot setting")
            return map_lower_end(data, budgets, dual)
        if isinstance(dual, SemiDual):
            return _conclude(data, budgets, _semi_dual(data, budgets, dual))
        if isinstance(dual, ChannelDual):
            return _conclude(data, budgets, _channel_dual(data, dual))
        if isinstance(dual, TreeDual):
            return tree_lower_end(data, budgets, dual, averages=point.setting == "asymptotic")
        raise CertificateError(f"{type(dual).__name__} is no evidence in the {point.setting} setting")


def upper_end(problem: DiscreteProblem, point: OperatingPoint, primal: Primal, arithmetic: Arithmetic = "exact") -> float:
    """The least upper end (float, rounded up) that `primal` proves; raises where the plan breaks a constraint."""
    if arithmetic == "float64":
        return float_upper_end(problem, _budgets(point), primal)
    with precision():
        data, budgets = exact_problem(problem), exact_point(point)
        if point.setting == "oneshot":
            if not isinstance(primal, MapMixture):
                raise CertificateError("the upper end of a one-shot problem needs a mixture of maps")
            return map_upper_end(data, budgets, primal)
        if isinstance(primal, PlanMixture) and point.setting == "asymptotic":
            return mixture_upper_end(data, budgets, primal)
        if not isinstance(primal, JointPlan):
            raise CertificateError(f"the upper end of a {point.setting} problem needs a plan, not a {type(primal).__name__}")
        return plan_upper_end(data, budgets, primal.plan)


def _budgets(point: OperatingPoint) -> OperatingPoint:
    """The point itself, once its kinds and budgets are known to be consistent."""
    exact_point(point)
    if point.setting == "oneshot":
        raise CertificateError("the one-shot setting is checked in exact arithmetic only")
    return point


def status_of(problem: DiscreteProblem, point: OperatingPoint, lower: float, upper: float, tolerance: float) -> Status:
    """The status that two ends deserve, decided without rounding."""
    if lower == math.inf and upper == math.inf:
        return "infeasible"
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return "gap"
    low, high = rational(lower), rational(upper)
    spread = rational(float(problem.cost.max())) - rational(float(problem.cost.min()))
    floor = rational(GAP_FLOOR) * (spread if point.minimised == "distortion" else 1)
    return "certified" if high - low <= rational(tolerance) * max(abs(low), abs(high), floor) else "gap"


@dataclass(frozen=True)
class _Support:
    """t <P,c> + a I(X;Y) + b I(X;Y|S) >= bound for every coupling. `product_only`: t <P,c> >= bound for the product."""

    bound: arb
    cost: arb
    rate: arb
    label: arb
    product_only: bool = False


def _conclude(data: ExactProblem, budgets: ExactPoint, s: _Support) -> float:
    ln2 = arb.const_log2()
    most = data.rate_ceiling.high
    if budgets.rate is not None:
        most = min(most, budgets.rate.high)
    label_room = arb(0)
    if s.label > 0:
        if budgets.classification is None:
            raise CertificateError("a label multiplier needs a classification constraint")
        label_room = s.label * arb(budgets.classification.high - data.label_entropy.low) * ln2
    if budgets.minimises_rate:
        assert budgets.distortion is not None
        room = s.bound - s.cost * arb(budgets.distortion) - label_room
        weight = s.rate + s.label
        if not weight > 0:
            return math.inf if room > 0 else 0.0
        needed = room / weight / ln2
        if needed > arb(data.rate_ceiling.high):
            return math.inf
        return max(0.0, down(needed if budgets.units == "bits" else needed * ln2))
    spent = (s.rate + s.label) * arb(most) * ln2 + label_room if not s.product_only else arb(0)
    if s.cost > 0:
        return down((s.bound - spent) / s.cost)
    return math.inf if s.bound > spent else -math.inf


def _semi_dual(data: ExactProblem, budgets: ExactPoint, dual: SemiDual) -> _Support:
    g = _potential(dual.g, data)
    eps = float(dual.temperature)
    if not eps >= 0:
        raise CertificateError(f"temperature {eps!r} is negative or not a number")
    one, zero = arb(1), arb(0)
    if math.isinf(eps):
        if budgets.rate is None or budgets.rate.high > 0 or budgets.minimises_rate:
            raise CertificateError("an infinite temperature needs a rate budget of 0")
        return _Support(arb(data.product_cost()), one, zero, zero, product_only=True)
    f: list[arb] = []
    for row in data.cost:
        slack = [c - gy for c, gy in zip(row, g, strict=True)]
        if eps == 0:
            f.append(arb(min(slack)))
            continue
        # The least slack is taken out first, so that the ball of the sum keeps its relative accuracy.
        low, temperature = min(slack), arb(eps)
        total = sum((q * (arb(low - s) / temperature).exp() for q, s in zip(data.q_ball, slack, strict=True)), zero)
        f.append(arb(low) - temperature * total.log())
    bound = sum((p * x for p, x in zip(data.p_ball, f, strict=True)), zero)
    bound += arb(sum((q * x for q, x in zip(data.q, g, strict=True)), fmpq(0)))
    return _Support(bound, one, arb(eps), zero)


def _channel_dual(data: ExactProblem, dual: ChannelDual) -> _Support:
    g = _potential(dual.g, data)
    t, a, b = (float(x) for x in (dual.cost_multiplier, dual.rate_multiplier, dual.label_multiplier))
    if not all(0 <= x < math.inf for x in (t, a, b)):
        raise CertificateError(f"multipliers {(t, a, b)} are not all finite and at least 0")
    channel = np.asarray(dual.channel, dtype=float)
    if channel.shape != data.full_shape or not (np.isfinite(channel).all() and (channel >= 0).all()):
        raise CertificateError("the reference channel is not a finite nonnegative matrix of the cost's shape")
    kept = channel[np.ix_(data.keep_x, data.keep_y)]
    if not (kept > 0).all():
        raise CertificateError("the reference channel has a zero")
    rows = [[arb(float(x)) for x in row] for row in kept]
    sums = [sum(row, arb(0)) for row in rows]
    # Rows are normalised here, so the channel need not sum to 1 in floats.
    w = [[x / total for x in row] for row, total in zip(rows, sums, strict=True)]
    columns = range(len(data.q))
    zero = arb(0)
    log_w = [[x.log() for x in row] for row in w]
    log_q0 = [sum((p * row[y] for p, row in zip(data.p_ball, w, strict=True)), zero).log() for y in columns]
    log_r0: list[list[arb]] = []
    labels = data.labels if b > 0 else []
    for mass, joint in labels:
        inverse = 1 / arb(mass)
        log_r0.append([(sum((arb(j) * row[y] for j, row in zip(joint, w, strict=True) if j), zero) * inverse).log()
                       for y in columns])  # fmt: skip
    bound = arb(sum((q * x for q, x in zip(data.q, g, strict=True)), fmpq(0)))
    for x, p in enumerate(data.p):
        shares = [(arb(joint[x] / p), logs) for (_, joint), logs in zip(labels, log_r0, strict=True) if joint[x]]
        least = arb(math.inf)
        for y in columns:
            value = arb(t) * arb(data.cost[x][y]) + arb(a) * (log_w[x][y] - log_q0[y]) - arb(g[y])
            value += arb(b) * (log_w[x][y] - sum((share * logs[y] for share, logs in shares), zero))
            least = least.min(value)
        bound += arb(p) * least
    return _Support(bound, arb(t), arb(a), arb(b))


def _potential(g: FloatArray, data: ExactProblem) -> list[fmpq]:
    array = np.asarray(g, dtype=float)
    if array.shape != (data.full_shape[1],) or not np.isfinite(array).all():
        raise CertificateError(f"the potential is not a finite vector of length {data.full_shape[1]}")
    return [rational(float(x)) for x in array[data.keep_y]]


def _trivial(point: OperatingPoint) -> float:
    return 0.0 if point.minimised == "rate" else -math.inf


def _check_types(c: Certificate) -> None:
    if c.arithmetic not in get_args(Arithmetic):
        raise CertificateError(f"arithmetic {c.arithmetic!r} is none of {', '.join(get_args(Arithmetic))}")
    ends = (c.lower, c.upper, c.tolerance)
    if not all(isinstance(x, float) for x in ends) or any(math.isnan(x) for x in ends):
        raise CertificateError("lower, upper and tolerance must be floats other than nan")
    if not 0 <= c.tolerance < 1:
        raise CertificateError(f"tolerance {c.tolerance!r} is not in [0, 1)")
    if c.lower == math.inf and c.status != "infeasible":
        raise CertificateError("an infinite lower end says infeasible, but the status does not")
    budgets = (c.point.rate, c.point.distortion, c.point.classification)
    if not all(isinstance(x, float) and x >= 0 for x in budgets):
        raise CertificateError(f"budgets {budgets} are not all numbers of at least 0")
