"""The programme that a tree of posteriors divides, and the bound that multipliers prove, in floats and in stacks.

The checker evaluates the same bound in balls (`checker_tree`); this one only guides the search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray

LEAST: Final = 1e-300
"""Mass in place of none, where a logarithm or a quotient is taken."""
GREATEST_KAPPA: Final = 1e3
ON_MARGINALS: Final = 1e-10
"""Total mass by which a plan may miss its marginals."""
ROUNDING: Final = 1e-12
"""Relative margin by which kappa stays below the reciprocal of the contraction."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Programme:
    """Laws p (n,), q (m,), label (n, k); cost (m, n), scaled. The four functions are those of `branch_relaxation`.

    fixed: (4,) which functions are priced by `prices` (4,) instead of bounded by `budgets` (4,) (0 where fixed).
    minimises_rate: the first two are bounded by a variable rate, that is minimised, plus their budget.
    ceiling: a value that no plan exceeds, so that a greater bound proves that there is none.
    """

    p: FloatArray
    q: FloatArray
    label: FloatArray
    cost: FloatArray
    kappa: float
    budgets: FloatArray
    fixed: NDArray[np.bool_]
    prices: FloatArray
    minimises_rate: bool = False
    ceiling: float = math.inf

    @property
    def label_mass(self) -> FloatArray:
        return np.asarray(self.p @ self.label)

    @property
    def label_entropy(self) -> float:
        mass = self.label_mass
        return -float(np.sum(mass * np.log(mass)))

    @property
    def label_capacity(self) -> float:
        """I(S;X), more than any Y tells of S (nats)."""
        joint = self.p[:, None] * self.label
        return float(np.sum(joint * np.log(np.maximum(self.label, 1e-300) / self.label_mass)))

    def off_marginals(self, P: FloatArray) -> FloatArray:
        """Total mass by which each plan misses its marginals (B,)."""
        return np.asarray(np.abs(P.sum(axis=1) - self.p).sum(axis=1) + np.abs(P.sum(axis=2) - self.q).sum(axis=1))

    def ratios(self, P: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log P/(p q) of shape (B, m, n) and log P(s,y)/(p q) of shape (B, m, k)."""
        q = np.maximum(P.sum(axis=2, keepdims=True), LEAST)
        pair, known = np.maximum(P, LEAST) / np.maximum(q * self.p, LEAST), np.maximum(P @ self.label, LEAST)
        return np.log(pair), np.log(known / np.maximum(q * self.label_mass, LEAST))

    def functions(self, P: FloatArray, secant: FloatArray) -> FloatArray:
        """(B, 4)."""
        pair, label = self.ratios(P)
        both = np.sum(P * pair, axis=(1, 2))
        known = np.sum((P @ self.label) * label, axis=(1, 2))
        return np.stack([both, both - self.kappa * known, np.sum(P * secant, axis=(1, 2)), np.sum(P * self.cost, axis=(1, 2))], 1)

    def gradients(self, P: FloatArray, secant: FloatArray) -> FloatArray:
        """(B, 4, m, n), up to constants that the marginals make irrelevant."""
        pair, label = self.ratios(P)
        return np.stack([pair, pair - self.kappa * (label @ self.label.T), secant, np.broadcast_to(self.cost, P.shape)], 1)

    def objective(self, values: FloatArray, rho: FloatArray) -> FloatArray:
        priced = np.sum(np.where(self.fixed, self.prices * values, 0.0), axis=1)
        return np.asarray(priced + (rho if self.minimises_rate else 0.0))


def bounds(
    pr: Programme, secant: FloatArray, coordinates: FloatArray, P: FloatArray, w: FloatArray, lam: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Potentials g (B, m) and the bound (B,) of the quantity minimised that multipliers prove with P as reference channel.

    w (B, m, n): what stationarity leaves for the multipliers of P >= 0; only g depends on it.
    """
    # As the checker reads it: a channel, whatever the marginals of P.
    gradients = pr.gradients(P * (pr.p / P.sum(axis=1))[:, None, :], secant)
    G = np.einsum("bi,biyx->byx", lam, gradients) - np.einsum("byi,byix->byx", nu, coordinates)
    rest = G - w
    g = rest.mean(axis=2) - rest.mean(axis=(1, 2))[:, None]
    # Transforms of the potentials can only raise the bound.
    f = (G - g[:, :, None]).min(axis=1)
    g = (G - f[:, None, :]).min(axis=2)
    f = (G - g[:, :, None]).min(axis=1)
    value = f @ pr.p + g @ pr.q - np.sum(np.where(pr.fixed, 0.0, lam * pr.budgets), axis=1)
    if pr.minimises_rate:
        value = value / np.maximum(lam[:, 0] + lam[:, 1], 1e-300)
    return g, value


def greatest_kappa(label: FloatArray) -> float:
    """The reciprocal of a bound of the contraction of p(s|x), (n, k); the proof is in `checker_tree`."""
    eta = 0.0
    for a, b in combinations(label, 2):
        eta = max(eta, min(0.5 * float(np.abs(a - b).sum()), 1 - float(np.sqrt(a * b).sum()) ** 2))
    return max(1.0, min(GREATEST_KAPPA, (1 - ROUNDING) / max(eta, 1e-300)))
