"""Search for the witnesses of a parallel Gaussian certificate: plain numerics, nothing here is trusted.

For given multipliers of the rate (price) and of the label information (price beta) each component has one best rate, a monotone
root. At a fixed beta all rates fall with the price, which one root sets to meet the rate or the distortion budget; along that
curve the information rises with beta up to its greatest value at beta's limit (the problem without a distortion, in closed
form), so that a second root meets the classification budget. Coarse roots start Newton's method on all conditions at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers import gaussian_parallel_checker as checker
from solvers.gaussian_parallel_channels import channels
from solvers.gaussian_parallel_model import (
    Model,
    Price,
    allocate,
    distortion,
    information,
    information_limit,
    losses,
    model_of,
    rates_for_information,
    rates_of,
    share,
)  # fmt: skip
from solvers.gaussian_parallel_newton import Solution, followed, settled
from solvers.gaussian_parallel_problem import GaussianParallelProblem, GaussianParallelWitnesses, Multipliers
from solvers.precision import working_precision

Curve = Callable[[float, float], tuple[Price, FloatArray]]  # (beta, 1 - beta) -> price and ratios that meet the first budget
HIGHEST_RATE: Final = 350.0  # nats a component; beyond it exp(-2 R) leaves the doubles, and the distortion with it
_COARSE, _FINE = 0.3, 1e-10  # of the roots, before and without Newton's method; the witnesses' gap is of second order in it
_EDGE: Final = 1e-9  # a label information within this share of the most is on the edge
_EDGE_LOGITS: Final = (10.0, 16.0, 20.0, 24.0, 29.0, 40.0, 70.0)
_EDGE_TOLERANCE: Final = 1e-6
_LARGEST_LOGIT: Final = 32.0  # of beta over its limit: nearer to it rounding decides


def find_witnesses(p: GaussianParallelProblem) -> GaussianParallelWitnesses:
    """Channels and multipliers of (nearly) the least gap."""
    m = model_of(p)
    zero = np.zeros(m.size)
    if m.size == 0 or m.nats == 0:
        return channels(p, m, zero)
    if m.needed == math.inf and p.rate != math.inf:
        return GaussianParallelWitnesses(rates=None)
    if p.rate is not None:
        return _least_distortion(p, m)
    return channels(p, m, zero) if m.gain <= 0 and m.needed <= 0 else _least_rate(p, m)


def _least_distortion(p: GaussianParallelProblem, m: Model) -> GaussianParallelWitnesses:
    if m.nats > HIGHEST_RATE * m.size:
        return channels(p, replace(m, nats=math.inf), np.full(m.size, math.inf if m.nats == math.inf else HIGHEST_RATE))
    everywhere = np.ones(m.size, dtype=bool)
    if m.needed > 0:
        if not m.known.any():
            return GaussianParallelWitnesses(rates=None)
        limit, most, best = information_limit(m, m.nats)
        if m.needed >= most * (1 - 1e-14):
            proof = Multipliers(distortion=0.0, rate=1.0, margin=1 - limit, perception=0.0, tangents=_spread(p, m, best))
            found = GaussianParallelWitnesses(rates=None, dual=_refined(p, proof))
            if found.dual is not None and checker.ends(p, found)[0] == math.inf:
                return found
    else:
        limit = 1.0
    if m.needed > 0 and m.needed >= most * (1 - _EDGE):
        return _at_the_edge(p, m, limit, best, _meet_rate(m, m.nats, everywhere, _EDGE_TOLERANCE))
    return _with_dual(p, m, *_solution(m, limit, lambda tolerance: _meet_rate(m, m.nats, everywhere, tolerance)))


def _at_the_edge(p: GaussianParallelProblem, m: Model, limit: float, best: FloatArray, meet: Curve) -> GaussianParallelWitnesses:
    """The best of several multipliers where the budgets leave almost no choice: the optimal ones grow without end there."""
    logits = [logit for logit in _EDGE_LOGITS if logit < _LARGEST_LOGIT or limit == 1]
    found = [_with_dual(p, m, *_shared(m, _at(meet, limit, logit))) for logit in logits]
    upper = min([*found, channels(p, m, best, labelled=True)], key=lambda w: checker.ends(p, w)[1])
    return max((replace(upper, dual=w.dual) for w in found), key=lambda w: checker.ends(p, w)[0])


def _least_rate(p: GaussianParallelProblem, m: Model) -> GaussianParallelWitnesses:
    none = GaussianParallelWitnesses(rates=None)
    everywhere = np.ones(m.size, dtype=bool)
    limit = 1.0
    if m.budget <= 0 or (m.needed > 0 and not m.known.any()):
        return none
    if m.needed > 0:
        if m.unknown.all():
            found = rates_for_information(m)
            if found is None:
                return none
            limit, best = found
        else:
            # A fully known component gives a nat for a nat; among them the distortion chooses.
            best = rates_of(_meet_rate(m, m.needed, m.unknown == 0, _FINE)(0.0, 1.0)[1])
        if best.max() > HIGHEST_RATE:
            return none
        if distortion(m, np.expm1(2 * best))[0] <= m.budget:
            dual = Multipliers(distortion=0.0, rate=1.0, margin=1 - limit, perception=0.0, tangents=_spread(p, m, best))
            return replace(channels(p, m, best, labelled=True), dual=_refined(p, dual))
    return _with_dual(p, m, *_solution(m, limit, lambda tolerance: _meet_distortion(m, everywhere, tolerance)))


# ------------------------------------------------------------------------------------------------------------ the roots


def _solution(m: Model, limit: float, curve: Callable[[float], Curve]) -> Solution:
    """Price, ratios and share of the optimum: Newton's method from coarse roots, or fine roots where that fails."""
    rough = _FINE if m.span is None and m.radius == math.inf else _COARSE  # in closed form roots are cheap
    price, x = _along(m, limit, curve(rough), rough, False)
    near = settled(m, price, x, False)
    start = near if near is not None else _shared(m, _along(m, limit, curve(_FINE), _FINE, False))
    if m.needed <= 0 or information(m, start[1]) >= m.needed:
        return start
    near = followed(m, start)
    if near is None:
        near = settled(m, *_along(m, limit, curve(_COARSE / 10), _COARSE / 10, True), True)
    return near if near is not None else _shared(m, _along(m, limit, curve(_FINE), _FINE, True))


def _shared(m: Model, point: tuple[Price, FloatArray]) -> Solution:
    return *point, share(m, point[1])


def _along(m: Model, limit: float, meet: Curve, tolerance: float, labelled: bool) -> tuple[Price, FloatArray]:
    """The start of the curve, or (labelled) the point of it that meets the classification budget too."""
    if not labelled:
        return meet(0.0, 1.0)

    # At a limit of 1 (a component that shows its label fully) 1 - beta alone counts, which is a float at any size.
    most = 600.0 if limit == 1 else _LARGEST_LOGIT

    def lacking(logit: float) -> float:
        return math.log(max(information(m, _at(meet, limit, logit)[1]), 1e-300) / m.needed)

    return _at(meet, limit, _root(lacking, 0.0, 1.0, -_LARGEST_LOGIT, most, tolerance))


def _at(meet: Curve, limit: float, logit: float) -> tuple[Price, FloatArray]:
    far = 1 / (1 + math.exp(logit))
    return meet(limit / (1 + math.exp(-logit)), far if limit == 1 else 1 - limit + limit * far)


def _meet_rate(m: Model, nats: float, mask: FloatArray, tolerance: float) -> Curve:
    def level(rate: float) -> float:
        return math.log(max(math.expm1(min(2 * rate / m.size, 700.0)), 1e-300))

    target = level(nats)
    return _curve(m, mask, lambda x: target - level(float(rates_of(x).sum())), tolerance)


def _meet_distortion(m: Model, mask: FloatArray, tolerance: float) -> Curve:
    def excess(x: FloatArray) -> float:
        above, below = distortion(m, x)
        return math.log(above / m.budget) if m.budget < m.gain else -math.log(max(below, 1e-300 * m.gain) / m.gain)

    return _curve(m, mask, excess, tolerance)


def _curve(m: Model, mask: FloatArray, excess: Callable[[FloatArray], float], tolerance: float) -> Curve:
    """Price and ratios at which `excess`, which rises with the price, is 0."""
    last: dict[str, FloatArray] = {}
    guess = [0.0]

    def meet(beta: float, rest: float) -> tuple[Price, FloatArray]:
        def at(log_rate: float) -> tuple[Price, FloatArray]:
            price = Price(log_rate, beta, rest)
            last["x"] = _settle(m, price, mask, last.get("x"), tolerance)
            return price, last["x"]

        guess[0] = _root(lambda log_rate: excess(at(log_rate)[1]), guess[0], 0.5, -700.0, 690.0, tolerance)
        return at(guess[0])

    return meet


def _settle(m: Model, price: Price, mask: FloatArray, start: FloatArray | None, tolerance: float) -> FloatArray:
    """Ratios at a price with the best output law in the ball: the share e of the ball is one more monotone root."""
    fine = tolerance / 1000
    if m.radius == math.inf:
        return allocate(m, price, 1.0, mask, start, fine)
    if tolerance >= _COARSE:  # Newton's method will do the rest
        return allocate(m, price, 1.0 if start is None else share(m, start), mask, start, fine)
    found = start

    def gap(log_e: float) -> float:
        nonlocal found
        found = allocate(m, price, math.exp(log_e), mask, found, fine)
        reach = float((m.power * losses(found) ** 2).sum())
        return log_e + math.log(max(reach, 1e-300)) / 2 - math.log(m.radius)

    lowest = math.log(m.radius) - math.log(float(m.power.sum())) / 2
    if lowest >= 0 or gap(0.0) <= 0:
        return allocate(m, price, 1.0, mask, None, fine)
    guess = math.log(share(m, start)) if start is not None else lowest / 2
    log_e = _root(gap, guess, 0.1, lowest, 0.0, tolerance)
    return allocate(m, price, math.exp(log_e), mask, found, fine)


def _root(f: Callable[[float], float], guess: float, step: float, low: float, high: float, tolerance: float) -> float:
    """Zero of a rising function near a guess, or the end of [low, high] where it has none.

    Each value is asked for once: with warm starts f is a function only to its tolerance.
    """
    near = min(max(guess, low), high)
    value = f(near)
    direction = -1.0 if value > 0 else 1.0
    end = low if value > 0 else high
    while True:
        far = near + direction * step
        far = max(far, end) if direction < 0 else min(far, end)
        other = f(far)
        if other * direction >= 0:
            break
        if far == end:
            return end
        near, value, step = far, other, 2 * step
    for count in range(200):
        if abs(far - near) <= tolerance + 1e-15 * abs(far) or other == 0:
            break
        # Illinois' false position, and every third time the middle.
        share = 0.5 if count % 3 == 2 or not math.isfinite(other - value) else value / (value - other)
        middle = near + (far - near) * min(max(share, 0.0), 1.0)
        new = f(middle)
        if new * other > 0:
            far, other, value = middle, new, value / 2
        else:
            near, value, far, other = far, other, middle, new
    if other == 0:
        return far
    return min(near, far)  # at a price a hair too low a component may be at work that is idle a hair above


# ---------------------------------------------------------------------------------------------------------- the witnesses


def _with_dual(p: GaussianParallelProblem, m: Model, price: Price, x: FloatArray, e: float) -> GaussianParallelWitnesses:
    by_rate = p.value == "rate"
    dual = Multipliers(
        distortion=math.exp(-price.log) / m.unit if by_rate else 1.0,
        rate=1.0 if by_rate else math.exp(price.log) * m.unit,
        margin=price.rest if by_rate else math.exp(price.log) * m.unit * price.rest,
        perception=(1 - e) / e if m.radius < math.inf else 0.0,
        tangents=_spread(p, m, rates_of(x)),
    )
    return replace(channels(p, m, rates_of(x)), dual=_refined(p, dual))


def _spread(p: GaussianParallelProblem, m: Model, rates: FloatArray) -> tuple[float, ...]:
    """The live components' numbers, among all components."""
    full = np.zeros(p.components)
    full[m.where] = rates
    return tuple(full.tolist())


def _refined(p: GaussianParallelProblem, dual: Multipliers) -> Multipliers | None:
    """Tangent points moved to the minimisers of these very multipliers, and then a hair to the right; None where that failed."""
    for attempt in range(60):
        slopes = checker.slopes(p, dual)
        if attempt and all(slope >= 0 for slope, _ in slopes):
            return dual
        points = []
        for r, (slope, bend) in zip(dual.tangents, slopes, strict=True):
            if attempt and slope >= 0:
                points.append(r)
                continue
            with working_precision(checker.PRECISION):
                step = float((slope / bend).mid()) if bend > 0 else 0.0
            moved = r - step if math.isfinite(step) else r
            points.append(max(moved, r / 4, 0.0) * (1 + 2.0 ** (attempt - 52)) + 1e-300 * attempt)
        dual = replace(dual, tangents=tuple(points))
    return None
