"""Deterministic maps of X to Y in exact rationals: their measures, and the program over mixtures of them.

A measure of a map phi is sum_x p_x M(x, phi(x)) for a matrix M, plus H(phi(X)), plus H(S|phi(X)), each present or not.
Entropies are irrational, so each is enclosed by rationals, in bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.precision import working_precision
from solvers.problem import Support

ENCLOSURE_BITS: Final = 200
"""Coarser than the kernel's enclosures, so that what is feasible here is feasible there."""

End = Literal["inner", "outer"]
Interval = tuple[fmpq, fmpq]
Assignment = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Measure:
    """matrix: exact (n, m) or None; entropy: counts H(Y|U); label: counts H(S|Y,U)."""

    matrix: list[list[fmpq]] | None = None
    entropy: bool = False
    label: bool = False


@dataclass(frozen=True, eq=False)
class MapProgram:
    """minimise `objective` under measure <= budget (bits, enclosed) for each of `budgets`."""

    maps: Maps
    objective: Measure
    budgets: tuple[tuple[Measure, Interval], ...]

    @property
    def measures(self) -> list[Measure]:
        return [self.objective, *(measure for measure, _ in self.budgets)]


class Maps:
    """Exact data of a problem's maps, with entropies of preimages computed once a subset of X."""

    def __init__(self, where: Support) -> None:
        self.p, self.q = _law(where.p), _law(where.q)
        self.cost = [[fmpq(*float(c).as_integer_ratio()) for c in row] for row in where.cost]
        label = where.label if where.label is not None else np.ones((where.p.size, 1))
        rows = [_law(row) for row in label]
        self.joint = [[p * row[s] for p, row in zip(self.p, rows, strict=True)] for s in range(label.shape[1])]
        self.n, self.m = len(self.p), len(self.q)
        self.preimage = lru_cache(maxsize=None)(self._preimage)

    def _preimage(self, subset: tuple[int, ...]) -> tuple[Interval, Interval]:
        """Enclosures (bits) of -P(A) log P(A) and of P(A) H(S|A)."""
        masses = [sum((column[x] for x in subset), fmpq(0)) for column in self.joint]
        return _surprise(sum(masses, fmpq(0))), conditional_entropy_of([masses])

    def value(self, measure: Measure, phi: Assignment, end: End) -> fmpq:
        """One measure of one map: the upper end of its enclosure for the inner program, the lower for the outer."""
        total = fmpq(0)
        if measure.matrix is not None:
            total += sum((p * measure.matrix[x][y] for x, (p, y) in enumerate(zip(self.p, phi, strict=True))), fmpq(0))
        if measure.entropy or measure.label:
            side = 1 if end == "inner" else 0
            for y in set(phi):
                own, label = self.preimage(tuple(x for x in range(self.n) if phi[x] == y))
                total += own[side] * measure.entropy + label[side] * measure.label
        return total

    def law(self, phi: Assignment) -> list[fmpq]:
        masses = [fmpq(0)] * self.m
        for p, y in zip(self.p, phi, strict=True):
            masses[y] += p
        return masses


def _law(masses: FloatArray) -> list[fmpq]:
    exact = [fmpq(*float(x).as_integer_ratio()) for x in masses]
    total = sum(exact, fmpq(0))
    return [x / total for x in exact]


def entropy_of(masses: list[fmpq]) -> Interval:
    """Enclosure in bits of the entropy of exact masses."""
    terms = [_surprise(x) for x in masses]
    return sum((t[0] for t in terms), fmpq(0)), sum((t[1] for t in terms), fmpq(0))


def conditional_entropy_of(parts: list[list[fmpq]]) -> Interval:
    """Enclosure in bits of sum over parts of P(A) H(S|A), a part being its masses P(s, A)."""
    low = high = fmpq(0)
    for masses in parts:
        total = sum(masses, fmpq(0))
        if total > 0:
            own = entropy_of([x / total for x in masses])
            low, high = low + total * own[0], high + total * own[1]
    return low, high


def _surprise(x: fmpq) -> Interval:
    """-x log2 x, exact for a power of 1/2 so that dyadic boundaries are met exactly."""
    top, bottom = int(x.p), int(x.q)
    if top == 0:
        return fmpq(0), fmpq(0)
    if top == 1 and bottom & (bottom - 1) == 0:
        exact = x * (bottom.bit_length() - 1)
        return exact, exact
    with working_precision(ENCLOSURE_BITS):
        ball = -arb(x) * arb(x).log() / arb(2).log()
        ends = []
        for end in (ball.lower(), ball.upper()):
            mantissa, exponent = end.mid().man_exp()
            ends.append(fmpq(mantissa) * fmpq(2) ** int(exponent))
    return ends[0], ends[1]
