"""The laws that a claim breaks, each shown at points in small rationals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rdcsym.conjecture_domain import Domain, count
from rdcsym.laws import Law, draw_steps, excess, laws_of, sides
from rdcsym.operating_points import Points, each, join
from rdcsym.problem import FloatArray
from rdcsym.refute import as_floats, as_text, simplest_point

_TIERS = (1e-2, 1e-4)
_TRIED = {True: 24, False: 1000}  # rationals tried for a number


@dataclass(frozen=True, kw_only=True)
class BrokenLaw:
    """A law that the claim breaks: the points compared, the values claimed there, and the two numbers, `lesser` > `greater`."""

    law: str
    statement: str
    points: list[dict[str, str]]
    values: list[float]
    lesser: float
    greater: float


class LawHunt:
    """The laws of a claim's function, tried on the claim itself: neither guide nor oracle has a say."""

    def __init__(self, domain: Domain) -> None:
        self.domain, self.claim = domain, domain.claim
        self.theorem = domain.claim.theorem
        self.names = [p.name for p in domain.form.parameters]

    def laws(self) -> tuple[Law, ...]:
        return laws_of(self.theorem, self.claim.kind)

    def broken(self, law: Law, drawn: list[Points]) -> BrokenLaw | None:
        """A violation of the law in small rationals, if the claim breaks it at one of the points."""
        points = drawn[0] if self.domain.vectors else join(drawn)
        points = {n: x[: self.domain.few] for n, x in points.items()}
        base = {**points, **draw_steps(law, count(points), self.domain.rng)}
        by = excess(law, self.stated, self.theorem, base)
        for margin in _TIERS:
            for start in each({n: x[np.flatnonzero(by > margin)[:2]] for n, x in base.items()}):
                found = self._shrunk(law, start, margin)
                if found is not None:
                    return found
        return None

    def stated(self, points: Points) -> FloatArray:
        """The claim where it speaks, nan elsewhere: a law says nothing about points that the claim leaves out."""
        points = {n: points[n] for n in self.names}
        mask = self.claim.covers(points)
        values = np.full(mask.shape, math.nan)
        if mask.any():
            values[mask] = self.claim.values({n: x[mask] for n, x in points.items()})
        return values

    def exactly(self, points: Points) -> FloatArray:
        """The claim in many digits where it speaks, nan elsewhere."""
        rows = each({n: points[n] for n in self.names})
        return np.array([self.claim.exact_value(row) if self.claim.sees(row) else math.nan for row in rows])

    def _shrunk(self, law: Law, start: Mapping[str, Any], margin: float) -> BrokenLaw | None:
        def holds(candidates: Points) -> Any:
            return excess(law, self.stated, self.theorem, candidates) > margin

        most = _TRIED[self.domain.slow]
        simple = simplest_point(self.domain.form, start, holds, keep=self.claim.fixed, candidates=most)
        for point in (simple, start):
            base = {n: np.asarray(as_floats(x), dtype=np.float64)[None] for n, x in point.items()}
            if excess(law, self.exactly, self.theorem, base)[0] > self.claim.margin:
                compared = law.points(base)
                values = [self.exactly(p) for p in compared]
                lesser, greater = sides(law, values, base)
                return BrokenLaw(
                    law=law.name,
                    statement=law.statement,
                    points=[_named({n: p[n][0] for n in self.names}, point) for p in compared],
                    values=[float(v[0]) for v in values],
                    lesser=float(lesser[0]),
                    greater=float(greater[0]),
                )
        return None


def _named(point: Mapping[str, Any], shrunk: Mapping[str, Any]) -> dict[str, str]:
    """The numbers of a point as text: the rationals that they were shrunk to, and short ones for what a law made of them."""
    shown = {}
    for name, value in point.items():
        known = shrunk[name]
        same = np.array_equal(as_floats(known), value)
        shown[name] = as_text(known) if same else as_text(_rational(value))
    return shown


def _rational(value: Any) -> Any:
    if np.ndim(value) or not math.isfinite(value):
        return value
    near = Fraction(float(value)).limit_denominator(10_000)
    return near if float(near) == float(value) else value
