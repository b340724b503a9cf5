"""The master program of time sharing: the best mixture of known couplings within average budgets, and what it pays for them.

A linear program with one row a budget, solved in exact rationals: its vertices mix at most three couplings, and its dual values
are the prices at which a further coupling would have to be better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from flint import fmpq

from solvers.certificate import PlanMixture
from solvers.lagrangian import Column, Prices
from solvers.problem import Support
from solvers.simplex import LinearSolution, minimise

WEIGHT_BITS: Final = 60
"""Weights are rounded to this many bits, far below the margin that the budgets are kept by."""


@dataclass(frozen=True)
class Budgets:
    """Average budgets: cost, rate and loss (nats); inf for what is minimised or free.

    slack_cost, slack_loss: by how much of each budget one unit of excess is, where no mixture keeps them.
    """

    cost: float
    rate: float
    loss: float
    slack_cost: float
    slack_loss: float

    @property
    def minimises_rate(self) -> bool:
        return math.isfinite(self.cost)

    def shrunk(self, margin: float) -> Budgets:
        kept = 1 - margin
        cost = self.cost - margin * self.slack_cost if self.minimises_rate else self.cost
        return Budgets(cost, self.rate * kept, self.loss * kept, self.slack_cost, self.slack_loss)

    def spent(self, prices: Prices) -> float:
        """What the budgets are worth at these prices."""
        priced = [(prices.cost, self.cost), (prices.rate, self.rate), (prices.label, self.loss)]
        return sum(price * budget for price, budget in priced if price > 0 and math.isfinite(budget))


@dataclass(frozen=True, eq=False)
class Mixture:
    """shares: exact weights of columns. value: of what is minimised, or the excess where the budgets cannot be kept.

    prices: the cost's is 1, or 0 where it plays no part.
    """

    shares: list[tuple[Fraction, Column]]
    value: float
    feasible: bool
    prices: Prices


def best_mixture(columns: Sequence[Column], budgets: Budgets) -> Mixture:
    """The best mixture within the budgets, or the one that exceeds them least. One column must have rate 0."""
    limits = {"rate": budgets.rate, "loss": budgets.loss, "cost": budgets.cost}
    names = [name for name, limit in limits.items() if math.isfinite(limit)]
    rows = [[_exact(getattr(c, name)) for name in names] for c in columns]
    b = [fmpq(1), *(_exact(limits[name]) for name in names)]
    objective = "rate" if budgets.minimises_rate else "cost"
    found = _solve(rows, b, [_exact(getattr(c, objective)) for c in columns], None)
    feasible = found.feasible
    if not feasible:
        slacks = {"rate": 0.0, "loss": budgets.slack_loss, "cost": budgets.slack_cost}
        found = _solve(rows, b, [fmpq(0)] * len(columns), [_exact(-slacks[name]) for name in names])
    dual = dict.fromkeys(limits, 0.0) | {name: -_float(y) for name, y in zip(names, found.y[1:], strict=True)}
    if feasible:
        dual[objective] = 1.0
    unit = dual["cost"] or 1.0
    prices = Prices(float(dual["cost"] > 0), dual["rate"] / unit, dual["loss"] / unit)
    shares = [(_fraction(x), c) for x, c in zip(found.x, columns, strict=False) if x > 0]
    return Mixture(shares, _float(found.value), feasible, prices)


def _solve(rows: list[list[fmpq]], b: list[fmpq], c: list[fmpq], excess: list[fmpq] | None) -> LinearSolution:
    """The shares of the columns, then a slack a budget, then (where given) the excess, which is what is minimised."""
    count = len(b) - 1
    matrix = [[fmpq(1), *row] for row in rows]
    matrix += [[fmpq(0), *(fmpq(int(i == j)) for j in range(count))] for i in range(count)]
    prices = c + [fmpq(0)] * count
    if excess is not None:
        matrix.append([fmpq(0), *excess])
        prices.append(fmpq(1))
    return minimise(matrix, b, prices)


def witness(where: Support, mixture: Mixture) -> PlanMixture:
    """The mixture as evidence, its weights rounded to dyadic numbers of sum 1."""
    whole = 2**WEIGHT_BITS
    counts = [round(w * whole) for w, _ in mixture.shares]
    counts[counts.index(max(counts))] += whole - sum(counts)
    plans = np.array([where.full_plan(c.plan) for _, c in mixture.shares])
    return PlanMixture(plans, tuple(Fraction(k, whole) for k in counts))


def _exact(x: float) -> fmpq:
    return fmpq(*float(x).as_integer_ratio())


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))


def _float(x: fmpq) -> float:
    return float(_fraction(x))
