"""Search for the witnesses of a Gaussian certificate: plain numerics, nothing here is trusted.

Lower end: quadratic potentials and a temperature. Stationarity of the dual in `excess` is a quadratic equation, so
what is left is one bracketed root in the logarithm of the temperature. Upper end: the signal-to-noise ratio and the
shrink of a jointly Gaussian channel, moved by ulps until the checker finds every budget met. Expressions are arranged
to keep relative accuracy where a rate or a distortion is tiny.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from flint import arb
from scipy.optimize import brentq

from rdcsym.problem import to_nats
from solvers import gaussian_checker
from solvers.gaussian_problem import GaussianProblem, GaussianWitnesses
from solvers.precision import working_precision

HIGHEST_RATE: Final = 350.0  # nats; above it the signal-to-noise ratio leaves the doubles, and the distortion with it
COLDEST, HOTTEST = 1e-300, 1e12  # temperatures; a hotter dual gains nothing that a double could show


def find_witnesses(problem: GaussianProblem) -> GaussianWitnesses:
    """Channel and dual of (nearly) the least gap."""
    return _channel(problem, _dual(problem, _least_log_moment(problem)))


# ------------------------------------------------------------------------------------------------------ the lower end


def _dual(p: GaussianProblem, log_ball: float) -> GaussianWitnesses:
    """Temperature and excess that (nearly) maximise the dual bound of the checker."""
    witnesses = GaussianWitnesses(snr=None, log_ball=log_ball)
    if p.informationless or p.rate in (0.0, math.inf) or p.distortion == math.inf:
        return witnesses
    nats = None if p.rate is None else min(to_nats(p.rate, p.units), HIGHEST_RATE)
    relative = _relative_distortion(p)
    moment, missing = _least_moment(p, log_ball)
    if relative is not None and not 0 < relative[0] < 1 + moment:  # out of reach, or met by the product law
        return witnesses
    if p.sigma_Y is not None:
        slope = _slope_given(nats, relative)
        temperature = _root(slope)
        return replace(witnesses, temperature=temperature, excess=(1 - _shortfall(1 / temperature)) * temperature)
    slope = _slope_free(nats, relative, moment, missing)
    temperature = _root(slope)
    return replace(witnesses, temperature=temperature, excess=_best_excess(temperature, missing))


def _root(slope: Callable[[float], float]) -> float:
    """Where the concave dual stops rising in the temperature: sign change of `slope`, from + to -, on a logarithmic scale."""
    low, high = math.log(COLDEST), math.log(HOTTEST)
    if slope(HOTTEST) >= 0:
        return HOTTEST
    if slope(COLDEST) <= 0:
        return COLDEST
    return math.exp(brentq(lambda t: slope(math.exp(t)), low, high, xtol=1e-15, rtol=1e-15, maxiter=1000))


def _shortfall(cold: float) -> float:
    """1 - excess/temperature at the best excess, which solves z^2 - (1 + 2 cold) z + cold = 0; cold = 1/temperature."""
    return 2 * cold / (1 + 2 * cold + math.hypot(1, 2 * cold))


def _slope_given(nats: float | None, relative: tuple[float, float] | None) -> Callable[[float], float]:
    """Derivative in the temperature (up to a positive factor) of the dual at its best excess, law of Y given."""

    def for_rate(temperature: float) -> float:
        cold = 1 / temperature
        z = _shortfall(cold)
        return z - cold / (1 - z + 2 * cold) + (math.log1p(-z) + math.log1p(2 * cold - z)) / 2 - (nats or 0.0)

    def for_distortion(temperature: float) -> float:
        cold = 1 / temperature
        z = _shortfall(cold)
        loss, correlation = relative or (1.0, 0.0)
        if loss < correlation:
            return loss - z * temperature
        root = math.hypot(1, 2 * cold)
        return 2 * cold * (1 + 2 * cold / (1 + root)) / (1 + 2 * cold + root) - correlation

    return for_rate if relative is None else for_distortion


def _best_excess(temperature: float, missing: float) -> float:
    """excess h >= 0 that is best at a temperature, law free: h^2 + (2 - e/2) h = e/2 - missing."""
    linear, constant = 2 - temperature / 2, temperature / 2 - missing
    if constant <= 0:
        return 0.0
    root = math.sqrt(linear**2 + 4 * constant)
    return 2 * constant / (linear + root) if linear > 0 else (root - linear) / 2


def _slope_free(
    nats: float | None, relative: tuple[float, float] | None, moment: float, missing: float
) -> Callable[[float], float]:
    """As `_slope_given`, law of Y free with E Y^2 >= moment = 1 - missing (in units of sigma_X^2)."""

    def for_rate(temperature: float) -> float:
        if _best_excess(temperature, missing) > 0:
            ratio = 2 * math.sqrt(moment) / temperature
            return math.log1p(ratio * (ratio / (0.5 + math.hypot(0.5, ratio)))) / 2 - (nats or 0.0)
        return math.log(2 / temperature) / 2 - (nats or 0.0)

    def for_distortion(temperature: float) -> float:
        loss, correlation = relative or (1.0, 0.0)
        h = _best_excess(temperature, missing)
        if h > 1:
            return 2 * moment / (1 + h) - (correlation + moment)
        return loss - (2 * h + missing * (1 - h)) / (1 + h) if h > 0 else loss - temperature / 2

    return for_rate if relative is None else for_distortion


def _relative_distortion(p: GaussianProblem) -> tuple[float, float] | None:
    """(delta, 1 - delta): the distortion budget above its least value, as a fraction of the span a coupling commands.

    Law given: D = gap^2 + (sX - sY)^2 + 2 sX sY delta, so 1 - delta is the correlation needed. Law free: D = sX^2 delta.
    """
    if p.distortion is None or p.distortion == math.inf or p.informationless:
        return None
    s_X, budget = Fraction(p.sigma_X), Fraction(p.distortion)
    if p.sigma_Y is None:
        delta = budget / s_X**2
    else:
        s_Y = Fraction(p.sigma_Y)
        delta = (budget - p.mean_gap**2 - (s_X - s_Y) ** 2) / (2 * s_X * s_Y)
    delta = min(max(delta, Fraction(-1)), Fraction(10))
    return float(delta), float(1 - delta)


def _least_moment(p: GaussianProblem, log_ball: float) -> tuple[float, float]:
    """(m, 1 - m), m the least E(Y - mu_X)^2 / sigma_X^2 in the ball; 0 without one."""
    if p.perception is None or p.perception == math.inf:
        return 0.0, 1.0
    if p.perception_kind == "kl":
        return math.exp(log_ball), -math.expm1(log_ball)
    step = min(1.0, math.sqrt(p.perception) / p.sigma_X)
    return (1 - step) ** 2, step * (2 - step)


def _least_log_moment(p: GaussianProblem) -> float:
    """A double just below the smaller root u of e^u - u - 1 = 2P (P in nats), by Newton's method from its left."""
    if p.perception_kind != "kl" or p.perception is None or p.perception == math.inf:
        return -math.inf
    if p.perception == 0:
        return 0.0
    with working_precision(600):
        radius = arb(p.perception) * arb.const_log2() if p.units == "bits" else arb(p.perception)
        u = -(2 * radius + 1) if p.perception > 0.01 else -2 * (radius.sqrt() + radius)
        for _ in range(100):
            step = ((u.expm1() - u - 2 * radius) / -u.expm1()).mid()
            u = (u + step).mid()
            if abs(step) < abs(u) * arb(2) ** -100:
                break
        start = float(u)
    found = _nudge(start, -1, lambda v: gaussian_checker.log_ball_is_valid(p, v))
    return -math.inf if found is None else found


# ---------------------------------------------------------------------------------------------------------- the upper end


def _nudge(start: float, direction: int, good: Callable[[float], bool]) -> float | None:
    """The first `good` value from `start` up (direction 1) or down (-1), in steps that double from half an ulp; or None."""
    for k in [0, *(2**i for i in range(31))]:
        value = start * (1 + direction * math.copysign(k, start) * 2.0**-53)
        if good(value):
            return value
    return None


def _least_good(good: Callable[[float], bool]) -> float | None:
    """Least good signal-to-noise ratio by bisection: for budgets so near an end that floating point lost the start."""
    bad, fine = -2 * HIGHEST_RATE, 2 * HIGHEST_RATE
    if not good(math.exp(fine)):
        return None
    while (middle := (bad + fine) / 2) not in (bad, fine):
        bad, fine = (bad, middle) if good(math.exp(middle)) else (middle, fine)
    return math.exp(fine)


def _channel(p: GaussianProblem, witnesses: GaussianWitnesses) -> GaussianWitnesses:
    """`witnesses` with the best channel found; snr None where none was found to be feasible."""
    most = _largest_shrink(p, witnesses)

    def at(snr: float) -> GaussianWitnesses:
        return replace(witnesses, snr=snr, shrink=min(most, _loss(snr)) if p.sigma_Y is None else 0.0)

    def good(snr: float) -> bool:
        return gaussian_checker.channel_is_feasible(p, at(snr))

    if p.rate is not None:
        nats = to_nats(p.rate, p.units)
        snr = math.inf if nats == math.inf else math.expm1(2 * min(nats, HIGHEST_RATE))
        found = _nudge(snr, -1, good) if 0 < snr < math.inf else snr if good(snr) else None
    else:
        needed = gaussian_checker.rate_for_classification(p)
        if needed == math.inf or needed > HIGHEST_RATE:
            return witnesses
        snr = max(_snr_for_distortion(p, most), math.expm1(2 * needed))
        found = _nudge(snr, 1, good) if 0 < snr < math.inf else snr if good(snr) else None
        found = _least_good(good) if found is None else found
    return witnesses if found is None else at(found)


def _loss(snr: float) -> float:
    """1 - rho of a channel; the best shrink of a free output law without a ball."""
    return 0.0 if snr == math.inf else 1 / ((1 + snr) * (1 + math.sqrt(snr / (1 + snr))))


def _largest_shrink(p: GaussianProblem, witnesses: GaussianWitnesses) -> float:
    """Largest 1 - s_Y/sigma_X that the ball allows."""
    if p.sigma_Y is not None or p.perception is None or p.perception == math.inf or p.sigma_X == 0:
        return 1.0
    if p.perception_kind == "kl":
        start = -math.expm1(witnesses.log_ball / 2)
    else:
        start = min(1.0, math.sqrt(p.perception) / p.sigma_X)
    unbounded = replace(p, rate=math.inf, distortion=None, classification=None)
    shrunk = _nudge(start, -1, lambda v: gaussian_checker.channel_is_feasible(unbounded, replace(witnesses, snr=0.0, shrink=v)))
    return 0.0 if shrunk is None else shrunk


def _snr_for_distortion(p: GaussianProblem, most: float) -> float:
    """Signal-to-noise ratio at which the best channel of the family meets the distortion budget, in floating point."""
    relative = _relative_distortion(p)
    if relative is None:
        return 0.0
    delta, correlation = relative
    if p.sigma_Y is not None:
        return 0.0 if delta >= 1 else correlation**2 / (delta * (2 - delta)) if delta > 0 else math.inf

    def excess(log_snr: float) -> float:
        loss = _loss(math.exp(log_snr))
        shrink = min(most, loss)
        return (shrink**2 + 2 * (1 - shrink) * loss) / delta - 1

    if delta <= 0:
        return math.inf
    low, high = -80.0, 2 * HIGHEST_RATE
    if excess(low) <= 0:
        return 0.0
    return math.exp(brentq(excess, low, high, xtol=1e-15, rtol=1e-15)) if excess(high) < 0 else math.inf
