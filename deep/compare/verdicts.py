"""A point held against the limit of its source: how far away, and whether it can be true.

Least distortion falls as the rate or the allowed classification loss grows. So each distance has its error bar from the worst
ends of all inputs at once: wider than a 95 % interval of the distance itself, which makes "beyond" a strong word.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from deep.compare.points import Point, Quantity

Verdict = Literal["above", "at", "beyond", "unknown"]
VERDICT_TEXT: Final[dict[Verdict, str]] = {
    "above": "worse than the limit, by more than its error bar",
    "at": "within its error bar of the limit",
    "beyond": "beyond a valid bound by more than its error bar: the point or the source as described is wrong",
    "unknown": "no exact limit is known",
}
ROUNDING: Final = 1e-9
"""Relative: a point this little below a bound is on it."""
BITS: Final = 1e-5
"""To which the least rate a dimension for a point's distortion is found."""
HIGHEST: Final = 64.0
"""Bits a dimension above which a distortion counts as out of reach at any rate."""


class Bound(Protocol):
    """A certified interval for the least distortion a dimension: [lower, upper], inf where no code meets the budgets."""

    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> str: ...


class LimitOf(Protocol):
    """The limit of a source at a rate (bits a block) and classification loss (bits, or None), or None where none is known."""

    def __call__(self, source: Mapping[str, Any], *, rate: float, classification: float | None = None) -> Bound | None: ...


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A point with its limit.

    limit: at the point's own rate and loss. generous: at the high ends of both, the bound that the verdict uses. in_distortion:
    distortion less the limit, a dimension. in_bits: rate less the least rate for the point's distortion and loss, a dimension.
    Distances are None where no limit is known, or where no code at all has the point's numbers.
    """

    point: Point
    verdict: Verdict
    limit: Bound | None = None
    generous: Bound | None = None
    in_distortion: Quantity | None = None
    in_bits: Quantity | None = None

    @property
    def line(self) -> str:
        """One line on a point that is beyond a bound."""
        p, bound = self.point, self.generous
        assert bound is not None
        loss = "" if p.loss is None else f", classification loss {p.loss.most:.6g} bits"
        least = "no code" if bound.lower == math.inf else f"at least {bound.lower:.6g}"
        shown = f"distortion {p.distortion.value:.6g} (error bar up to {p.distortion.most:.6g})"
        at = f"at {p.rate.most:.6g} bits ({p.rate_name}){loss}"
        return f"BEYOND THE LIMIT: {p.name} ({p.task}): {shown} {at}, where the bound is {least} ({bound.what})"


def judge(point: Point, limit_of: LimitOf) -> Judged:
    """The point against the limit of its source.

    Beyond: even with rate and classification loss at the high ends of their intervals the certified lower end exceeds the
    high end of the distortion's.
    """
    loss = point.loss
    ends = [None] * 3 if loss is None else [loss.value, loss.least, loss.most]
    limit = limit_of(point.source, rate=point.rate.value, classification=ends[0])
    if limit is None:
        return Judged(point=point, verdict="unknown")
    strict = limit_of(point.source, rate=max(0.0, point.rate.least), classification=ends[1])
    generous = limit_of(point.source, rate=point.rate.most, classification=ends[2])
    if strict is None or generous is None:
        return Judged(point=point, verdict="unknown")
    d = point.distortion
    in_distortion = _distance(
        d.value - limit.lower, d.least - strict.upper, d.most - generous.lower, "MSE/dimension", "distortion less the limit"
    )
    beyond = d.most < generous.lower * (1 - ROUNDING)
    above = d.least > strict.upper
    return Judged(
        point=point,
        verdict="beyond" if beyond else "above" if above else "at",
        limit=limit,
        generous=generous,
        in_distortion=in_distortion,
        in_bits=_in_bits(point, limit_of),
    )


def _in_bits(point: Point, limit_of: LimitOf) -> Quantity | None:
    if point.dimensions is None:
        return None
    n, d, loss, rate = point.dimensions, point.distortion, point.loss, point.rate
    ends = [None] * 3 if loss is None else [loss.value, loss.least, loss.most]
    needed, most, least = (
        least_rate(point.source, distortion, c, n, limit_of, guess=rate.value)
        for distortion, c in zip((d.value, d.least, d.most), ends, strict=True)
    )
    what = "rate less the least rate at which the limit reaches the point's distortion and classification loss"
    return _distance((rate.value - needed) / n, (rate.least - most) / n, (rate.most - least) / n, "bits/dimension", what)


def _distance(value: float, low: float, high: float, unit: str, what: str) -> Quantity | None:
    """A distance; an end at infinity is an open one, and a value there is none. Its value lies inside, rounding or not."""
    if not math.isfinite(value):
        return None
    ends = (min(low, value) if math.isfinite(low) else None, max(high, value) if math.isfinite(high) else None)
    return Quantity(value=value, low=ends[0], high=ends[1], unit=unit, kind="estimate", what=what)


def least_rate(
    source: Mapping[str, Any], distortion: float, loss: float | None, dimensions: int, limit_of: LimitOf, guess: float = 1.0
) -> float:
    """Least rate (bits a block) whose certified lower end is at most `distortion`, to 1e-5 bits a dimension; inf for none."""

    def reached(rate: float) -> bool:
        bound = limit_of(source, rate=rate, classification=loss)
        return bound is not None and bound.lower <= distortion * (1 + ROUNDING)

    low, high = 0.0, max(guess, 1e-3)
    if reached(0.0):
        return 0.0
    while not reached(high):
        if high > HIGHEST * dimensions:
            return math.inf
        low, high = high, 2 * high
    while high - low > BITS * dimensions:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return (low + high) / 2
