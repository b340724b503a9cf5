"""The checker of rate-distortion certificates: both ends from the witnesses alone, rounded outward.

The exact data are the floats read as rationals, p / sum(p); costs count from the least of their row, d' = d - min_y
d, and so does the budget, D' = D - sum_x p min_y d (both exact).

**Upper end.** A channel, its rows normalised exactly; its distortion is compared with the budget in rationals.

**Lower end** (Berger 1971, section 2.5). For s >= 0, lambda > 0, c_y = sum_x p_x lambda_x exp(-s d'_xy) and a
channel W of output law q,

    I(W) + s E d' - sum p log lambda = sum p W log(W / (q lambda exp(-s d'))) >= -log sum_y q_y c_y >= -log max_y c_y

(log-sum inequality), so R(D) >= sum p log lambda - log max c - s D'. For s = inf exp(-s d') is 1 on the cheapest
letters of a row and 0 elsewhere; that proves R(D) where D' = 0, since then a channel uses no other letters. D' < 0 is
infeasible.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from flint import arb, fmpq

from solvers.certificate import CertificateError
from solvers.precision import working_precision

if TYPE_CHECKING:
    from rdcsym.problem import FloatArray
    from solvers.blahut_arimoto import RateDistortionWitnesses

PRECISION: Final = 160  # bits


def ends(
    p_X: FloatArray, cost: FloatArray, distortion: float, units: str, witnesses: RateDistortionWitnesses
) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in `units`; (inf, inf) where the budget is below the least distortion.

    p_X: (n,) masses; cost: (n, m). Raises CertificateError where a witness has the wrong shape or range.
    """
    _check_shapes(cost, witnesses)
    rows = [x for x in range(len(p_X)) if p_X[x] > 0]
    total = sum((_rational(p_X[x]) for x in rows), fmpq(0))
    p = [_rational(p_X[x]) / total for x in rows]
    spare = [[_rational(d) - _rational(min(cost[x])) for d in cost[x]] for x in rows]
    channel = None if witnesses.channel is None else [[_rational(w) for w in witnesses.channel[x]] for x in rows]
    with working_precision(PRECISION):
        nats = arb.const_log2() if units == "bits" else arb(1)
        if distortion == math.inf:
            budget = None
        else:
            least = sum((mass * _rational(min(cost[x])) for x, mass in zip(rows, p, strict=True)), fmpq(0))
            budget = _rational(distortion) - least
            if budget < 0:
                return math.inf, math.inf
        log_lambda = [float(witnesses.log_lambda[x]) for x in rows]
        lower = _lower(p, spare, budget, witnesses.slope, log_lambda) / nats
        upper = _upper(p, spare, budget, channel)
        return max(0.0, -_up(-lower)), math.inf if upper is None else _up(upper / nats)


def _check_shapes(cost: FloatArray, w: RateDistortionWitnesses) -> None:
    n, m = cost.shape
    if w.log_lambda.shape != (n,) or not all(map(math.isfinite, w.log_lambda)):
        raise CertificateError(f"witness log_lambda: must be {n} finite numbers")
    if not w.slope >= 0:
        raise CertificateError(f"witness slope = {w.slope}: must be at least 0")
    if w.channel is None:
        return
    if w.channel.shape != (n, m) or not all(0 <= entry < math.inf for entry in w.channel.flat):
        raise CertificateError(f"witness channel: must be an ({n}, {m}) array of finite numbers, at least 0")
    if not all(row.sum() > 0 for row in w.channel):
        raise CertificateError("witness channel: has a row without mass")


def _lower(p: list[Any], spare: list[list[Any]], budget: Any, slope: float, log_lambda: list[float]) -> Any:
    """Berger's dual bound in nats, a ball; 0 where the slope proves nothing at this budget."""
    if budget is None or (slope == math.inf and budget != 0):
        return arb(0)
    s = None if slope == math.inf else _rational(slope)
    worst = arb(0)
    for y in range(len(spare[0])):
        c_y = arb(0)
        for mass, row, value in zip(p, spare, log_lambda, strict=True):
            if s is not None:
                c_y += mass * (arb(_rational(value)) - arb(s * row[y])).exp()
            elif row[y] == 0:
                c_y += mass * arb(_rational(value)).exp()
        worst = worst.max(c_y)
    gain = sum((arb(mass * _rational(value)) for mass, value in zip(p, log_lambda, strict=True)), arb(0))
    return gain - worst.log() - (0 if s is None else arb(s * budget))


def _upper(p: list[Any], spare: list[list[Any]], budget: Any, channel: list[list[Any]] | None) -> Any | None:
    """Information of the channel in nats, a ball; None where there is none or it overspends the budget."""
    if channel is None:
        return None
    rows = [[w / total for w in row] for row in channel for total in [sum(row, fmpq(0))]]
    if budget is not None:
        spent = (mass * d * w for mass, ds, row in zip(p, spare, rows, strict=True) for d, w in zip(ds, row, strict=True))
        if sum(spent, fmpq(0)) > budget:
            return None
    output = [sum((mass * row[y] for mass, row in zip(p, rows, strict=True)), fmpq(0)) for y in range(len(rows[0]))]
    if all(row == rows[0] for row in rows):
        return arb(0)
    information = arb(0)
    for mass, row in zip(p, rows, strict=True):
        for w, q in zip(row, output, strict=True):
            if w != 0:
                information += arb(mass * w) * arb(w / q).log()
    return information


def _rational(x: Any) -> Any:
    return fmpq(*Fraction(float(x)).as_integer_ratio())


def _up(x: Any) -> float:
    """A double at least as large as the ball's upper end; inf for a ball that is not finite."""
    if not x.is_finite():
        return math.inf
    high = float(x.upper())
    return high if math.isinf(high) or arb(_rational(high)) >= x else math.nextafter(high, math.inf)
