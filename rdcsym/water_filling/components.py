"""The components of many problems, and the sums over them: rates, gains, what the labels learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray

MOST_NATS = 300.0  # exp(-2 r) beyond is far below every rounding


@dataclass(frozen=True)
class Components:
    """The components of many problems: gains and labels, each of shape (problems, components)."""

    alpha: FloatArray
    beta: FloatArray
    kappa2: FloatArray  # squared correlation of component and label
    nu: FloatArray  # 1 - kappa2, without cancellation

    def take(self, i: NDArray[np.intp]) -> Components:
        """The problems of these indices."""
        return Components(self.alpha[i], self.beta[i], self.kappa2[i], self.nu[i])

    @property
    def live(self) -> NDArray[np.bool_]:
        return np.asarray(self.alpha + self.beta > 0)

    @property
    def most(self) -> FloatArray:
        """The largest gain: all correlations 1."""
        return np.asarray((2.0 * self.alpha + self.beta).sum(axis=-1))


def components(alpha: FloatArray, beta: FloatArray, kappa: FloatArray) -> Components:
    """Components from gains and label correlations in [-1, 1]; dead ones tell nothing about their label."""
    alpha, beta, kappa = np.broadcast_arrays(alpha, beta, kappa)
    kappa = np.where(alpha + beta > 0, np.abs(kappa), 0.0)
    return Components(alpha, beta, kappa**2, (1.0 - kappa) * (1.0 + kappa))


def rho_and_rest(r: FloatArray) -> tuple[FloatArray, FloatArray]:
    """rho = sqrt(1 - exp(-2r)) and 1 - rho."""
    rho = np.sqrt(-np.expm1(-2.0 * r))
    return rho, np.exp(-2.0 * r) / (1.0 + rho)


def label_information(c: Components, r: FloatArray) -> FloatArray:
    """sum of I_i (nats); inf where a component of infinite rate has kappa^2 = 1."""
    told = c.kappa2 * -np.expm1(-2.0 * r)
    with np.errstate(divide="ignore"):
        much = -0.5 * np.log(c.nu + c.kappa2 * np.exp(-2.0 * r))
    return np.asarray(np.where(told < 0.5, -0.5 * np.log1p(-np.minimum(told, 0.5)), much).sum(axis=-1))


def rate_above(c: Components, r: FloatArray, target: FloatArray) -> FloatArray:
    """sum of r_i, less the target."""
    return np.asarray(r.sum(axis=-1) - target)


def gain_above(c: Components, r: FloatArray, left: FloatArray) -> FloatArray:
    """The gain, less the one that is `left` below the largest: whichever of the two has more digits is compared."""
    rho, rest = rho_and_rest(r)
    deficit = (rest * (2.0 * c.alpha + c.beta * (1.0 + rho))).sum(axis=-1)
    gain = (rho * (2.0 * c.alpha + c.beta * rho)).sum(axis=-1)
    return np.asarray(np.where(left > c.most / 2.0, gain - (c.most - left), left - deficit))


Measure = Callable[[Components, FloatArray, FloatArray], FloatArray]  # components, rates, target -> how far above the target
