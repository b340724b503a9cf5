"""Everything that one comparison found, task by task: rows, limits, references, sample images."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from deep.compare.grid import SampleGrid, sample_grid
from deep.compare.groups import Group, grouped
from deep.compare.points import Point
from deep.compare.reference import Reference
from deep.compare.verdicts import Judged, LimitOf, judge

Tick = Callable[[str], None]
ReferenceOf = Callable[[str], "Reference | str | None"]

_CURVE_POINTS: Final = 41
_SURFACE: Final = (25, 21)  # rates, losses
_BEYOND_THE_POINTS: Final = 1.15  # the axes reach this much further
_MOST_SOURCES: Final = 4  # of one task that get a curve each
_CHANCE: Final = 5.0  # standard errors of an output's deviation (or share of ones) that a test set may be off
_TOLERATED: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The certified lower end of the least distortion a dimension against the rate (bits a block), without a label's budget."""

    source: Mapping[str, Any]
    rates: tuple[float, ...]
    values: tuple[float, ...]
    what: str


@dataclass(frozen=True, kw_only=True)
class Surface:
    """The certified lower end over rates (n,) and classification losses (m,): values of shape (m, n), inf where infeasible."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    what: str


@dataclass(frozen=True, kw_only=True)
class TaskComparison:
    """The rows of one task, and what they are drawn beside. notes: one line each on what is missing and why."""

    task: str
    groups: tuple[Group, ...]
    curves: tuple[Curve, ...] = ()
    surface: Surface | None = None
    reference: Reference | None = None
    grid: SampleGrid | None = field(default=None, compare=False)
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> list[Judged]:
        return [member for group in self.groups for member in group.members]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All tasks of one call, in the order of their names."""

    tasks: tuple[TaskComparison, ...]

    @property
    def beyond(self) -> list[Judged]:
        """The points that are significantly beyond a valid bound: each is an error somewhere."""
        return [j for task in self.tasks for j in task.judged if j.verdict == "beyond"]


def compare(
    points: Iterable[Point], limit_of: LimitOf, reference_of: ReferenceOf | None = None, tick: Tick | None = None
) -> Comparison:
    """Hold the points against the limits of their sources.

    reference_of: for a task whose source has no exact limit, its reference, or in a few words why there is none. tick: told
    before each piece of work (`work` says how many there are).
    """
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.task, []).append(point)
    say = tick or (lambda what: None)
    return Comparison(tasks=tuple(_task(name, found[name], limit_of, reference_of, say) for name in sorted(found)))


def work(points: Sequence[Point]) -> int:
    """How often `compare` ticks for these points, apart from the references."""
    return len(points) + 2 * len({p.task for p in points})


def _task(name: str, points: list[Point], limit_of: LimitOf, reference_of: ReferenceOf | None, say: Tick) -> TaskComparison:
    judged = []
    for point in points:
        say(f"{name}: {point.name}")
        judged.append(judge(point, limit_of))
    groups = grouped(judged)
    notes: list[str] = []
    say(f"{name}: limits")
    curves = _curves(points, limit_of)
    say(f"{name}: surface")
    surface = _surface(points, limit_of) if len(curves) == 1 else None
    reference = None
    if not curves and reference_of is not None and any(p.source.get("kind") == "images" for p in points):
        made = reference_of(name)
        if isinstance(made, str):
            notes.append(f"no reference for {name}: {made}")
        else:
            reference = made
    grid, left_out = sample_grid(points) if any(p.source.get("kind") == "images" for p in points) else (None, [])
    return TaskComparison(
        task=name,
        groups=tuple(groups),
        curves=tuple(curves),
        surface=surface,
        reference=reference,
        grid=grid,
        notes=(*notes, *left_out, *filter(None, map(_off_the_law, points))),
    )


def _off_the_law(point: Point) -> str | None:
    """A line on a codec whose outputs have not the law that its limit is for, by more than chance and a hundredth."""
    source, chance = point.source, _CHANCE / math.sqrt(2 * (point.test_images or 1))
    if "output_sigma" in source and "sigma_Y" in source:
        wanted, found = np.asarray(source["sigma_Y"], dtype=float), np.asarray(source["output_sigma"], dtype=float)
        off = float(np.abs(found - wanted).max() / wanted.max()) if wanted.shape == found.shape else math.inf
        what = f"output deviations are off the wanted ones by up to {100 * off:.2g} % of the largest"
    elif "output_q" in source and "q_Y" in source:
        off = float(np.abs(np.asarray(source["output_q"], dtype=float) - source["q_Y"]).max())
        what = f"output shares of ones are off the wanted one by up to {off:.2g}"
    else:
        return None
    if off <= max(_TOLERATED, chance):
        return None
    return f"{point.name}: {what}; the limit binds codes that meet them, so its verdict and distance say little"


def nominal_source(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """A source without what was measured of one codec's outputs."""
    return {name: value for name, value in source.items() if not name.startswith("output_")}


def _curves(points: Sequence[Point], limit_of: LimitOf) -> list[Curve]:
    """One a source, over the rates of all points."""
    sources = {json.dumps(nominal_source(p.source), sort_keys=True): nominal_source(p.source) for p in points}
    rates = np.linspace(0.0, _reach(points), _CURVE_POINTS).tolist()
    curves = []
    for source in list(sources.values())[:_MOST_SOURCES]:
        bounds = [limit_of(source, rate=rate, classification=None) for rate in rates]
        known = [b for b in bounds if b is not None]
        if len(known) == len(rates):
            curves.append(
                Curve(
                    source=source,
                    rates=tuple(rates),
                    values=tuple(b.lower for b in known),
                    what=f"{known[0].kind}: {known[0].what}",
                )
            )
    return curves


def _surface(points: Sequence[Point], limit_of: LimitOf) -> Surface | None:
    """The limit over rate and classification loss, where the points have losses and the limit depends on them."""
    losses = [q for p in points if (q := p.loss) is not None]
    if not losses:
        return None
    source = nominal_source(points[0].source)
    low, high = min(q.least for q in losses), max(q.most for q in losses)
    margin = max(0.25 * (high - low), 0.02 * max(abs(low), abs(high)), 1e-3)
    across = np.linspace(0.0, _reach(points), _SURFACE[0]).tolist()
    up = np.linspace(low - margin, high + margin, _SURFACE[1]).tolist()
    if not str(source.get("kind")).startswith("gauss"):
        up = [c for c in up if c >= 0]  # an entropy of discrete labels
    rows, what = [], ""
    for loss in up:
        bounds = [limit_of(source, rate=rate, classification=loss) for rate in across]
        known = [b for b in bounds if b is not None]
        if len(known) < len(across):
            return None
        rows.append(tuple(b.lower for b in known))
        what = f"{known[0].kind}: {known[0].what}"
    if not any(math.isfinite(v) for row in rows for v in row):
        return None
    return Surface(rates=tuple(across), losses=tuple(up), values=tuple(rows), what=what)


def _reach(points: Sequence[Point]) -> float:
    return _BEYOND_THE_POINTS * max(max(p.rate.most for p in points), 1e-3)
