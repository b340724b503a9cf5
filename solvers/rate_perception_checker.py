"""The checker of rate-distortion-perception certificates (TV ball on the output law): both ends from the witnesses.

All roundings go outward. The exact data are the floats read as rationals, p / sum(p); costs count from d(x, x), the least of
their row, d'(x, y) = d(x, y) - d(x, x), and so does the budget, D' = D - sum_x p d(x, x) (both exact).

**Upper end.** A channel in rationals: its rows are laws, its distortion is at most D', the total variation of its output law r
from p at most P; all three are compared in rationals, its information is enclosed.

**Lower end** (Berger 1971, section 2.5, with a price t_y on the output letters). For s >= 0, real a_x and
t_y >= L_y = log sum_x p_x exp(a_x - s d'_xy), a channel of output law r has by the log-sum inequality

    I + s E d' + E t(Y) - sum p a >= -log sum_y r_y exp(L_y - t_y) >= 0,

and E t(Y) <= sum_y p_y t_y + P (max t - min t), since sum (r_y - p_y) t_y <= TV(r, p) (max t - min t). So, with
t_y = max(L_y, floor), R(D, P) >= sum p a - s D' - sum_y p_y t_y - P (max t - floor). For s = inf exp(-s d') is 1 on the free
letters of a row and 0 elsewhere; that proves R where D' = 0, since then a channel uses no other letters. D' < 0 is infeasible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError
from solvers.precision import working_precision

PRECISION: Final = 160  # bits


@dataclass(frozen=True, eq=False)
class PerceptionWitnesses:
    """channel: n rows W(y|x) in exact rationals; slope s in nats per unit of cost, in [0, inf]; a (n,) and floor in nats."""

    channel: tuple[tuple[Fraction, ...], ...]
    slope: float
    a: FloatArray
    floor: float


def ends(
    p_X: FloatArray, cost: FloatArray, distortion: float, perception: float, units: str, witnesses: PerceptionWitnesses
) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in `units`; (inf, inf) where the distortion is below the least possible.

    Raises CertificateError where a witness has the wrong shape or range, or the channel overspends a budget.
    """
    n = len(p_X)
    total = sum((_rational(mass) for mass in p_X), fmpq(0))
    p = [_rational(mass) / total for mass in p_X]
    spare = [[_rational(cost[x, y]) - _rational(cost[x, x]) for y in range(n)] for x in range(n)]
    budget = None
    if distortion < math.inf:
        budget = _rational(distortion) - sum((p[x] * _rational(cost[x, x]) for x in range(n)), fmpq(0))
        if budget < 0:
            return math.inf, math.inf
    ball = fmpq(1) if perception >= 1 else _rational(perception)
    with working_precision(PRECISION):
        nats = arb.const_log2() if units == "bits" else arb(1)
        lower = _lower(p, spare, budget, ball, witnesses) / nats
        upper = _upper(p, spare, budget, ball, witnesses.channel) / nats
        return max(0.0, -_up(-lower)), _up(upper)


def _lower(p: list[Any], spare: list[list[Any]], budget: Any, ball: Any, w: PerceptionWitnesses) -> Any:
    """The dual bound in nats, a ball; 0 where the slope proves nothing at this budget."""
    n = len(p)
    if w.a.shape != (n,) or not all(map(math.isfinite, [*w.a, w.floor])) or not w.slope >= 0:
        raise CertificateError("dual witness: needs a slope of at least 0 and finite potentials, one for each letter")
    if (w.slope == math.inf and budget != 0) or (w.slope > 0 and budget is None):
        return arb(0)
    slope = None if w.slope == math.inf else _rational(w.slope)
    floor, a = arb(_rational(w.floor)), [_rational(x) for x in w.a]
    prices = []
    for y in range(n):
        total = arb(0)
        for x in range(n):
            if p[x] != 0 and (slope is not None or spare[x][y] == 0):
                total += p[x] * arb(a[x] - (slope * spare[x][y] if slope is not None else 0)).exp()
        prices.append(floor if total == 0 else total.log().max(floor))
    worst = floor
    for price in prices:
        worst = worst.max(price)
    gain = sum((arb(m * x) - m * t for m, x, t in zip(p, a, prices, strict=True)), arb(0))
    return gain - (arb(slope * budget) if slope else arb(0)) - ball * (worst - floor)


def _upper(p: list[Any], spare: list[list[Any]], budget: Any, ball: Any, channel: tuple[tuple[Fraction, ...], ...]) -> Any:
    """Information of the channel in nats, a ball."""
    n = len(p)
    rows = [[fmpq(w.numerator, w.denominator) for w in row] for row in channel]
    if len(rows) != n or any(len(row) != n or min(row) < 0 or sum(row, fmpq(0)) != 1 for row in rows):
        raise CertificateError(f"channel: must be {n} laws of {n} letters")
    output = [sum((p[x] * rows[x][y] for x in range(n)), fmpq(0)) for y in range(n)]
    spent = sum((p[x] * rows[x][y] * spare[x][y] for x in range(n) for y in range(n)), fmpq(0))
    if budget is not None and spent > budget:
        raise CertificateError("channel: overspends the distortion budget")
    if sum((max(r - m, fmpq(0)) for r, m in zip(output, p, strict=True)), fmpq(0)) > ball:
        raise CertificateError("channel: its output law lies outside the ball of total variation")
    information = arb(0)
    for x in range(n):
        for y in range(n):
            if p[x] != 0 and rows[x][y] != 0 and rows[x][y] != output[y]:
                information += arb(p[x] * rows[x][y]) * arb(rows[x][y] / output[y]).log()
    return information


def _rational(x: Any) -> Any:
    return fmpq(*float(x).as_integer_ratio())


def _up(x: Any) -> float:
    """A double at least as large as the ball's upper end; inf for a ball that is not finite."""
    if not x.is_finite():
        return math.inf
    high = float(x.upper())
    return high if math.isinf(high) or arb(_rational(high)) >= x else math.nextafter(high, math.inf)
