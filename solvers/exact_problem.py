"""The exact reading of a problem and its budgets, for the trusted kernel: zero masses dropped, rationals normalised."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import get_args

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from rdcsym.problem import Setting, Units
from solvers.certificate import CertificateError
from solvers.exact import Enclosure, conditional_entropy_bits, entropy_bits, in_bits, matrix, normalised, rational
from solvers.problem import DiscreteProblem, Minimised, OperatingPoint


@dataclass(frozen=True, eq=False)
class ExactProblem:
    """Exact laws on the symbols of positive mass. labels: for each label of positive mass, P(s) and the P(x, s)."""

    full_shape: tuple[int, int]
    keep_x: NDArray[np.intp]
    keep_y: NDArray[np.intp]
    p: list[fmpq]
    q: list[fmpq]
    cost: list[list[fmpq]]
    labels: list[tuple[fmpq, list[fmpq]]]
    p_ball: list[arb] = field(repr=False)
    q_ball: list[arb] = field(repr=False)

    def product_cost(self) -> fmpq:
        """E d(X, Y) for independent X and Y."""
        rows = (sum((q * c for q, c in zip(self.q, row, strict=True)), fmpq(0)) for row in self.cost)
        return sum((p * r for p, r in zip(self.p, rows, strict=True)), fmpq(0))

    @cached_property
    def rate_ceiling(self) -> Enclosure:
        """min(H(X), H(Y)) in bits, above which no rate budget binds."""
        x, y = entropy_bits(self.p), entropy_bits(self.q)
        return Enclosure(min(x.low, y.low), min(x.high, y.high))

    @cached_property
    def label_entropy(self) -> Enclosure:
        """H(S) in bits."""
        return entropy_bits(mass for mass, _ in self.labels)

    @cached_property
    def label_floor(self) -> Enclosure:
        """H(S|X) in bits."""
        return conditional_entropy_bits(zip(*(column for _, column in self.labels), strict=True))


@dataclass(frozen=True)
class ExactPoint:
    """Budgets as enclosures in bits and as rationals; None: no budget."""

    minimises_rate: bool
    units: str
    rate: Enclosure | None
    distortion: fmpq | None
    classification: Enclosure | None
    sees_seed: bool


def exact_problem(problem: DiscreteProblem) -> ExactProblem:
    keep_x, keep_y = np.flatnonzero(problem.p_X > 0), np.flatnonzero(problem.p_Y > 0)
    p, q = normalised(problem.p_X[keep_x]), normalised(problem.p_Y[keep_y])
    labels: list[tuple[fmpq, list[fmpq]]] = []
    if problem.p_S_given_X is not None:
        rows = [normalised(row) for row in problem.p_S_given_X[keep_x]]
        for s in range(problem.p_S_given_X.shape[1]):
            joint = [mass * row[s] for mass, row in zip(p, rows, strict=True)]
            mass = sum(joint, fmpq(0))
            if mass > 0:
                labels.append((mass, joint))
    return ExactProblem(
        full_shape=(problem.p_X.size, problem.p_Y.size),
        keep_x=keep_x,
        keep_y=keep_y,
        p=p,
        q=q,
        cost=matrix(problem.cost[np.ix_(keep_x, keep_y)]),
        labels=labels,
        p_ball=[arb(x) for x in p],
        q_ball=[arb(x) for x in q],
    )


def exact_point(point: OperatingPoint) -> ExactPoint:
    for name, kinds in (("minimised", Minimised), ("setting", Setting), ("units", Units)):
        if getattr(point, name) not in get_args(kinds):
            raise CertificateError(f"{name} {getattr(point, name)!r} is none of {', '.join(get_args(kinds))}")
    if not isinstance(point.classifier_sees_seed, bool):
        raise CertificateError(f"classifier_sees_seed {point.classifier_sees_seed!r} is no truth value")
    minimises_rate = point.minimised == "rate"
    # The budget of the quantity that is minimised must be absent, and the other one is required.
    if minimises_rate and (not math.isinf(point.rate) or math.isinf(point.distortion)):
        raise CertificateError("minimising the rate needs a finite distortion budget and no rate budget")
    if not minimises_rate and not math.isinf(point.distortion):
        raise CertificateError("minimising the distortion needs no distortion budget")
    return ExactPoint(
        minimises_rate=minimises_rate,
        units=point.units,
        rate=None if math.isinf(point.rate) else in_bits(point.rate, point.units),
        distortion=rational(point.distortion) if minimises_rate else None,
        classification=None if math.isinf(point.classification) else in_bits(point.classification, point.units),
        sees_seed=point.classifier_sees_seed,
    )
