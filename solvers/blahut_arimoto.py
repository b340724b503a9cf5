"""Shannon's rate-distortion function of a discrete source with a free output law, with a certificate.

R(D) = min I(X;Y) over channels with E d(X,Y) <= D. At a slope s it is the convex program

    min over output laws q of  -sum_x p_x log sum_y q_y exp(-s d'_xy),    d' = d - min_y d,

whose optimality conditions Blahut (1972) and Arimoto (1972) meet by a multiplicative fixed point. That fixed point
slows to a crawl where a letter leaves the output, so the same conditions are solved here by a primal-dual Newton
method on log-barriers of q. The slope is a bracketed root of E d' = D'. The two ends of its last bracket give two
channels, and their mixture that spends the budget is the upper end: a straight piece of R(D), where no single slope
will do, is thereby covered. Large alphabets, above LARGE pairs of letters, go to the iteration of `blahut_arimoto_large`, and
their certificates are checked in float64 with bounded rounding instead of in balls.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq

from rdcsym.problem import FloatArray, InputError, Units, check_array, check_interval, check_units
from solvers import blahut_arimoto_blocks_checker, blahut_arimoto_checker
from solvers.blahut_arimoto_large import large
from solvers.certificate import CertificateError

TOLERANCE: Final = 1e-9  # relative gap up to which an interval is "certified"
LARGE: Final = 1 << 16  # pairs of letters
LEAST_GAP: Final = 1e-13  # asked of the iteration: less is rounding
FLOOR: Final = 1e-15  # a rate below this is zero
MASS_TOLERANCE: Final = 1e-6  # masses off 1 by no more are normalised
NEWTON_STEPS: Final = 200
SMALLEST_BARRIER: Final = 1e-18
DAMPING: Final = 1e-13  # keeps the Newton matrix positive definite where columns of the cost coincide
FLATTEST: Final = 1e-7  # least slope, times the spread of the cost; the rate there is below 1e-14
UNDERFLOW: Final = 745.0  # exp(-745) is the least positive double


@dataclass(frozen=True, eq=False)
class RateDistortionWitnesses:
    """channel: (n, m) rows W(y|x), or None; slope: s in nats per unit of cost, in [0, inf]; log_lambda: (n,), nats."""

    channel: FloatArray | None
    slope: float
    log_lambda: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class RateDistortionCertificate:
    """lower <= R(D) <= upper in `units`, with its witnesses; lower = upper = inf below the least distortion.

    status: "certified" (relative gap at most `gap`), "infeasible" or "gap".
    """

    p_X: FloatArray
    cost: FloatArray
    distortion: float
    units: Units
    lower: float
    upper: float
    status: Literal["certified", "infeasible", "gap"]
    witnesses: RateDistortionWitnesses = field(repr=False)
    gap: float = TOLERANCE

    @property
    def relative_gap(self) -> float:
        """(upper - lower) / upper; 0 where the ends are equal, also at inf."""
        return 0.0 if self.lower == self.upper else (self.upper - self.lower) / self.upper

    def verify(self) -> bool:
        """Prove both ends again from the witnesses; True, or raises CertificateError naming what failed."""
        lower, upper = _ends(self.p_X, self.cost, self.distortion, self.units, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the dual witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the channel proves {upper}")
        if not (0 <= self.gap < 1 and self.status == _status(self.lower, self.upper, self.gap)):
            raise CertificateError(f"status {self.status!r} does not fit the interval [{self.lower}, {self.upper}]")
        return True


def rate_distortion(
    p_X: Any, cost: Any, distortion: float, units: Units = "bits", *, gap: float = TOLERANCE
) -> RateDistortionCertificate:
    """Certified R(D) of a source p_X (n,) with cost d(x, y) (n, m), both finite, at E d <= distortion.

    The rate is in `units`. The budget may be any number, inf included; below the least possible distortion the answer is inf
    (compared exactly, so a budget that is the rounded least distortion may fall on either side).
    gap: the relative gap (upper - lower) / upper up to which the status is "certified". For large alphabets (more than 65,536
    pairs of letters) it is also the stopping rule: the search ends when channel and dual bound are as close as that, never
    because the iterates have stopped changing.
    Raises InputError on bad input.
    """
    check_units(units)
    p, d, budget = _validated(p_X, cost, distortion)
    limit = check_interval("gap", gap, 0.0, 1.0)
    if limit.ndim or limit == 1:
        raise InputError("gap", gap, "is no relative gap", "give a number in [0, 1)")
    witnesses = _witnesses(p, d, budget, float(limit))
    lower, upper = _ends(p, d, budget, units, witnesses)
    return RateDistortionCertificate(
        p_X=p,
        cost=d,
        distortion=budget,
        units=units,
        lower=lower,
        upper=upper,
        status=_status(lower, upper, float(limit)),
        witnesses=witnesses,
        gap=float(limit),
    )


def _ends(
    p_X: FloatArray, cost: FloatArray, distortion: float, units: str, witnesses: RateDistortionWitnesses
) -> tuple[float, float]:
    """What the witnesses prove: in balls, or in float64 with bounded rounding for a large problem."""
    if cost.size > LARGE:
        return blahut_arimoto_blocks_checker.ends(p_X, cost, distortion, units, witnesses)
    return blahut_arimoto_checker.ends(p_X, cost, distortion, units, witnesses)


def _status(lower: float, upper: float, gap: float) -> Literal["certified", "infeasible", "gap"]:
    if lower == math.inf:
        return "infeasible"
    return "certified" if upper - lower <= gap * upper + FLOOR and upper < math.inf else "gap"


def _validated(p_X: Any, cost: Any, distortion: Any) -> tuple[FloatArray, FloatArray, float]:
    p, d = check_array("p_X", p_X, 1).copy(), check_array("cost", cost, 2).copy()
    if p.size == 0 or d.shape[0] != p.size or d.shape[1] == 0:
        shape = f"array of shape {d.shape}"
        raise InputError("cost", shape, f"needs {p.size} rows and a column", "give one cost per (x, y), at least one each")
    check_interval("p_X", p, 0.0, 1.0 + MASS_TOLERANCE)
    if abs(math.fsum(p) - 1) > MASS_TOLERANCE:
        raise InputError("p_X", f"masses of sum {math.fsum(p):.9g}", "must sum to 1", "divide p_X by its sum")
    if not np.isfinite(d).all():
        raise InputError("cost", "an infinite entry", "must be finite", "use a large cost for a forbidden pair")
    budget = check_array("distortion", distortion)
    if budget.ndim or budget == -math.inf:
        raise InputError("distortion", distortion, "must be one number", "solve one budget at a time")
    p.setflags(write=False)
    d.setflags(write=False)
    return p, d, float(budget)


@dataclass(frozen=True, eq=False)
class _Slope:
    """The optimum at one slope, over the rows of positive mass: channel (n, m), its E d', and log lambda (n,)."""

    slope: float
    channel: FloatArray
    distortion: float
    log_lambda: FloatArray


def _witnesses(p_X: FloatArray, cost: FloatArray, distortion: float, gap: float) -> RateDistortionWitnesses:
    rows = p_X > 0
    p, spare = p_X[rows] / p_X[rows].sum(), cost[rows] - cost[rows].min(axis=1, keepdims=True)
    exact = [Fraction(float(mass)) for mass in p_X[rows]]
    least = sum((m * Fraction(float(low)) for m, low in zip(exact, cost[rows].min(axis=1), strict=True)), Fraction(0))
    budget = math.inf if distortion == math.inf else float(Fraction(distortion) - least / sum(exact))
    best = int(np.argmin(p @ spare))
    constant = np.zeros_like(spare)
    constant[:, best] = 1.0

    def full(channel: FloatArray, slope: float, log_lambda: FloatArray) -> RateDistortionWitnesses:
        """Back on all symbols; a symbol without mass gets the constant row, which nothing depends on."""
        all_rows, all_lambda = np.zeros(cost.shape), np.zeros(p_X.size)
        all_rows[:, best] = 1.0
        all_rows[rows], all_lambda[rows] = channel, log_lambda
        return RateDistortionWitnesses(all_rows, slope, all_lambda)

    def overspends(channel: FloatArray) -> bool:
        trial = full(channel, 0.0, np.zeros(p.size))
        return _ends(p_X, cost, distortion, "nats", trial)[1] == math.inf

    if budget < 0 or not overspends(constant):
        return full(constant, 0.0, np.zeros(p.size))
    if cost.size > LARGE:
        mixture, slope, log_lambda = large(p, spare, budget, max(0.5 * gap, LEAST_GAP), _best_output)
        cheapest = np.asarray(spare == 0, dtype=float)
        return full(_within(mixture, cheapest / cheapest.sum(axis=1, keepdims=True), overspends), slope, log_lambda)
    low, high = _bracket(p, spare, budget, constant)
    dual = min((point for point in (low, high) if 0 < point.slope), key=lambda point: abs(point.distortion - budget))
    if dual.slope == math.inf and budget > 0:
        dual = low
    share = 1.0 if low.distortion <= high.distortion else (low.distortion - budget) / (low.distortion - high.distortion)
    mixture = share * high.channel + (1 - share) * low.channel
    cheapest = _at_slope(p, spare, math.inf).channel
    return full(_within(mixture, cheapest, overspends), dual.slope, dual.log_lambda)


def _within(mixture: FloatArray, cheapest: FloatArray, overspends: Callable[[FloatArray], bool]) -> FloatArray:
    """The mixture with the least share of the cheapest channel that the checker accepts."""
    channel = mixture
    for margin in (0.0, *(2.0**-k for k in range(52, -1, -2))):
        channel = (1 - margin) * mixture + margin * cheapest
        if not overspends(channel):
            break
    return channel


def _bracket(p: FloatArray, spare: FloatArray, budget: float, constant: FloatArray) -> tuple[_Slope, _Slope]:
    """Optima at two neighbouring slopes, the first spending at least the budget and the second at most."""
    positive = spare[spare > 0]
    low = _Slope(0.0, constant, float((p @ spare).min()), np.zeros(p.size))
    high = _at_slope(p, spare, math.inf)
    if budget == 0:
        return high, high
    closest = {1: low, -1: high}

    def overspend(log_slope: float) -> float:
        point = _at_slope(p, spare, math.exp(log_slope))
        side = 1 if point.distortion >= budget else -1
        if abs(point.distortion - budget) <= abs(closest[side].distortion - budget):
            closest[side] = point
        return point.distortion / budget - 1

    ends = math.log(FLATTEST / positive.max()), math.log(UNDERFLOW / positive.min())
    if overspend(ends[0]) > 0 > overspend(ends[1]):
        brentq(overspend, *ends, xtol=1e-14, rtol=1e-14, maxiter=200)
    return closest[1], closest[-1]


def _at_slope(p: FloatArray, spare: FloatArray, slope: float) -> _Slope:
    kernel = (spare == 0).astype(float) if slope == math.inf else np.exp(-np.minimum(slope * spare, UNDERFLOW + 5))
    output = _best_output(p, kernel)
    mixed = kernel @ output
    channel = kernel * output / mixed[:, None]
    return _Slope(slope, channel, float(p @ (channel * spare).sum(axis=1)), -np.log(mixed))


def _best_output(p: FloatArray, kernel: FloatArray) -> FloatArray:
    """Output law q that minimises -sum p log(kernel q), by Newton on q z = barrier, z = 1 - kernel^T (p / kernel q)."""
    m = kernel.shape[1]
    q, z = np.full(m, 1.0 / m), np.ones(m)
    for _ in range(NEWTON_STEPS):
        mixed = kernel @ q
        gradient = 1 - kernel.T @ (p / mixed)
        complementarity = float(q @ z) / m
        if complementarity < SMALLEST_BARRIER and np.abs(gradient - z).max() < 1e-15:
            break
        barrier = max(0.1 * complementarity, SMALLEST_BARRIER / 10)
        scaled = kernel * (np.sqrt(p) / mixed)[:, None]
        hessian = scaled.T @ scaled
        hessian[np.diag_indices(m)] += z / q + DAMPING * hessian.diagonal()
        step = cho_solve(cho_factor(hessian), barrier / q - gradient)
        dual_step = barrier / q - z - z / q * step
        q = q + _step_length(q, step) * step
        z = z + _step_length(z, dual_step) * dual_step
    law: FloatArray = q / q.sum()
    return law


def _step_length(value: FloatArray, step: FloatArray) -> float:
    """Longest step, at most 1, that keeps 0.5 percent of every entry."""
    shrinking = step < 0
    return min(1.0, float((0.995 * -value[shrinking] / step[shrinking]).min())) if shrinking.any() else 1.0
