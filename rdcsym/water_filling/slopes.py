"""One scalar root a component: the rate at which its slope meets the level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from rdcsym.water_filling.components import Components

_STEPS = 200  # of Newton inside a bracket: far more than are ever needed


@dataclass(frozen=True)
class Slopes:
    """g, l and 1 - l at some rates, and how fast g and 1 - l change."""

    g: FloatArray
    tell: FloatArray
    short: FloatArray
    g_fall: FloatArray
    short_rise: FloatArray


def slopes(c: Components, r: FloatArray) -> Slopes:
    rest, rho2 = np.exp(-2.0 * r), -np.expm1(-2.0 * r)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        alpha = np.where(c.alpha > 0, c.alpha / np.sqrt(rho2), 0.0)
        g = 2.0 * rest * (alpha + c.beta)
        g_fall = 2.0 * rest * (np.where(c.alpha > 0, alpha * (1.0 + rho2) / rho2, 0.0) + 2.0 * c.beta)
    sum_ = np.where(c.nu + c.kappa2 * rest > 0, c.nu + c.kappa2 * rest, 1.0)  # 0 only where kappa^2 = 1 and r is infinite
    tell = np.where((c.nu == 0) & (c.kappa2 > 0), 1.0, c.kappa2 * rest / sum_)
    short_rise = 2.0 * c.nu / sum_ * (c.kappa2 * rest / sum_)
    return Slopes(g, tell, c.nu / sum_, g_fall, short_rise)


def rates_at_level(
    c: Components, w: FloatArray, level: FloatArray, excess: FloatArray, most: FloatArray, near: FloatArray
) -> FloatArray:
    """The rates with g + w l = level, at most `most`; excess = level - w. All but c have shape (problems, 1).

    The search begins at `near`. Written as log(g + ..) = log(w (1 - l) + ..) about the excess, or log(g + w l) = log level where
    the level is far below w.
    """
    far = level < w / 2.0
    start = slopes(c, np.full(c.alpha.shape, 1e-300))
    with np.errstate(over="ignore"):
        on = c.live & np.where(far, start.g + w * start.tell > level, start.g > w * start.short + excess)
    index = np.nonzero(on)
    r = np.zeros(c.alpha.shape)
    if index[0].size:

        def chosen(x: FloatArray) -> FloatArray:
            return np.broadcast_to(x, r.shape)[index]

        part = Components(*(x[index] for x in (c.alpha, c.beta, c.kappa2, c.nu)))
        which = np.broadcast_to(far, r.shape)[index]
        r[index] = _newton(part, chosen(w), chosen(level), chosen(excess), which, chosen(most), chosen(near))
    return r


def _newton(
    c: Components,
    w: FloatArray,
    level: FloatArray,
    excess: FloatArray,
    far: NDArray[np.bool_],
    most: FloatArray,
    near: FloatArray,
) -> FloatArray:
    """Newton's steps in log r inside a bracket that halves at worst."""
    low, high = np.full(w.shape, -690.0), np.log(most)
    above, below = np.maximum(excess, 0.0), np.maximum(-excess, 0.0)
    x, before, last = np.log(near), high - low, high - low
    for _ in range(_STEPS):
        r = np.exp(x)
        s = slopes(c, r)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            left, right = np.where(far, s.g + w * s.tell, s.g + below), np.where(far, level, w * s.short + above)
            miss = np.log(left) - np.log(right)
            fall = np.where(far, (s.g_fall + w * s.short_rise) / left, s.g_fall / left + w * s.short_rise / right) * r
            step = x + miss / fall
        high_side = left > right
        low, high = np.where(high_side, x, low), np.where(high_side, high, x)
        # A step that leaves the bracket, or is not half as long as the one before the last, would cycle: halve instead.
        good = (step > low) & (step < high) & (np.abs(step - x) < before / 2.0)
        following = np.where(good | (left == right), step, (low + high) / 2.0)
        before, last = last, np.abs(following - x)
        x = following
        if not (last > 4e-16 * np.maximum(1.0, np.abs(x))).any():
            break
    return np.exp(x)
