"""Minimum-entropy coupling of two bits through a bottleneck, certified (Ebrahimi, Chen and Khisti 2024 pose the problem).

Given X ~ Bern(q_X), Y ~ Bern(q_Y) and a rate R, the largest I(X;Y) over X - T - Y with H(T) <= R, encoder and decoder stochastic.
The search tries bottlenecks of two atoms; `mec_checker` prices the best one and proves an upper bound for every T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

import mpmath

from rdcsym.precision import working_digits
from rdcsym.problem import Units, check_interval, check_units
from solvers import mec_checker
from solvers.certificate import CertificateError

DIGITS: Final = 50
BISECTIONS: Final = 130
TOLERANCE: Final = 1e-9  # relative gap up to which an interval is "certified"
FLOOR: Final = 1e-15  # smaller gaps count as none


@dataclass(frozen=True, kw_only=True)
class BottleneckCertificate:
    """lower <= largest I(X;Y) <= upper, in `units`, with the bottleneck that attains the lower end.

    masses: P(T=t); source, output: P(X=1|T=t), P(Y=1|T=t); all exact. largest: a v <= 1/2 with H_b(v) >= rate, or 1/2: it
    proves the upper end.
    """

    q_X: float
    q_Y: float
    rate: float
    units: Units
    lower: float
    upper: float
    masses: tuple[Fraction, ...]
    source: tuple[Fraction, ...]
    output: tuple[Fraction, ...]
    largest: Fraction

    @property
    def status(self) -> Literal["certified", "gap"]:
        return "certified" if self.upper - self.lower <= TOLERANCE * self.upper + FLOOR else "gap"

    def verify(self) -> bool:
        """Check both ends from the raw data; True, or raises CertificateError with the end that fails."""
        about = (self.q_X, self.q_Y, self.rate, self.units)
        if not 0 <= self.lower <= mec_checker.information(*about, self.masses, self.source, self.output):
            raise CertificateError(f"lower = {self.lower}: the bottleneck does not attain it")
        if not self.upper >= max(self.lower, mec_checker.bound(*about, self.largest)):
            raise CertificateError(f"upper = {self.upper}: is not proved by v = {float(self.largest)}")
        return True


def coupling_with_bottleneck(q_X: float, q_Y: float, rate: float, units: Units = "bits") -> BottleneckCertificate:
    """The largest I(X;Y) over X - T - Y with H(T) <= rate and the marginals P(X=1) = q_X, P(Y=1) = q_Y.

    Raises InputError for a probability outside [0, 1], a negative rate or an unknown unit.
    """
    check_units(units)
    q_X, q_Y = (float(check_interval(name, q, 0, 1)) for name, q in (("q_X", q_X), ("q_Y", q_Y)))
    rate = float(check_interval("rate", rate, 0, math.inf, unit=units))
    a, b = Fraction(q_X), Fraction(q_Y)
    below, above = _entropy_root(rate, units)
    least = min(a, 1 - a, b, 1 - b)
    full = least == 0 or mec_checker.meets((least, 1 - least), rate, units)
    atom = least if full else min(least, below)
    about = (q_X, q_Y, rate, units)
    tried = []
    for opposed in (False, True):
        bottleneck = _bottleneck(atom, a, b, opposed)
        tried.append((mec_checker.information(*about, *bottleneck), bottleneck))
    lower, (masses, source, output) = max(tried, key=lambda pair: pair[0])
    return BottleneckCertificate(
        q_X=q_X, q_Y=q_Y, rate=rate, units=units, lower=lower, upper=max(lower, mec_checker.bound(*about, above)),
        masses=masses, source=source, output=output, largest=above,
    )  # fmt: skip


def _bottleneck(
    atom: Fraction, a: Fraction, b: Fraction, opposed: bool
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...], tuple[Fraction, ...]]:
    """T = 1 with probability `atom`, which pins X to its rarer value and Y to its rarer (opposed: its commoner) one."""
    if atom == 0:
        return (Fraction(1),), (a,), (b,)
    x, y = Fraction(a <= 1 - a), Fraction((b <= 1 - b) != opposed)
    rest = 1 - atom
    return (atom, rest), (x, (a - atom * x) / rest), (y, (b - atom * y) / rest)


def _entropy_root(rate: float, units: Units) -> tuple[Fraction, Fraction]:
    """Two numbers in [0, 1/2], close together, of entropy below and above the rate; both 1/2 from one bit on."""
    half = Fraction(1, 2)
    if rate == 0:
        return Fraction(0), Fraction(0)
    with working_digits(DIGITS):
        wanted = mpmath.mpf(rate) * (mpmath.log(2) if units == "bits" else 1)
        if wanted >= mpmath.log(2) or (units == "bits" and rate >= 1):
            return half, half

        def entropy(t: mpmath.mpf) -> mpmath.mpf:
            return -t * mpmath.log(t) - (1 - t) * mpmath.log1p(-t)

        low = high = mpmath.mpf(1) / 2
        while entropy(low) > wanted:
            low, high = low / 2, low
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if entropy(middle) <= wanted else (low, middle)
        # A hair outside, for the rounding of the entropies above.
        hair = mpmath.mpf(2) ** -120
        return _fraction(low * (1 - hair)), min(half, _fraction(high * (1 + hair)))


def _fraction(x: mpmath.mpf) -> Fraction:
    mantissa, exponent = x.man_exp
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
