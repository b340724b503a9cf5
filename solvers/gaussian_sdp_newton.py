"""Newton's method on the optimality conditions of full-covariance Gaussian problems; plain numerics, nothing here is trusted.

In whitened coordinates K = L_X M L_Y^T (Cholesky factors) the error covariance of L_X^-1 X is E = 1 - M M^T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray, to_nats
from solvers.gaussian_sdp_checker import GaussianCovarianceProblem

_STEPS: Final = 60
_BESIDE: Final = 1e-6  # step of the finite differences of the gradient
_CLOSE: Final = 1e-9  # largest residual of a solution


@dataclass(frozen=True, eq=False)
class Whitened:
    """The problem for white X and Y, in nats. cross: L_X^T L_Y, so that E X^T Y = <cross, M>; map: A L_X."""

    factor_X: FloatArray
    factor_Y: FloatArray
    cross: FloatArray
    map: FloatArray
    noise: FloatArray
    rate: float
    needed: float
    labelled: bool
    scale: float

    @property
    def size(self) -> int:
        return int(self.cross.shape[0])

    @property
    def parallel_log_det(self) -> float:
        """log det of (1 + A^T N^-1 A)^-1, the parallel sum before anything is coded."""
        return _log_det(self.noise) - _log_det(self.noise + self.map @ self.map.T)

    def unwhiten(self, M: FloatArray) -> FloatArray:
        K: FloatArray = self.factor_X @ M @ self.factor_Y.T
        return K

    def cost(self, M: FloatArray) -> float:
        """Distortion less tr Sigma_X + tr Sigma_Y."""
        return -2 * float((self.cross * M).sum())

    def error(self, M: FloatArray) -> FloatArray:
        E: FloatArray = np.eye(self.size) - M @ M.T
        return E

    def information(self, M: FloatArray) -> float:
        """I(X;Y)."""
        return -_log_det(self.error(M)) / 2

    def told(self, M: FloatArray) -> float:
        """I(S;Y)."""
        before = self.noise + self.map @ self.map.T
        return (_log_det(before) - _log_det(self.noise + self.map @ self.error(M) @ self.map.T)) / 2

    def gradients(self, M: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradients of I(X;Y) and of I(X;Y|S)."""
        E = self.error(M)
        information: FloatArray = np.asarray(np.linalg.solve(E, M), dtype=np.float64)
        label: FloatArray = self.map.T @ np.linalg.solve(self.noise + self.map @ E @ self.map.T, self.map @ M)
        return information, information - label


def whitened(p: GaussianCovarianceProblem) -> Whitened:
    X: FloatArray = np.asarray(np.linalg.cholesky(p.Sigma_X), dtype=np.float64)
    Y: FloatArray = np.asarray(np.linalg.cholesky(p.Sigma_Y), dtype=np.float64)
    A, N = (p.map, p.noise) if p.labelled else (np.zeros((0, X.shape[0])), np.zeros((0, 0)))
    needed = 0.0
    if p.labelled and p.classification is not None:
        entropy = (N.shape[0] * (1 + math.log(2 * math.pi)) + _log_det(A @ p.Sigma_X @ A.T + N)) / 2
        needed = entropy - to_nats(p.classification, p.units)
    return Whitened(
        factor_X=X, factor_Y=Y, cross=X.T @ Y, map=A @ X, noise=N,
        rate=to_nats(p.rate, p.units), needed=needed, labelled=p.labelled and needed > 0, scale=p.scale,
    )  # fmt: skip


def polished(
    w: Whitened, M: FloatArray, a: float, b: float, rate: float, conditional: float
) -> tuple[FloatArray, float, float] | None:
    """Stationary point with I = rate (where a > 0) and I(X;Y|S) = conditional (where b > 0) near a start; None: not reached."""
    n, on = w.size**2, (a > 0, b > 0)
    targets = [t for t, active in zip((rate, conditional), on, strict=True) if active]
    x = np.concatenate([M.ravel(), [m / w.scale for m, active in zip((a, b), on, strict=True) if active]])
    best: tuple[float, FloatArray] | None = None
    for _ in range(_STEPS):
        residual = _residual(w, x, on, targets)
        miss = float(np.abs(residual).max())
        if best is not None and best[0] < _CLOSE and miss >= best[0] / 2:
            break
        if best is None or miss < best[0]:
            best = (miss, x)
        columns = []
        for i in range(x.size):
            side = np.zeros(x.size)
            side[i] = _BESIDE
            columns.append((_residual(w, x + side, on, targets) - _residual(w, x - side, on, targets)) / (2 * _BESIDE))
        jacobian = np.array(columns).T
        if not (np.isfinite(jacobian).all() and np.isfinite(residual).all()):
            return None
        step = np.linalg.lstsq(jacobian, -residual, rcond=1e-13)[0]
        for _ in range(40):
            if np.linalg.norm((x + step)[:n].reshape(w.size, w.size), 2) < 1 - 1e-13:
                break
            step = step / 2
        x = x + step
    if best is None or best[0] > _CLOSE:
        return None
    x = best[1]
    left = iter(x[n:] * w.scale)
    return x[:n].reshape(w.size, w.size), *(float(next(left)) if active else 0.0 for active in on)  # type: ignore[return-value]


def _residual(w: Whitened, x: FloatArray, on: tuple[bool, bool], targets: list[float]) -> FloatArray:
    M = x[: w.size**2].reshape(w.size, w.size)
    prices = iter(x[w.size**2 :])
    gradients = w.gradients(M)
    total = -2 * w.cross / w.scale
    for gradient, active in zip(gradients, on, strict=True):
        if active:
            total = total + next(prices) * gradient
    values = (w.information(M), w.information(M) - w.told(M))
    misses = [v for v, active in zip(values, on, strict=True) if active]
    return np.concatenate([total.ravel(), np.array(misses) - np.array(targets)])


def _log_det(M: FloatArray) -> float:
    return float(np.linalg.slogdet(M)[1]) if M.size else 0.0
