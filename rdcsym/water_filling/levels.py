"""The multipliers: the level at which a sum is met, the weight at which enough is told, and a polish of the rates themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from rdcsym.roots import bracketed_root
from rdcsym.water_filling.components import MOST_NATS, Components, Measure, label_information
from rdcsym.water_filling.slopes import rates_at_level, slopes

Index = NDArray[np.intp]

_WEIGHTS = (-100.0, 200.0)  # logarithms of the least and largest ratio w that is told from 0 and from infinity
_USUAL_WEIGHTS = (-7.0, 4.0)
_POLISH = 6
_TIED = 1e-29  # below, the labels' slopes are those of the measure: nothing can be told without it


def levelled(c: Components, w: FloatArray, even: FloatArray, top: FloatArray, measure: Measure, target: FloatArray) -> FloatArray:
    """Rates at the level where the measure is met. even: the common rate that meets it; top: more than any component needs."""
    at = slopes(c, np.broadcast_to(even[:, None], c.alpha.shape))
    with np.errstate(over="ignore"):
        ahead = np.where(c.live, at.g - w[:, None] * at.short, -np.inf)
    # The component that is furthest ahead at an even share has at least that share: the bracket below holds.
    reference = np.argmax(ahead, axis=-1)

    def at_reference(own: FloatArray, i: Index) -> FloatArray:
        part, j, weight = c.take(i), reference[i], w[i, None]
        one = Components(*(x[np.arange(len(j)), j][:, None] for x in (part.alpha, part.beta, part.kappa2, part.nu)))
        s = slopes(one, own[:, None])
        r = rates_at_level(part, weight, s.g + weight * s.tell, s.g - weight * s.short, top[i, None], own[:, None])
        r[np.arange(len(j)), j] = own
        return r

    def miss(own: FloatArray, i: Index) -> FloatArray:
        return measure(c.take(i), at_reference(own, i), target[i])

    everyone = np.arange(len(w))
    # Where rounding spoils the bracket the root is at the end that misses least.
    nearest = np.where(np.abs(miss(even, everyone)) <= np.abs(miss(top, everyone)), even, top)
    return at_reference(bracketed_root(miss, even, top, nearest, relative=1e-15), everyone)


def weighted(c: Components, solve: Callable[[Components, FloatArray, Index], FloatArray], told: FloatArray) -> FloatArray:
    """The w at which the rates tell `told` nats: more is told as w grows."""

    def miss(x: FloatArray, i: Index) -> FloatArray:
        part = c.take(i)
        return label_information(part, solve(part, np.exp(x), i)) - told[i]

    everyone = np.arange(len(told))
    low, high = (np.full(len(told), end) for end in _USUAL_WEIGHTS)
    early, late = miss(low, everyone) >= 0, miss(high, everyone) <= 0
    low, high = np.where(early, _WEIGHTS[0], np.where(late, high, low)), np.where(late, _WEIGHTS[1], np.where(early, low, high))
    return np.exp(bracketed_root(miss, low, high, np.where(early, low, high), absolute=1e-8, limit=120))


def polished(
    c: Components, w: FloatArray, r: FloatArray, by_gain: bool, measure: Measure, target: FloatArray, told: FloatArray | None
) -> FloatArray:
    """Newton's steps on the rates themselves, along the best ones: both sums are met to rounding."""

    def missed(r: FloatArray) -> tuple[FloatArray, FloatArray]:
        return measure(c, r, target), np.zeros(len(r)) if told is None else label_information(c, r) - told

    first, second = missed(r)
    for _ in range(_POLISH):
        s = slopes(c, r)
        inner = (r > 0) & (r < MOST_NATS)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            yielding = np.where(inner, 1.0 / (s.g_fall + w[:, None] * s.short_rise), 0.0)
        yielding = np.where(np.isfinite(yielding), yielding, 0.0)
        yielding = yielding / np.maximum(yielding.max(axis=-1, keepdims=True), 1e-300)  # only ratios count
        slope = np.where(inner, s.g if by_gain else 1.0, 0.0)  # of the measure
        # Along `push` the measure changes; along `pull` what is told changes and the measure does not. One component may yield
        # 1e17 times as much as the others: slopes are taken relative to that one's, where nothing cancels.
        push = yielding * slope
        a, b = (push * slope).sum(axis=-1), (push * s.tell).sum(axis=-1)
        a = np.where(a > 0, a, 1.0)
        first_one = np.arange(slope.shape[1]) == np.argmax(push * slope, axis=-1)[:, None]
        own = np.where(first_one, slope, 0.0).sum(axis=-1, keepdims=True)
        ratio = np.where(first_one, s.tell, 0.0).sum(axis=-1, keepdims=True) / np.where(own > 0, own, 1.0)
        rest = np.where(first_one, 0.0, s.tell - ratio * slope)
        rest = rest - ((push * rest).sum(axis=-1) / a)[:, None] * slope
        pull = yielding * rest
        free = (pull * rest).sum(axis=-1)
        regular = free > _TIED * (yielding * s.tell**2).sum(axis=-1)
        lacking = (b / a) * first - second
        y = np.where(regular & (told is not None), lacking / np.where(regular, free, 1.0), 0.0)
        moved = r - push * (first / a)[:, None] + pull * y[:, None]
        moved = np.where((moved > 0.5 * r) & (moved < 2.0 * r), moved, r)
        after = missed(moved)
        better = np.abs(after[0]) + np.abs(after[1]) < np.abs(first) + np.abs(second)
        if not better.any():
            break
        r = np.where(better[:, None], moved, r)
        first, second = (np.where(better, new, old) for new, old in zip(after, (first, second), strict=True))
    return r
