"""A point held against the limit of its source: how far away, and whether it can be true.

Least distortion falls as the rate or the allowed classification loss grows. So each distance has its error bar from the worst
ends of all inputs at once: to first order wider than a 95 % interval of the distance itself. A lawful code that is exactly on its
limit would thus be called "beyond" in at most one test set of forty; one without error bars is taken as exact, up to rounding.
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
"""Relative: a point this little below a bound is on it, a classification loss this little below the least one is the least."""


class Bound(Protocol):
    """A certified interval [lower, upper] for the least distortion a dimension, or the least rate; inf where out of reach."""

    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> str: ...


class LimitOf(Protocol):
    """`deep.limits.limit`: at a rate (bits a block) the least distortion a dimension, at a distortion the least rate.

    classification: budget of the loss in bits a block, or None. None for a source whose limit is not known.
    """

    def __call__(
        self,
        source: Mapping[str, Any],
        *,
        rate: float | None = None,
        distortion: float | None = None,
        classification: float | None = None,
    ) -> Bound | None: ...


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A point with its limit.

    limit: at the point's own rate and loss. generous: at the high ends of both, the bound that the verdict uses. measured: the
    same with the output's measured deviations in the place of the wanted ones, where they are known: a codec that misses the law
    of Y is not bound by the limit for it. in_distortion: distortion less the limit, a dimension. in_bits: rate less the least
    rate for the point's distortion and loss, a dimension. Distances are None where no limit is known, or no code at all has
    the point's numbers.
    """

    point: Point
    verdict: Verdict
    limit: Bound | None = None
    generous: Bound | None = None
    measured: Bound | None = None
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
        law = "" if self.measured is None else f"; with the output's measured deviations it is {self.measured.lower:.6g}"
        return f"BEYOND THE LIMIT: {p.name} ({p.task}): {shown} {at}, where the bound is {least} ({bound.what}){law}"


def judge(point: Point, limit_of: LimitOf) -> Judged:
    """The point against the limit of its source.

    Beyond: even with rate and classification loss at the high ends of their intervals the certified lower end exceeds the
    high end of the distortion's.
    """
    limit_of, losses = _up_to_rounding(limit_of), _losses(point)
    limit = limit_of(point.source, rate=point.rate.value, classification=losses[0])
    strict = limit_of(point.source, rate=max(0.0, point.rate.least), classification=losses[1])
    generous = limit_of(point.source, rate=point.rate.most, classification=losses[2])
    if limit is None or strict is None or generous is None:
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
        measured=_at_measured_law(point, limit_of),
        in_distortion=in_distortion,
        in_bits=_in_bits(point, limit_of),
    )


def _up_to_rounding(limit_of: LimitOf) -> LimitOf:
    """The limits, but for a loss that rounding may have put below the least one: then at a loss that is higher by as much.

    The best code for its label has the least loss of its rate, and so has every code where the label is but noise.
    """

    def found(
        source: Mapping[str, Any],
        *,
        rate: float | None = None,
        distortion: float | None = None,
        classification: float | None = None,
    ) -> Bound | None:
        bound = limit_of(source, rate=rate, distortion=distortion, classification=classification)
        if classification is None or bound is None or bound.upper < math.inf:
            return bound
        raised = classification + ROUNDING * max(1.0, abs(classification))
        return limit_of(source, rate=rate, distortion=distortion, classification=raised)

    return found


def _at_measured_law(point: Point, limit_of: LimitOf) -> Bound | None:
    if "output_sigma" not in point.source:
        return None
    source = {**point.source, "sigma_Y": point.source["output_sigma"]}
    return limit_of(source, rate=point.rate.most, classification=_losses(point)[2])


def _in_bits(point: Point, limit_of: LimitOf) -> Quantity | None:
    if point.dimensions is None:
        return None
    n, d, rate = point.dimensions, point.distortion, point.rate
    distortions = (d.value, max(0.0, d.least), d.most)
    ends = zip(distortions, _losses(point), strict=True)
    bounds = [limit_of(point.source, distortion=distortion, classification=loss) for distortion, loss in ends]
    needed, strict, generous = bounds
    if needed is None or strict is None or generous is None:
        return None
    what = "rate less the least rate at which the limit reaches the point's distortion and classification loss"
    low, high = (rate.least - strict.upper) / n, (rate.most - generous.lower) / n
    return _distance((rate.value - needed.lower) / n, low, high, "bits/dimension", what)


def _losses(point: Point) -> tuple[float | None, float | None, float | None]:
    """The classification loss, and its low and high ends: the strict and the generous budget."""
    return (None, None, None) if point.loss is None else (point.loss.value, point.loss.least, point.loss.most)


def _distance(value: float, low: float, high: float, unit: str, what: str) -> Quantity | None:
    """A distance; an end at infinity is an open one, and a value there is none. Its value lies inside, rounding or not."""
    if not math.isfinite(value):
        return None
    ends = (min(low, value) if math.isfinite(low) else None, max(high, value) if math.isfinite(high) else None)
    return Quantity(value=value, low=ends[0], high=ends[1], unit=unit, kind="estimate", what=what)
