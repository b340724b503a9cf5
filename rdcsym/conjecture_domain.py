"""The points that a claim speaks of, and where the guide says that it looks wrong: the cheap half of the search."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from rdcsym.conjecture import Claim
from rdcsym.form import Form
from rdcsym.operating_points import MOST_COMPONENTS, Points, boundary_points, random_points, valid
from rdcsym.problem import FloatArray, InputError

BUDGETS = ("R", "D", "C", "P", "Rc")
_SCALE_FLOOR = 1e-3
_NUDGE = 1e-9
_PROBED, _SILENT_ENOUGH = 64, 6
_NEAR = 1e-3  # how far a probe around a point goes, as a part of the way to a random point


class Domain:
    """A claim, its points, and the certified form as a guide to them. slow: claim or guide cost too much for many points."""

    def __init__(self, claim: Claim, rng: np.random.Generator) -> None:
        self.claim, self.rng = claim, rng
        scalars = {n: x for n, x in claim.fixed.items() if not np.ndim(x)}
        parameters = tuple(
            dataclasses.replace(p, draw=sp.Float(scalars[p.name], 17)) if p.name in scalars else p
            for p in claim.theorem.parameters
        )
        self.form: Form = dataclasses.replace(claim.theorem.certified, parameters=parameters)
        self.vectors = [p.name for p in parameters if p.vector]
        one_by_one = claim.function is not None and not claim.broadcasts
        self.slow = bool(self.vectors) or one_by_one
        # Points in a batch, and at which a law is tried. A vector form that is called point by point costs up to .1 s a point.
        self.batch, self.few = (4096, 4096) if not self.slow else (256, 256) if not (self.vectors and one_by_one) else (32, 8)

    def draw(self) -> list[Points]:
        """Batches of points that the claim speaks of; those of one batch have vectors of one length."""
        size, batches = self.batch, 3 if self.slow else 6
        lengths = [len(x) for x in self.claim.fixed.values() if np.ndim(x)]
        drawn = []
        for i in range(batches * 8):
            components = lengths[0] if lengths else 1 + i % min(3, MOST_COMPONENTS) if self.vectors else None
            drawn.append(self._mine(random_points(self.form, size, self.rng, components)))
            if len(drawn) >= batches and sum(count(p) for p in drawn) >= size:
                break
        drawn = [p for p in drawn if count(p)]
        if not drawn:
            raise InputError(
                "where",
                self.claim.condition or "the fixed values",
                "holds at no operating point that was tried",
                "loosen it, or fix parameters (--set)",
            )
        return drawn

    def _mine(self, points: Points) -> Points:
        for name, value in self.claim.fixed.items():
            points[name] = np.broadcast_to(value, points[name].shape).copy()
        points = valid(self.form, points)
        mask = self.claim.covers(points) if count(points) else np.zeros(0, dtype=bool)
        return {n: x[mask] for n, x in points.items()}

    def edges(self) -> Iterator[Points]:
        """Points on every regime boundary of the certified form and an ulp beside it, as far as the claim speaks of them."""
        theorem = self.claim.theorem
        free = tuple((s, e) for s, e in theorem.boundaries if s.name not in self.claim.fixed)
        shown = dataclasses.replace(theorem, certified=self.form, boundaries=free)
        for _, points in boundary_points(shown, 4, self.rng):
            mine = self._mine(points)
            if count(mine):
                yield mine

    # The guide.

    def guide(self, points: Points) -> FloatArray:
        return np.asarray(self.form.evaluate(**{p.name: points[p.name] for p in self.form.parameters}), dtype=np.float64)

    def off(self, points: Points) -> FloatArray:
        """How far the claim lies from the guide on the side that would refute it; 0 where it states no value."""
        claimed, true = self.claim.values(points), self.guide(points)
        floor = _SCALE_FLOOR * self.form.quantity(self.form.unit, **{p.name: points[p.name] for p in self.form.parameters})
        with np.errstate(invalid="ignore"):
            size = np.maximum(floor, np.maximum(np.abs(claimed), np.abs(true)))
            off = np.where(np.isfinite(size) & (size > 0), np.abs(claimed - true) / np.where(size > 0, size, 1.0), np.inf)
        off = np.where((claimed == true) | np.isnan(claimed), 0.0, off)
        if self.claim.kind == "lower":
            off = np.where(claimed <= true, 0.0, off)
        if self.claim.kind == "upper":
            off = np.where(claimed >= true, 0.0, off)
        return off

    def suspect(self, points: Points, margin: float) -> Any:
        """Where the claim is off by more than the margin, and stays so when the budgets move a little: no edge decides."""
        mask = self.claim.covers(points)
        for sign in (0.0, -1.0, 1.0):
            if mask.any():
                part = {n: x[mask] for n, x in points.items()}
                mask[mask] = self.off(self._nudged(part, sign)) > margin
        return mask

    def _nudged(self, points: Points, sign: float) -> Points:
        moved = dict(points)
        sizes = self.sizes(points) if sign else {}
        for name, size in sizes.items():
            parameter = next(p for p in self.form.parameters if p.name == name)
            x = points[name]
            with np.errstate(invalid="ignore"):
                step = np.where(np.isfinite(x), sign * _NUDGE * np.maximum(size, np.abs(x)), 0.0)
            moved[name] = np.clip(x + step, parameter.low, parameter.high)
        return moved

    def sizes(self, points: Points) -> Points:
        """The natural sizes of the budgets that are free to move."""
        given = {p.name: points[p.name] for p in self.form.parameters}
        budgets = [p for p in self.form.parameters if p.name in BUDGETS and not p.vector and not p.integer]
        return {p.name: self.form.quantity(p.size, **given) + np.zeros(count(points)) for p in budgets}

    def silent(self, points: Points) -> Any:
        """The first points where the claim states no value although the guide has one, and none around: not only on an edge."""
        mask = self.claim.covers(points)
        if self.claim.kind != "tight" or not mask.any():
            return np.zeros_like(mask)
        part = {n: x[mask] for n, x in points.items()}
        mask[mask] = np.isnan(self.claim.values(part)) & np.isfinite(self.guide(part))
        suspects = np.flatnonzero(mask)
        mask[:] = False
        for index in suspects[:_PROBED]:
            mask[index] = self.silent_around({n: x[index] for n, x in points.items()})
            if mask.sum() == _SILENT_ENOUGH:
                break
        return mask

    def silent_around(self, point: Mapping[str, Any]) -> bool:
        """Whether the claim states no value at points near this one either; an edge of measure 0 refutes nobody."""
        components = next((len(point[n]) for n in self.vectors), None)
        probes = random_points(self.form, 8, self.rng, components)
        with np.errstate(invalid="ignore"):
            near = {
                n: np.where(np.isfinite(x), (1 - _NEAR) * np.asarray(point[n]) + _NEAR * x, point[n]) for n, x in probes.items()
            }
        near = self._mine({n: np.where(np.isfinite(x), x, np.asarray(point[n])) for n, x in near.items()})
        return count(near) > 0 and bool(np.isnan(self.claim.values(near)).all())


def row(numbers: Mapping[str, Any]) -> Points:
    return {n: np.asarray(x, dtype=np.float64)[None] for n, x in numbers.items()}


def count(points: Points) -> int:
    """How many points there are."""
    return len(next(iter(points.values())))
