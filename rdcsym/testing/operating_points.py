"""A Hypothesis strategy for the operating points of a theorem: at random in every regime, on every boundary, one ulp beside it.

A point starts from a bank (points that the theorem's own `draw`s found in the regime or on the boundary, the same in every run).
Then each parameter in turn is replaced by a simple number or drawn anew, where that keeps the point in its regime or on its boundary.
So no example is rejected, and a counterexample shrinks, parameter by parameter, to numbers like 1/2.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from rdcsym.evaluate import Compiled, compile_condition, compile_expression
from rdcsym.form import UNIFORM, Definition, Form, Parameter
from rdcsym.operating_points import Points, each, join, random_points, valid
from rdcsym.problem import FloatArray, InputError, nearest
from rdcsym.testing.strategies_discrete import Draw, Strategy
from rdcsym.theorem import Theorem
from rdcsym.theorems import theorem as named_theorem

Point = dict[str, Any]

# Small fractions, the simplest first, 0 (degenerate) after the first few; then what is large, negative or without limit.
_FRACTIONS = sorted(
    {Fraction(a, b) for b in range(1, 11) for a in range(1, 4 * b + 1)}, key=lambda r: (r != Fraction(1, 2), r.denominator + r.numerator, r)
)
_SIMPLE = (*map(float, _FRACTIONS[:8]), 0.0, *map(float, _FRACTIONS[8:]), 8.0, 16.0, -0.5, -1.0, -2.0, math.inf)
_BANK = 48  # points kept for each cell
_BATCH, _BATCHES = 1024, 24
_MOST_COMPONENTS = 3
_BESIDE_ZERO = 1e-200  # the neighbour of 0 is no denormal, which no one means


@dataclass(frozen=True)
class Cell:
    """Where points are wanted: in a regime (None: any), and on (ulps 0) or beside (1, -1) one of the theorem's boundaries."""

    regime: str | None
    boundary: int | None = None
    ulps: int = 0


class Bank:
    """For one theorem and number of components: its cells, and points that lie in each."""

    def __init__(self, theorem: Theorem, components: int) -> None:
        self.theorem, self.components = theorem, components
        # The boundaries as definitions: compiled once, with the form's own.
        self.surfaces = [sp.Symbol(f"boundary_{i}") for i in range(len(theorem.boundaries))]
        extra = (Definition(s, e) for s, (_, e) in zip(self.surfaces, theorem.boundaries, strict=True))
        # The requirements are checked here, compiled once: a form compiles them anew at every call.
        certified = theorem.certified
        self.form: Form = replace(certified, definitions=(*certified.definitions, *extra), requirements=())
        self.required = [compile_condition(r.condition) for r in certified.requirements]
        self.draws: dict[str, Compiled] = {p.name: compile_expression(p.draw) for p in self.form.parameters}
        self._found: dict[Cell, list[Point]] = {}

    def cells(self, regime: str | None, boundary: bool, ulp: bool) -> tuple[list[Cell], list[Cell]]:
        """The cells that have points: of regimes, and of boundaries."""
        inner = [Cell(r.name) for r in self.form.regimes if regime in (None, r.name)]
        edges = []
        for index, (symbol, _) in enumerate(self.theorem.boundaries if boundary else ()):
            whole = next(p.integer for p in self.form.parameters if p.symbol == symbol)
            edges += [Cell(regime, index, side) for side in ((0, 1, -1) if ulp and not whole else (0,))]
        return [c for c in inner if self.points(c)], [c for c in edges if self.points(c)]

    def points(self, cell: Cell) -> list[Point]:
        """Up to _BANK points of a cell, the same in every run."""
        if cell not in self._found:
            # Python's own hash differs from run to run.
            rng = np.random.default_rng([zlib.crc32(f"{self.theorem.name} {cell}".encode()), self.components])
            size, parts, count = (_BATCH if cell.regime else 4 * _BANK), [], 0
            for _ in range(_BATCHES):
                parts.append(self.settle(cell, random_points(self.form, size, rng, self.components)))
                count += len(next(iter(parts[-1].values())))
                if count >= _BANK or cell.boundary is not None:
                    break
            self._found[cell] = list(each({n: x[:_BANK] for n, x in join(parts).items()}))
        return self._found[cell]

    def settle(self, cell: Cell, points: Points) -> Points:
        """The points, moved onto (or an ulp beside) the cell's boundary, that lie in the domain and in the cell's regime."""
        points = self._valid(points)
        if cell.boundary is not None:
            points = self._valid(self._moved(points, cell.boundary, cell.ulps))
        if cell.regime is not None and len(next(iter(points.values()))):
            keep = np.asarray(self.form.regime(**points)) == cell.regime
            points = {n: x[keep] for n, x in points.items()}
        return points

    def _valid(self, points: Points) -> Points:
        points = valid(self.form, points)
        for condition in self.required:
            keep = condition(points)
            points = {n: x[keep] for n, x in points.items()}
        return points

    def _moved(self, points: Points, boundary: int, ulps: int) -> Points:
        if not len(next(iter(points.values()))):
            return points
        name = self.theorem.boundaries[boundary][0].name
        with np.errstate(divide="ignore", invalid="ignore"):  # undefined at some points: they are no points of the boundary
            value = self.form.quantity(self.surfaces[boundary], **points)
        if value.ndim < points[name].ndim:  # one number for all components
            value = np.broadcast_to(value[:, None], points[name].shape)
        finite = np.where(np.isfinite(value), value, 1.0)
        ulp = np.where(np.isfinite(value), np.maximum(np.abs(np.spacing(finite)), _BESIDE_ZERO), 0.0)
        return {**points, name: value + ulps * ulp}

    def changed(self, cell: Cell, point: Point, changes: Sequence[tuple[str, FloatArray]]) -> Point:
        """The point with each named parameter replaced by the first of its candidates that keeps the point in its cell, if any does.

        Falling through to the next candidate, and not back to the old value, is what lets an example shrink: the least choice is then
        the simplest number that the cell allows.
        """
        whole = self._first(cell, {**point, **{name: candidates[0] for name, candidates in changes}})
        if whole is not None:
            return whole
        for name, candidates in changes:
            point = self._first(cell, point, name, candidates) or point
        return point

    def _first(self, cell: Cell, point: Point, name: str | None = None, candidates: FloatArray | None = None) -> Point | None:
        count = 1 if candidates is None else len(candidates)
        points = {n: np.repeat(np.asarray(x, dtype=np.float64)[None], count, axis=0) for n, x in point.items()}
        if name is not None and candidates is not None:
            points[name] = np.asarray(candidates, dtype=np.float64)
        return next(each(self.settle(cell, points)), None)


_BANKS: dict[tuple[int, int], Bank] = {}


def _bank(theorem: Theorem, components: int) -> Bank:
    key = (id(theorem), components)  # a bank holds its theorem, so the id stays its own
    if key not in _BANKS:
        _BANKS[key] = Bank(theorem, components)
    return _BANKS[key]


@st.composite
def _points(draw: Draw, theorem: Theorem, regime: str | None, boundary: bool, ulp: bool) -> Point:
    components = draw(st.integers(1, _MOST_COMPONENTS)) if any(p.vector for p in theorem.parameters) else 1
    bank = _bank(theorem, components)
    inner, edges = bank.cells(regime, boundary, ulp)
    if not inner and not edges:  # a regime that asks for several components
        bank = _bank(theorem, components := _MOST_COMPONENTS)
        inner, edges = bank.cells(regime, boundary, ulp)
    on_edge = draw(st.booleans())
    cell = draw(st.sampled_from(edges if edges and (on_edge or not inner) else inner))
    start = draw(st.sampled_from(bank.points(cell)))
    fixed = bank.theorem.boundaries[cell.boundary][0].name if cell.boundary is not None else None
    # What the boundary fixes is drawn too: an example keeps its shape as it shrinks from a boundary into a regime.
    changes = [change for parameter in theorem.parameters for change in _change(draw, bank, parameter, start)]
    return bank.changed(cell, start, [change for change in changes if change[0] != fixed])


def _change(draw: Draw, bank: Bank, parameter: Parameter, start: Point) -> list[tuple[str, FloatArray]]:
    """Candidates for one parameter, shape (candidates,) or (candidates, components): simple numbers, one drawn anew, or none."""
    values = [x for x in _SIMPLE if parameter.low <= x <= parameter.high and (not parameter.integer or x == math.floor(x))]
    menu = np.array([*([] if parameter.default is None else [parameter.default]), *values])
    size, count = (bank.components if parameter.vector else 1), len(menu)
    # Both numbers are drawn whichever counts, and the choice is one index: so an example shrinks from any kind to any simple number.
    choices = np.array([draw(st.integers(0, 3 * count - 1)) for _ in range(size)])
    uniform = np.array([draw(st.floats(0.0, 1.0)) for _ in range(size)])
    if choices[0] >= 2 * count:
        return []
    if choices[0] < count:
        candidates = menu[(choices[None, :] + np.arange(count)[:, None]) % count]
    else:
        here = {n: np.asarray(x)[None] for n, x in start.items()}
        # A vector's draw sees one row a point, as in random_points.
        here[UNIFORM.name] = uniform[None] if parameter.vector else uniform
        candidates = np.broadcast_to(bank.draws[parameter.name](here), (1, size))
    return [(parameter.name, candidates if parameter.vector else candidates[:, 0])]


def operating_points(
    theorem: str | Theorem, regime: str | None = None, *, boundary: bool = True, ulp: bool = True
) -> Strategy[Point]:
    """Operating points of a theorem: dicts from parameter name to float, or to a float64 array (components,) for vectors.

    theorem: a name of the catalogue or a Theorem. regime: the name of a regime to stay in (`Theorem.regime` gives it at every
    point); None is all of them, each about equally often. boundary: half of the points lie on a boundary between
    regimes (`Theorem.boundaries`), and with ulp two thirds of those one unit in the last place to either side of it. Vectors
    have 1 to 3 components. Every point is in the theorem's domain: its `evaluate(**point)` is a number or inf.
    Raises InputError for an unknown theorem or regime, and for a regime in which no point was found.
    """
    chosen = named_theorem(theorem) if isinstance(theorem, str) else theorem
    names = [r.name for r in chosen.certified.regimes]
    if regime is not None and regime not in names:
        raise InputError("regime", regime, f"is no regime of {chosen.name}", nearest(regime, names))
    if regime is not None and not any(any(_bank(chosen, k).cells(regime, boundary, ulp)) for k in (1, _MOST_COMPONENTS)):
        raise InputError("regime", regime, "has no interior: no point was found in it", "leave boundary=True, or regime=None")
    return _points(chosen, regime, boundary, ulp)
