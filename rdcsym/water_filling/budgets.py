"""The rates for one budget on a sum: a rate, a rate and what is told, a gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from rdcsym.water_filling.components import MOST_NATS, Components, gain_above, rate_above
from rdcsym.water_filling.levels import levelled, polished, weighted


def rates_for_rate(c: Components, rate: FloatArray) -> FloatArray:
    """The rates of total `rate` (nats) with the largest gain."""
    return _for_rate(c, np.zeros_like(rate), rate, None)


def rates_for_rate_and_label(c: Components, rate: FloatArray, told: FloatArray) -> FloatArray:
    """The rates of total `rate` that tell `told` nats in all, both met exactly, with the largest gain."""
    # What exceeds every rounding can only go to components that are their labels, nat for nat.
    beyond = np.maximum(rate - MOST_NATS * c.live.sum(axis=-1), 0.0)
    beyond = np.where(np.isfinite(beyond), beyond, 0.0)
    told = np.where(told > rate / 2.0, np.maximum(told - beyond, 0.0), told)

    def solve(part: Components, w: FloatArray, i: NDArray[np.intp]) -> FloatArray:
        return _for_rate(part, w, (rate - beyond)[i], None)

    return _for_rate(c, weighted(c, solve, told), rate - beyond, told)


def rates_for_gain(c: Components, left: FloatArray) -> FloatArray:
    """The least rates whose gain is `left` below the largest."""
    return for_gain(c, np.zeros_like(left), left, None)


def _for_rate(c: Components, w: FloatArray, rate: FloatArray, told: FloatArray | None) -> FloatArray:
    count = c.live.sum(axis=-1)
    r = np.where(c.live & (rate >= MOST_NATS * count)[:, None], np.inf, 0.0)
    inner = (rate > 0) & (rate < MOST_NATS * count)
    if inner.any():
        part, given = c.take(np.flatnonzero(inner)), rate[inner]
        found = levelled(part, w[inner], given / count[inner], given, rate_above, given)
        r[inner] = polished(part, w[inner], found, False, rate_above, given, None if told is None else told[inner])
    return r


def for_gain(c: Components, w: FloatArray, left: FloatArray, told: FloatArray | None) -> FloatArray:
    r = np.where(c.live & (left <= 0)[:, None], np.inf, 0.0)
    inner = (left > 0) & (left < c.most)
    if inner.any():
        part, given = c.take(np.flatnonzero(inner)), left[inner]
        even = _even_rate(part, given)
        top = np.full(len(given), MOST_NATS)
        found = levelled(part, w[inner], even, top, gain_above, given)
        r[inner] = polished(part, w[inner], found, True, gain_above, given, None if told is None else told[inner])
    return r


def _even_rate(c: Components, left: FloatArray) -> FloatArray:
    """The common rate with that gain: a quadratic in rho, or in 1 - rho where that has more digits."""
    a, b = c.alpha.sum(axis=-1), c.beta.sum(axis=-1)
    gained = c.most - left
    rho = gained / (a + np.sqrt(a * a + b * gained))
    rest = left / ((a + b) + np.sqrt(np.maximum((a + b) ** 2 - b * left, 0.0)))
    with np.errstate(divide="ignore"):
        r = np.where(rho < 0.5, -0.5 * np.log1p(-(np.minimum(rho, 0.5) ** 2)), -0.5 * np.log(rest * (2.0 - rest)))
    return np.clip(r, 1e-300, MOST_NATS)
