"""The checker of dithered-quantization certificates: the rate in ball arithmetic, rounded outward. Shares no code with the
search.

X ~ N(mu, sigma^2) is scaled by a, a^2 = 1 - d with d = D/sigma^2, quantized with subtractive dither on a lattice of
normalised second moment G whose cell has second moment D a dimension, and scaled by a again. The mean rate, given the
dither, is h(aX + N) - h(N) for N uniform on the cell (Zamir and Feder 1992, Theorem 1; cited).

**Any lattice.** h(aX + N) <= 1/2 log(2 pi e sigma^2), since the Gaussian has the largest entropy at a variance, and the
rate is at least Shannon's 1/2 log(1/d).

**The scalar quantizer, G = 1/12.** N is uniform on an interval of length 2c, c^2 = 3 D. With k = c/(a sigma) = sqrt(3d/(1 -
d)), Q(u) = P(N(0,1) > u), p(u) = Q(u) - Q(u + 2k) and eta(p) = -p log p the rate is

    (1/k) times the integral of eta(p(u)) over u >= -k

(u is the distance from the cell's edge in units of a sigma; the other half is its mirror image). It is enclosed by
`acb.integral` between -min(k, L) and L. Beyond L >= 1: p <= Q(u) <= phi(u) < 1/e, so eta(p) <= phi(u) (u^2/2 + 1/2 log 2
pi), whose integral is (L phi(L) + Q(L))/2 + 1/2 log(2 pi) Q(L). Below -L, where k > L: eta(p) <= 1 - p <= 2 Q(|u|), whose
integral is 2 (phi(L) - L Q(L)).

**Small d.** The density f of (aX + N)/sigma against the standard Gaussian g has KL(f || g) <= chi^2(f || g) = sum_{n >= 1}
d^n (E He_n(W))^2/n!, W uniform with unit variance. The terms n = 1, 2, 3 and all odd ones vanish, that of n = 4 is (6/5)^2
d^4/24, and by Cramer's inequality |He_n(x)| <= 1.0865 sqrt(n!) exp(x^2/4) (Abramowitz and Stegun 22.14.17; cited) the
others are at most 1.181 exp(3/2) d^n each, n = 6, 8, .... So the rate is at least 1/2 log(2 pi e/(12 d)) less that sum.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final

from flint import acb, arb, fmpq

from rdcsym.problem import Units
from solvers.certificate import CertificateError
from solvers.precision import working_precision

PRECISION: Final = 96  # bits
TOLERANCE_BITS: Final = 44  # of the integral, relative
SMALL: Final = fmpq(1, 100)  # d below which the chi-square bound is narrower than 1e-9
_BESIDE_SCALAR: Final = 1e-15  # no float is 1/12: those as close as this stand for it
_CRAMER: Final = fmpq(1181, 1000)  # 1.0865^2 < 1.181

Ball = Any  # python-flint carries no types


def ends(distortion: float, sigma_X: float, second_moment: float, units: Units, cut: float) -> tuple[float, float]:
    """(lower, upper) for the rate, in `units`; (inf, inf) at D = 0 < sigma_X, (0, 0) for D >= sigma_X^2.

    cut: how far L the integral is carried beyond the cell's edges. Raises CertificateError for a cut that proves nothing.
    """
    if not 1 <= cut < math.inf:
        raise CertificateError(f"witness cut = {cut}: must be at least 1 and finite")
    D, variance = _rational(distortion), _rational(sigma_X) ** 2
    if distortion == math.inf or D >= variance:
        return 0.0, 0.0
    if D == 0:
        return math.inf, math.inf
    d = D / variance
    with working_precision(PRECISION):
        shannon = -arb(d).log() / 2
        gaussian = shannon + (2 * arb.pi() * arb(1).exp() * _moment(second_moment)).log() / 2
        if not is_scalar(second_moment):
            low, high = shannon, gaussian
        elif d < SMALL:
            low, high = gaussian - _chi_square(d), gaussian
        else:
            low = high = _scalar_rate(d, cut)
        nats = arb.const_log2() if units == "bits" else arb(1)
        lower = max(0.0, -_up(-(low / nats)))
        return lower, max(lower, _up(high / nats))


def is_scalar(second_moment: float) -> bool:
    """Whether G is that of an interval."""
    return abs(second_moment - 1 / 12) <= _BESIDE_SCALAR


def _moment(second_moment: float) -> Ball:
    """G as a ball: 1/12 for the floats beside it, at least 1/(2 pi e) (the limit of good lattices)."""
    least = 1 / (2 * arb.pi() * arb(1).exp())
    given = fmpq(1, 12) if is_scalar(second_moment) else _rational(second_moment)
    return arb(given).max(least)


def _scalar_rate(d: Any, cut: float) -> Ball:
    """The rate of the scalar quantizer in nats, a ball."""
    k, far = (3 * arb(d) / (1 - arb(d))).sqrt(), arb(cut)
    root, twice = acb(2).sqrt(), 2 * acb(k)

    def tail(u: Ball) -> Ball:
        return (u / root).erfc() / 2

    def entropy(u: Ball, analytic: bool) -> Ball:
        p = tail(u) - tail(u + twice)
        return -p * p.log(analytic)

    below = far < k
    start, relative = acb(-far if below else -k), arb(2) ** -TOLERANCE_BITS
    inside = acb.integral(entropy, start, acb(far), rel_tol=relative, abs_tol=relative * k.min(arb(1))).real
    density, mass = (-far * far / 2).exp() / (2 * arb.pi()).sqrt(), tail(acb(far)).real
    outside = (far * density + mass) / 2 + (2 * arb.pi()).log() / 2 * mass
    if not k < far:
        outside += 2 * (density - far * mass)
    return (inside + outside * arb(0.5, 0.5)) / k


def _chi_square(d: Any) -> Ball:
    """An upper bound on KL(f || g) in nats, f the density of the dithered output and g the Gaussian of its variance."""
    fourth = fmpq(36, 25) * d**4 / 24
    return arb(fourth) + arb(_CRAMER * d**6 / (1 - d * d)) * arb(fmpq(3, 2)).exp()


def _rational(x: float) -> Any:
    return fmpq(*Fraction(x).as_integer_ratio()) if math.isfinite(x) else fmpq(0)


def _up(x: Ball) -> float:
    """A double at least as large as the ball's upper end; inf for a ball that is not finite."""
    if not x.is_finite():
        return math.inf
    high = float(x.upper())
    return high if math.isinf(high) or arb(_rational(high)) >= x else math.nextafter(high, math.inf)
