"""The convex relaxation of the classification constraint: I(X;Y) and I(X;Y|S) bounded.

Its Lagrangian <P,c> + tau [(1 - share) I(X;Y) + share I(X;Y|S)] is minimised by turns: r(y|s) = P(y|s), then an entropic
transport of the cost c - tau share sum_s p(s|x) log(r(y|s) / q(y)) at temperature tau. The turns converge linearly, so
they are accelerated by Anderson's mixing on log r. The two multipliers are found by nested roots: tau for a given
share, then the share; both functions change sign once, because the dual function is concave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from rdcsym.problem import FloatArray
from solvers.sinkhorn import climb, mutual_information

TURNS: Final = 300
MEMORY: Final = 6
RESIDUAL: Final = 1e-11
LOWEST: Final = 1e-290
"""Floor of a conditional law: below it logarithms are of no numerical use."""
TEMPERATURES: Final = (1e-7, 1e7)
"""Range of the temperature in units of the spread of the centred cost."""
EXTREMES: Final = (1e-320, 1e305)
"""The same for costs at the ends of the floats' range."""


@dataclass(frozen=True, eq=False)
class LabelledSource:
    """Positive laws p (n,), q (m,), cost (n, m), label rows (n, k)."""

    p: FloatArray
    q: FloatArray
    cost: FloatArray
    label: FloatArray

    def output_given_label(self, plan: FloatArray) -> FloatArray:
        """r(y|s) of shape (k, m)."""
        return np.asarray(self.label.T @ plan / (self.p @ self.label)[:, None])

    def information(self, plan: FloatArray) -> tuple[float, float]:
        """I(X;Y) and I(X;Y|S) in nats."""
        both = mutual_information(plan, self.p, self.q)
        return both, both - self.label_information(plan)

    def label_information(self, plan: FloatArray) -> float:
        """I(S;Y) in nats."""
        mass = self.p @ self.label
        return mutual_information(self.label.T @ plan, mass, self.q)


@dataclass(frozen=True, eq=False)
class RelaxedPlan:
    """A minimiser of the Lagrangian and its multipliers; g in cost units, temperature = rate + label multiplier."""

    plan: FloatArray
    g: FloatArray
    temperature: float
    share: float
    log_r: FloatArray
    gamma: FloatArray
    converged: bool

    @property
    def rate_multiplier(self) -> float:
        return self.temperature * (1 - self.share)

    @property
    def label_multiplier(self) -> float:
        return self.temperature * self.share


Excess = Callable[[RelaxedPlan], float]


class StalledError(ArithmeticError):
    """The turns do not converge (labels that X almost decides make them crawl): another method should take over."""


def solve_relaxation(source: LabelledSource, hotter: Excess, more_label: Excess, patience: int | None = None) -> RelaxedPlan:
    """Find the multipliers. `hotter` > 0 asks for a higher temperature, `more_label` > 0 for a greater share.

    Where one sign holds throughout, the end of the range is returned. patience: how many minimisations may end unconverged
    before StalledError is raised (None: any number, since every dual point gives a valid bound).
    """
    known: list[RelaxedPlan] = []
    stalled = 0

    def count(found: RelaxedPlan) -> None:
        nonlocal stalled
        stalled += not found.converged
        if patience is not None and stalled > patience:
            raise StalledError(f"{stalled} minimisations of {TURNS} turns did not converge")

    def at_share(share: float) -> RelaxedPlan:
        near = min(known, key=lambda k: abs(k.share - share)) if known else None
        found = _at_share(source, share, hotter, near, count)
        known.append(found)
        return found

    first = at_share(0.0)
    if more_label(first) <= 0:
        return first
    last = at_share(1.0)
    if more_label(last) >= 0:
        return last
    ends = {0.0: more_label(first), 1.0: more_label(last)}
    brentq(lambda s: ends[s] if s in ends else more_label(at_share(s)), 0.0, 1.0, xtol=1e-11, maxiter=60, disp=False)
    return min(known[2:], key=lambda k: abs(more_label(k)))


def _at_share(
    source: LabelledSource, share: float, hotter: Excess, near: RelaxedPlan | None, count: Callable[[RelaxedPlan], None]
) -> RelaxedPlan:
    def minimise(temperature: float, near: RelaxedPlan | None) -> RelaxedPlan:
        made = minimise_lagrangian(source, temperature, share, near)
        count(made)
        return made

    # Where the cost is a(x) + b(y), or 0, there is no scale, and any will do.
    spread = float(np.abs(_centred(source)[0]).max()) or float(np.abs(source.cost).max()) or 1.0
    coldest, hottest = (min(max(spread * k, EXTREMES[0]), EXTREMES[1]) for k in TEMPERATURES)
    # Without a neighbour the start is warm, where any start converges; then the steps are small enough to follow.
    start = near.temperature if near is not None else spread
    found = [minimise(start, near)]
    sign = hotter(found[0]) > 0
    factor = 1.3
    while True:
        last = found[-1]
        if (last.temperature >= hottest) if sign else (last.temperature <= coldest):
            return last
        following = last.temperature * (factor if sign else 1 / factor)
        found.append(minimise(min(max(following, coldest), hottest), last))
        if (hotter(found[-1]) > 0) != sign:
            break
        factor = min(factor * 1.5, 2.5)
    # The ends' values are kept: a root finder must see the signs that the bracket was chosen for.
    ends = {float(np.log(k.temperature)): hotter(k) for k in found[-2:]}
    low, high = sorted(ends)

    def at(log_temperature: float) -> float:
        if log_temperature in ends:
            return ends[log_temperature]
        closest = min(found, key=lambda k: abs(np.log(k.temperature) - log_temperature))
        found.append(minimise(float(np.exp(log_temperature)), closest))
        return hotter(found[-1])

    brentq(at, low, high, xtol=1e-13, rtol=1e-13, maxiter=60, disp=False)
    return min(found, key=lambda k: abs(hotter(k)))


def minimise_lagrangian(source: LabelledSource, temperature: float, share: float, near: RelaxedPlan | None = None) -> RelaxedPlan:
    """The alternating minimisation at given multipliers, started near another solution."""
    centred, columns = _centred(source)
    log_q = np.log(source.q)
    log_r = near.log_r if near is not None else np.tile(log_q, (source.label.shape[1], 1))
    gamma = np.zeros_like(source.q) if near is None else near.gamma * (near.temperature / temperature)
    turns: list[tuple[FloatArray, FloatArray]] = []
    plan = np.outer(source.p, source.q)
    best, converged = np.inf, share == 0
    for _ in range(TURNS if share > 0 else 1):
        # Divided by the temperature, since the reciprocal of a denormal one overflows.
        state = climb(source.p, source.q, centred / temperature - share * (source.label @ (log_r - log_q)), 1.0, gamma)
        plan, gamma = state.plan, state.gamma
        answer = np.log(np.maximum(source.output_given_label(plan), LOWEST))
        residual = answer - log_r
        size = float(np.abs(residual).max())
        if size <= RESIDUAL:
            converged = True
            break
        # A jump that made matters much worse forgets the past and falls back on the plain turn, which always descends.
        if size > 10 * best:
            turns = []
        best = min(best, size)
        turns = [*turns[-MEMORY:], (log_r, residual)]
        log_r = answer if len(turns) == 1 else _anderson(turns)
    return RelaxedPlan(plan, gamma * temperature + columns, temperature, share, log_r, gamma, converged)


def _anderson(turns: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """The combination of past turns whose residuals cancel best (type II mixing), as normalised log laws."""
    point, residual = turns[-1]
    points = np.array([(point - x).ravel() for x, _ in turns[:-1]]).T
    residuals = np.array([(residual - r).ravel() for _, r in turns[:-1]]).T
    weights = np.linalg.lstsq(residuals, residual.ravel(), rcond=1e-10)[0]
    mixed = (point + residual).ravel() - (points + residuals) @ weights
    mixed = np.maximum(mixed.reshape(point.shape), np.log(LOWEST))
    top = mixed.max(axis=1, keepdims=True)
    return np.asarray(mixed - top - np.log(np.exp(mixed - top).sum(axis=1, keepdims=True)))


def _centred(source: LabelledSource) -> tuple[FloatArray, FloatArray]:
    rows, columns = source.cost @ source.q, source.p @ source.cost
    return source.cost - rows[:, None] - columns[None, :] + float(source.p @ rows), columns
