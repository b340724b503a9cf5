"""A discrete problem with a free output law in the units of its solver, and the way back to witnesses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray, to_nats
from solvers.certificate import PriceDual
from solvers.perception_ball import Ball, FreePlan
from solvers.perception_newton import FreePoint
from solvers.perception_system import Constraint, FreePlans
from solvers.problem import LEAST_MASS, DiscreteProblem, OperatingPoint

MARGINS: Final = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""Shares of a plan strictly inside that are mixed in until the exact plan is within the budgets."""
LEAST_RADIUS: Final = 1e-12
"""A smaller radius (beside the dearest move) is solved as this one; the bounds are still evaluated at the radius itself."""
MOST: Final = 1e20
"""Greatest factor that lifts the multiplier of a tiny radius: beyond it the checker's balls would lose digits."""
REFITS: Final = 5
LOWEST: Final = 1e-290
"""Floor of a mass that is divided by or whose logarithm is taken."""


@dataclass(frozen=True, eq=False)
class Source:
    """The problem in nats and scaled costs: rows of positive mass, letters that the ball allows.

    cost: (d - row's least) / scale; offset: what the row's least costs sum to.
    """

    problem: DiscreteProblem
    ball: Ball
    rows: NDArray[np.intp]
    letters: NDArray[np.intp]
    p: FloatArray
    q: FloatArray
    cost: FloatArray
    lowest: FloatArray
    scale: float
    label: FloatArray | None
    ground: FloatArray | None
    radius: float
    wanted: float

    @property
    def offset(self) -> float:
        return float(self.p @ self.lowest)

    def program(self, cost: FloatArray | None, constraints: list[Constraint]) -> FreePlans:
        return FreePlans(self.p, self.q, cost, self.label, tuple(constraints), self.ground, self.radius)

    def full_plan(self, plan: FloatArray, transport: FloatArray | None) -> FreePlan:
        full = np.zeros(self.problem.cost.shape)
        # A row without mass gets any law: nothing depends on it.
        full[:, self.letters[0]] = 1.0
        full[self.rows] = 0.0
        full[np.ix_(self.rows, self.letters)] = np.maximum(plan, 0.0)
        if self.ball.kind != "w" or math.isinf(self.ball.radius):
            return FreePlan(full, None)
        if transport is None:
            # The radius covers the dearest move, so any transport will do.
            transport = np.outer(self.problem.p_Y, self.problem.p_X @ (full / full.sum(axis=1, keepdims=True)))
        return FreePlan(full, _refitted(transport, self.problem, full))

    def dual(self, f: FloatArray, s: float, a: float, b: float, ball: float, channel: FloatArray | None = None) -> PriceDual:
        potential = np.zeros(self.problem.p_X.size)
        potential[self.rows] = f
        full = None
        if channel is not None:
            full = np.ones(self.problem.cost.shape)
            full[self.rows] = LOWEST
            full[np.ix_(self.rows, self.letters)] = np.maximum(channel, LOWEST)
        return PriceDual(potential, s, a, b, ball, full)


def free_source(problem: DiscreteProblem, point: OperatingPoint, ball: Ball) -> Source:
    rows = np.flatnonzero(problem.p_X > 0)
    entropic = ball.kind == "kl" and math.isfinite(ball.radius)
    letters = np.flatnonzero(problem.p_Y > 0) if entropic else np.arange(problem.p_Y.size)
    p, q = np.maximum(problem.p_X[rows], LEAST_MASS), problem.p_Y[letters]
    q = np.where(q > 0, np.maximum(q, LEAST_MASS), 0.0)
    cost = problem.cost[np.ix_(rows, letters)]
    lowest = cost.min(axis=1)
    spare = cost - lowest[:, None]
    scale = float(spare.max()) or 1.0
    label, wanted = None, 0.0
    if point.has_classification and problem.p_S_given_X is not None:
        label = problem.p_S_given_X[rows]
        label = label[:, p @ label > 0]
        wanted = max(0.0, entropy(p @ label) - point.classification_nats)
    ground = None
    if ball.kind == "tv":
        ground = 1.0 - np.eye(letters.size)
    elif ball.ground is not None:
        ground = ball.ground
    radius = to_nats(ball.radius, point.units) if ball.kind == "kl" else ball.radius
    if ground is not None and ground.max() > 0:
        # The dearest move costs 1 from here on; multipliers of the radius are scaled back in `_point_evidence`.
        ground, radius = ground / ground.max(), radius / float(ground.max())
        if radius >= 1:
            radius = math.inf
    elif ground is not None:
        radius = math.inf
    if wanted == 0:
        label = None
    radius = max(radius, LEAST_RADIUS)
    return Source(problem, ball, rows, letters, p, q, spare / scale, lowest, scale, label, ground, radius, wanted)


def centre(source: Source) -> FreePoint:
    """The product with p_Y: no rate, and the centre of the ball."""
    transport = None if source.ground is None else np.diag(source.q)
    return FreePoint(np.outer(source.p, source.q), transport, np.zeros(source.p.size), np.zeros(0), 0.0, 0.0)


def label_alone(source: Source) -> PriceDual:
    """No cost and a product for a channel: I(X;Y|S) >= 0, so R >= H(S) - C."""
    return source.dual(np.zeros(source.p.size), 0.0, 0.0, 1.0, 0.0, np.full(source.cost.shape, 1.0))


def ball_multiplier(source: Source, found: FreePoint) -> float:
    """Per unit of the radius as the user gave it, in scaled cost units (or nats)."""
    if source.ball.kind == "kl":
        # The best multiplier of a small relative entropy falls with the root of the radius.
        small = source.radius / max(source.ball.radius, LOWEST)
        return found.ball * min(math.sqrt(small), MOST) if math.isfinite(small) and small > 2 else found.ball
    if source.ball.ground is None:
        return found.ball
    return found.ball / float(source.ball.ground.max() or 1.0)


def priced(source: Source, found: FreePoint, constraints: list[Constraint], *, distortion: bool) -> PriceDual:
    """The dual of a point. Distortion: in cost units, s = 1; rate: in nats, a + b = 1 and s the multiplier of the budget."""
    unit = source.scale if distortion else 1.0
    s, a, b = (1.0 if distortion else 0.0), 0.0, 0.0
    for weight, k in zip(found.weights, constraints, strict=True):
        if k.information == "both":
            a += float(weight) * unit
        elif k.information == "given label":
            b += float(weight) * unit
        else:
            s += float(weight) / source.scale
    f = found.f * unit + s * source.lowest
    channel = found.plan / source.p[:, None] if b > 0 else None
    return source.dual(f, s, a, b, ball_multiplier(source, found) * unit, channel)


def ladder(source: Source, found: FreePoint, inside: FreePoint) -> Iterator[FreePlan]:
    """The plan with growing shares of one that lies inside."""
    for share in MARGINS:
        plan = (1 - share) * found.plan + share * inside.plan
        transport = None
        if found.transport is not None and inside.transport is not None:
            transport = (1 - share) * found.transport + share * inside.transport
        yield source.full_plan(plan, transport)


def _refitted(transport: FloatArray, problem: DiscreteProblem, plan: FloatArray) -> FloatArray:
    """The transport with columns, then rows, scaled to its marginals, so that the checker has next to nothing to add."""
    output = problem.p_X @ (plan / plan.sum(axis=1, keepdims=True))
    for _ in range(REFITS):
        transport = transport * (output / np.maximum(transport.sum(axis=0), LOWEST))
        transport = transport * (problem.p_Y / np.maximum(transport.sum(axis=1), LOWEST))[:, None]
    return transport


def entropy(p: FloatArray) -> float:
    positive = p[p > 0]
    return -float(np.sum(positive * np.log(positive)))
