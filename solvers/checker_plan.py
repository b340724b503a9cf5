"""The trusted kernel's reading of a plan: an exact coupling near given floats, and whether it meets the budgets."""

from __future__ import annotations

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
    """The value of the first exact coupling that the plan stands for and that is within the budgets."""
    failures = ""
    for name, coupling in readings(data, budgets, plan):
        failure = broken_budget(data, budgets, coupling)
        if not failure:
            return value_of(data, budgets, coupling)
        failures += f"; {name}: {failure}"
    raise CertificateError("the plan is not within the budgets" + failures)


def value_of(data: ExactProblem, budgets: ExactPoint, coupling: Coupling) -> float:
    """The minimised quantity, rounded up: the cost, or the rate in the budgets' units."""
    if not budgets.minimises_rate:
        return up(coupling.cost.high)
    high = min(max(coupling.information.high, fmpq(0)), data.rate_ceiling.high)
    return up(high) if budgets.units == "bits" else up(arb(high) * arb.const_log2())


def broken_budget(data: ExactProblem, budgets: ExactPoint, coupling: Coupling) -> str:
    """Why a coupling (or the averages of a mixture) is not certainly within the budgets; empty where it is."""
    if budgets.distortion is not None and coupling.cost.high > budgets.distortion:
        return "its cost is not certainly within the distortion budget"
    if budgets.rate is not None:
        room = budgets.rate.low
        if not (coupling.information.high <= room or data.rate_ceiling.high <= room):
            return "its I(X;Y) is not certainly within the rate budget"
    if budgets.classification is not None:
        assert coupling.label_loss is not None
        room = budgets.classification.low
        if not (coupling.label_loss.high <= room or data.label_entropy.high <= room):
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


def readings(data: ExactProblem, budgets: ExactPoint, floats: FloatArray) -> Iterator[tuple[str, Coupling]]:
    """The exact couplings that a plan in floats may stand for, with their names; raises where it is no plan."""
    plan = _checked(data, floats)
    labelled = budgets.classification is not None
    distance = sum(
        (abs(x - p * q) for p, row in zip(data.p, plan, strict=True) for q, x in zip(data.q, row, strict=True)), fmpq(0)
    )
    product: list[tuple[str, Coupling]] = []
    if distance <= MARGINAL_TOLERANCE:
        cost, nothing = data.product_cost(), Enclosure(fmpq(0), fmpq(0))
        product = [("as the product", Coupling(Enclosure(cost, cost), nothing, data.label_entropy if labelled else None))]
    # The product has the least rate; at a tiny rate the plan itself has the lesser cost.
    if budgets.minimises_rate:
        yield from product
    on_support = _support_coupling(data, plan)
    if on_support is not None:
        yield "on its support", _exact_coupling(data, on_support, labelled)
    yield "repaired", _repaired_coupling(data, plan, labelled)
    if not budgets.minimises_rate:
        yield from product


def _support_coupling(data: ExactProblem, plan: list[list[fmpq]]) -> dict[tuple[int, int], fmpq] | None:
    """The exact coupling on the plan's own support: cells off a spanning forest stay, those on it take up the rest.

    The forest is spanned by the heaviest cells. A leaf's only free cell carries what its marginal still lacks, so going from
    leaf to leaf settles all; None where a mass would be negative or a part of the support cannot carry its marginals.
    """
    n, m = len(data.p), len(data.q)
    cells = sorted(((plan[x][y], x, n + y) for x in range(n) for y in range(m) if plan[x][y] > 0), reverse=True)
    root = list(range(n + m))

    def part(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    left = [*data.p, *data.q]
    near: list[set[int]] = [set() for _ in left]
    coupling: dict[tuple[int, int], fmpq] = {}
    for mass, x, y in cells:
        a, b = part(x), part(y)
        if a == b:
            coupling[x, y - n] = mass
            left[x] -= mass
            left[y] -= mass
        else:
            root[a] = b
            near[x].add(y)
            near[y].add(x)
    leaves = [i for i, others in enumerate(near) if len(others) == 1]
    while leaves:
        leaf = leaves.pop()
        if not near[leaf]:
            continue
        other = near[leaf].pop()
        mass = left[leaf]
        if mass < 0:
            return None
        coupling[min(leaf, other), max(leaf, other) - n] = mass
        left[leaf] = fmpq(0)
        left[other] -= mass
        near[other].discard(leaf)
        if len(near[other]) == 1:
            leaves.append(other)
    if any(mass != 0 for mass in left):
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
