"""The checker of problems with a free output law in a ball: both ends from the raw data, in rationals and balls.

**Lower end.** Let sigma(t) be the greatest <r, t> over the laws r of the ball. For real f, let t_y be the least price with

    k log sum_x p_x exp((f_x - s c_xy)/k) <= t_y        (k > 0;  max_x (f_x - s c_xy) <= t_y  for k = 0).

The log-sum inequality (Berger 1971, section 2.5, with a price on the letters) gives for every plan P with input law p, of output
law r:  s <P,c> + k I(X;Y) + <r,t> - <p,f> >= -k log sum_y r_y sum_x p_x exp((f_x - s c_xy - t_y)/k) >= 0, so

    s <P,c> + k I(X;Y) >= <p,f> - sigma(t)  for every plan with r in the ball.                                     (*)

s = inf is the limit for plans that use only the cheapest letters of a row, which are all where D = sum_x p_x min_y c_xy;
k = inf that for R = 0, where P = p r and <r, c^T p> >= -sigma(-c^T p).

With a label: for a channel W > 0 and the laws q0, r0(.|s) of Y that it induces, I(X;Y) - <P, log W/q0> = KL(P || pW) -
KL(r || q0) >= 0 by data processing, whatever r is, and I(X;Y|S) >= <P, sum_s p(s|x) log W/r0> alike. So with
G = s c + a log(W/q0) + b sum_s p(s|x) log(W/r0) and t_y = max_x (f_x - G_xy) the same follows for
s <P,c> + a I(X;Y) + b I(X;Y|S). A price of None is minus infinity: a letter that no row may use.

**sigma from above**, for a multiplier w >= 0 of the radius P: with q = p_Y,

    kl:  P w + w log sum_y q_y exp(t_y/w)               (the greatest t_y of positive mass for w = 0; Gibbs' inequality)
    tv:  P w + sum_y q_y max(t_y, max t - w)            (a transport with cost 1 off the diagonal)
    w:   P w + sum_y q_y max_y' (t_y' - w ground_yy')   (a transport plan from q to r, row by row)

and max t for an infinite radius. **Conclusions** as in `checker`: I <= R' = min(R, H(X), log m), I(X;Y|S) <= R' - H(S) + C.

The upper end is in `perception_plan_checker`.
"""

from __future__ import annotations

import math

import numpy as np
from flint import arb, fmpq

from solvers.certificate import CertificateError, Dual, LabelBound, PriceDual
from solvers.checker import check as check_given
from solvers.checker import lower_end as lower_end_given
from solvers.checker import status_of
from solvers.exact import down, matrix, normalised, precision, rational
from solvers.exact_problem import ExactPoint, ExactProblem, exact_point, exact_problem
from solvers.perception_ball import Ball, PerceptionCertificate
from solvers.perception_plan_checker import check_setting, radius_ball, rate_ceiling, upper_end
from solvers.problem import DiscreteProblem, OperatingPoint


def check(c: PerceptionCertificate) -> None:
    """Raise CertificateError unless everything that the certificate states follows from its evidence."""
    if c.ball.is_given_law(c.problem.p_Y):
        check_given(c)
        return
    if c.arithmetic != "exact":
        raise CertificateError("a free output law is checked in exact arithmetic only")
    ends = (c.lower, c.upper, c.tolerance)
    if not all(isinstance(x, float) for x in ends) or any(math.isnan(x) for x in ends) or not 0 <= c.tolerance < 1:
        raise CertificateError("lower, upper and tolerance must be floats other than nan, the tolerance in [0, 1)")
    if c.lower > c.upper:
        raise CertificateError(f"lower end {c.lower!r} is above the upper end {c.upper!r}: the interval is empty")
    status = status_of(c.problem, c.point, c.lower, c.upper, c.tolerance)
    if c.status != status:
        raise CertificateError(f"status is {c.status!r}, but the ends {c.lower!r} and {c.upper!r} say {status!r}")
    best_lower = lower_end(c.problem, c.point, c.ball, c.dual)
    if not c.lower <= best_lower:
        raise CertificateError(f"lower end {c.lower!r} is above {best_lower!r}, the most that the dual evidence proves")
    if c.primal is None:
        if c.upper < math.inf:
            raise CertificateError(f"upper end {c.upper!r} has no plan behind it")
        return
    if c.status == "infeasible":
        raise CertificateError("an infeasible point has no plan, but one is given")
    best_upper = upper_end(c.problem, c.point, c.ball, c.primal)
    if not c.upper >= best_upper:
        raise CertificateError(f"upper end {c.upper!r} is below {best_upper!r}, the value of the plan")


def lower_end(problem: DiscreteProblem, point: OperatingPoint, ball: Ball, dual: Dual) -> float:
    """The greatest lower end (float, rounded down) that `dual` proves; inf where it proves the point infeasible."""
    check_setting(problem, point, ball)
    if isinstance(dual, LabelBound):
        return lower_end_given(problem, point, dual)
    if not isinstance(dual, PriceDual):
        raise CertificateError(f"{type(dual).__name__} is no evidence for an output law that is free")
    with precision():
        data, budgets = exact_problem(problem), exact_point(point)
        cost = matrix(problem.cost[data.keep_x])
        least = sum((p * min(row) for p, row in zip(data.p, cost, strict=True)), fmpq(0))
        tight = False
        if budgets.distortion is not None:
            if budgets.distortion < least:
                return math.inf
            tight = budgets.distortion == least
        s, a, b, w = (float(x) for x in (dual.cost_multiplier, dual.rate_multiplier, dual.label_multiplier, dual.ball_multiplier))
        if not (s >= 0 and a >= 0 and 0 <= b < math.inf and 0 <= w < math.inf):
            raise CertificateError(f"multipliers {(s, a, b, w)} are not all at least 0, those of label and ball finite")
        f = np.asarray(dual.f, dtype=float)
        if f.shape != problem.p_X.shape or not np.isfinite(f).all():
            raise CertificateError(f"the potential is not a finite vector of length {problem.p_X.size}")
        potential = [rational(float(x)) for x in f[data.keep_x]]
        q = normalised(problem.p_Y)
        if math.isinf(a):
            if budgets.rate is None or budgets.rate.high > 0 or s != 1 or b != 0:
                raise CertificateError("an infinite rate multiplier needs a rate budget of 0")
            means = [sum((p * row[y] for p, row in zip(data.p, cost, strict=True)), fmpq(0)) for y in range(len(q))]
            return max(down(least), down(-_sigma(ball, point, q, [arb(-x) for x in means], w)))
        if math.isinf(s) and not (tight and dual.channel is None and a > 0):
            raise CertificateError("an infinite cost multiplier needs the least distortion as budget, and no channel")
        if dual.channel is not None:
            prices = _channel_prices(data, cost, potential, dual)
        elif b > 0:
            raise CertificateError("a label multiplier needs a reference channel")
        else:
            prices = _prices(data, cost, potential, s, a)
        bound = arb(sum((p * x for p, x in zip(data.p, potential, strict=True)), fmpq(0))) - _sigma(ball, point, q, prices, w)
        proved = _conclude(data, budgets, bound, len(q), (s, a, b))
        return proved if budgets.minimises_rate else max(proved, down(least))


def _prices(data: ExactProblem, cost: list[list[fmpq]], f: list[fmpq], s: float, k: float) -> list[arb | None]:
    least = [min(row) for row in cost]
    found: list[arb | None] = []
    for y in range(len(cost[0])):
        if math.isinf(s):
            slack = [(x, f[x]) for x, row in enumerate(cost) if row[y] == least[x]]
        else:
            weight = rational(s)
            slack = [(x, f[x] - weight * row[y]) for x, row in enumerate(cost)]
        if not slack:
            found.append(None)
            continue
        # The greatest is taken out first, so that the ball of the sum keeps its relative accuracy.
        top = max(value for _, value in slack)
        price = arb(top)
        if k > 0:
            temperature = arb(k)
            total = sum((data.p_ball[x] * (arb(value - top) / temperature).exp() for x, value in slack), arb(0))
            price += temperature * total.log()
        found.append(price)
    return found


def _channel_prices(data: ExactProblem, cost: list[list[fmpq]], f: list[fmpq], dual: PriceDual) -> list[arb | None]:
    channel = np.asarray(dual.channel, dtype=float)
    if channel.shape[1:] != (len(cost[0]),) or channel.shape[0] != data.full_shape[0]:
        raise CertificateError("the reference channel has not the cost's shape")
    kept = channel[data.keep_x]
    if not (np.isfinite(kept).all() and (kept > 0).all()):
        raise CertificateError("the reference channel is not finite and positive")
    w = [[arb(float(x)) for x in row] for row in kept]
    w = [[x / total for x in row] for row in w for total in [sum(row, arb(0))]]
    columns = range(len(cost[0]))
    logs = [[x.log() for x in row] for row in w]
    mixed = [sum((p * row[y] for p, row in zip(data.p_ball, w, strict=True)), arb(0)).log() for y in columns]
    labels = data.labels if dual.label_multiplier > 0 else []
    given: list[list[arb]] = []
    for mass, joint in labels:
        part = [(arb(j / mass), row) for j, row in zip(joint, w, strict=True) if j]
        given.append([sum((share * row[y] for share, row in part), arb(0)).log() for y in columns])
    s, a, b = (arb(float(x)) for x in (dual.cost_multiplier, dual.rate_multiplier, dual.label_multiplier))
    found: list[arb | None] = [None] * len(cost[0])
    for x, p in enumerate(data.p):
        shares = [(arb(joint[x] / p), log) for (_, joint), log in zip(labels, given, strict=True) if joint[x]]
        for y in columns:
            value = arb(f[x]) - s * arb(cost[x][y]) - a * (logs[x][y] - mixed[y])
            if shares:
                value -= b * (logs[x][y] - sum((share * log[y] for share, log in shares), arb(0)))
            before = found[y]
            found[y] = value if before is None else before.max(value)
    return found


def _sigma(ball: Ball, point: OperatingPoint, q: list[fmpq], prices: list[arb | None], multiplier: float) -> arb:
    """An upper bound of <r, prices> over the laws r of the ball."""
    finite = [t for t in prices if t is not None]
    if not finite:
        raise CertificateError("no letter may be used")
    top = _greatest(finite)
    if math.isinf(ball.radius):
        return top
    w = arb(multiplier)
    spent = w * (radius_ball(ball, point))
    if ball.kind == "kl":
        seen = [(mass, t) for mass, t in zip(q, prices, strict=True) if mass > 0 and t is not None]
        if not seen:
            raise CertificateError("no letter of positive mass may be used")
        top = _greatest([t for _, t in seen])
        if multiplier == 0:
            return top
        return spent + top + w * sum((arb(mass) * ((t - top) / w).exp() for mass, t in seen), arb(0)).log()
    total = arb(0)
    for y, mass in enumerate(q):
        if mass == 0:
            continue
        if ball.ground is None:
            own = prices[y]
            value = top - w if own is None else own.max(top - w)
        else:
            reached = zip(prices, ball.ground[y], strict=True)
            value = _greatest([t - w * arb(float(d)) for t, d in reached if t is not None])
        total += arb(mass) * value
    return spent + total


def _greatest(values: list[arb]) -> arb:
    found = values[0]
    for value in values[1:]:
        found = found.max(value)
    return found


def _conclude(
    data: ExactProblem, budgets: ExactPoint, bound: arb, letters: int, multipliers: tuple[float, float, float]
) -> float:
    s, a, b = multipliers
    ln2, ceiling = arb.const_log2(), rate_ceiling(data, letters).high
    most = ceiling if budgets.rate is None else min(ceiling, budgets.rate.high)
    room = arb(0)
    if b > 0:
        if budgets.classification is None:
            raise CertificateError("a label multiplier needs a classification constraint")
        room = arb(b) * arb(budgets.classification.high - data.label_entropy.low) * ln2
    if budgets.minimises_rate:
        assert budgets.distortion is not None
        left = bound - room - (arb(0) if math.isinf(s) or s == 0 else arb(s) * arb(budgets.distortion))
        if not a + b > 0:
            return math.inf if left > 0 else 0.0
        needed = left / (arb(a) + arb(b)) / ln2
        if needed > arb(ceiling):
            return math.inf
        return max(0.0, down(needed if budgets.units == "bits" else needed * ln2))
    spent = (arb(a) + arb(b)) * arb(most) * ln2 + room
    if s > 0:
        return down((bound - spent) / arb(s))
    return math.inf if bound > spent else -math.inf
