"""Single-domain rate-distortion-classification of a binary source with a symmetric label channel, certified.

R(D, C) = min I(X;Y) over channels with Hamming distortion at most D and H(S|Y) <= C, the law of Y free; X ~ Bern(q_X),
S = X xor S1. The search finds in high precision the crossover of the backward channel that both budgets allow, and multipliers;
`binary_label_checker` proves both ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

import mpmath

from rdcsym.precision import working_digits
from rdcsym.problem import InputError, Units, check_interval, check_units
from solvers import binary_label_checker as checker
from solvers.certificate import CertificateError

DIGITS: Final = 60
BISECTIONS: Final = 220
SMALLEST: Final = -760.0  # exp of it is below the least positive double
HAIR: Final = Fraction(1, 2**150)  # relative; what a channel on the edge of a budget gives up to be provably within it
TOLERANCE: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class BinaryLabelCertificate:
    """lower <= R(D, C) <= upper in `units`, with its witnesses; lower = upper = inf where no channel meets the budgets."""

    q_X: float
    q_S1: float
    distortion: float
    classification: float
    units: Units
    lower: float
    upper: float
    witnesses: checker.LabelWitnesses = field(repr=False)

    @property
    def status(self) -> Literal["certified", "infeasible", "gap"]:
        if self.lower == math.inf:
            return "infeasible"
        return "certified" if self.upper - self.lower <= TOLERANCE * self.upper + 1e-15 else "gap"

    def verify(self) -> bool:
        """Prove both ends again from the witnesses; True, or raises CertificateError naming what failed."""
        about = (self.q_X, self.q_S1, self.distortion, self.classification, self.units)
        lower, upper = checker.ends(*about, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the multipliers prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the channel proves {upper}")
        return True


def binary_label(
    q_X: float, q_S1: float, distortion: float, classification: float, units: Units = "bits"
) -> BinaryLabelCertificate:
    """Certified R(D, C) of X ~ Bern(q_X), S = X xor Bern(q_S1), Hamming distortion, output law free; see the module.

    distortion and classification: numbers of at least 0, inf for no constraint; the rate and the loss are in `units`.
    Raises InputError on bad input.
    """
    check_units(units)
    q, n = _number("q_X", q_X, 1.0), _number("q_S1", q_S1, 1.0)
    D, C = _number("distortion", distortion, math.inf), _number("classification", classification, math.inf)
    witnesses = _witnesses(q, n, D, C, units)
    lower, upper = checker.ends(q, n, D, C, units, witnesses)
    return BinaryLabelCertificate(
        q_X=q, q_S1=n, distortion=D, classification=C, units=units, lower=lower, upper=max(lower, upper), witnesses=witnesses
    )


def _number(name: str, value: Any, high: float) -> float:
    array = check_interval(name, value, 0.0, high)
    if array.ndim:
        raise InputError(name, value, "must be one number", "solve one point at a time")
    return float(array)


def _witnesses(q_X: float, q_S1: float, D: float, C: float, units: Units) -> checker.LabelWitnesses:
    constant = checker.LabelWitnesses(None, None)
    if checker.infeasible(q_S1, C, units) or checker.ends(q_X, q_S1, D, C, units, constant)[1] == 0:
        return constant
    q, n = (min(Fraction(x), 1 - Fraction(x)) for x in (q_X, q_S1))
    with working_digits(DIGITS):
        heard = _crossover(n, mpmath.mpf(C) * (mpmath.log(2) if units == "bits" else 1))
        if heard is None or D <= heard:
            crossover = min(Fraction(D), q)
            dual = None if D == 0 else (Fraction(0), _fraction(_log_odds(_real(crossover))), crossover)
        else:
            crossover = min(heard, q)
            dual = None if heard == 0 else (_price(n, crossover), Fraction(0), crossover)
    for given_up in (Fraction(0), HAIR, 2**20 * HAIR, 2**60 * HAIR, Fraction(1)):
        found = checker.LabelWitnesses(crossover * (1 - given_up), dual)
        if checker.ends(q_X, q_S1, D, C, units, found)[1] < math.inf:
            break
    return found


def _crossover(n: Fraction, loss: Any) -> Fraction | None:
    """The largest c in [0, 1/2] with h(n + (1-2n) c) <= loss (nats); None where every c is."""
    noise = _real(n)
    if loss >= mpmath.log(2) or n == Fraction(1, 2):
        return None
    low, high = mpmath.mpf(SMALLEST), mpmath.log(mpmath.mpf(1) / 2)

    def heard(log_c: Any) -> Any:
        return _entropy(noise + (1 - 2 * noise) * mpmath.exp(log_c))

    if heard(low) > loss:
        return Fraction(0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if heard(middle) <= loss else (low, middle)
    return _fraction(mpmath.exp(low))


def _price(n: Fraction, c: Fraction) -> Fraction:
    """beta with phi'(c) = 0: what a unit of classification loss is worth in rate at crossover c."""
    noise, t = _real(n), _real(c)
    heard = noise + (1 - 2 * noise) * t
    return _fraction(_log_odds(t) / ((1 - 2 * noise) * _log_odds(heard))) if n else Fraction(1)


def _entropy(x: Any) -> Any:
    return sum((-m * mpmath.log(m) for m in (x, 1 - x) if m > 0), mpmath.mpf(0))


def _log_odds(x: Any) -> Any:
    return mpmath.log((1 - x) / x)


def _real(x: Fraction) -> Any:
    return mpmath.mpf(x.numerator) / x.denominator


def _fraction(x: Any) -> Fraction:
    mantissa, exponent = int(x.man), int(x.exp)
    return Fraction(mantissa * 2**exponent) if exponent >= 0 else Fraction(mantissa, 2**-exponent)
