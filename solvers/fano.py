"""Least error probability of a classifier that is left with a given classification loss, certified.

Over all laws of a label S with M values and an observation Y with H(S|Y) >= C, minimise the error of the best guess. The search
finds the root of the entropy of (1 - e, e/(M-1), ...) in high precision; `fano_checker` proves both ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import mpmath

from rdcsym.precision import working_digits
from rdcsym.problem import InputError, Units, check_array, check_interval, check_units
from solvers import fano_checker
from solvers.certificate import CertificateError

DIGITS: Final = 50
BISECTIONS: Final = 220
HAIR: Final = 1e-12  # the tangent at the uniform law says nothing; this far below it, it says all but as much
TINY: Final = 1e-300


@dataclass(frozen=True, kw_only=True)
class FanoCertificate:
    """lower <= least error probability <= upper; the upper end is an attained error, `reference` (t_2) proves the lower end."""

    loss: float
    units: Units
    labels: int
    lower: float
    upper: float
    reference: float

    @property
    def status(self) -> str:
        return "infeasible" if self.lower == math.inf else "certified"

    def verify(self) -> bool:
        """Check both ends from the raw data; True, or raises CertificateError with the end that fails."""
        about = (self.loss, self.units, self.labels)
        if self.lower == math.inf == self.upper:
            if not fano_checker.infeasible(*about):
                raise CertificateError(f"lower = inf: H(S|Y) >= {self.loss} {self.units} is possible with {self.labels} labels")
            return True
        if not 0 <= self.lower <= max(0.0, fano_checker.bound(*about, self.reference)):
            raise CertificateError(f"lower = {self.lower}: the reference law with t_2 = {self.reference} does not prove it")
        if not (self.upper >= self.lower and fano_checker.attains(*about, self.upper)):
            raise CertificateError(f"upper = {self.upper}: no posterior with that error has the entropy")
        return True


def least_error(loss: float, labels: int, units: Units = "bits") -> FanoCertificate:
    """The least error probability at classification loss H(S|Y) = `loss` with `labels` values of S.

    Raises InputError for a negative loss, fewer than two labels or an unknown unit. A loss above log M is infeasible: inf.
    """
    check_units(units)
    loss = float(check_interval("loss", loss, 0, math.inf, unit=units))
    count = float(check_array("labels", labels))
    if not (count.is_integer() and count >= 2):
        raise InputError("labels", labels, "is no number of labels", "give a whole number of at least 2")
    labels = int(count)
    if fano_checker.infeasible(loss, units, labels):
        return FanoCertificate(loss=loss, units=units, labels=labels, lower=math.inf, upper=math.inf, reference=0.0)
    root = _root(loss, units, labels)
    upper, step = root, max(root * 2.0**-52, TINY)
    while not fano_checker.attains(loss, units, labels, upper):
        upper, step = upper + step, 4 * step
    reference = min(max(root, TINY), (1 - 1 / labels) * (1 - HAIR)) / (labels - 1)
    lower = min(fano_checker.bound(loss, units, labels, reference), upper)
    return FanoCertificate(loss=loss, units=units, labels=labels, lower=lower, upper=upper, reference=reference)


def _root(loss: float, units: Units, labels: int) -> float:
    """The error at which the entropy is the loss: rising from 0 to log M, where float64 would lose half of the root's digits."""
    if loss == 0:
        return 0.0
    with working_digits(DIGITS):
        wanted = mpmath.mpf(loss) * (mpmath.log(2) if units == "bits" else 1)
        low, high = mpmath.mpf(0), 1 - 1 / mpmath.mpf(labels)
        for _ in range(BISECTIONS):
            e = (low + high) / 2
            entropy = -(1 - e) * mpmath.log(1 - e) - e * mpmath.log(e / (labels - 1))
            low, high = (e, high) if entropy < wanted else (low, e)
        return float(high)
