"""Water-filling for the labels alone: the most that a rate can tell, the least rate that tells so much. Explicit levels."""

from __future__ import annotations

import numpy as np

from rdcsym.problem import FloatArray
from rdcsym.water_filling.budgets import rates_for_rate
from rdcsym.water_filling.components import Components


def most_told(c: Components, rate: FloatArray) -> FloatArray:
    """The rates of total `rate` that tell the labels most: r_i = (omega - c_i)^+ / 2, c_i = log((1 - kappa_i^2) / kappa_i^2).

    Where this leaves a choice, the one with the largest gain: components that are their labels tell nat for nat, whichever gets
    the rate; and what no label can use goes to the gain.
    """
    count = np.arange(1, c.alpha.shape[1] + 1, dtype=np.float64)
    floor, _, total = _floors(c)
    with np.errstate(invalid="ignore"):
        levels = (2.0 * rate[:, None] + total) / count
    r = _under(c, floor, levels, rate)
    useless = ~(c.kappa2 > 0).any(axis=-1)
    if useless.any():
        r[useless] = rates_for_rate(c.take(np.flatnonzero(useless)), rate[useless])
    return r


def least_telling(c: Components, told: FloatArray) -> FloatArray:
    """The least rates that tell `told` nats, with the largest gain among them; inf where no finite rates do."""
    count = np.arange(1, c.alpha.shape[1] + 1, dtype=np.float64)
    floor, nu, _ = _floors(c)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # k log(1 + exp(-omega)) = -sum log(1 - kappa^2) - 2 told over the first k components
        rest = (-np.cumsum(np.log(nu), axis=-1) - 2.0 * told[:, None]) / count
        levels = -np.log(np.expm1(np.maximum(rest, 0.0)))
    return _under(c, floor, levels, told)


def _floors(c: Components) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The floors, rising; 1 - kappa^2 in their order; the floors' partial sums. -inf where a component is its label."""
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(c.kappa2 > 0, np.log(c.nu) - np.log(c.kappa2), np.inf)
        order = np.argsort(floor, axis=-1, kind="stable")
        rising = np.take_along_axis(floor, order, axis=-1)
        return rising, np.take_along_axis(c.nu, order, axis=-1), np.cumsum(rising, axis=-1)


def _under(c: Components, rising: FloatArray, levels: FloatArray, budget: FloatArray) -> FloatArray:
    """The rates under water, from the level for each number of wet components."""
    sure = np.isneginf(rising[:, 0])
    level = np.full(len(budget), -np.inf)
    for k in range(rising.shape[1]):
        fits = np.isfinite(rising[:, k]) & (levels[:, k] >= rising[:, k]) & ~sure
        level = np.where(fits, levels[:, k], level)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(c.kappa2 > 0, np.log(c.nu) - np.log(c.kappa2), np.inf)
        r = np.where(np.isfinite(floor), np.maximum(0.0, (level[:, None] - floor) / 2.0), 0.0)
    if sure.any():
        part = c.take(np.flatnonzero(sure))
        own = part.nu == 0
        own &= part.kappa2 > 0
        alone = Components(np.where(own, part.alpha, 0.0), np.where(own, part.beta, 0.0), part.kappa2, part.nu)
        shares = rates_for_rate(alone, budget[sure])
        # Rates too large for float64's exponents are shared evenly: nothing depends on how.
        even = np.where(own, (budget[sure] / own.sum(axis=-1))[:, None], 0.0)
        r[sure] = np.where(np.isinf(shares).any(axis=-1, keepdims=True), even, shares)
    return np.where(np.isinf(budget)[:, None] & c.live & (c.kappa2 > 0), np.inf, r)
