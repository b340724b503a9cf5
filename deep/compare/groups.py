"""Runs that differ in their seed only are one row: the mean, with the standard error over the seeds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Final

from deep.compare.points import Point, Quantity
from deep.compare.verdicts import Judged, Verdict
from deep.config import with_defaults

_NOT_SETTINGS: Final = ("seed", "device", "threads", "log_every", "checkpoint_every", "compile", "amp")
"""Settings that do not make another experiment."""
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("beyond", "at", "above", "unknown")


@dataclass(frozen=True, kw_only=True)
class Group:
    """One or more seeds of one setting.

    point: the numbers that are drawn; with one member its own, with 95 % intervals, with more the means with one standard error
    over the seeds either side. limit: the mean of the members' limits' lower ends, or None.
    """

    members: tuple[Judged, ...]
    point: Point
    in_distortion: Quantity | None
    in_bits: Quantity | None
    limit: float | None

    @property
    def seeds(self) -> int:
        return len(self.members)

    @property
    def verdict(self) -> Verdict:
        """The gravest of the members'."""
        return min((m.verdict for m in self.members), key=_WORST_FIRST.index)

    @property
    def error_bar(self) -> str:
        """What the error bars are."""
        if self.seeds > 1:
            return f"standard error over {self.seeds} seeds"
        return "95 % interval" if self.point.distortion.low is not None else "none given"


def grouped(judged: Iterable[Judged]) -> list[Group]:
    """The groups, by task, then mode, then rate."""
    found: dict[tuple[str, ...], list[Judged]] = {}
    for i, one in enumerate(judged):
        key = _key(one.point, i)
        seeds = [m.point.config["seed"] for m in found.get(key, [])]
        # The same training twice says nothing about how trainings differ.
        found.setdefault((*key, f"again {i}") if one.point.config.get("seed") in seeds else key, []).append(one)
    groups = [_group(tuple(members)) for members in found.values()]
    return sorted(groups, key=lambda g: (g.point.task, g.point.published, g.point.mode, g.point.rate.value))


def _key(point: Point, index: int) -> tuple[str, ...]:
    if not point.config or "seed" not in point.config:
        return ("apart", str(index))
    settings = {k: v for k, v in with_defaults(point.config).items() if k not in _NOT_SETTINGS}
    return (point.task, point.mode, point.pairing, str(point.steps), json.dumps(settings, sort_keys=True, default=str))


def _group(members: tuple[Judged, ...]) -> Group:
    first = members[0].point
    if len(members) == 1:
        one = members[0]
        limit = None if one.limit is None else one.limit.lower
        return Group(members=members, point=first, in_distortion=one.in_distortion, in_bits=one.in_bits, limit=limit)
    names = [n for n in first.quantities if all(n in m.point.quantities for m in members)]
    quantities = {n: over_seeds([m.point.quantities[n] for m in members]) for n in names}
    machines = ", ".join(dict.fromkeys(m.point.machine for m in members if m.point.machine))
    limits = [m.limit.lower for m in members if m.limit is not None]
    return Group(
        members=members,
        point=_mean_point(first, quantities, machines),
        in_distortion=_over_seeds_or_none([m.in_distortion for m in members]),
        in_bits=_over_seeds_or_none([m.in_bits for m in members]),
        limit=fmean(limits) if len(limits) == len(members) and all(map(math.isfinite, limits)) else None,
    )


def _mean_point(first: Point, quantities: dict[str, Quantity], machine: str) -> Point:
    return Point(
        name=first.name,
        task=first.task,
        mode=first.mode,
        dimensions=first.dimensions,
        source=first.source,
        quantities=quantities,
        pairing=first.pairing,
        steps=first.steps,
        machine=machine,
        test_images=first.test_images,
        config=first.config,
        published=first.published,
        folder=first.folder,
    )


def over_seeds(each: Sequence[Quantity]) -> Quantity:
    """Mean of at least two measurements, with one standard error (from n - 1 degrees of freedom) either side.

    It shows how trainings differ, not the error from the finite test set, which all seeds share.
    """
    mean = fmean(q.value for q in each)
    error = stdev([q.value for q in each], mean) / math.sqrt(len(each))
    if error == 0.0 and all(q.low is None and q.high is None for q in each):
        return each[0]  # a nominal rate: the same by construction
    what = f"mean over {len(each)} seeds, one standard error over the seeds either side; each: {each[0].what}"
    return Quantity(value=mean, low=mean - error, high=mean + error, unit=each[0].unit, kind=each[0].kind, what=what)


def _over_seeds_or_none(each: Sequence[Quantity | None]) -> Quantity | None:
    known = [q for q in each if q is not None]
    return over_seeds(known) if len(known) == len(each) else None
