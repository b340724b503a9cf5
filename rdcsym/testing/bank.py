"""Points in each regime of a theorem, on each of its boundaries and one ulp beside: from here the strategy starts."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from rdcsym.evaluate import Compiled, compile_condition, compile_expression
from rdcsym.form import Definition, Form
from rdcsym.operating_points import Points, each, join, random_points, valid
from rdcsym.problem import FloatArray
from rdcsym.theorem import Theorem

Point = dict[str, Any]

_BESIDE_ZERO = 1e-200  # the neighbour of 0 is no denormal, which no one means


@dataclass(frozen=True)
class Cell:
    """Where points are wanted: in a regime (None: any), and on (ulps 0) or beside (1, -1) one of the theorem's boundaries."""

    regime: str | None
    boundary: int | None = None
    ulps: int = 0


@dataclass(frozen=True)
class Effort:
    """How many points are kept for each cell, and in how many batches of what size a regime is looked for."""

    keep: int
    batch: int
    batches: int


SCALARS, VECTORS = Effort(48, 512, 24), Effort(16, 64, 8)  # a vector's value is a root for each point


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
        self.effort = VECTORS if any(p.vector for p in certified.parameters) else SCALARS
        self._found: dict[Cell, list[Point]] = {}
        self._batches: list[tuple[Points, Any]] = []

    def cells(self, regime: str | None, boundary: bool, ulp: bool) -> tuple[list[Cell], list[Cell]]:
        """The cells that have points: of regimes, and of boundaries."""
        inner = [Cell(r.name) for r in self.form.regimes if regime in (None, r.name)]
        edges = []
        for index, (symbol, _) in enumerate(self.theorem.boundaries if boundary else ()):
            whole = next(p.integer for p in self.form.parameters if p.symbol == symbol)
            edges += [Cell(regime, index, side) for side in ((0, 1, -1) if ulp and not whole else (0,))]
        return [c for c in inner if self.points(c)], [c for c in edges if self.points(c)]

    def points(self, cell: Cell) -> list[Point]:
        """Points of a cell, the same in every run; at most as many as the effort says, and none where none was found."""
        if cell not in self._found:
            found = self._settled(cell) if cell.boundary is not None else self._in_regime(cell.regime)
            self._found[cell] = list(each({n: x[: self.effort.keep] for n, x in found.items()}))
        return self._found[cell]

    def _settled(self, cell: Cell) -> Points:
        return self.settle(cell, random_points(self.form, 2 * self.effort.keep, self._rng(str(cell)), self.components))

    def _in_regime(self, regime: str | None) -> Points:
        """Random points in a regime, from batches that all regimes share."""
        parts, count = [], 0
        for index in range(self.effort.batches):
            if index == len(self._batches):
                points = self._valid(random_points(self.form, self.effort.batch, self._rng(f"batch {index}"), self.components))
                self._batches.append((points, np.asarray(self.form.regime(**points))))
            points, names = self._batches[index]
            parts.append({n: x[names == regime] for n, x in points.items()})
            count += int((names == regime).sum())
            if count >= self.effort.keep:
                break
        return join(parts)

    def _rng(self, purpose: str) -> np.random.Generator:
        # Python's own hash differs from run to run.
        return np.random.default_rng([zlib.crc32(f"{self.theorem.name} {purpose}".encode()), self.components])

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
        """The point with each named parameter replaced by the first of its candidates, if any, that keeps it in its cell.

        Falling through to the next candidate, and not back to the old value, is what lets an example shrink: the least choice
        is then the simplest number that the cell allows.
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


def bank_of(theorem: Theorem, components: int) -> Bank:
    """The one bank of a theorem and number of components."""
    key = (id(theorem), components)  # a bank holds its theorem, so the id stays its own
    if key not in _BANKS:
        _BANKS[key] = Bank(theorem, components)
    return _BANKS[key]
