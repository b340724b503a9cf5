"""The trusted kernel's reading of a plan: an exact coupling near given floats, and whether it meets the budgets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError
from solvers.exact import Enclosure, ball_ends, conditional_entropy_bits, entropy_bits, rational, up
from solvers.exact_problem import ExactPoint, ExactProblem

MARGINAL_TOLERANCE = fmpq(1, 10**9)
"""Total mass by which a given plan may miss its marginals before it is rejected instead of repaired."""

SHRINK = fmpq(1) - fmpq(1, 2**64)
"""Scaling that leaves a sliver of every marginal unfilled, so that no division by an enclosure of 0 can occur."""


@dataclass(frozen=True)
class Coupling:
    """What the budgets need to know of one exact coupling; information in bits."""

    cost: Enclosure
    information: Enclosure
    label_loss: Enclosure | None


def plan_upper_end(data: ExactProblem, budgets: ExactPoint, plan: FloatArray) -> float:
    """The least value over the exact couplings that the plan stands for and that are within the budgets."""
    kept = _checked(data, plan)
    best, failures = math.inf, ""
    for name, coupling in _readings(data, kept, labelled=budgets.classification is not None):
        failure = _broken_budget(data, budgets, coupling)
        if failure:
            failures += f"; {name}: {failure}"
            continue
        if budgets.minimises_rate:
            high = min(max(coupling.information.high, fmpq(0)), data.rate_ceiling().high)
            value = up(high) if budgets.units == "bits" else up(arb(high) * arb.const_log2())
        else:
            value = up(coupling.cost.high)
        best = min(best, value)
    if math.isinf(best):
        raise CertificateError("the plan is not within the budgets" + failures)
    return best


def _broken_budget(data: ExactProblem, budgets: ExactPoint, coupling: Coupling) -> str:
    if budgets.distortion is not None and coupling.cost.high > budgets.distortion:
        return "its cost is not certainly within the distortion budget"
    if budgets.rate is not None:
        room = budgets.rate.low
        if not (coupling.information.high <= room or data.rate_ceiling().high <= room):
            return "its I(X;Y) is not certainly within the rate budget"
    if budgets.classification is not None:
        assert coupling.label_loss is not None
        room = budgets.classification.low
        if not (coupling.label_loss.high <= room or data.label_entropy().high <= room):
            return "its H(S|Y) is not certainly within the classification budget"
    return ""


def _checked(data: ExactProblem, plan: FloatArray) -> list[list[fmpq]]:
    array = np.asarray(plan, dtype=float)
    if array.shape != data.full_shape:
        raise CertificateError(f"the plan has shape {array.shape}, not {data.full_shape}")
    if not np.isfinite(array).all():
        raise CertificateError("the plan has an entry that is not finite")
    if (array < 0).any():
        raise CertificateError(f"the plan has a negative entry, {float(array.min())!r}")
    kept = [[rational(float(x)) for x in row] for row in array[np.ix_(data.keep_x, data.keep_y)]]
    rows, columns = _sums(kept)
    missed = sum((abs(p - r) for p, r in zip(data.p, rows, strict=True)), fmpq(0))
    missed += sum((abs(q - r) for q, r in zip(data.q, columns, strict=True)), fmpq(0))
    if missed > MARGINAL_TOLERANCE:
        raise CertificateError(f"the plan misses its marginals by {up(missed):.3g}")
    return kept


def _sums(plan: list[list[fmpq]]) -> tuple[list[fmpq], list[fmpq]]:
    return [sum(row, fmpq(0)) for row in plan], [sum(column, fmpq(0)) for column in zip(*plan, strict=True)]


def _readings(data: ExactProblem, plan: list[list[fmpq]], *, labelled: bool) -> Iterator[tuple[str, Coupling]]:
    distance = sum(
        (abs(x - p * q) for p, row in zip(data.p, plan, strict=True) for q, x in zip(data.q, row, strict=True)), fmpq(0)
    )
    if distance <= MARGINAL_TOLERANCE:
        cost, nothing = data.product_cost(), Enclosure(fmpq(0), fmpq(0))
        yield "as the product", Coupling(Enclosure(cost, cost), nothing, data.label_entropy() if labelled else None)
    forest = _forest_coupling(data, plan)
    if forest is not None:
        yield "as a vertex", _exact_coupling(data, forest, labelled)
    yield "repaired", _repaired_coupling(data, plan, labelled)


def _forest_coupling(data: ExactProblem, plan: list[list[fmpq]]) -> dict[tuple[int, int], fmpq] | None:
    """The one coupling on the plan's support, if that has no cycle: a leaf's only cell carries all its mass."""
    n, m = len(data.p), len(data.q)
    cells = {(x, n + y) for x in range(n) for y in range(m) if plan[x][y] > 0}
    if len(cells) >= n + m:
        return None
    near: dict[int, set[int]] = {i: set() for i in range(n + m)}
    for x, y in cells:
        near[x].add(y)
        near[y].add(x)
    left = dict(enumerate([*data.p, *data.q]))
    leaves = [i for i in near if len(near[i]) == 1]
    coupling: dict[tuple[int, int], fmpq] = {}
    while leaves:
        leaf = leaves.pop()
        if len(near[leaf]) != 1:
            continue
        (other,) = near[leaf]
        mass = left[leaf]
        if mass < 0:
            return None
        coupling[min(leaf, other), max(leaf, other) - n] = mass
        left[leaf] = fmpq(0)
        left[other] -= mass
        near[leaf].clear()
        near[other].discard(leaf)
        if len(near[other]) == 1:
            leaves.append(other)
    if any(near.values()) or any(mass != 0 for mass in left.values()):
        return None
    return {cell: mass for cell, mass in coupling.items() if mass > 0}


def _exact_coupling(data: ExactProblem, coupling: dict[tuple[int, int], fmpq], labelled: bool) -> Coupling:
    cost = sum((mass * data.cost[x][y] for (x, y), mass in coupling.items()), fmpq(0))
    h_x, h_y, h_xy = entropy_bits(data.p), entropy_bits(data.q), entropy_bits(coupling.values())
    information = Enclosure(h_x.low + h_y.low - h_xy.high, h_x.high + h_y.high - h_xy.low)
    if not labelled:
        return Coupling(Enclosure(cost, cost), information, None)
    parts = [[fmpq(0)] * len(data.labels) for _ in data.q]
    for (x, y), mass in coupling.items():
        for s, (_, column) in enumerate(data.labels):
            parts[y][s] += mass * column[x] / data.p[x]
    return Coupling(Enclosure(cost, cost), information, conditional_entropy_bits(parts))


def _repaired_coupling(data: ExactProblem, plan: list[list[fmpq]], labelled: bool) -> Coupling:
    """Rows, then columns, are scaled down to SHRINK times their marginals; what is missing is filled by its product.

    The balls enclose one exact coupling: the scalings leave every row and column short of its marginal, by the same
    total, so the filling is positive and exact.
    """
    one, shrink = arb(1), arb(SHRINK)
    rows, _ = _sums(plan)
    scaled: list[list[arb]] = []
    for p, total, row in zip(data.p, rows, plan, strict=True):
        factor = arb(min(fmpq(1), p / total)) if total > 0 else one
        scaled.append([arb(x) * factor for x in row])
    for y, q in enumerate(data.q):
        total = sum((row[y] for row in scaled), arb(0))
        if total > 0:
            factor = one.min(arb(q) / total) * shrink
            for row in scaled:
                row[y] = row[y] * factor
    short_x = [arb(p) - sum(row, arb(0)) for p, row in zip(data.p, scaled, strict=True)]
    short_y = [arb(q) - sum((row[y] for row in scaled), arb(0)) for y, q in enumerate(data.q)]
    missing = sum(short_x, arb(0))
    shares = [s / missing for s in short_y]
    cost, information = arb(0), arb(0)
    log_p, log_q = [p.log() for p in data.p_ball], [q.log() for q in data.q_ball]
    final: list[list[arb]] = []
    for x, row in enumerate(scaled):
        full = [mass + short_x[x] * share for mass, share in zip(row, shares, strict=True)]
        final.append(full)
        for y, mass in enumerate(full):
            cost += mass * arb(data.cost[x][y])
            information += mass * (mass.log() - log_p[x] - log_q[y])
    loss = _label_loss(data, final, log_q) if labelled else None
    return Coupling(_ends(cost), _ends(information / arb.const_log2()), loss)


def _label_loss(data: ExactProblem, plan: list[list[arb]], log_q: list[arb]) -> Enclosure:
    loss = arb(0)
    for _, column in data.labels:
        shares = [(x, arb(c / p)) for x, (c, p) in enumerate(zip(column, data.p, strict=True)) if c]
        for y, log_mass in enumerate(log_q):
            mass = sum((plan[x][y] * share for x, share in shares), arb(0))
            loss -= mass * (mass.log() - log_mass)
    return _ends(loss / arb.const_log2())


def _ends(x: arb) -> Enclosure:
    if not x.is_finite():
        raise CertificateError("the plan's repair could not be enclosed: it misses its marginals in a way too small")
    return ball_ends(x)
