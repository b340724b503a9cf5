"""The checker's reading of a plan with a free output law: exact rows, its output law in the ball, and its value.

The plan's rows are scaled to p exactly. Its cost and its total variation are compared in rationals; I(X;Y), H(S|Y) and KL are
enclosed. A transport T is scaled to rows q, then down to columns r; what is missing is completed by a product, which costs at
most the missing mass times the dearest cell.
"""

from __future__ import annotations

import math

import numpy as np
from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError, Primal
from solvers.checker import upper_end as upper_end_given
from solvers.exact import Enclosure, entropy_bits, log2_of, matrix, normalised, precision, rational, up
from solvers.exact_problem import ExactProblem, exact_point, exact_problem
from solvers.perception_ball import Ball, FreePlan
from solvers.problem import DiscreteProblem, OperatingPoint


def upper_end(problem: DiscreteProblem, point: OperatingPoint, ball: Ball, primal: Primal) -> float:
    """The least upper end (float, rounded up) that `primal` proves; raises where the plan breaks a constraint."""
    check_setting(problem, point, ball)
    if not isinstance(primal, FreePlan):
        # p_Y is a law of every ball, so a plan of the problem with that law given is a plan of this one.
        return upper_end_given(problem, point, primal)
    with precision():
        data, budgets = exact_problem(problem), exact_point(point)
        rows = _channel(problem, data, primal.plan)
        joint = [[p * x for x in row] for p, row in zip(data.p, rows, strict=True)]
        output = [sum(column, fmpq(0)) for column in zip(*joint, strict=True)]
        _check_ball(ball, point, normalised(problem.p_Y), output, primal.transport)
        cost = matrix(problem.cost[data.keep_x])
        spent = sum(
            (sum((x * c for x, c in zip(*pair, strict=True)), fmpq(0)) for pair in zip(joint, cost, strict=True)), fmpq(0)
        )
        if budgets.distortion is not None and spent > budgets.distortion:
            raise CertificateError("the plan's cost is not within the distortion budget")
        if budgets.classification is not None:
            _check_label(data, budgets.classification, rows, output)
        ceiling = rate_ceiling(data, len(output))
        needed = budgets.minimises_rate or (budgets.rate is not None and budgets.rate.low < ceiling.high)
        information = _information(joint, rows, output) / arb.const_log2() if needed else arb(0)
        if budgets.minimises_rate:
            least = information.min(arb(ceiling.high)).max(arb(0))
            return up(least if budgets.units == "bits" else least * arb.const_log2())
        if needed and budgets.rate is not None and not information <= arb(budgets.rate.low):
            raise CertificateError("the plan's I(X;Y) is not certainly within the rate budget")
        return up(spent)


def check_setting(problem: DiscreteProblem, point: OperatingPoint, ball: Ball) -> None:
    if point.setting == "oneshot":
        raise CertificateError("a free output law has no one-shot setting")
    if ball.ground is not None and ball.ground.shape != (problem.p_Y.size, problem.p_Y.size):
        raise CertificateError("the ball's ground costs do not fit p_Y")


def radius_ball(ball: Ball, point: OperatingPoint) -> arb:
    """The radius in nats (kl) or as it is."""
    exact = arb(rational(ball.radius))
    return exact * arb.const_log2() if ball.kind == "kl" and point.units == "bits" else exact


def rate_ceiling(data: ExactProblem, letters: int) -> Enclosure:
    """min(H(X), log m) in bits, above which no rate budget binds."""
    x, y = entropy_bits(data.p), log2_of(fmpq(letters))
    return Enclosure(min(x.low, y.low), min(x.high, y.high))


def _channel(problem: DiscreteProblem, data: ExactProblem, plan: FloatArray) -> list[list[fmpq]]:
    array = np.asarray(plan, dtype=float)
    if array.shape != problem.cost.shape or not np.isfinite(array).all() or (array < 0).any():
        raise CertificateError(f"the plan is not a finite nonnegative array of shape {problem.cost.shape}")
    rows = matrix(array[data.keep_x])
    totals = [sum(row, fmpq(0)) for row in rows]
    if min(totals) == 0:
        raise CertificateError("the plan has a row without mass")
    return [[x / total for x in row] for row, total in zip(rows, totals, strict=True)]


def _information(joint: list[list[fmpq]], rows: list[list[fmpq]], output: list[fmpq]) -> arb:
    """I(X;Y) in nats; exactly 0 where all rows are one law."""
    if all(row == rows[0] for row in rows):
        return arb(0)
    logs = [arb(r).log() if r > 0 else arb(0) for r in output]
    total = arb(0)
    for masses, row in zip(joint, rows, strict=True):
        for mass, x, log in zip(masses, row, logs, strict=True):
            if mass > 0:
                total += arb(mass) * (arb(x).log() - log)
    return total


def _check_label(data: ExactProblem, budget: Enclosure, rows: list[list[fmpq]], output: list[fmpq]) -> None:
    if data.label_entropy.high <= budget.low:
        return
    loss = arb(0)
    balls = [[arb(x) for x in row] for row in rows]
    logs = [arb(r).log() if r > 0 else arb(0) for r in output]
    for _, joint in data.labels:
        part = [(arb(j), x) for x, j in enumerate(joint) if j]
        for y, log in enumerate(logs):
            mass = sum((j * balls[x][y] for j, x in part if rows[x][y] > 0), arb(0))
            if mass > 0:
                loss -= mass * (mass.log() - log)
    if not loss / arb.const_log2() <= arb(budget.low):
        raise CertificateError("the plan's H(S|Y) is not certainly within the classification budget")


def _check_ball(ball: Ball, point: OperatingPoint, q: list[fmpq], r: list[fmpq], transport: FloatArray | None) -> None:
    if math.isinf(ball.radius):
        return
    if ball.kind == "tv":
        if sum((max(x - y, fmpq(0)) for x, y in zip(r, q, strict=True)), fmpq(0)) > rational(ball.radius):
            raise CertificateError("the output law lies outside the ball of total variation")
        return
    if ball.kind == "kl":
        total = arb(0)
        for x, y in zip(r, q, strict=True):
            if x > 0 and y == 0:
                raise CertificateError("the output law uses a letter without mass in p_Y")
            if x != y and x > 0:
                total += arb(x) * arb(x / y).log()
        if r != q and not total <= radius_ball(ball, point):
            raise CertificateError("the output law is not certainly inside the ball of relative entropy")
        return
    assert ball.ground is not None
    if not _transport_cost(ball.ground, q, r, transport) <= radius_ball(ball, point):
        raise CertificateError("the transport to the output law is not certainly within the radius")


def _transport_cost(ground: FloatArray, q: list[fmpq], r: list[fmpq], transport: FloatArray | None) -> arb:
    """Upper bound of the cost of an exact transport near the given one."""
    if r == q:
        return arb(0)
    T = np.asarray(transport, dtype=float)
    if T.shape != ground.shape or not np.isfinite(T).all() or (T < 0).any():
        raise CertificateError(f"the transport is not a finite nonnegative array of shape {ground.shape}")
    moved = [[arb(0)] * len(r) for _ in q]
    for y, mass in enumerate(q):
        total = sum((rational(float(x)) for x in T[y]), fmpq(0))
        if mass > 0 and total > 0:
            moved[y] = [arb(rational(float(x)) * mass / total) for x in T[y]]
    cost, kept = arb(0), arb(0)
    for z, mass in enumerate(r):
        total = sum((row[z] for row in moved), arb(0))
        factor = arb(1)
        if not total <= arb(mass):
            if not total > 0:
                raise CertificateError("the transport could not be enclosed")
            factor = factor.min(arb(mass) / total)
        for y in range(len(q)):
            kept += moved[y][z] * factor
            cost += moved[y][z] * factor * arb(float(ground[y, z]))
    return cost + (arb(1) - kept).max(arb(0)) * arb(float(ground.max()))
