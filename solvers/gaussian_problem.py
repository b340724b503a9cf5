"""The scalar Gaussian problem with squared error and the witnesses that certify its value: data shared by search and checker.

X ~ N(mu_X, sigma_X^2) and the label S are jointly Gaussian with covariance theta and S -- X -- Y is a Markov chain. Every float
stands for the rational number it is; amounts of information are in `units`, everything else in the units of X (squared, for a
distortion or a W2^2 ball).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Final, Literal

from rdcsym.problem import InputError, Units, check_interval, check_units

PerceptionKind = Literal["w2", "kl"]

# Squares of larger scales overflow a double, and every answer is a double.
LARGEST_SCALE: Final = 1e150
# theta = +-sigma_S sigma_X rarely survives rounding: a squared correlation above 1 by no more than this counts as 1.
CORRELATION_SLACK: Final = Fraction(1, 10**12)


@dataclass(frozen=True, kw_only=True)
class GaussianProblem:
    """Least distortion (`rate` given) or least rate (`distortion` given), for a given or a free law of Y.

    sigma_Y None means that the output law is free, or free inside the ball KL(p_Y || p_X) <= perception or W2^2 <= perception.
    Raises InputError on construction where an argument makes no sense.
    """

    rate: float | None = None
    distortion: float | None = None
    classification: float | None = None
    perception: float | None = None
    perception_kind: PerceptionKind | None = None
    mu_X: float = 0.0
    sigma_X: float
    mu_Y: float | None = None
    sigma_Y: float | None = None
    sigma_S: float | None = None
    theta: float = 0.0
    units: Units = "bits"

    def __post_init__(self) -> None:
        check_units(self.units)
        for field in fields(self):
            if field.name in _RANGES and getattr(self, field.name) is not None:
                number = _number(field.name, getattr(self, field.name), *_RANGES[field.name])
                object.__setattr__(self, field.name, number)
        _check_combination(self)

    @property
    def value(self) -> Literal["distortion", "rate"]:
        return "rate" if self.rate is None else "distortion"

    @property
    def squared_label_correlation(self) -> Fraction:
        """rho_S^2 = theta^2 / (sigma_S sigma_X)^2, exact; 0 where S or X is constant or there is no label."""
        if not self.sigma_S or not self.sigma_X:
            return Fraction(0)
        exact = (Fraction(self.theta) / (Fraction(self.sigma_S) * Fraction(self.sigma_X))) ** 2
        return min(exact, Fraction(1))

    @property
    def mean_gap(self) -> Fraction:
        """mu_X - mu_Y, exact; 0 for a free output law, whose best mean is mu_X."""
        return Fraction(0) if self.mu_Y is None else Fraction(self.mu_X) - Fraction(self.mu_Y)

    @property
    def informationless(self) -> bool:
        """X or Y is a constant, so that I(X;Y) = 0 whatever the coupling."""
        return self.sigma_X == 0 or self.sigma_Y == 0


@dataclass(frozen=True, kw_only=True)
class GaussianWitnesses:
    """What a certificate rests on; all numbers are free of scale.

    The channel: Y jointly Gaussian with X, `snr` = rho^2 / (1 - rho^2) in [0, inf] (None: no channel was found) and, for a free
    output law, mean mu_X and standard deviation sigma_X (1 - shrink). A signal-to-noise ratio keeps its relative accuracy at
    both ends of the rate, as does `shrink` for s_Y near sigma_X.

    The dual: `temperature` and `excess` fix the quadratic potentials f = a x^2 + a0 and g = b y^2 + b0 (x, y centred):

    - law given, with k = 2 sigma_X sigma_Y: eps = k temperature, a = 1 - k u / sigma_X^2 and b = 1 - k u / sigma_Y^2 where
      u = (1 + excess - temperature) / 2; temperature 0 is the plain transport dual (excess 0).
    - law free: eps = sigma_X^2 temperature, b = excess / (1 + excess), and a such that E_X exp((f + g - d)/eps) = 1 for all y.
    - temperature inf: no dual is used (the product law at rate 0, or a rate bounded below by 0).

    `log_ball`: below the logarithm of the least E(Y - mu_X)^2 / sigma_X^2 that a KL ball allows.
    """

    snr: float | None
    shrink: float = 0.0
    temperature: float = math.inf
    excess: float = 0.0
    log_ball: float = -math.inf


_RANGES: Final[dict[str, tuple[float, float]]] = {
    "rate": (0.0, math.inf),
    "distortion": (0.0, math.inf),
    "classification": (-math.inf, math.inf),
    "perception": (0.0, math.inf),
    "mu_X": (-LARGEST_SCALE, LARGEST_SCALE),
    "sigma_X": (0.0, LARGEST_SCALE),
    "mu_Y": (-LARGEST_SCALE, LARGEST_SCALE),
    "sigma_Y": (0.0, LARGEST_SCALE),
    "sigma_S": (0.0, LARGEST_SCALE),
    "theta": (-math.inf, math.inf),
}


def _number(name: str, value: Any, low: float, high: float) -> float:
    array = check_interval(name, value, low, high)
    if array.ndim:
        raise InputError(name, f"array of shape {array.shape}", "must be one number", "solve one point at a time")
    return float(array)


def _check_combination(p: GaussianProblem) -> None:
    if (p.rate is None) == (p.distortion is None):
        given = {"rate": p.rate, "distortion": p.distortion}
        raise InputError("rate, distortion", str(given), "exactly one must be given", "give the budget, leave the other None")
    if p.perception is not None and p.perception_kind not in ("w2", "kl"):
        raise InputError("perception_kind", p.perception_kind, "names no perception ball", "use 'w2' or 'kl'")
    if p.perception is None and p.perception_kind is not None:
        raise InputError("perception", None, "is missing beside perception_kind", "give the radius P, or no kind")
    if p.sigma_Y is not None and p.perception is not None:
        raise InputError("perception", p.perception, "constrains an output law that is given", "leave out sigma_Y or perception")
    if p.sigma_Y is None and p.mu_Y is not None:
        raise InputError("mu_Y", p.mu_Y, "is given without sigma_Y", "give sigma_Y too, or neither for a free output law")
    if p.classification is not None and p.sigma_S is None:
        raise InputError("sigma_S", None, "is missing beside classification", "give the label's standard deviation")
    if p.theta and p.sigma_S is None:
        raise InputError("sigma_S", None, "is missing beside theta", "give the label's standard deviation")
    if p.theta:
        bound = (Fraction(p.sigma_S or 0) * Fraction(p.sigma_X)) ** 2
        if not math.isfinite(p.theta) or Fraction(p.theta) ** 2 > bound * (1 + CORRELATION_SLACK):
            limit = float(p.sigma_S or 0) * p.sigma_X
            raise InputError("theta", p.theta, "makes |corr(X, S)| exceed 1", f"keep |theta| <= sigma_S sigma_X = {limit:.6g}")
