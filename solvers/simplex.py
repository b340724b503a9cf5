"""The simplex method in exact rationals, for programs of few rows: min c x, A x = b, x >= 0 (two phases, Bland's rule)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq


@dataclass(frozen=True, eq=False)
class LinearSolution:
    """feasible: x is an optimal vertex, y its dual (y A <= c, y b = c x = value).

    Otherwise y proves infeasibility (y A <= 0, y b = value > 0) and x is empty.
    """

    feasible: bool
    x: list[fmpq]
    y: list[fmpq]
    value: fmpq


def minimise(columns: Sequence[Sequence[fmpq]], b: Sequence[fmpq], c: Sequence[fmpq]) -> LinearSolution:
    """Solve min c x with A given by columns; the feasible set must be bounded. Redundant rows are allowed."""
    rows, count = len(b), len(columns)
    sign = [fmpq(-1) if value < 0 else fmpq(1) for value in b]
    # One row: the columns of A, then one artificial column a row (which carries the inverse of the basis), then b.
    tableau = [
        [sign[i] * column[i] for column in columns] + [fmpq(int(i == j)) for j in range(rows)] + [sign[i] * b[i]]
        for i in range(rows)
    ]
    basis = list(range(count, count + rows))
    phase_one = [fmpq(0)] * count + [fmpq(1)] * rows
    _iterate(tableau, basis, phase_one, count)
    missing = sum((tableau[i][-1] for i, j in enumerate(basis) if j >= count), fmpq(0))
    if missing > 0:
        return LinearSolution(False, [], _dual(tableau, basis, phase_one, count, sign), missing)
    for i, j in enumerate(basis):
        if j >= count:
            # An artificial at level 0 leaves through any column that meets its row; without one the row is redundant.
            entering = next((k for k in range(count) if tableau[i][k] != 0), None)
            if entering is not None:
                _pivot(tableau, basis, i, entering)
    prices = list(c) + [fmpq(0)] * rows
    _iterate(tableau, basis, prices, count)
    x = [fmpq(0)] * count
    for i, j in enumerate(basis):
        if j < count:
            x[j] = tableau[i][-1]
    value = sum((price * level for price, level in zip(c, x, strict=True)), fmpq(0))
    return LinearSolution(True, x, _dual(tableau, basis, prices, count, sign), value)


def _iterate(tableau: list[list[fmpq]], basis: list[int], prices: list[fmpq], count: int) -> None:
    while True:
        level = [(i, prices[j]) for i, j in enumerate(basis) if prices[j] != 0]
        entering = None
        for j in range(count):
            if prices[j] < sum((price * tableau[i][j] for i, price in level), fmpq(0)):
                entering = j
                break
        if entering is None:
            return
        ratios = [(row[-1] / row[entering], basis[i], i) for i, row in enumerate(tableau) if row[entering] > 0]
        assert ratios, "the feasible set is bounded"
        least = ratios[0]
        for candidate in ratios[1:]:
            if candidate[0] < least[0] or (candidate[0] == least[0] and candidate[1] < least[1]):
                least = candidate
        _pivot(tableau, basis, least[2], entering)


def _pivot(tableau: list[list[fmpq]], basis: list[int], i: int, entering: int) -> None:
    pivot = tableau[i][entering]
    row = [value / pivot if value != 0 else value for value in tableau[i]]
    tableau[i] = row
    filled = [j for j, value in enumerate(row) if value != 0]
    for k, other in enumerate(tableau):
        factor = other[entering]
        if k != i and factor != 0:
            for j in filled:
                other[j] -= factor * row[j]
    basis[i] = entering


def _dual(tableau: list[list[fmpq]], basis: list[int], prices: list[fmpq], count: int, sign: list[fmpq]) -> list[fmpq]:
    """y = c_B B^-1, read off the artificial columns; a row that was turned over is turned back."""
    return [
        s * sum((prices[j] * tableau[i][count + k] for i, j in enumerate(basis) if prices[j] != 0), fmpq(0))
        for k, s in enumerate(sign)
    ]
