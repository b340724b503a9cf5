"""A primal-dual interior-point method for the information of a channel under linear constraints.

    minimise  sum_xy pi_xy log(pi_xy / (p_x r_y)),   r_y = sum_x pi_xy,   over v = (pi, e),
    subject to  A v = b,  G v <= h,

where the first rows of G v <= h say pi >= 0. Newton's method on the perturbed optimality conditions (Boyd and Vandenberghe,
Convex Optimization, section 11.7); what it returns is a guess, proved or not by a checker elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray

STEPS: Final = 120
SMALLEST_BARRIER: Final = 1e-17
ROUNDING: Final = 1e-13
SHORTEST: Final = 1e-6
CENTRED: Final = 1e-6
CENTRING_STEPS: Final = 40
CENTRE: Final = 1e-2  # the squared length of Newton's step, in barriers, at which a point counts as central
PATIENCE: Final = 2  # steps without progress at the end
SHRINK: Final = 0.1
KEPT: Final = 0.01  # share of every slack and multiplier that a step keeps


@dataclass(frozen=True, eq=False)
class LinearConstraints:
    """A (k, v), b (k,): equalities. G (g, v), h (g,): inequalities, the first `entries` of them -pi <= 0."""

    A: FloatArray
    b: FloatArray
    G: FloatArray
    h: FloatArray


@dataclass(frozen=True, eq=False)
class InteriorPoint:
    """v: the variables; equalities, inequalities: the multipliers of A v = b and of G v <= h, in nats."""

    v: FloatArray
    equalities: FloatArray
    inequalities: FloatArray


def least_information(
    p: FloatArray, columns: FloatArray, start: FloatArray, about: LinearConstraints, smallest: float
) -> InteriorPoint:
    """The optimum.

    p (entries,): p_x of each entry of pi; columns (m, entries): 0/1, the entries of each y; start (v,) meets all
    G v < h strictly; smallest: the smallest budget (at most 1), to which barriers are compared.
    """
    v, equalities = _centre(p, columns, start, about, CENTRED * smallest)
    slack = about.h - about.G @ v
    at = _Iterate(v, equalities, slack, CENTRED * smallest / slack)
    best, least, stalled = at, math.inf, 0
    for _ in range(STEPS):
        gap = float(at.slack @ at.multipliers) / at.slack.size
        gradient, curvature = _derivatives(at.v, p, columns)
        dual, primal, inner = _residuals(at, gradient, about)
        # What a rest of the gradient costs is its product with the mass: a letter that leaves the output costs nothing.
        error = max(gap, *(float(np.abs(rest).max()) for rest in (dual * at.v, primal, inner)))
        stalled = stalled + 1 if error >= least else 0
        if error < least:
            least, best = error, at
        if stalled > PATIENCE and gap < ROUNDING * smallest:
            break
        barrier = max(SHRINK * gap, SMALLEST_BARRIER * smallest)
        central = at.multipliers * at.slack - barrier
        weight = at.multipliers / at.slack
        matrix = curvature + (about.G.T * weight) @ about.G
        step, equality_step = _saddle(matrix, about.A, -(dual + about.G.T @ (weight * inner - central / at.slack)), -primal)
        slack_step = -inner - about.G @ step
        direction = _Iterate(step, equality_step, slack_step, -(central + at.multipliers * slack_step) / at.slack)
        following = _advanced(at, direction, p, columns, about, barrier)
        if following is None:
            break
        at = following
    return InteriorPoint(best.v, best.equalities, best.multipliers)


@dataclass(frozen=True, eq=False)
class _Iterate:
    """A point of the method, or a direction: variables, multipliers of the equalities, slacks and multipliers of G v <= h."""

    v: FloatArray
    equalities: FloatArray
    slack: FloatArray
    multipliers: FloatArray

    def moved(self, along: _Iterate, t: float) -> _Iterate:
        return _Iterate(
            self.v + t * along.v,
            self.equalities + t * along.equalities,
            self.slack + t * along.slack,
            self.multipliers + t * along.multipliers,
        )


def _residuals(at: _Iterate, gradient: FloatArray, about: LinearConstraints) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What is left of stationarity, of the equalities and of the inequalities."""
    dual = gradient + about.A.T @ at.equalities + about.G.T @ at.multipliers
    return dual, about.A @ at.v - about.b, about.G @ at.v + at.slack - about.h


def _advanced(
    at: _Iterate, direction: _Iterate, p: FloatArray, columns: FloatArray, about: LinearConstraints, barrier: float
) -> _Iterate | None:
    """The point a step on, with all that must be positive kept so and the residual smaller; None where no step does it."""
    scale = at.v  # see the comment on `error`

    def residual(x: _Iterate) -> float:
        dual, primal, inner = _residuals(x, _derivatives(x.v, p, columns)[0], about)
        parts = (scale * dual, primal, inner, x.multipliers * x.slack - barrier)
        return math.sqrt(sum(float(part @ part) for part in parts))

    positive = ((at.slack, direction.slack), (at.multipliers, direction.multipliers), (at.v[: p.size], direction.v[: p.size]))
    length, now = min(_length(value, step) for value, step in positive), residual(at)
    while length > SHORTEST:
        following = at.moved(direction, length)
        if residual(following) <= (1 - 0.01 * length) * now:
            return following
        length /= 2
    return None


def _centre(
    p: FloatArray, columns: FloatArray, start: FloatArray, about: LinearConstraints, last: float
) -> tuple[FloatArray, FloatArray]:
    """The point of the central path at barrier `last`, by Newton's method on the log-barrier from a strictly feasible start."""
    v, equalities, entries = start.copy(), np.zeros(about.b.size), p.size

    def merit(w: FloatArray, barrier: float) -> float:
        slack = about.h - about.G @ w
        if slack.min() <= 0:
            return math.inf
        return float(w[:entries] @ _derivatives(w, p, columns)[0][:entries] - barrier * np.log(slack).sum())

    barrier = 1.0
    while True:
        for _ in range(CENTRING_STEPS):
            gradient, curvature = _derivatives(v, p, columns)
            slack = about.h - about.G @ v
            matrix = curvature + barrier * (about.G.T / slack**2) @ about.G
            slope = gradient + about.G.T @ (barrier / slack)
            step, equalities = _saddle(matrix, about.A, -slope, about.b - about.A @ v)
            fall, now, length = float(slope @ step), merit(v, barrier), 1.0
            while merit(v + length * step, barrier) > now + 0.1 * length * fall and length > SHORTEST:
                length /= 2
            if length <= SHORTEST:
                break
            v = v + length * step
            if abs(fall) <= CENTRE * barrier:
                break
        if barrier == last:
            return v, equalities
        barrier = max(SHRINK * barrier, last)


def _derivatives(v: FloatArray, p: FloatArray, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    entries = p.size
    pi = v[:entries]
    output = columns @ pi
    gradient, curvature = np.zeros(v.size), np.zeros((v.size, v.size))
    gradient[:entries] = np.log(pi / (p * (columns.T @ output)))
    curvature[:entries, :entries] = np.diag(1 / pi) - (columns.T / output) @ columns
    return gradient, curvature


def _saddle(matrix: FloatArray, A: FloatArray, right: FloatArray, below: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Newton's equations, scaled to a unit diagonal: entries of very different size otherwise lose their digits."""
    scale = 1 / np.sqrt(matrix.diagonal())
    scaled, constraints = matrix * scale[:, None] * scale, A * scale
    rows = 1 / np.sqrt((constraints**2).sum(axis=1))
    constraints = constraints * rows[:, None]
    full = np.block([[scaled, constraints.T], [constraints, np.zeros((A.shape[0], A.shape[0]))]])
    target = np.concatenate([right * scale, below * rows])
    try:
        solution = np.linalg.solve(full, target)
        solution += np.linalg.solve(full, target - full @ solution)
    except np.linalg.LinAlgError:  # dependent equalities
        solution = np.linalg.lstsq(full, target)[0]
    n = matrix.shape[0]
    return solution[:n] * scale, solution[n:] * rows


def _length(value: FloatArray, step: FloatArray) -> float:
    shrinking = step < 0
    return min(1.0, float(((1 - KEPT) * -value[shrinking] / step[shrinking]).min())) if shrinking.any() else 1.0
