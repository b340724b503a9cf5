"""The checker of parallel Gaussian certificates: both ends from the witnesses alone, in ball arithmetic, rounded outward.

**Upper end.** n independent Gaussian channels of rates R_i (correlation rho_i = sqrt(1 - exp(-2 R_i))): E(X_i - Y_i)^2 =
s^2 + t^2 - 2 s t rho_i, I(S_i;Y_i) = -1/2 log(1 - kappa_i^2 rho_i^2); they count only where every budget is met for certain.

**Lower end.** For any coupling, Gaussian or not, let t_i^2 = E(Y_i - E X_i)^2 (the variance, where the law is given; the gap
of the means then adds its square) and R_i = I(X_i; Y, X_1, ..., X_{i-1}).

1. sum R_i = I(X;Y), by the chain rule, since the X_i are independent.
2. E Var(X_i|Y_i) >= s_i^2 exp(-2 R_i), since a Gaussian has the largest entropy, so Var E(X_i|Y_i) <= s_i^2 rho_i^2, and Cauchy
   and Schwarz give E(X_i - Y_i)^2 >= s_i^2 + t_i^2 - 2 s_i t_i rho_i.
3. W2^2(p_X, p_Y) >= sum (s_i - t_i)^2, by Cauchy and Schwarz for the optimal coupling.
4. I(S_i; Y, X_1, ..., X_{i-1}) <= I_i(R_i) = -1/2 log(1 - kappa_i^2 + kappa_i^2 exp(-2 R_i)), by the conditional *entropy power
   inequality* (Shannon 1948, Stam 1959; cited, not proved here). Both sum I(S_i;Y_i) and I(S;Y) are at most the left sides' sum
   (given the X_j, the S_j before i tell nothing), so the bound holds for the budgets of sum h(S_i|Y_i) and of h(S|Y) alike.

So for multipliers w, a, b, c >= 0 every coupling has

    w E d + a I(X;Y) - b sum I(S_i;Y_i) + w c W2^2 >= sum_i min_r f_i(r),    f_i(r) = w cost_i(r) + a r - b I_i(r),

cost_i(r) = (s - t)^2 + 2 s t (1 - rho) for a given law, and s^2 (e u + 2 (1 - e)(1 - rho)), u = exp(-2 r), e = 1/(1 + c), for a
free one: the minimum over t of the cost plus c (s - t)^2. u, -rho and -I_i are convex in r, so the tangent of f_i at a point of
nonnegative slope bounds it below on r >= 0 by the tangent's value at 0. With w = 0 and budgets that make the bound positive, no
coupling meets them.

Shares no code with the search in `gaussian_parallel_search.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from solvers.certificate import CertificateError
from solvers.gaussian_parallel_problem import GaussianParallelProblem, GaussianParallelWitnesses, Multipliers
from solvers.precision import working_precision

Ball = Any  # python-flint carries no types

PRECISION: Final = 256  # bits
INFINITE: Final = (math.inf, math.inf)


def ends(problem: GaussianParallelProblem, witnesses: GaussianParallelWitnesses) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in the problem's units; (inf, inf) where the point is infeasible.

    Raises CertificateError where a witness is out of its range.
    """
    with working_precision(PRECISION):
        lower = _lower(problem, witnesses.dual)
        if lower is None:
            return INFINITE
        upper = _upper(problem, witnesses)
        if problem.value == "rate":
            unit = arb.const_log2() if problem.units == "bits" else arb(1)
            lower, upper = lower / unit, None if upper is None else upper / unit
        return max(0.0, _round_down(lower)), math.inf if upper is None else _round_up(upper)


def channel_is_feasible(problem: GaussianParallelProblem, witnesses: GaussianParallelWitnesses) -> bool:
    """Whether the channels meet every budget for certain."""
    with working_precision(PRECISION):
        return _upper(problem, witnesses) is not None


def slopes(problem: GaussianParallelProblem, dual: Multipliers) -> list[tuple[Ball, Ball]]:
    """For each component the slope of its Lagrangian f_i at its tangent point and the slope's derivative (0 where it is dead)."""
    with working_precision(PRECISION):
        return [_slope(c, dual, arb(r)) if c.alive else (arb(0), arb(0)) for c, r in _tangents(problem, dual)]


@dataclass(frozen=True)
class _Component:
    """cost(r) = least + linear u + cross (1 - rho), u = exp(-2 r); the label keeps unknown + known u of its variance."""

    alive: bool
    least: Ball
    linear: Ball
    cross: Ball
    known: Ball
    unknown: Ball
    fully_known: bool


def _components(p: GaussianParallelProblem, perception: float) -> Iterator[_Component]:
    tau, share = p.given, 1 / (1 + arb(perception))
    for i, (alive, known) in enumerate(zip(p.live, p.squared_kappa, strict=True)):
        s = arb(p.sigma_X[i])
        if tau is not None:
            t = arb(tau[i])
            least, linear, cross = (s - t) ** 2, arb(0), 2 * s * t
        else:
            least, linear, cross = arb(0), s * s * share, 2 * s * s * share * arb(perception)
        yield _Component(alive, least, linear, cross, _exact(known), _exact(1 - known), known == 1)


def _exact(x: Fraction) -> Ball:
    return arb(fmpq(x.numerator, x.denominator))


def _nats(value: float, p: GaussianParallelProblem) -> Ball:
    return arb(value) * arb.const_log2() if p.units == "bits" else arb(value)


def _round_down(x: Ball) -> float:
    if not x.is_finite():
        return -math.inf
    low = min(float(x.lower()), math.nextafter(math.inf, 0.0))  # float() overflows to inf
    return low if math.isinf(low) or arb(low) <= x else math.nextafter(low, -math.inf)


def _round_up(x: Ball) -> float:
    high = float(x.upper()) if x.is_finite() else math.inf
    return high if math.isinf(high) or arb(high) >= x else math.nextafter(high, math.inf)


def _needed(p: GaussianParallelProblem) -> Ball | None:
    """Label information (nats) that the classification budget asks for; None where it cannot bind."""
    if p.classification is None or p.classification == math.inf:
        return None
    if p.classification == -math.inf:
        return arb("inf")
    return (1 + (2 * arb.pi()).log()) * p.components / 2 - _nats(p.classification, p)


# ---------------------------------------------------------------------------------------------------------- the channels


def _upper(p: GaussianParallelProblem, w: GaussianParallelWitnesses) -> Ball | None:
    """Value of the channels (distortion, or rate in nats), or None where they are not feasible for certain."""
    if w.rates is None:
        return None
    free = p.given is None
    shrinks = w.shrinks if free else (0.0,) * p.components
    if shrinks is None or len(shrinks) != p.components or len(w.rates) != p.components:
        raise CertificateError(f"witness rates, shrinks: {p.components} numbers of each are needed")
    if not all(r >= 0 for r in w.rates) or not all(0 <= x <= 1 for x in shrinks):
        raise CertificateError("witness rates, shrinks: a rate must be at least 0, a shrink in [0, 1]")
    rate, distortion, information, moved = arb(0), arb(p.mean_gap) ** 2, arb(0), arb(0)
    endless = False
    for i, component in enumerate(_components(p, 0.0)):
        constant = free and shrinks[i] == 1
        r = w.rates[i] if component.alive and not constant else 0.0
        loss, u = _loss(r)
        if free:
            s, shrink = arb(p.sigma_X[i]), arb(shrinks[i])
            distortion += s**2 * (shrink**2 + 2 * (1 - shrink) * loss)
            moved += (s * shrink) ** 2
        else:
            distortion += component.least + component.cross * loss
        endless |= r == math.inf
        rate += arb(0) if r == math.inf else arb(r)
        if component.fully_known:
            information += arb(r)
        elif r > 0:
            information -= (component.unknown + component.known * u).log() / 2
    if free and p.perception is not None and p.perception < math.inf and not moved <= arb(p.perception):
        return None
    needed = _needed(p)
    if needed is not None and not information >= needed and not information == needed == arb("inf"):
        return None
    if p.rate is not None:
        fits = p.rate == math.inf or (not endless and rate <= _nats(p.rate, p))
        return distortion if fits else None
    within = p.distortion == math.inf or distortion <= arb(p.distortion or 0.0)
    return rate if within and not endless else None


def _loss(r: float) -> tuple[Ball, Ball]:
    """(1 - rho, 1 - rho^2) at rate r nats."""
    if r == math.inf:
        return arb(0), arb(0)
    u = (-2 * arb(r)).exp()
    return u / (1 + (-(-2 * arb(r)).expm1()).sqrt()), u


# -------------------------------------------------------------------------------------------------------- the lower end


def _lower(p: GaussianParallelProblem, dual: Multipliers | None) -> Ball | None:
    """Lower bound (distortion, or rate in nats); None where the point is infeasible for certain."""
    needed = _needed(p)
    if _beyond_data_processing(p, needed) or _out_of_reach(p):
        return None
    if p.rate == 0:
        return None if needed is not None and needed > 0 else _product(p)
    plain = arb(0)
    if p.rate is not None and p.given is not None:
        plain = arb(p.mean_gap) ** 2 + sum((c.least for c in _components(p, 0.0)), arb(0))
    if dual is None:
        return plain
    _check_dual(p, dual)
    bound = sum((_least(c, dual, r) for c, r in _tangents(p, dual)), dual.distortion * arb(p.mean_gap) ** 2)
    if dual.perception:
        bound -= arb(dual.distortion) * arb(dual.perception) * arb(p.perception or 0.0)
    if needed is not None:
        bound += _label_price(dual) * needed
    if dual.rate and p.rate is not None:
        bound -= dual.rate * _nats(p.rate, p)
    if dual.distortion and p.distortion is not None:
        bound -= dual.distortion * arb(p.distortion)
    price = arb(dual.distortion if p.rate is not None else dual.rate)
    if price == 0:
        return None if bound > 0 else plain
    bound /= price
    return bound if bound > plain else plain


def _beyond_data_processing(p: GaussianParallelProblem, needed: Ball | None) -> bool:
    """Whether more label information is asked for than I(S;X) = -1/2 sum log(1 - kappa^2), or no end of it at a finite rate."""
    if needed is None or (1 in p.squared_kappa and p.rate == math.inf):
        return False
    if not needed.is_finite():
        return True
    if 1 in p.squared_kappa:
        return False
    return bool(needed > sum(((1 / _exact(1 - known)).log() / 2 for known in p.squared_kappa), arb(0)))


def _out_of_reach(p: GaussianParallelProblem) -> bool:
    """Whether no finite rate reaches the distortion budget; exact, in rationals."""
    if p.distortion is None or p.distortion == math.inf:
        return False
    if p.given is None:
        return p.distortion == 0 and any(p.live)
    pairs = zip(p.sigma_X, p.given, strict=True)
    spare = Fraction(p.distortion) - Fraction(p.mean_gap) ** 2 - sum((Fraction(s) - Fraction(t)) ** 2 for s, t in pairs)
    return spare < 0 or (spare == 0 and any(p.live))


def _product(p: GaussianParallelProblem) -> Ball:
    """Least E ||X - Y||^2 of independent X and Y."""
    power = sum((arb(s) ** 2 for s in p.sigma_X), arb(0))
    if p.given is not None:
        return arb(p.mean_gap) ** 2 + power + sum((arb(t) ** 2 for t in p.given), arb(0))
    if p.perception is None or p.perception == math.inf:
        return power
    room = power.sqrt() - arb(p.perception).sqrt()
    return power + room**2 if room > 0 else power


def _check_dual(p: GaussianParallelProblem, dual: Multipliers) -> None:
    if not (math.isfinite(dual.margin) and dual.margin <= dual.rate):
        raise CertificateError(f"witness margin = {dual.margin}: must be finite and at most the rate's multiplier {dual.rate}")
    classification = 0.0 if dual.margin == dual.rate else 1.0
    for name, multiplier, budget in (
        ("distortion", dual.distortion, p.distortion if p.rate is None else 0.0),
        ("rate", dual.rate, p.rate if p.distortion is None else 0.0),
        ("label information", classification, math.inf if p.classification is None else p.classification),
        ("perception", dual.perception, math.inf if p.perception is None or p.given is not None else p.perception),
    ):
        if not 0 <= multiplier < math.inf:
            raise CertificateError(f"witness multiplier of {name} = {multiplier}: must be at least 0 and finite")
        if multiplier and budget == math.inf:
            raise CertificateError(f"witness multiplier of {name}: must be 0 where there is no budget")


def _label_price(dual: Multipliers) -> Ball:
    return arb(dual.rate) - arb(dual.margin)


def _tangents(p: GaussianParallelProblem, dual: Multipliers) -> list[tuple[_Component, float]]:
    if len(dual.tangents) != p.components or not all(0 <= r < math.inf for r in dual.tangents):
        raise CertificateError(f"witness tangents: {p.components} finite numbers, at least 0, are needed")
    return list(zip(_components(p, dual.perception), dual.tangents, strict=True))


def _slope(c: _Component, dual: Multipliers, r: Ball) -> tuple[Ball, Ball]:
    """f_i'(r) and f_i''(r)."""
    u, rho = (-2 * r).exp(), (-(-2 * r).expm1()).sqrt()
    slope, bend = -2 * dual.distortion * c.linear * u, 4 * dual.distortion * c.linear * u
    if c.fully_known:
        slope += dual.margin
    else:
        left = c.unknown + c.known * u
        slope += (dual.rate * c.unknown + dual.margin * c.known * u) / left
        bend += 2 * _label_price(dual) * c.known * c.unknown * u / left**2
    if dual.distortion and c.cross != 0:
        slope -= dual.distortion * c.cross * u / rho
        bend += dual.distortion * c.cross * (2 * u / rho + u**2 / rho**3)
    return slope, bend


def _least(c: _Component, dual: Multipliers, tangent: float) -> Ball:
    """A lower bound of f_i on r >= 0 from its tangent, whose slope must not be negative."""
    if not c.alive:
        return dual.distortion * (c.least + c.linear + c.cross)
    r = arb(tangent)
    slope, _ = _slope(c, dual, r)
    if not slope >= 0:
        raise CertificateError(f"witness tangent {tangent}: the slope {slope.str(5)} there is not for certain at least 0")
    loss, u = _loss(tangent)
    told = r if c.fully_known else -(c.unknown + c.known * u).log() / 2
    value = dual.distortion * (c.least + c.linear * u + c.cross * loss) + dual.rate * r - _label_price(dual) * told
    return value - slope * r
