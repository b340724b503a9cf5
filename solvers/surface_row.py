"""One rate of a surface: its value without label, then along falling classification budgets by continuation.

From the plan of the rate alone the label's constraint is tightened step by step, each point a few Newton steps from the last
(`labelled_newton`). Where the label is worth at most as much as the rate (sigma <= 1) the point is the optimum and its
multipliers prove it. Beyond, the plan is a local optimum, an upper end, and the lower end is the relaxation's (sigma = 1).
Evidence proves what it proves at every budget, so neighbours' evidence is tried as well: where Newton's method fails a point
keeps what its neighbours prove.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from solvers import checker
from solvers.certificate import (
    Arithmetic,
    Certificate,
    CertificateError,
    ChannelDual,
    Dual,
    JointPlan,
    LabelBound,
    Primal,
    SemiDual,
)
from solvers.classification import infeasibility_evidence
from solvers.labelled_newton import LabelledNewton, Stationary, relaxed
from solvers.problem import LEAST_MASS, DiscreteProblem, OperatingPoint, Support, operating_point, support
from solvers.relaxation import LOWEST, LabelledSource
from solvers.solve import solve

MARGINS: Final = (1e-11, 1e-10, 1e-9, 1e-7)
"""Nats by which a plan keeps within both budgets, in turn: the checker's rounding must fit in."""
HALVINGS: Final = 3
"""How often a step along the row is halved before its end counts as out of reach."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One point: the ends, the evidence behind them, the solver's name and the checker's arithmetic."""

    lower: float
    upper: float
    primal: Primal | None
    dual: Dual
    method: str
    arithmetic: Arithmetic = "float64"


@dataclass(frozen=True, eq=False)
class Question:
    """What a surface asks of each of its points, besides the budgets."""

    setting: str
    units: str
    tolerance: float
    nodes: int | None


def row(problem: DiscreteProblem, rate: float, classifications: Sequence[float] | None, question: Question) -> list[Cell]:
    """The cells at one rate (in the question's units), in the order of the classifications; one cell where they are None."""
    # Small matrices: threads of BLAS would only stand in each other's way.
    with threadpool_limits(limits=1):
        base = solve(problem, rate=rate, units=question.units, tolerance=question.tolerance)
        if classifications is None:
            return [Cell(base.lower, base.upper, base.primal, base.dual, base.method, base.arithmetic)]
        cells: dict[float, Cell] = {}
        walk = _Walk(problem, base, rate, question)
        for budget in sorted(set(classifications), reverse=True):
            cells[budget] = walk.at(budget)
        return [cells[c] for c in classifications]


class _Walk:
    """The way along one row, from loose to tight budgets."""

    def __init__(self, problem: DiscreteProblem, base: Certificate, rate: float, question: Question) -> None:
        self._problem, self._base, self._rate, self._question = problem, base, rate, question
        self._where: Support = support(problem, LEAST_MASS)
        label = self._where.label
        assert label is not None
        self._newton = LabelledNewton(LabelledSource(self._where.p, self._where.q, self._where.cost, label))
        mass = self._where.p @ label
        self._entropy = -float(np.sum(mass * np.log(mass)))
        self._last: Stationary | None = self._start()
        self._relaxed: Stationary | None = None
        self._always: list[Dual] = [base.dual, *infeasibility_evidence(self._where)]
        self._duals: list[Dual] = self._always
        self._free = self._without_label()
        # At rate 0 the product is the only plan, and rounding would rule it out.
        self._arithmetic: Arithmetic = base.arithmetic if rate == 0 else "float64"

    def at(self, classification: float) -> Cell:
        point = self._point(classification)
        lower, dual = self._lower(point, self._duals)
        if lower == math.inf:
            return Cell(
                math.inf, math.inf, None, dual, "data processing" if isinstance(dual, LabelBound) else "convex relaxation"
            )
        upper, primal = self._upper(point, self._free)
        if primal is not None:
            return Cell(lower, upper, primal, dual, self._base.method, self._arithmetic)
        method = "continuation"
        if self._move(point):
            self._duals = [*self._always, *self._recent(point)]
            lower, dual = self._lower(point, self._duals)
            upper, primal = self._upper(point, self._plans(point))
        mine = Cell(lower, upper, primal, dual, method, self._arithmetic)
        if self._question.nodes == 0 or not self._gap(point, lower, upper):
            return mine
        found = solve(
            self._problem,
            rate=self._rate,
            classification=classification,
            setting=self._question.setting,
            units=self._question.units,
            tolerance=self._question.tolerance,
            nodes=self._question.nodes,
        )
        if found.upper - found.lower < upper - lower or found.status == "infeasible":
            return Cell(found.lower, found.upper, found.primal, found.dual, found.method, found.arithmetic)
        return mine

    def _start(self) -> Stationary | None:
        dual, plan = self._base.dual, self._base.plan
        if not isinstance(dual, SemiDual) or plan is None or not 0 < dual.temperature < math.inf:
            return None
        kept = np.ix_(self._where.keep_x, self._where.keep_y)
        return self._newton.near(plan[kept], np.asarray(dual.g)[self._where.keep_y], dual.temperature)

    def _without_label(self) -> list[Primal]:
        """The plan of the rate alone, and the same a hair within the rate."""
        plan = self._base.plan
        if plan is None:
            return []
        product = self._problem.p_X[:, None] * self._problem.p_Y
        return [JointPlan((1 - share) * plan + share * product) for share in (0.0, *MARGINS)]

    def _point(self, classification: float) -> OperatingPoint:
        return operating_point(
            self._problem,
            rate=self._rate,
            distortion=None,
            classification=classification,
            perception=None,
            setting=self._question.setting,
            units=self._question.units,
            classifier_sees_seed=None,
        )

    def _wanted(self, point: OperatingPoint) -> float:
        return self._entropy - point.classification_nats

    def _move(self, point: OperatingPoint) -> bool:
        """Follow the row to I(S;Y) = H(S) - C; False, and the walk ends, where that fails."""
        if self._last is None:
            return False
        rate, goal = point.rate_nats, self._wanted(point)
        here, parts = self._last, 1
        while True:
            target = here.label_information + (goal - here.label_information) / parts
            found = self._newton.to(here, rate=rate, label_information=target)
            if found is None:
                if parts >= 2**HALVINGS:
                    self._last = None
                    return False
                parts *= 2
                continue
            here, parts = found, max(parts - 1, 1)
            if target == goal:
                self._last = here
                return True

    def _recent(self, point: OperatingPoint) -> list[Dual]:
        """Dual witnesses of the last point: its own, or the relaxation's where it is a local optimum only."""
        assert self._last is not None
        if self._last.sigma <= 1:
            self._relaxed = self._last
        else:
            start = self._relaxed or self._last
            moved = self._newton.to(relaxed(start), rate=point.rate_nats, label_information=self._wanted(point), hold_sigma=True)
            self._relaxed = moved or self._relaxed
        return [] if self._relaxed is None else [self._dual(self._relaxed)]

    def _dual(self, at: Stationary) -> ChannelDual:
        where = self._where
        channel = np.maximum(at.plan / where.p[:, None], LOWEST)
        rate, label = at.multipliers
        return ChannelDual(where.full_g(self._newton.potential(at)), where.full_plan(channel), 1.0, rate, label)

    def _plans(self, point: OperatingPoint) -> Iterator[Primal]:
        """Plans ever further within both budgets."""
        assert self._last is not None
        for margin in MARGINS:
            inside = self._newton.to(
                self._last,
                rate=point.rate_nats - margin,
                label_information=self._wanted(point) + margin,
            )
            if inside is not None:
                yield JointPlan(self._where.full_plan(inside.plan))

    def _lower(self, point: OperatingPoint, duals: Sequence[Dual]) -> tuple[float, Dual]:
        ends = [(checker.lower_end(self._problem, point, dual, self._arithmetic), dual) for dual in duals]
        return max(ends, key=lambda end: end[0])

    def _upper(self, point: OperatingPoint, plans: Iterable[Primal]) -> tuple[float, Primal | None]:
        """The first plan that the kernel accepts."""
        for plan in plans:
            try:
                return checker.upper_end(self._problem, point, plan, self._arithmetic), plan
            except CertificateError:
                continue
        return math.inf, None

    def _gap(self, point: OperatingPoint, lower: float, upper: float) -> bool:
        return checker.status_of(self._problem, point, lower, upper, self._question.tolerance) == "gap"
