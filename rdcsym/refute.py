"""Search for a witness against a claimed form, and shrink it to small rationals.

A witness is an operating point at which the claim cannot be true: its value lies outside a certified interval. The interval comes
from an *oracle* (a function of an operating point, made by the solvers), never from a formula of ours. A formula may *guide* the
search, since it is fast; what it suggests counts only once the oracle has confirmed it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from rdcsym.form import Form, Kind
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
Shrunk = dict[str, Any]  # parameter -> Fraction or float, a list of them for a vector
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


def confirm(form: Form, oracle: Oracle, point: Mapping[str, Any], margin: float) -> Witness | None:
    """The witness at a point, if the oracle's interval excludes the claimed value by more than the margin."""
    numbers = {n: as_floats(x) for n, x in point.items()}
    claimed, truth = form.evaluate(**numbers), oracle(numbers)
    if distance(claimed, truth, form.kind) <= margin:
        return None
    shown = {n: as_text(x) for n, x in point.items()}
    return Witness(point=shown, regime=form.regime(**numbers), claimed=claimed, truth=truth, reason=reason(claimed, truth))


def shrink(form: Form, guide: Guide, start: Mapping[str, Any], regime: str, margin: float) -> Shrunk:
    """Replace one number after the other by the simplest rational that keeps the claim refuted in the same regime."""

    def holds(points: Points) -> Any:
        return _suspects(form, guide, points, margin) & (form.regime(**points) == regime)

    return simplest_point(form, start, holds)


def simplest_point(
    form: Form, start: Mapping[str, Any], holds: Callable[[Points], Any], *, keep: Collection[str] = (), candidates: int = 1000
) -> Shrunk:
    """The point with one number after the other replaced by the simplest rational, while `holds` is true of it.

    start: numbers, arrays for vectors. holds: valid points -> mask. keep: names that are left as they are. Names that are no
    parameters of the form (the steps of a law) are shrunk too. candidates: how many rationals are tried for a number, simplest
    first. A vector loses components first, then each entry is made simple.
    """
    point: Shrunk = {n: [float(e) for e in x] if np.ndim(x) else float(x) for n, x in start.items()}
    defaults = {p.name: p.default for p in form.parameters}
    names = [n for n in start if n not in keep]
    _drop_components(form, point, holds, keep)
    changed = True
    while changed:
        changed = False
        for name in names:
            entries = range(len(point[name])) if isinstance(point[name], list) else [None]
            for entry in entries:
                changed |= _simplify(form, point, name, entry, defaults.get(name), holds, candidates)
    return point


def _drop_components(form: Form, point: Shrunk, holds: Callable[[Points], Any], keep: Collection[str]) -> None:
    vectors = [n for n, x in point.items() if isinstance(x, list)]
    if not vectors or any(n in keep for n in vectors):
        return
    i = 0
    while i < len(point[vectors[0]]) and len(point[vectors[0]]) > 1:
        fewer = point | {n: point[n][:i] + point[n][i + 1 :] for n in vectors}
        if _which(form, [fewer], holds).size:
            point.update(fewer)
        else:
            i += 1


def _simplify(
    form: Form, point: Shrunk, name: str, entry: int | None, default: float | None, holds: Callable[[Points], Any], most: int
) -> bool:
    """Make one number of the point simpler, in place; whether that could be done."""
    present = point[name] if entry is None else point[name][entry]
    if default is not None and present == default:
        return False
    rationals = [r for r in _RATIONALS if not isinstance(present, Fraction) or _complexity(r) < _complexity(present)][:most]
    if default is not None and math.isfinite(default):
        rationals.insert(0, Fraction(default))  # what a reader would leave out is simplest
    if not rationals:
        return False

    def changed(r: Fraction) -> Any:
        return r if entry is None else [*point[name][:entry], r, *point[name][entry + 1 :]]

    good = _which(form, [point | {name: changed(r)} for r in rationals], holds)
    if not good.size:
        return False
    point[name] = changed(rationals[good[0]])
    return True


def _which(form: Form, candidates: list[Shrunk], holds: Callable[[Points], Any]) -> Any:
    """The indices of the candidates that are valid points and keep what is wanted."""
    points = {n: np.array([as_floats(c[n]) for c in candidates]) for n in candidates[0]}
    points = valid(form, {**points, "#": np.arange(len(candidates), dtype=np.float64)})
    index = points.pop("#").astype(int)
    return index[holds(points)] if index.size else index


def as_floats(value: Any) -> Any:
    """A number, or a vector, as float64."""
    return np.array([float(x) for x in value]) if isinstance(value, list | np.ndarray) else float(value)


def as_text(value: Any) -> str:
    """A number as the rational that it was shrunk to, or as the float that it is; a vector in square brackets."""
    if isinstance(value, list | np.ndarray):
        return f"[{', '.join(as_text(x) for x in value)}]"
    return str(value) if isinstance(value, Fraction) else repr(float(value)).removesuffix(".0")


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


def _size(point: Mapping[str, Any]) -> float:
    """What a reader has to take in: the digits of all numbers."""
    return sum(len(as_text(x)) for x in point.values())


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
