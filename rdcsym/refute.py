"""Search for a witness against a claimed form, and shrink it to small rationals.

A witness is an operating point at which the claim cannot be true: its value lies outside a certified interval. The interval comes
from an *oracle* (a function of an operating point, made by the solvers), never from a formula of ours. A formula may *guide* the
search, since it is fast; what it suggests counts only once the oracle has confirmed it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from rdcsym.form import Form, Kind, Parameter
from rdcsym.operating_points import Points, each, regime_points, valid
from rdcsym.problem import FloatArray


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A certified interval for a value: it holds whatever the solver did. lower = upper = inf means proved infeasible."""

    lower: float
    upper: float
    method: str  # how it was found and checked, in words


@dataclass(frozen=True, kw_only=True)
class Witness:
    """An operating point in small rationals at which a claimed value cannot be true."""

    point: dict[str, str]  # parameter -> rational, as text ("1/4")
    regime: str  # the regime of the claimed form that decides there
    claimed: float
    truth: Interval
    reason: str  # which way it is wrong, in words


Oracle = Callable[[Mapping[str, float]], Interval]
Guide = Callable[[Points], FloatArray]

_SCALE_FLOOR = 1e-3  # distances are relative to the value, or to this where the value is smaller
_LARGEST_DENOMINATOR = 10
_LARGEST_NUMBER = 4


def distance(value: float, interval: Interval, kind: Kind = "tight", unit: float = 1.0) -> float:
    """How far a claimed value lies outside a certified interval, relative to its size; 0 inside, inf where one is infeasible.

    A claim of kind "lower" can only be too high, one of kind "upper" only too low. A value that is no number is infinitely far.
    unit: the natural size of the value; where the value is far smaller, distances are relative to a part of it.
    """
    if math.isnan(value) or not interval.lower <= interval.upper:
        return math.inf
    low = interval.lower if kind != "lower" else -math.inf
    high = interval.upper if kind != "upper" else math.inf
    if low <= value <= high:
        return 0.0
    nearest = low if value < low else high
    if math.isinf(value) or math.isinf(nearest):
        return math.inf
    return abs(value - nearest) / max(_SCALE_FLOOR * unit, abs(value), abs(nearest))


def reason(value: float, interval: Interval) -> str:
    """In which way a value outside the interval is wrong."""
    if interval.lower == math.inf:
        return "claims a finite value where no code meets the budgets"
    if value == math.inf:
        return "claims that no code meets the budgets, where one does"
    side = "below the certified lower end" if value < interval.lower else "above the certified upper end"
    return side + (", and negative" if value < 0 else "")


def find_witnesses(
    form: Form, oracle: Oracle, guide: Guide, rng: np.random.Generator, *, tries: int = 8, margin: float = 1e-2
) -> list[Witness]:
    """For each regime of the form a witness in small rationals, where the search finds one.

    margin: the least relative distance from the interval that counts, so that a witness is clear of all rounding.
    """
    witnesses: list[Witness] = []
    for regime, points in regime_points(form, 512, rng).items():
        suspects = _suspects(form, guide, points, margin)
        starts = list(each({n: x[suspects] for n, x in points.items()}))[:tries]
        shrunk = sorted((shrink(form, guide, start, regime, margin) for start in starts), key=_size)
        confirmed = (confirm(form, oracle, point, margin) for point in shrunk)
        witnesses += islice((w for w in confirmed if w is not None), 1)
    return witnesses


def confirm(form: Form, oracle: Oracle, point: Mapping[str, Fraction | float], margin: float) -> Witness | None:
    """The witness at a point, if the oracle's interval excludes the claimed value by more than the margin."""
    numbers = {n: float(x) for n, x in point.items()}
    claimed, truth = form.evaluate(**numbers), oracle(numbers)
    if distance(claimed, truth, form.kind) <= margin:
        return None
    shown = {n: str(x) if isinstance(x, Fraction) else repr(x) for n, x in point.items()}
    return Witness(point=shown, regime=form.regime(**numbers), claimed=claimed, truth=truth, reason=reason(claimed, truth))


def shrink(form: Form, guide: Guide, start: Mapping[str, float], regime: str, margin: float) -> dict[str, Fraction | float]:
    """Replace one parameter after the other by the simplest rational that keeps the claim refuted in the same regime."""
    point: dict[str, Fraction | float] = dict(start)
    changed = True
    while changed:
        changed = False
        for parameter in form.parameters:
            simpler = _simplest(form, guide, point, parameter, regime, margin)
            if simpler is not None:
                point[parameter.name] = simpler
                changed = True
    return point


def _simplest(
    form: Form, guide: Guide, point: Mapping[str, Fraction | float], parameter: Parameter, regime: str, margin: float
) -> Fraction | None:
    """The simplest rational for one parameter that is simpler than its present value and keeps the point a suspect."""
    name, present = parameter.name, point[parameter.name]
    if parameter.default is not None and present == parameter.default:
        return None
    candidates = [r for r in _RATIONALS if not isinstance(present, Fraction) or _complexity(r) < _complexity(present)]
    if parameter.default is not None and math.isfinite(parameter.default):
        candidates.insert(0, Fraction(parameter.default))  # what a reader would leave out is simplest
    if not candidates:
        return None
    points = {n: np.full(len(candidates), float(x)) for n, x in point.items()} | {name: np.array([float(r) for r in candidates])}
    points["#"] = np.arange(len(candidates), dtype=np.float64)
    points = valid(form, points)
    index = points.pop("#").astype(int)
    if not index.size:
        return None
    good = _suspects(form, guide, points, margin) & (form.regime(**points) == regime)
    return candidates[index[good][0]] if good.any() else None


def _suspects(form: Form, guide: Guide, points: Points, margin: float) -> Any:
    """Where the guide says that the claim is off by more than the margin."""
    if not len(next(iter(points.values()))):
        return np.zeros(0, dtype=bool)
    claimed, true = form.evaluate(**points), guide(points)
    with np.errstate(invalid="ignore"):  # inf - inf, where both are infeasible
        off = np.abs(claimed - true) / np.maximum(_SCALE_FLOOR, np.maximum(np.abs(claimed), np.abs(true)))
    off = np.where(claimed == true, 0.0, np.where(np.isfinite(claimed) & np.isfinite(true), off, np.inf))
    if form.kind == "lower":
        off = np.where(claimed <= true, 0.0, off)
    if form.kind == "upper":
        off = np.where(claimed >= true, 0.0, off)
    return off > margin


def _size(point: Mapping[str, Fraction | float]) -> float:
    """What a reader has to take in: the digits of all numbers."""
    return sum(len(str(x)) for x in point.values())


def _complexity(number: Fraction) -> tuple[int, int, bool]:
    # 1/2 before 1/3 before 2/3; 0 is simple but degenerate, so it comes after the small fractions.
    return (number.denominator + abs(number.numerator) if number else 6, number.denominator, number < 0)


_RATIONALS = sorted(
    {
        Fraction(sign * a, b)
        for b in range(1, _LARGEST_DENOMINATOR + 1)
        for a in range(_LARGEST_NUMBER * b + 1)
        for sign in (1, -1)
    },
    key=_complexity,
)
