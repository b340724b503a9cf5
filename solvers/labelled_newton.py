"""Newton's method for a plan with a rate and a label: stationary points of <P,c> + tau [I(X;Y) - sigma I(S;Y)].

    P_xy = p_x q_y exp(gamma_y - beta c_xy + sigma sum_s p(s|x) rho_sy - top_x),   rho = log(P(y|s) / q_y),   beta = 1 / tau.

For sigma <= 1 this is the minimiser of the convex Lagrangian <P,c> + tau [(1 - sigma) I(X;Y) + sigma I(X;Y|S)]; above, where
the label is worth more than the rate, a local minimiser at best. gamma, rho, beta and sigma are found together, from the columns,
from the definition of rho, and from I(X;Y) and I(S;Y) (or, with sigma held, from I(X;Y|S)). Newton's matrix is one small block
for each y, coupled by a term of rank n: it is solved block by block and then in n unknowns. Started near a solution, as along a
row of a surface, it takes a few steps of about a millisecond for some tens of symbols.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.linalg import LinAlgError

from rdcsym.problem import FloatArray
from solvers.relaxation import LabelledSource

STEPS: Final = 25
LONGEST: Final = 1.5
"""Largest change of an exponent in one step."""
CLOSE: Final = 1e-7
"""Change of the last step, whose error is of second order."""
LEAST: Final = 1e-290


@dataclass(frozen=True, eq=False)
class Stationary:
    """A plan and what makes it stationary. gamma (m,), rho (k, m); tau = 1 / beta in cost units a nat."""

    gamma: FloatArray
    rho: FloatArray
    beta: float
    sigma: float
    plan: FloatArray
    rate: float
    label_information: float
    distortion: float

    @property
    def multipliers(self) -> tuple[float, float]:
        """Of I(X;Y) and of I(X;Y|S), for sigma at most 1."""
        return (1 - self.sigma) / self.beta, self.sigma / self.beta


class LabelledNewton:
    """The method on one source; costs are centred once."""

    def __init__(self, source: LabelledSource) -> None:
        p, q, cost = source.p, source.q, source.cost
        self.source = source
        self.columns = p @ cost
        self._cost = cost - (cost @ q)[:, None] - self.columns + float(p @ cost @ q)
        self._labels = p @ source.label
        self._one_and_label = np.hstack([np.ones((p.size, 1)), source.label])

    def near(self, plan: FloatArray, g: FloatArray, temperature: float) -> Stationary:
        """The plan without label (sigma = 0) of potential g in cost units at a temperature, as a start."""
        beta = 1 / temperature
        joint = self.source.label.T @ plan
        rho = np.log(np.maximum(joint, LEAST) / (self._labels[:, None] * self.source.q))
        return self._at((g - self.columns) * beta, rho, beta, 0.0)

    def potential(self, at: Stationary) -> FloatArray:
        """g (m,) in cost units, for a ChannelDual with the plan as channel."""
        return at.gamma / at.beta + self.columns

    def to(self, start: Stationary, *, rate: float, label_information: float, hold_sigma: bool = False) -> Stationary | None:
        """The stationary point with I(X;Y) and I(S;Y) as given, reached from `start`; None where Newton's method does not.

        hold_sigma: sigma stays, and only the difference I(X;Y|S) is met.
        """
        at = start
        for _ in range(STEPS):
            try:
                gamma, rho, d_beta, d_sigma = self._step(at, rate, label_information, hold_sigma)
            except (LinAlgError, np.linalg.LinAlgError):
                return None
            gamma = gamma - float(self.source.q @ gamma)
            size = max(float(np.abs(gamma).max()), float(np.abs(rho).max()), abs(d_beta) / at.beta, abs(d_sigma))
            if not np.isfinite(size):
                return None
            share = min(1.0, LONGEST / max(size, LEAST))
            at = self._at(
                at.gamma + share * gamma,
                at.rho + share * rho,
                max(at.beta + share * d_beta, at.beta / 4),
                max(at.sigma + share * d_sigma, 0.0),
            )
            if size < CLOSE:
                return at
        return None

    def _at(self, gamma: FloatArray, rho: FloatArray, beta: float, sigma: float) -> Stationary:
        plan, _ = self._plan(gamma, rho, beta, sigma)
        both = self._informations(plan)
        return Stationary(gamma, rho, beta, sigma, plan, *both, float(np.vdot(plan, self.source.cost)))

    def _plan(self, gamma: FloatArray, rho: FloatArray, beta: float, sigma: float) -> tuple[FloatArray, FloatArray]:
        """(P, log of P over p q), rows exact."""
        exponent = gamma - beta * self._cost + sigma * (self.source.label @ rho)
        weight = self.source.q * np.exp(exponent - exponent.max(axis=1, keepdims=True))
        sums = weight.sum(axis=1, keepdims=True)
        ratio = exponent - exponent.max(axis=1, keepdims=True) - np.log(sums)
        return self.source.p[:, None] * (weight / sums), ratio

    def _informations(self, plan: FloatArray) -> tuple[float, float]:
        p, q = self.source.p, self.source.q
        joint = self.source.label.T @ plan
        both = float(np.sum(plan * np.log(np.maximum(plan, LEAST) / (p[:, None] * q))))
        return both, float(np.sum(joint * np.log(np.maximum(joint, LEAST) / (self._labels[:, None] * q))))

    def _step(
        self, at: Stationary, rate: float, label_information: float, hold_sigma: bool
    ) -> tuple[FloatArray, FloatArray, float, float]:
        source, label = self.source, self.source.label
        p, m, k = source.p, source.q.size, label.shape[1]
        plan, ratio = self._plan(at.gamma, at.rho, at.beta, at.sigma)
        joint = label.T @ plan
        wanted = self._labels[:, None] * source.q * np.exp(at.rho)
        features = np.hstack([np.ones((p.size, 1)), at.sigma * label])
        # Each y's block: how its column and label sums answer to (gamma_y, rho_.y) before the rows are put right.
        pairs = (self._one_and_label[:, :, None] * features[:, None, :]).reshape(p.size, -1)
        block = (plan.T @ pairs).reshape(m, k + 1, k + 1)
        block[:, range(1, k + 1), range(1, k + 1)] -= wanted.T
        inverse = np.linalg.inv(block)
        root = plan / np.sqrt(p)[:, None]
        left = root[:, :, None] * np.matmul(features, inverse).transpose(1, 0, 2)
        right = root[:, :, None] * self._one_and_label[:, None, :]
        coupling = np.eye(p.size) - left.reshape(p.size, -1) @ right.reshape(p.size, -1).T
        # Potentials are known up to a constant, which shows as the vector sqrt(p).
        coupling += np.outer(np.sqrt(p), np.sqrt(p))

        def moved(direction: FloatArray) -> FloatArray:
            return np.asarray(plan * (direction - (plan * direction).sum(axis=1, keepdims=True) / p[:, None]))

        def sums(change: FloatArray) -> FloatArray:
            return np.asarray((self._one_and_label.T @ change).T)

        by_beta, by_sigma = moved(-self._cost), moved(label @ at.rho)
        residual = np.vstack([source.q - plan.sum(axis=0), wanted - joint]).T
        sides = np.stack([residual, -sums(by_beta), -sums(by_sigma)])
        first = np.matmul(inverse, sides[..., None])[..., 0]
        loads = np.array([(root * (features @ x.T)).sum(axis=1) for x in first])
        weights = np.linalg.solve(coupling, loads.T).T
        spread = np.array([root.T @ (self._one_and_label * w[:, None]) for w in weights])
        answers = first + np.matmul(inverse, spread[..., None])[..., 0]
        changes = [moved(features @ x.T) for x in answers]
        changes = [changes[0], changes[1] + by_beta, changes[2] + by_sigma]
        log_joint = np.log(np.maximum(joint, LEAST) / (self._labels[:, None] * source.q))
        effect = np.array([[np.vdot(c, ratio), np.vdot(label.T @ c, log_joint)] for c in changes])
        lacking = np.array([rate - at.rate, label_information - at.label_information]) - effect[0]
        if hold_sigma:
            moves = np.array([(lacking[0] - lacking[1]) / (effect[1, 0] - effect[1, 1]), 0.0])
        else:
            moves = np.linalg.solve(effect[1:].T, lacking)
        total = answers[0] + moves[0] * answers[1] + moves[1] * answers[2]
        return total[:, 0].reshape(m), total[:, 1:].T, float(moves[0]), float(moves[1])


def relaxed(at: Stationary) -> Stationary:
    """The same point with sigma put to 1: a start for the relaxation where the label is worth more than the rate."""
    return replace(at, sigma=min(at.sigma, 1.0))
