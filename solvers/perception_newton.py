"""A primal-dual interior-point method for plans of given input law and free output law (see `perception_system`).

Newton's method on the perturbed optimality conditions with Mehrotra's second-order correction (SIAM J. Optim. 2, 1992). What
is returned is a guess, proved or not by a checker elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.perception_system import FreePlans, State, Targets, directions

STEPS: Final = 300
ENOUGH: Final = 1e-14  # gap and residual at which nothing more is to be gained
HASTE: Final = 0.3  # share of its first value, times what is left of the first residuals, below which no barrier is aimed at
INSIDE: Final = 1e-4  # gap at which the point strictly inside is kept
KEPT: Final = 0.01  # share of every positive quantity that a step keeps
PATIENCE: Final = 4  # steps without progress at the end
ROUNDING: Final = 1e-8  # gap from which on a step without progress may be rounding
LOWEST: Final = 1e-300  # mass of a pair that is not allowed
SHORT: Final = 0.1  # length of a step that calls for a better direction
POSITIVE: Final = ("P", "Z", "s", "w", "T", "Y")


@dataclass(frozen=True, eq=False)
class FreePoint:
    """plan (n, m), transport (m, m) or None; potentials f (n,); multipliers of the constraints and of the ball."""

    plan: FloatArray
    transport: FloatArray | None
    f: FloatArray
    weights: FloatArray
    ball: float
    gap: float


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # an iterate that is not finite is never the best
def optimum(a: FreePlans) -> tuple[FreePoint, FreePoint]:
    """(best, inside): the point of least gap and residual, and one on the way that is strictly within all constraints."""
    x = _start(a)
    # Between equal weights, which favour heavy masses, and the masses themselves, which let light ones cut every step short.
    weight_P, weight_T = x.P * x.Z, np.sqrt(x.T / max(x.T.size, 1))
    # Twice their number: a barrier aimed at is then at most half the present one, and a step to the path is progress too.
    pairs = 2 + 2 * x.s.size
    best, inside, stalled, least = x, None, 0, math.inf
    left, first = 1.0, _gap(x) / pairs
    for _ in range(STEPS):
        mu = _gap(x) / pairs
        step = directions(a, x)
        affine = step(Targets(0 * x.P, 0 * x.T, 0 * x.s))
        if not affine.finite:
            break
        centring = (_gap(x.moved(affine, _length(x, affine))) / pairs / mu) ** 3
        # Masses that vanish before the constraints are met never come back.
        goal = max(min(centring, 1.0) * mu, 1e-3 * mu, min(mu, HASTE * left * first))
        d = step(
            Targets(goal * weight_P - affine.P * affine.Z, goal * weight_T - affine.T * affine.Y, goal - affine.s * affine.w)
        )
        length = _length(x, d) if d.finite else 0.0
        if length < SHORT:
            # The correction spoils more than it mends: a step to the central path instead.
            plain = step(Targets(mu * weight_P, mu * weight_T, mu + 0 * x.s))
            if plain.finite and _length(x, plain) > length:
                d, length = plain, _length(x, plain)
        y = _advanced(a, x, d, length) if d.finite else None
        if y is None:
            break
        x, left = y, left * (1 - length)
        gap = _gap(x)
        merit = max(gap, _residual(a, x), left)
        stalled = stalled + 1 if merit >= least else 0
        if merit < least:
            least, best = merit, x
        if inside is None and gap < INSIDE and left < ROUNDING**2:
            inside = x
        if merit < ENOUGH or (stalled > PATIENCE and least < ROUNDING):
            break
    return _point(a, best), _point(a, inside or best)


def _start(a: FreePlans) -> State:
    """The product with a law strictly inside the ball; half of the radius may be spent on letters without mass."""
    n, m = a.p.size, a.q.size
    mass, spread, share = a.q[a.q > 0], np.full(m, 1.0 / m), 0.5
    T = np.zeros((mass.size, m))
    if a.by_transport:
        assert a.ground is not None
        mean = float(a.q @ a.ground @ spread)
        share = min(0.5, 0.5 * a.radius / mean) if mean > 0 else 0.5
        T = share * np.outer(mass, spread)
        T[np.arange(mass.size), np.flatnonzero(a.q > 0)] += (1 - share) * mass
    if a.by_entropy:
        while a.divergence((1 - share) * a.q + share * spread) > 0.5 * a.radius:
            share /= 2
    P = a.p[:, None] * ((1 - share) * a.q + share * spread)
    if a.allowed is not None:
        P = np.where(a.allowed, P, 0.0)
        P = np.maximum(P * (a.p / P.sum(axis=1))[:, None], LOWEST)
    values = np.array([float(np.sum(P * g)) for g in a.gradients(P)])
    rho = float(np.where(a.epigraph > 0, values - a.bounds, -math.inf).max()) + 1.0 if a.cost is None else 0.0
    s = np.maximum(a.bounds + a.epigraph * rho - values, 1e-3)
    if a.has_ball:
        s = np.append(s, max(a.radius - a.spent(P, T), 0.1 * a.radius))
    Y = np.sqrt(T / max(T.size, 1)) / np.maximum(T, 1e-300)
    Z = 1 / np.sqrt(P.size * P)
    if a.allowed is not None:
        Z[~a.allowed] = 0.0
    return State(P, Z, np.zeros(n), rho, s, 1 / s, T, Y, np.zeros(m), np.zeros(mass.size))


def _gap(x: State) -> float:
    return float(np.sum(x.P * x.Z) + np.sum(x.T * x.Y) + x.w @ x.s)


def _residual(a: FreePlans, x: State) -> float:
    """Masses by which the plans miss their marginals, and what the constraints miss by with their slacks."""
    output = x.P.sum(axis=0)
    budgets = np.append(a.bounds, a.radius) if a.has_ball else a.bounds
    # Beside a small budget: what it is missed by must be mixed away later.
    small = np.where(budgets > 0, np.minimum(budgets, 1.0), 1.0)
    missed = float(np.abs(x.P.sum(axis=1) - a.p).sum() + (np.abs(_slacks(a, x) - x.s) / small).sum())
    if a.by_transport:
        missed += float(np.abs(x.T.sum(axis=1) - a.q[a.q > 0]).sum() + np.abs(x.T.sum(axis=0) - output).sum())
    return missed


def _slacks(a: FreePlans, x: State) -> FloatArray:
    """What the plan leaves of each constraint, the ball's last."""
    left = a.bounds + a.epigraph * x.rho - np.array([float(np.sum(x.P * g)) for g in a.gradients(x.P)])
    return np.append(left, a.radius - a.spent(x.P, x.T)) if a.has_ball else left


def _length(x: State, d: State) -> float:
    longest = 1 / (1 - KEPT)
    for name in POSITIVE:
        value, step = getattr(x, name), getattr(d, name)
        shrinking = step < 0
        if shrinking.any():
            longest = min(longest, float((-value[shrinking] / step[shrinking]).min()))
    return (1 - KEPT) * longest


def _advanced(a: FreePlans, x: State, d: State, length: float) -> State | None:
    """The point a step on. Slacks of curved constraints are taken as they are, wherever they are positive."""
    curved = np.array([k.linear is None for k in a.constraints] + [a.by_entropy] * a.has_ball, dtype=bool)
    for _ in range(30):
        y = x.moved(d, length)
        true = _slacks(a, y)
        s = np.where(curved & (true > 0.1 * y.s), true, y.s)
        if (s > 0).all():
            return replace(y, s=s)
        length /= 2
    return None


def _point(a: FreePlans, x: State) -> FreePoint:
    transport = None
    if a.by_transport:
        transport = np.zeros((a.q.size, a.q.size))
        transport[a.q > 0] = x.T
    J = len(a.constraints)
    return FreePoint(x.P, transport, x.alpha, x.w[:J], float(x.w[J]) if a.has_ball else 0.0, _gap(x))
