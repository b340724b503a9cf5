"""The data of full-covariance Gaussian problems and the checker of their certificates, in ball arithmetic, rounded outward.

For a Gaussian coupling with cross-covariance K let E = Sigma_X - K Sigma_Y^-1 K^T, the error covariance of X given Y.

**Upper end.** An explicit K with E positive definite, I(X;Y) = 1/2 log(det Sigma_X / det E) <= R and h(S|Y) = 1/2 log det(2 pi e
(A E A^T + N)) <= C, each for certain.

**Lower end.** Every feasible K has I(X;Y) <= R and J(K) = I(X;Y|S) = I(X;Y) - I(S;Y) <= R - (h(S) - C) = R - G. Both I and J are
convex in K: E is concave in K, and J = const - 1/2 log det (E^-1 + A^T N^-1 A)^-1, the log-determinant of a parallel sum, which
is concave and increasing in E. So for a, b >= 0 the Lagrangian

    L(K) = tr Sigma_X + tr Sigma_Y - 2 tr K + a (I - R) + b (J - R + G)

is convex, is at most the distortion at every feasible K, and lies above its tangent at any K0. An admissible K is L_X M L_Y^T
with |M| <= 1 (Cholesky factors), so L(K) >= L(K0) - <G0, K0> - |L_X^T G0 L_Y|_*, G0 the gradient at K0, and a nuclear norm is at
most sqrt(n) times the Frobenius norm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from flint import arb, arb_mat

from rdcsym.problem import FloatArray, InputError, Units, check_array, check_interval, check_units
from solvers.certificate import CertificateError
from solvers.precision import working_precision

Ball = Any  # python-flint carries no types

PRECISION: Final = 256  # bits
INFINITE: Final = (math.inf, math.inf)


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianCovarianceProblem:
    """Least E ||X - Y||^2 over jointly Gaussian (X, Y) of given covariances, and label S = A X + N(0, label_noise).

    Sigma_X, Sigma_Y: (n, n), positive definite; label_map A: (k, n); label_noise: (k, k), positive definite. rate: finite budget
    of I(X;Y); classification: budget of h(S|Y), None or inf for none; both in `units`. Raises InputError on construction.
    """

    rate: float
    classification: float | None = None
    Sigma_X: FloatArray
    Sigma_Y: FloatArray
    label_map: FloatArray | None = None
    label_noise: FloatArray | None = None
    units: Units = "bits"

    def __post_init__(self) -> None:
        check_units(self.units)
        rate = check_interval("rate", self.rate, 0.0, math.inf)
        if rate.ndim or not np.isfinite(rate):
            raise InputError("rate", self.rate, "must be one finite number", "give a finite budget")
        object.__setattr__(self, "rate", float(rate))
        for name in ("Sigma_X", "Sigma_Y"):
            object.__setattr__(self, name, _covariance(name, getattr(self, name)))
        n = self.Sigma_X.shape[0]
        if self.Sigma_Y.shape[0] != n:
            raise InputError("Sigma_Y", f"array of shape {self.Sigma_Y.shape}", "does not fit Sigma_X", f"give a ({n}, {n}) one")
        if (self.label_map is None) != (self.label_noise is None):
            missing = "label_map" if self.label_map is None else "label_noise"
            raise InputError(missing, None, "is missing", "give label_map and label_noise, or neither")
        if self.label_map is not None:
            object.__setattr__(self, "label_map", check_array("label_map", self.label_map, 2))
            object.__setattr__(self, "label_noise", _covariance("label_noise", self.label_noise))
            shape = (self.noise.shape[0], n)
            if self.map.shape != shape or not np.isfinite(self.map).all():
                raise InputError("label_map", f"array of shape {self.map.shape}", "does not fit", f"give a finite {shape} array")
        if self.classification is not None:
            if self.label_map is None:
                raise InputError("label_map", None, "is missing beside classification", "give label_map and label_noise")
            loss = check_interval("classification", self.classification, -math.inf, math.inf)
            if loss.ndim or loss == -math.inf:
                raise InputError(
                    "classification", self.classification, "must be one number above -inf", "give a budget of h(S|Y)"
                )
            object.__setattr__(self, "classification", float(loss))

    @property
    def map(self) -> FloatArray:
        """label_map; (0, n) where there is no label."""
        return np.zeros((0, self.Sigma_X.shape[0])) if self.label_map is None else self.label_map

    @property
    def noise(self) -> FloatArray:
        """label_noise; (0, 0) where there is no label."""
        return np.zeros((0, 0)) if self.label_noise is None else self.label_noise

    @property
    def labelled(self) -> bool:
        """Whether there is a classification budget."""
        return self.classification is not None and self.classification < math.inf

    @property
    def scale(self) -> float:
        """tr Sigma_X + tr Sigma_Y: what a gap is held against."""
        return float(np.trace(self.Sigma_X) + np.trace(self.Sigma_Y))


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianCovarianceWitnesses:
    """Upper end: cross_covariance (n, n), None where none was found. Lower end: multipliers >= 0 of I and of J, and K0 (n, n)."""

    cross_covariance: FloatArray | None
    rate_multiplier: float = 0.0
    label_multiplier: float = 0.0
    tangent: FloatArray | None = None


def ends(problem: GaussianCovarianceProblem, witnesses: GaussianCovarianceWitnesses) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove; (inf, inf) where no Gaussian coupling meets the budgets, for certain."""
    with working_precision(PRECISION):
        balls = _Balls(problem)
        if problem.labelled and not _may_be_feasible(balls):
            return INFINITE
        lower, upper = _lower(balls, witnesses), _upper(balls, witnesses)
        low = float(lower.lower()) if lower.is_finite() else 0.0
        low = low if arb(low) <= lower else math.nextafter(low, -math.inf)
        if upper is None:
            return max(0.0, low), math.inf
        high = float(upper.upper())
        return max(0.0, low), high if arb(high) >= upper else math.nextafter(high, math.inf)


def is_feasible(problem: GaussianCovarianceProblem, cross_covariance: FloatArray) -> bool:
    """Whether a cross-covariance meets every budget for certain."""
    with working_precision(PRECISION):
        return _upper(_Balls(problem), GaussianCovarianceWitnesses(cross_covariance=cross_covariance)) is not None


class _Balls:
    """The problem's matrices and budgets (nats) as balls."""

    def __init__(self, p: GaussianCovarianceProblem) -> None:
        unit = arb.const_log2() if p.units == "bits" else arb(1)
        self.problem = p
        self.n, self.k = p.Sigma_X.shape[0], p.noise.shape[0] if p.labelled else 0
        self.X, self.Y = _matrix(p.Sigma_X), _matrix(p.Sigma_Y)
        self.log_det_X = _log_det(_pivots(self.X))
        self.rate = arb(p.rate) * unit
        self.trace = _trace(self.X) + _trace(self.Y)
        if self.k:
            self.A, self.N = _matrix(p.map), _matrix(p.noise)
            self.log_det_S = _log_det(_pivots(self.A * self.X * self.A.transpose() + self.N))
            entropy = (self.k * (1 + (2 * arb.pi()).log()) + self.log_det_S) / 2
            self.needed = entropy - arb(p.classification) * unit  # label information asked for

    def error(self, K: Ball) -> Ball:
        return self.X - K * self.Y.solve(K.transpose())


def _may_be_feasible(b: _Balls) -> bool:
    """I(S;Y) <= I(X;Y) <= R and I(S;Y) <= I(S;X), strictly less than the second where the rate is finite."""
    return not (b.needed > b.rate or b.needed > (b.log_det_S - _log_det(_pivots(b.N))) / 2)


def _upper(b: _Balls, w: GaussianCovarianceWitnesses) -> Ball | None:
    if w.cross_covariance is None:
        return None
    K = _witness("cross_covariance", w.cross_covariance, b.n)
    E = b.error(K)
    pivots = _pivots(E)
    if not all(x > 0 for x in pivots) or not (b.log_det_X - _log_det(pivots)) / 2 <= b.rate:
        zero = not np.asarray(w.cross_covariance).any()
        if not zero:  # the product coupling has rate 0, whatever the balls say
            return None
    if b.k:
        left = _log_det(_pivots(b.A * E * b.A.transpose() + b.N))
        if not (b.log_det_S - left) / 2 >= b.needed:
            return None
    return b.trace - 2 * _trace(K)


def _lower(b: _Balls, w: GaussianCovarianceWitnesses) -> Ball:
    if b.rate == 0:
        return b.trace  # the product is the only coupling
    multipliers = (w.rate_multiplier, w.label_multiplier)
    if not all(0 <= x < math.inf for x in multipliers) or (w.label_multiplier and not b.k):
        raise CertificateError(f"witness multipliers {multipliers}: must be at least 0, finite, and 0 where there is no budget")
    if w.tangent is None:
        return arb(0)
    K = _witness("tangent", w.tangent, b.n)
    E = b.error(K)
    pivots = _pivots(E)
    if not all(x > 0 for x in pivots):
        raise CertificateError("witness tangent: its error covariance is not positive definite for certain")
    rate, label = arb(w.rate_multiplier), arb(w.label_multiplier)
    one = arb_mat(b.n, b.n, [int(i == j) for i in range(b.n) for j in range(b.n)])
    information = (b.log_det_X - _log_det(pivots)) / 2
    value = b.trace - 2 * _trace(K) + rate * (information - b.rate)
    slope = E.solve(one) * (rate + label)
    if b.k:
        W = b.A * E * b.A.transpose() + b.N
        told = (b.log_det_S - _log_det(_pivots(W))) / 2
        value += label * (information - told - b.rate + b.needed)
        slope -= b.A.transpose() * W.solve(b.A) * label
    gradient = slope * b.Y.solve(K.transpose()).transpose() - one * 2
    inner = _trace(gradient.transpose() * K)
    # |L_X^T G L_Y|_F^2 = tr(G^T Sigma_X G Sigma_Y)
    squared = _trace(gradient.transpose() * b.X * gradient * b.Y)
    return value - inner - (b.n * squared.abs_upper()).sqrt()


def _covariance(name: str, value: Any) -> FloatArray:
    array = check_array(name, value, 2)
    if array.shape[0] != array.shape[1] or not array.size or not np.isfinite(array).all():
        raise InputError(name, f"array of shape {array.shape}", "is no covariance", "give a finite square array")
    if np.abs(array - array.T).max() > 1e-12 * np.abs(array).max():
        raise InputError(name, f"array of shape {array.shape}", "is not symmetric", "give a symmetric array")
    array = np.triu(array) + np.triu(array, 1).T
    with working_precision(PRECISION):
        definite = all(x > 0 for x in _pivots(_matrix(array)))
    if not definite:
        raise InputError(name, f"array of shape {array.shape}", "is not positive definite", "drop or perturb its null directions")
    return array


def _witness(name: str, value: FloatArray, n: int) -> Ball:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != (n, n) or not np.isfinite(array).all():
        raise CertificateError(f"witness {name}: a finite ({n}, {n}) array is needed")
    return _matrix(array)


def _matrix(array: FloatArray) -> Ball:
    return arb_mat([[arb(float(x)) for x in row] for row in array])


def _trace(M: Ball) -> Ball:
    return sum((M[i, i] for i in range(M.nrows())), arb(0))


def _pivots(M: Ball) -> list[Ball]:
    """Pivots of Gaussian elimination on a symmetric matrix: it is positive definite where all are positive; else cut short."""
    n = M.nrows()
    rows = [[M[i, j] for j in range(n)] for i in range(n)]
    pivots = []
    for i in range(n):
        pivots.append(rows[i][i])
        if not rows[i][i] > 0:
            return pivots
        for j in range(i + 1, n):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [x - factor * y for x, y in zip(rows[j], rows[i], strict=True)]
    return pivots


def _log_det(pivots: list[Ball]) -> Ball:
    return sum((x.log() if x > 0 else arb("nan") for x in pivots), arb(0))
