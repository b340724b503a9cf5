"""The rate of entropy-coded dithered quantization of a Gaussian source (Ziv 1985; Zamir and Feder 1992, 1996), certified.

The scalar quantizer's rate is an integral, h(aX + N) - h(N); a Gauss-Legendre sum finds it, `dithered_checker` proves the
interval around it by a rigorous integral. For other lattices the interval runs from Shannon's rate to the maximum-entropy bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

import numpy as np
from scipy.special import erfc, xlogy

from rdcsym.problem import NATS_PER_BIT, FloatArray, Units, check_interval, check_units
from solvers import dithered_checker
from solvers.certificate import CertificateError

CUT: Final = 9.0  # deviations beyond the cell's edge; what lies further is below 1e-17
NODES: Final = 160
_LEAST_EDGE: Final = 0.1741  # of d just above dithered_checker.SMALL, below which no integral is needed
MARGIN: Final = 1e-11  # of the claimed interval to either side of the sum, nats, relative to max(1, rate)
LEAST_SECOND_MOMENT: Final = 0.05854983152431916  # 1/(2 pi e), of a ball in many dimensions; no lattice has less


@dataclass(frozen=True, kw_only=True)
class DitheredCertificate:
    """lower <= rate of the dithered quantizer <= upper, in `units`. `cut` says how far the checker carries its integral."""

    distortion: float
    sigma_X: float
    second_moment: float
    units: Units
    lower: float
    upper: float
    cut: float

    def verify(self) -> bool:
        """Prove both ends from the raw data; True, or raises CertificateError with the end that fails."""
        low, high = dithered_checker.ends(self.distortion, self.sigma_X, self.second_moment, self.units, self.cut)
        if not 0 <= self.lower <= low:
            raise CertificateError(f"lower = {self.lower}: proved is only {low}")
        if not self.upper >= high:
            raise CertificateError(f"upper = {self.upper}: proved is only {high}")
        return True


def dithered_rate(distortion: float, sigma_X: float, second_moment: float = 1 / 12, units: Units = "bits") -> DitheredCertificate:
    """The mean rate of a dithered lattice quantizer with Wiener scaling, for X ~ N(mu, sigma_X^2) at squared error `distortion`.

    second_moment: the normalised second moment G of the lattice, in [1/(2 pi e), 1/12]; 1/12 is the scalar quantizer, whose rate
    is enclosed; for another G an interval that holds for every lattice with it. 0 for distortion >= sigma_X^2; inf at 0.
    Raises InputError for a negative distortion or deviation, a G out of its range or an unknown unit.
    """
    check_units(units)
    distortion = float(check_interval("distortion", distortion, 0, math.inf))
    sigma_X = float(check_interval("sigma_X", sigma_X, 0, math.nextafter(math.inf, 0)))
    second_moment = float(check_interval("second_moment", second_moment, LEAST_SECOND_MOMENT, 1 / 12))
    k = _edge(distortion, sigma_X)
    if dithered_checker.is_scalar(second_moment) and _LEAST_EDGE < k < math.inf:
        nats = _scalar_rate(k)
        margin = MARGIN * max(1.0, nats)
        unit = NATS_PER_BIT if units == "bits" else 1.0
        lower, upper = max(0.0, nats - margin) / unit, (nats + margin) / unit
    else:
        lower, upper = dithered_checker.ends(distortion, sigma_X, second_moment, units, CUT)
    return DitheredCertificate(
        distortion=distortion, sigma_X=sigma_X, second_moment=second_moment, units=units, lower=lower, upper=upper, cut=CUT
    )


def _edge(distortion: float, sigma_X: float) -> float:
    """k = sqrt(3 D / (sigma^2 - D)), half the cell in deviations of the scaled source; inf where D >= sigma^2."""
    if distortion == math.inf:
        return math.inf
    D, variance = Fraction(distortion), Fraction(sigma_X) ** 2
    return math.sqrt(3 * D / (variance - D)) if D < variance else math.inf


def _scalar_rate(k: float) -> float:
    """h(aX + N) - h(N) in nats for N uniform, by quadrature over the distance from the cell's edge."""
    low = -min(k, CUT)
    x, weight = _nodes()
    u = (CUT + low) / 2 + (CUT - low) / 2 * x
    p = (erfc(u / math.sqrt(2)) - erfc((u + 2 * k) / math.sqrt(2))) / 2
    return float(-(weight * xlogy(p, p)).sum() * (CUT - low) / 2 / k)


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on [-1, 1]."""
    x, weight = np.polynomial.legendre.leggauss(NODES)
    return x, weight
