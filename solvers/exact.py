"""Arithmetic of the trusted kernel: exact rationals, enclosures of entropies, rounding outward. python-flint only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.precision import working_precision

BALL_BITS: Final = 256
"""Working precision of balls; the plans and potentials that they carry have 53 bits."""


@contextmanager
def precision() -> Iterator[None]:
    with working_precision(BALL_BITS):
        yield


@dataclass(frozen=True)
class Enclosure:
    """A real number known to lie in [low, high], both exact rationals."""

    low: fmpq
    high: fmpq

    def ball(self) -> arb:
        return arb(self.low).union(arb(self.high))


def rational(x: float | Fraction) -> fmpq:
    """The exact value of a finite float or fraction."""
    numerator, denominator = x.as_integer_ratio()
    return fmpq(numerator, denominator)


def normalised(masses: Iterable[float]) -> list[fmpq]:
    """Masses as rationals, divided by their exact sum."""
    exact = [rational(float(x)) for x in masses]
    total = sum(exact, fmpq(0))
    return [x / total for x in exact]


def ball_ends(x: arb) -> Enclosure:
    """A finite ball as rational ends."""
    return Enclosure(_dyadic(x.lower()), _dyadic(x.upper()))


def _dyadic(x: arb) -> fmpq:
    mantissa, exponent = x.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def log2_of(x: fmpq) -> Enclosure:
    """log2 of a positive rational; exact where it is a whole number, so that dyadic boundaries are met exactly."""
    for whole, sign, other in ((x.p, 1, x.q), (x.q, -1, x.p)):
        n = int(whole)
        if int(other) == 1 and n & (n - 1) == 0:
            exact = fmpq(sign * (n.bit_length() - 1))
            return Enclosure(exact, exact)
    return ball_ends(arb(x).log() / arb.const_log2())


def surprise(x: fmpq) -> Enclosure:
    """-x log2 x for a mass x in [0, 1]."""
    if x == 0:
        return Enclosure(fmpq(0), fmpq(0))
    log = log2_of(x)
    return Enclosure(-x * log.high, -x * log.low)


def entropy_bits(masses: Iterable[fmpq]) -> Enclosure:
    """Enclosure of -sum x log2 x."""
    terms = [surprise(x) for x in masses]
    return Enclosure(sum((t.low for t in terms), fmpq(0)), sum((t.high for t in terms), fmpq(0)))


def conditional_entropy_bits(parts: Iterable[Sequence[fmpq]]) -> Enclosure:
    """Enclosure of sum over parts of P(A) H(S|A), a part being its masses P(s, A); exact where posteriors are dyadic."""
    low = high = fmpq(0)
    for masses in parts:
        total = sum(masses, fmpq(0))
        if total > 0:
            own = entropy_bits(x / total for x in masses)
            low, high = low + total * own.low, high + total * own.high
    return Enclosure(low, high)


def in_bits(budget: float, units: str) -> Enclosure:
    """A finite budget, given in `units`, as bits."""
    exact = rational(budget)
    return Enclosure(exact, exact) if units == "bits" else ball_ends(arb(exact) / arb.const_log2())


def down(x: Any) -> float:
    """The greatest float found at or below a ball or rational: a float that is certainly not above it."""
    return _outward(x, -math.inf)


def up(x: Any) -> float:
    """A float that is certainly not below a ball or rational."""
    return _outward(x, math.inf)


def _outward(x: Any, towards: float) -> float:
    if isinstance(x, arb):
        if not x.is_finite():
            return towards
        ends = ball_ends(x)
        x = ends.low if towards < 0 else ends.high
    try:
        y = int(x.p) / int(x.q)
    except OverflowError:
        return towards if (x > 0) == (towards > 0) else math.copysign(1.7976931348623157e308, float(x > 0) - 0.5)
    inside = rational(y) <= x if towards < 0 else rational(y) >= x
    return y if inside else math.nextafter(y, towards)


def matrix(values: FloatArray) -> list[list[fmpq]]:
    """A finite float matrix as exact rationals."""
    return [[rational(float(x)) for x in row] for row in values]
