"""The checker of couplings through a bottleneck: both ends in exact rationals and balls. Shares no code with the search.

X ~ Bern(a), Y ~ Bern(b) given, X - T - Y, H(T) <= R; the value is the largest I(X;Y).

**Lower end.** A law of T and P(X=1|T), P(Y=1|T) in rationals: the marginals are compared exactly, H(T) <= R in balls.

**Upper end.** I(X;Y) is convex in delta = Cov(X, Y) = sum_t p_t x_t y_t - ab, so it is largest at an end of the delta that
T can give. Take a <= b (else exchange X and Y). For a given law of T the sum is bilinear in x and y, each in a polytope {0
<= x_t <= 1, sum p_t x_t = a}: it is largest at vertices, where y is 0 or 1 but on one atom j, and the best x fills the
atoms with y = 1 first, then j, then the others. With s the mass of the atoms filled before j, p that of j and r the rest,
either a and b are not both within [s, s + p], where delta = a(1 - b), its largest value in any coupling, and T tells on
which side of an m in [a, b] it is: R >= H(T) >= H_b(m) >= min(H_b(a), H_b(b)); or

    delta = s + (a - s)(b - s)/p - ab = (s (1-a)(1-b) + r ab - r s)/(1 - s - r) <= M (s + r)/(1 - s - r),

M = max(ab, (1-a)(1-b)). In the second case let H_b(v) >= R, v <= 1/2, and v < f = min(a, 1 - b) (the least of a, 1-a, b,
1-b). Then R < 1; the largest atom m of the merged T has -log m <= H(T) < 1 bit, so m > 1/2, and H_b(m) <= H(T) <= H_b(v),
so m >= 1 - v. It is not s <= a < 1 - v nor r <= 1 - b < 1 - v, so it is p, and s + r <= v: delta <= M v/(1 - v). If v >= f
instead, M v/(1 - v) >= a(1-b) anyway (at f = a: M >= (1-a)(1-b); at f = 1 - b: M >= ab). So for every v <= 1/2 with H_b(v)
>= R, or v = 1/2,

    delta <= min(a (1 - b), M v/(1 - v)),

and the same with Y flipped bounds -delta.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from rdcsym.problem import Units
from solvers.certificate import CertificateError
from solvers.precision import working_precision

BASE_PRECISION: Final = 160  # bits; the exponents of small masses add to it
_HALF: Final = Fraction(1, 2)

Ball = Any  # python-flint carries no types


def information(
    q_X: float,
    q_Y: float,
    rate: float,
    units: Units,
    masses: Sequence[Fraction],
    source: Sequence[Fraction],
    output: Sequence[Fraction],
) -> float:
    """I(X;Y) of the coupling, rounded down, in `units`. masses: P(T=t); source, output: P(X=1|T=t), P(Y=1|T=t).

    Raises CertificateError where a witness is no law, misses a marginal, or is not proved to have H(T) <= rate.
    """
    if not len(masses) == len(source) == len(output):
        raise CertificateError(f"witness: {len(masses)} masses, {len(source)} and {len(output)} conditionals")
    if min(masses, default=Fraction(0)) <= 0 or sum(masses) != 1:
        raise CertificateError(f"witness masses = {masses}: are no law without empty atoms")
    a, b = Fraction(q_X), Fraction(q_Y)
    for name, row, wanted in (("source", source, a), ("output", output, b)):
        if not all(0 <= x <= 1 for x in row):
            raise CertificateError(f"witness {name} = {row}: are no probabilities")
        if sum((p * x for p, x in zip(masses, row, strict=True)), Fraction(0)) != wanted:
            raise CertificateError(f"witness {name}: its mean is not {wanted}")
    if not meets(masses, rate, units):
        raise CertificateError(f"witness masses: H(T) is not proved to be at most {rate} {units}")
    delta = sum((p * x * y for p, x, y in zip(masses, source, output, strict=True)), Fraction(0)) - a * b
    return max(0.0, -_up(-_information(a, b, delta, units)))


def meets(masses: Sequence[Fraction], rate: float, units: Units) -> bool:
    """Whether H(T) <= rate for certain."""
    if len(masses) == 1:
        return rate >= 0
    with working_precision(_precision(*masses)):
        if _nats(rate, units) >= arb(len(masses)).log() or (units == "bits" and len(masses) == 2 and rate >= 1):
            return True  # the uniform law's entropy, where no ball could tell equality
        return bool(_entropy(masses) <= _nats(rate, units))


def bound(q_X: float, q_Y: float, rate: float, units: Units, largest: Fraction) -> float:
    """The upper bound on I(X;Y), rounded up, in `units`, that v = `largest` proves.

    Raises CertificateError where H_b(v) >= R is not proved.
    """
    if not 0 <= largest <= _HALF:
        raise CertificateError(f"witness largest = {largest}: must be in [0, 1/2]")
    if largest < _HALF and not (largest == rate == 0) and not _covers(largest, rate, units):
        raise CertificateError(f"witness largest = {largest}: its entropy is not proved to be at least {rate} {units}")
    a, b = Fraction(q_X), Fraction(q_Y)
    ratio = largest / (1 - largest)
    above = min(a * (1 - b), b * (1 - a), max(a * b, (1 - a) * (1 - b)) * ratio)
    below = min(a * b, (1 - a) * (1 - b), max(a * (1 - b), b * (1 - a)) * ratio)
    return max(0.0, *(_up(_information(a, b, delta, units)) for delta in (above, -below)))


def _covers(largest: Fraction, rate: float, units: Units) -> bool:
    if largest == 0:
        return False
    with working_precision(_precision(largest)):
        return bool(_entropy((largest, 1 - largest)) >= _nats(rate, units))


def _entropy(masses: Sequence[Fraction]) -> Ball:
    return sum((-arb(_exact(p)) * arb(_exact(p)).log() for p in masses), arb(0))


def _information(a: Fraction, b: Fraction, delta: Fraction, units: Units) -> Ball:
    """I(X;Y) at Cov(X, Y) = delta, a ball in `units`; an empty cell adds nothing."""
    if delta == 0:
        return arb(0)
    with working_precision(_precision(a, b, delta, 1 - a, 1 - b)):
        total = arb(0)
        for x, y, sign in ((a, b, 1), (1 - a, 1 - b, 1), (a, 1 - b, -1), (1 - a, b, -1)):
            mass = x * y + sign * delta
            if mass:
                total += arb(_exact(mass)) * arb(_exact(mass / (x * y))).log()
        return total / arb.const_log2() if units == "bits" else total


def _precision(*numbers: Fraction) -> int:
    """Bits enough for what differences of numbers this small cancel."""
    return BASE_PRECISION + 4 * sum(max(0, x.denominator.bit_length() - abs(x.numerator).bit_length()) for x in numbers)


def _nats(rate: float, units: Units) -> Ball:
    if rate == math.inf:
        return arb("inf")
    return arb(_exact(Fraction(rate))) * arb.const_log2() if units == "bits" else arb(_exact(Fraction(rate)))


def _exact(x: Fraction) -> Any:
    return fmpq(x.numerator, x.denominator)


def _up(x: Ball) -> float:
    """A double at least as large as the ball's upper end; inf for a ball that is not finite."""
    if not x.is_finite():
        return math.inf
    high = float(x.upper())
    return high if math.isinf(high) or arb(_exact(Fraction(high))) >= x else math.nextafter(high, math.inf)
