"""The numbers behind the functions of `information`: float64, vectorised, without the cancellation that their text has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import lambertw, xlog1py, xlogy

from rdcsym.numerics_binary import FUNCTIONS as _BINARY
from rdcsym.numerics_vector import VECTOR_FUNCTIONS
from rdcsym.problem import FloatArray

_LN2 = float(np.log(2.0))
_BRANCH_POINT = 1e-3  # below this P the Lambert W of a rounded argument is less exact than the series, whose v is below 0.07
_SERIES_TERMS, _NEWTON_STEPS = 16, 6
_SPLIT = 2.0**27 + 1  # Veltkamp's constant: halves a float64 into two that multiply exactly


def _binary_entropy(p: FloatArray) -> FloatArray:
    return np.asarray(-(xlogy(p, p) + xlog1py(1.0 - p, -p)) / _LN2)


def _squared_correlation(rate: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(-2.0 * _LN2 * rate))


def _gaussian_information(r: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):  # r = 1 is infinite information
        return np.asarray(-np.log1p(-r) / (2.0 * _LN2))


def _binary_equivocation(p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    result = np.zeros(np.broadcast(p, s, c).shape)
    for mass, sign in ((p, 1.0), (1.0 - p, -1.0)):
        # An atom of mass 0 adds nothing; rounding may carry a posterior an ulp outside [0, 1].
        posterior = np.where(mass > 0, s + sign * c / np.where(mass > 0, mass, 1.0), s)
        result = result + mass * _binary_entropy(np.clip(posterior, 0.0, 1.0))
    return result


def _least_variance_ratio(P: FloatArray) -> FloatArray:
    """1 - v, where -v - log(1 - v) = 2P: near P = 0 the argument of W0 would lose the digits that v needs."""
    P = np.asarray(P)
    z = np.maximum(-np.exp(-2.0 * P - 1.0), -np.exp(-1.0))  # rounded, it may lie just below the branch point
    ratio = np.atleast_1d(-lambertw(z).real)
    near = np.atleast_1d(P) < _BRANCH_POINT
    if near.any():
        v = np.sqrt(4.0 * P[near])
        for _ in range(_NEWTON_STEPS):  # v^2 (1/2 + v/3 + v^2/4 + ...) = 2P, Newton from above: monotone, quadratic
            tail = sum((v**k / (k + 2) for k in range(_SERIES_TERMS)), np.zeros_like(v))
            slope = v / (1.0 - v)
            v = np.where(v > 0, v - (v * v * tail - 2.0 * P[near]) / np.where(v > 0, slope, 1.0), v)
        ratio[near] = 1.0 - v
    return np.asarray(ratio)


def _label_ratio(theta: FloatArray, sigma_S: FloatArray, sigma_X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """|theta|, the product of the deviations and its rounding error, scaled alike so that nothing over- or underflows."""
    s, exponent_s = np.frexp(sigma_S)
    x, exponent_x = np.frexp(sigma_X)
    product = s * x
    # Dekker's exact product: without it theta = sigma_S sigma_X would lose 1 - rho^2 altogether.
    parts = []
    for factor in (s, x):
        high = _SPLIT * factor - (_SPLIT * factor - factor)
        parts += [high, factor - high]
    s_high, s_low, x_high, x_low = parts
    error = ((s_high * x_high - product) + s_high * x_low + s_low * x_high) + s_low * x_low
    return np.ldexp(np.abs(theta), -(exponent_s + exponent_x)), product, error


def _label_correlation(theta: FloatArray, sigma_S: FloatArray, sigma_X: FloatArray) -> FloatArray:
    covariance, product, _ = _label_ratio(theta, sigma_S, sigma_X)
    return np.minimum(1.0, np.where(product > 0, covariance / np.where(product > 0, product, 1.0), 0.0)) ** 2


def _label_noise(theta: FloatArray, sigma_S: FloatArray, sigma_X: FloatArray) -> FloatArray:
    covariance, product, error = _label_ratio(theta, sigma_S, sigma_X)
    safe = np.where(product > 0, product, 1.0)
    noise = ((product - covariance) + error) * (product + covariance) / (safe * safe)
    return np.where(product > 0, np.clip(noise, 0.0, 1.0), 1.0)


def _label_information(r: FloatArray, nu: FloatArray, rate: FloatArray) -> FloatArray:
    told = r * _squared_correlation(rate)
    with np.errstate(divide="ignore"):  # log2(0) = -inf is meant: no noise, or no correlation
        much = -0.5 * np.logaddexp2(np.log2(nu), np.log2(r) - 2.0 * rate)
    return np.where(told < 0.5, _gaussian_information(np.minimum(told, 0.5)), much)


def _label_rate(r: FloatArray, nu: FloatArray, gain: FloatArray) -> FloatArray:
    safe = np.where(r > 0, r, 1.0)
    asked = np.where(r > 0, _squared_correlation(gain) / safe, np.where(gain > 0, np.inf, 0.0))
    left = (np.exp2(-2.0 * gain) - nu) / safe
    with np.errstate(divide="ignore"):
        much = np.where(left > 0, -0.5 * np.log2(np.maximum(left, 0.0)), np.inf)
    # Without noise S is a function of X, and tells bit for bit.
    return np.where(asked < 0.5, _gaussian_information(np.minimum(asked, 0.5)), np.where((nu == 0) & (r > 0), gain, much))


def _fold(function: Any) -> Callable[..., FloatArray]:
    def folded(*values: FloatArray) -> FloatArray:
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return np.asarray(result)

    return folded


def _lambert_w(z: FloatArray) -> FloatArray:
    """The principal branch; nan where it is not real (an argument that rounding carried below -1/e is read as -1/e)."""
    value = np.asarray(lambertw(np.asarray(z)))  # type: ignore[call-overload]  # its stubs know no arrays of shape Any
    return np.where(np.abs(value.imag) < 1e-7, value.real, np.nan)


FUNCTIONS: dict[str, Any] = {
    "LambertW": _lambert_w,
    "binary_entropy": _binary_entropy,
    "squared_correlation": _squared_correlation,
    "gaussian_information": _gaussian_information,
    "binary_equivocation": _binary_equivocation,
    "label_correlation": _label_correlation,
    "label_noise": _label_noise,
    "label_information": _label_information,
    "label_rate": _label_rate,
    "least_variance_ratio": _least_variance_ratio,
    **_BINARY,
    **VECTOR_FUNCTIONS,
    "Min": _fold(np.minimum),
    "Max": _fold(np.maximum),
}
