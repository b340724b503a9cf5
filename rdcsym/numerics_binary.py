"""The numbers behind `information_binary`: float64, vectorised, without the cancellation that the expanded text has."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import xlog1py, xlogy

from rdcsym.problem import FloatArray

_LN2 = float(np.log(2.0))
_NEAR = 0.25  # below this the series of (1+u) log(1+u) - u is exact to rounding after _TERMS terms
_TERMS = 26
_CLOSE = 0.2  # entropies of arguments that differ by more than this share of the larger do not cancel
_NEWTON_STEPS = 12
_TINY = 1e-300  # an entropy below this counts as 0: its inverse would be denormal
_HALF = 0.1  # an inverse entropy above this is searched as 1/2 - z, since H_b is flat there


def _excess(u: FloatArray) -> FloatArray:
    """(1+u) log(1+u) - u = u^2/2 - u^3/6 + ... >= 0, for u >= -1."""
    u = np.maximum(u, -1.0)  # rounding may carry an empty cell an ulp below
    small = np.clip(u, -_NEAR, _NEAR)
    series = np.zeros_like(small)
    for k in range(_TERMS, 1, -1):
        series = 1.0 / (k * (k - 1)) - small * series
    return np.where(np.abs(u) <= _NEAR, small * small * series, xlog1py(1.0 + u, u) - u)


def _binary_information(q: FloatArray, p: FloatArray, c: FloatArray) -> FloatArray:
    total = np.zeros(np.broadcast(q, p, c).shape)
    for mass, sign in ((q * p, 1.0), (q * (1.0 - p), -1.0), ((1.0 - q) * p, -1.0), ((1.0 - q) * (1.0 - p), 1.0)):
        # The linear terms of the four cells add to nothing; what is left is four nonnegative numbers.
        total = total + mass * _excess(np.where(mass > 0, sign * c / np.where(mass > 0, mass, 1.0), 0.0))
    return total / _LN2


def _entropy(p: FloatArray) -> FloatArray:
    return np.asarray(-(xlogy(p, p) + xlog1py(1.0 - p, -p)) / _LN2)


def _log_odds(d: FloatArray) -> FloatArray:
    """log((1-d)/d) for d in (0, 1/2]; near 1/2 from the exact 1 - 2d."""
    return np.where(d > 0.25, np.log1p((1.0 - 2.0 * d) / d), np.log1p(-d) - np.log(d))


def _binary_entropy_difference(p: FloatArray, d: FloatArray) -> FloatArray:
    p, d = np.minimum(p, 1.0 - p), np.minimum(d, 1.0 - d)
    close = (np.abs(p - d) <= _CLOSE * np.maximum(p, d)) & (d > 0)
    safe = np.where(close, d, 0.25)
    gap = np.where(close, p, 0.25) - safe
    # H(p) - H(d) = (p - d) log((1-d)/d) - KL(p || d)
    divergence = safe * _excess(gap / safe) + (1.0 - safe) * _excess(-gap / (1.0 - safe))
    return np.where(close, (gap * _log_odds(safe) - divergence) / _LN2, _entropy(p) - _entropy(d))


def _inverse_and_bias(h: FloatArray) -> tuple[FloatArray, FloatArray]:
    """p and z = 1/2 - p with H_b(p) = h: Newton's steps in log p where p is small, in z where the entropy is flat."""
    h = np.clip(np.atleast_1d(np.asarray(h, dtype=np.float64)), 0.0, 1.0)
    result, bias = np.zeros(h.shape), np.full(h.shape, 0.5)
    low = (h > _TINY) & (h < float(_entropy(np.array(_HALF))))
    high = (h > _TINY) & ~low
    if low.any():
        target = h[low] * _LN2
        x = np.log(target) - np.log(np.maximum(1.0, 1.0 - np.log(target)))  # p log(1/p) = h to first order
        for _ in range(_NEWTON_STEPS):
            p = np.minimum(np.exp(x), 0.5)
            entropy = -(p * x + xlog1py(1.0 - p, -p))
            # log H is concave and nearly linear in x = log p
            x = np.minimum(x - np.log(entropy / target) * entropy / (p * (np.log1p(-p) - x)), -_LN2)
        p = np.exp(x)  # exp of a rounded x: one more step, in p itself
        result[low] = p - (-(xlogy(p, p) + xlog1py(1.0 - p, -p)) - target) / (np.log1p(-p) - np.log(p))
        bias[low] = 0.5 - result[low]
    if high.any():
        deficit = (1.0 - h[high]) * _LN2
        z = np.sqrt(deficit / 2.0)
        for _ in range(_NEWTON_STEPS):
            # log 2 - H(1/2 - z) = (excess(2z) + excess(-2z)) / 2, with slope 2 atanh(2z)
            value = (_excess(2.0 * z) + _excess(-2.0 * z)) / 2.0
            slope = 2.0 * np.arctanh(2.0 * z)
            z = np.where(z > 0, z - (value - deficit) / np.where(z > 0, slope, 1.0), z)
        result[high], bias[high] = 0.5 - z, z
    return result, bias


def _binary_entropy_inverse(h: FloatArray) -> FloatArray:
    return _inverse_and_bias(h)[0]


def _crossover_of_loss(h: FloatArray, n: FloatArray) -> FloatArray:
    inverse, bias = _inverse_and_bias(h)
    clear = 1.0 - 2.0 * n
    # Where the inverse is small its difference from n keeps the digits, where it is near 1/2 that of the two biases.
    return np.where(inverse < _HALF, (inverse - n) / clear, 0.5 - bias / clear)


FUNCTIONS: dict[str, Any] = {
    "binary_information": _binary_information,
    "binary_entropy_difference": _binary_entropy_difference,
    "binary_entropy_inverse": _binary_entropy_inverse,
    "crossover_of_loss": _crossover_of_loss,
}
