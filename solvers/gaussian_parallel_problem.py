"""Parallel Gaussian components with squared error, and the witnesses that certify a value: data shared by search and checker.

X_1, ..., X_n are independent Gaussians with deviations sigma_X; S_i is a label of unit variance, jointly Gaussian with X_i
with correlation kappa_i, the pairs independent, and S -- X -- Y. Every float stands for the rational number it is; amounts of
information are in `units`, everything else in the units of X (squared, for a distortion or a W2^2 ball).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from rdcsym.problem import InputError, Units, check_array, check_interval, check_units

# Squares of larger scales overflow a double, and every answer is a double.
LARGEST_SCALE: Final = 1e150


@dataclass(frozen=True, kw_only=True)
class GaussianParallelProblem:
    """Least distortion (`rate` given) or least rate (`distortion` given), for given or free deviations of Y.

    sigma_X, sigma_Y, kappa: n numbers each, stored as tuples. sigma_Y None means that the output law is free, or free inside the
    ball W2^2(p_X, p_Y) <= perception. mean_gap: Euclidean norm of the difference of the two given means.
    classification: the budget of sum_i h(S_i|Y_i). Raises InputError on construction where an argument makes no sense.
    """

    rate: float | None = None
    distortion: float | None = None
    classification: float | None = None
    perception: float | None = None
    sigma_X: tuple[float, ...]
    sigma_Y: tuple[float, ...] | None = None
    kappa: tuple[float, ...] | None = None
    mean_gap: float = 0.0
    units: Units = "bits"

    def __post_init__(self) -> None:
        check_units(self.units)
        for name, (low, high) in _RANGES.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _number(name, getattr(self, name), low, high))
        for name, (low, high) in _VECTORS.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _vector(name, getattr(self, name), low, high))
        _check_combination(self)

    @property
    def value(self) -> Literal["distortion", "rate"]:
        return "rate" if self.rate is None else "distortion"

    @property
    def components(self) -> int:
        return len(self.sigma_X)

    @property
    def given(self) -> tuple[float, ...] | None:
        """Deviations of Y where they are fixed: as given, or those of X where the ball has radius 0."""
        return self.sigma_X if self.sigma_Y is None and self.perception == 0 else self.sigma_Y

    @property
    def live(self) -> tuple[bool, ...]:
        """Whether a component can carry information: neither X_i nor a given Y_i is a constant."""
        tau = self.given or (1.0,) * self.components
        return tuple(s > 0 and t > 0 for s, t in zip(self.sigma_X, tau, strict=True))

    @property
    def squared_kappa(self) -> tuple[Fraction, ...]:
        """Squared label correlations, exact; 0 without labels and for components that carry no information."""
        kappa = self.kappa or (0.0,) * self.components
        return tuple(Fraction(k) ** 2 if alive else Fraction(0) for k, alive in zip(kappa, self.live, strict=True))

    @property
    def scale(self) -> float:
        """What a distortion's gap is held against: sum of sigma_X^2 and sigma_Y^2, and mean_gap^2."""
        return math.fsum([s * s for s in self.sigma_X] + [t * t for t in self.sigma_Y or ()] + [self.mean_gap**2])


@dataclass(frozen=True, kw_only=True)
class Multipliers:
    """Dual witness: multipliers (all >= 0) of the distortion, the rate, the label information and the ball, and n tangent points.

    The Lagrangian of component i is `distortion` cost_i + `rate` R_i - (`rate` - `margin`) I_i(R_i), in nats, with the cost at
    the best sigma_Y where the law is free (`perception` is the ball's multiplier, relative to the distortion's). It is convex
    in R_i, so its tangent at `tangents[i]` (nats) bounds it below. The label information's multiplier is given by its distance
    to the rate's, since at a component that shows its label fully (kappa = +-1) only their difference counts.
    """

    distortion: float
    rate: float
    margin: float
    perception: float
    tangents: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class GaussianParallelWitnesses:
    """What a certificate rests on.

    rates: R_i in nats of n Gaussian channels (inf: Y_i an affine function of X_i), None where none was found; shrinks: for a free
    law, sigma_Y_i = sigma_X_i (1 - shrink_i). dual: None for the transport bound alone (least rate: for 0).
    """

    rates: tuple[float, ...] | None
    shrinks: tuple[float, ...] | None = None
    dual: Multipliers | None = None


_RANGES: Final[dict[str, tuple[float, float]]] = {
    "rate": (0.0, math.inf),
    "distortion": (0.0, math.inf),
    "classification": (-math.inf, math.inf),
    "perception": (0.0, math.inf),
    "mean_gap": (-LARGEST_SCALE, LARGEST_SCALE),
}
_VECTORS: Final[dict[str, tuple[float, float]]] = {
    "sigma_X": (0.0, LARGEST_SCALE),
    "sigma_Y": (0.0, LARGEST_SCALE),
    "kappa": (-1.0, 1.0),
}


def _number(name: str, value: Any, low: float, high: float) -> float:
    array = check_interval(name, value, low, high)
    if array.ndim:
        raise InputError(name, f"array of shape {array.shape}", "must be one number", "solve one point at a time")
    return float(array)


def _vector(name: str, value: Any, low: float, high: float) -> tuple[float, ...]:
    array = check_array(name, value)
    array = array.reshape(1) if array.ndim == 0 else array
    if array.ndim != 1 or not array.size:
        raise InputError(name, f"array of shape {array.shape}", "is no vector", "give one number a component")
    return tuple(check_interval(name, array, low, high).tolist())


def _check_combination(p: GaussianParallelProblem) -> None:
    if (p.rate is None) == (p.distortion is None):
        given = {"rate": p.rate, "distortion": p.distortion}
        raise InputError("rate, distortion", str(given), "exactly one must be given", "give the budget, leave the other None")
    for name in ("sigma_Y", "kappa"):
        vector = getattr(p, name)
        if vector is not None and len(vector) != p.components:
            fix = f"give one number for each of the {p.components} components of sigma_X"
            raise InputError(name, vector, f"has {len(vector)} components", fix)
    if p.sigma_Y is not None and p.perception is not None:
        raise InputError("perception", p.perception, "constrains an output law that is given", "leave out sigma_Y or perception")
    if p.sigma_Y is None and p.mean_gap:
        raise InputError("mean_gap", p.mean_gap, "is given without sigma_Y", "give sigma_Y too; a free law has the mean of X")
    if p.classification is not None and p.kappa is None:
        raise InputError("kappa", None, "is missing beside classification", "give the correlation of each X_i with its label")
