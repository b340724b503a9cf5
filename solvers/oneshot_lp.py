"""The linear program over deterministic maps: exact columns, column generation above a few dozen maps.

A mixture of maps with a given output law minimises one measure under budgets for others. With the upper ends of the
entropies' enclosures the program is inside the true one, with the lower ends outside.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from flint import fmpq
from numpy.typing import NDArray
from scipy.optimize import linprog

from rdcsym.problem import FloatArray
from solvers.oneshot_maps import Assignment, End, MapProgram, Maps, Measure
from solvers.simplex import LinearSolution, minimise

ALL_MAPS: Final = 64
"""Up to this many maps all are columns of the exact program; above, they are generated."""
ROUNDS: Final = 400


@dataclass(frozen=True, eq=False)
class MapSolution:
    """assignments, weights: the mixture (empty where infeasible); output (m), prices: exact duals; value of `objective`."""

    feasible: bool
    assignments: list[Assignment]
    weights: list[fmpq]
    output: list[fmpq]
    prices: list[fmpq]
    value: fmpq | None


def solve_maps(program: MapProgram, end: End) -> MapSolution:
    """The exact optimum of the inner or outer program over all maps.

    Where there are many maps, columns are generated in floats first; then, until the exact dual holds for every map
    that the search in floats turns up, the worst offender is added and the exact program solved again.
    """
    maps = program.maps
    if maps.m**maps.n <= ALL_MAPS:
        columns = list(itertools.product(range(maps.m), repeat=maps.n))
        return _solution(program, columns, _exact(program, columns, end))
    tables = _tables(maps)
    columns = _generate(program, tables)
    found = _exact(program, columns, end)
    for _ in range(ROUNDS):
        weights = [fmpq(int(found.feasible)), *(-y for y in found.y[maps.m :])]
        output = [fmpq(0), *found.y[1 : maps.m]]
        phi = _best_map(tables, maps, program.measures, _floats(weights), _floats(output))
        reduced = sum((w * maps.value(k, phi, end) for w, k in zip(weights, program.measures, strict=True)), -found.y[0])
        reduced -= sum((v * mass for v, mass in zip(output, maps.law(phi), strict=True)), fmpq(0))
        if reduced >= 0 or phi in columns:
            break
        columns.append(phi)
        found = _exact(program, columns, end)
    return _solution(program, columns, found)


def _exact(program: MapProgram, columns: list[Assignment], end: End) -> LinearSolution:
    maps, slack = program.maps, range(len(program.budgets))
    a: list[list[fmpq]] = []
    for phi in columns:
        law = maps.law(phi)
        a.append([fmpq(1), *law[1:], *(maps.value(measure, phi, end) for measure, _ in program.budgets)])
    for k in slack:
        a.append([fmpq(0)] * maps.m + [fmpq(int(k == j)) for j in slack])
    prices = [maps.value(program.objective, phi, end) for phi in columns]
    side = 0 if end == "inner" else 1
    b = [fmpq(1), *maps.q[1:], *(budget[side] for _, budget in program.budgets)]
    return minimise(a, b, prices + [fmpq(0)] * len(program.budgets))


def _solution(program: MapProgram, columns: list[Assignment], found: LinearSolution) -> MapSolution:
    m = program.maps.m
    output, prices = [fmpq(0), *found.y[1:m]], [-y for y in found.y[m:]]
    used = [(phi, w) for phi, w in zip(columns, found.x, strict=False) if w > 0]
    value = found.value if found.feasible else None
    return MapSolution(found.feasible, [phi for phi, _ in used], [w for _, w in used], output, prices, value)


@dataclass(frozen=True, eq=False)
class _Tables:
    """Floats for every subset of X (as a bit mask), and the (mask, submask) pairs of the dynamic program."""

    mass: FloatArray
    entropy: FloatArray
    label: FloatArray
    masks: NDArray[np.intp]
    parts: NDArray[np.intp]
    starts: NDArray[np.intp]
    matrices: dict[int, FloatArray] = field(default_factory=dict)


def _generate(program: MapProgram, tables: _Tables) -> list[Assignment]:
    """Columns enough for an optimal basis: the float program is solved, and the map that violates its dual most added."""
    maps, measures = program.maps, program.measures
    columns: list[Assignment] = [(y,) * maps.n for y in range(maps.m)]
    known = set(columns)
    q = np.array([float(x) for x in maps.q])
    limits = np.array([float(budget[1]) for _, budget in program.budgets])
    count = len(limits)
    elastic = True  # phase one: budgets may be exceeded, and the excess is minimised
    for _ in range(ROUNDS):
        values = np.array([[float(maps.value(k, phi, "outer")) for phi in columns] for k in measures])
        laws = np.array([[float(x) for x in maps.law(phi)] for phi in columns]).T
        extra = np.eye(count) if elastic else np.zeros((count, 0))
        result = linprog(
            np.concatenate([np.zeros(len(columns)), np.ones(count)]) if elastic else values[0],
            A_ub=np.hstack([values[1:], -extra]) if count else None,
            b_ub=limits if count else None,
            A_eq=np.hstack([laws, np.zeros((maps.m, extra.shape[1]))]),
            b_eq=q,
            method="highs",
        )
        if not result.success:
            break
        if elastic and float(result.fun or 0.0) <= 1e-12:
            elastic = False
            continue
        prices = -np.asarray(result.ineqlin.marginals) if count else np.zeros(0)
        weights = np.concatenate([[0.0 if elastic else 1.0], prices])
        fresh = _best_map(tables, maps, measures, weights, result.eqlin.marginals)
        if fresh in known:
            break
        columns.append(fresh)
        known.add(fresh)
    return columns


def _tables(maps: Maps) -> _Tables:
    size = 1 << maps.n
    subsets = [tuple(x for x in range(maps.n) if mask >> x & 1) for mask in range(size)]
    terms = [maps.preimage(s) if s else ((fmpq(0),) * 2, (fmpq(0),) * 2) for s in subsets]
    pairs = [(mask, part) for mask in range(size) for part in _submasks(mask)]
    masks = np.array([mask for mask, _ in pairs], dtype=np.intp)
    return _Tables(
        mass=np.array([sum(float(maps.p[x]) for x in s) for s in subsets]),
        entropy=np.array([float(own[0]) for own, _ in terms]),
        label=np.array([float(label[0]) for _, label in terms]),
        masks=masks,
        parts=np.array([part for _, part in pairs], dtype=np.intp),
        starts=np.flatnonzero(np.concatenate([[True], masks[1:] != masks[:-1]])),
    )


def _submasks(mask: int) -> list[int]:
    parts, part = [0], mask
    while part:
        parts.append(part)
        part = (part - 1) & mask
    return parts


def _best_map(tables: _Tables, maps: Maps, measures: list[Measure], weights: FloatArray, output: FloatArray) -> Assignment:
    """The map of least sum of weighted measures less its output prices, by dynamic programming over subsets of X."""
    size = tables.mass.size
    bits = (np.arange(size)[:, None] >> np.arange(maps.n)[None, :]) & 1
    p = np.array([float(x) for x in maps.p])
    common = sum(
        (w * (k.entropy * tables.entropy + k.label * tables.label) for w, k in zip(weights, measures, strict=True)),
        np.zeros(size),
    )
    best = np.where(np.arange(size) == 0, 0.0, np.inf)
    choices: list[NDArray[np.intp]] = []
    for y in range(maps.m):
        price = common - output[y] * tables.mass
        for w, k in zip(weights, measures, strict=True):
            if k.matrix is not None and w != 0:
                price = price + w * (bits @ (p * np.array([float(row[y]) for row in k.matrix])))
        totals = best[tables.masks ^ tables.parts] + price[tables.parts]
        least = np.minimum.reduceat(totals, tables.starts)
        # The first position of each mask's minimum.
        hit = np.flatnonzero(totals == least[tables.masks])
        first = np.unique(tables.masks[hit], return_index=True)[1]
        choices.append(tables.parts[hit[first]])
        best = least
    phi, mask = [0] * maps.n, size - 1
    for y in range(maps.m - 1, -1, -1):
        part = int(choices[y][mask])
        for x in range(maps.n):
            if part >> x & 1:
                phi[x] = y
        mask ^= part
    return tuple(phi)


def _floats(values: list[fmpq]) -> FloatArray:
    return np.array([float(x) for x in values])
