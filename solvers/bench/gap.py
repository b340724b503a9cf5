"""The interval that a method's answer proves: one function for all methods, ours and peers', and outside their clocks.

Lower end, from potentials (g, eps): for any g and eps > 0 (entropic transport's dual, f being the soft c-transform of g)

    D(R) >= <q, g> - eps sum_x p_x log sum_y q_y exp((g_y - c_xy) / eps) - eps R.

Upper end, from a plan: p q exp((f + g - c) / eps) rounded onto the marginals (Altschuler, Weed and Rigollet 2017, algorithm 2),
then mixed with the product of the marginals until I(X;Y) <= R. Both in float64, whose rounding, some 1e-13 of the cost's size, is
far below the gaps that are timed. `kernel_ends` is the package's trusted kernel, which rounds outward: what a run ends with is
proved by it too. It bounds the information of a plan that is off its marginals more coarsely: peers would be timed later by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError
from solvers.checker_blocks import U, dual_value, laws, price_plan, price_potentials

BLOCK: Final = 2**17
"""Entries of the cost that are worked on at once."""
MIXINGS: Final = 12
"""Trial shares of the product before the last that meets the rate is taken."""
CLOSE: Final = 1e-3
"""Relative distance of shares at which the search ends: the upper end is then this near to what the mixture can give."""


def ends(p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, g: FloatArray, temperature: float) -> tuple[float, float]:
    """(lower, upper) of the least <P, cost> at I(X;Y) <= rate (nats): g (m,) in units of cost, temperature in cost a nat.

    (-inf, inf) where g is not finite or the temperature not positive: such an answer proves nothing.
    """
    if not (np.isfinite(g).all() and 0 < temperature < math.inf):
        return -math.inf, math.inf
    gamma, log_sums, columns = g / temperature, np.empty_like(p), np.zeros_like(q)
    for rows in _blocks(cost):
        exponent = gamma - cost[rows] / temperature
        top = exponent.max(axis=1)
        weights = np.exp(exponent - top[:, None])
        sums = weights @ q
        log_sums[rows] = top + np.log(sums)
        columns += q * ((p[rows] / sums) @ weights)
    lower = float(q @ g - temperature * (p @ log_sums) - temperature * rate)

    # Kept, as the search for the share of the product passes over them again and again.
    blocks = {rows.start: np.exp(gamma - cost[rows] / temperature - log_sums[rows][:, None]) for rows in _blocks(cost)}

    def density(rows: slice) -> FloatArray:
        return blocks[rows.start]

    return lower, _upper(p, q, cost, rate, density, columns)


def upper_end(p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, plan: FloatArray) -> float:
    """Upper end that a plan (n, m), rounded and mixed, proves; inf where it is not finite."""
    if not np.isfinite(plan).all():
        return math.inf
    kept = np.maximum(plan, 0.0)
    kept *= (p / np.maximum(kept.sum(axis=1), 1e-300))[:, None]
    return _upper(p, q, cost, rate, lambda rows: kept[rows] / (p[rows][:, None] * q), kept.sum(axis=0))


def kernel_ends(
    p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, g: FloatArray, temperature: float
) -> tuple[float, float]:
    """The same as `ends` by the trusted kernel for large problems."""
    data = laws(p, q, cost)
    try:
        bound = dual_value(data, g, temperature)
        lower = bound - temperature * rate - 4 * U * (abs(bound) + temperature * rate)
        return lower, price_potentials(data, g, temperature).within(rate)
    except CertificateError:
        return -math.inf, math.inf


def kernel_upper_end(p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, plan: FloatArray) -> float:
    """The same as `upper_end` by the trusted kernel."""
    try:
        return price_plan(laws(p, q, cost), np.maximum(plan, 0.0)).within(rate)
    except CertificateError:
        return math.inf


def _upper(
    p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, density: Callable[[slice], FloatArray], columns: FloatArray
) -> float:
    """density(rows): the plan over p q in these rows, whose sums are exact; columns: the plan's column sums."""
    shrink = np.minimum(1.0, q / np.maximum(columns, 1e-300))
    missing_y = q - columns * shrink
    missing_x = np.concatenate([p[rows] * np.maximum(0.0, 1 - density(rows) @ (q * shrink)) for rows in _blocks(cost)])
    total = max(float(missing_x.sum()), 1e-300)
    fill_x, fill_y = missing_x / p / total, missing_y / q

    def value(share: float) -> tuple[float, float]:
        """<P, cost> and I(X;Y) of the rounded plan, mixed with so much of the product."""
        spent = information = 0.0
        for rows in _blocks(cost):
            ratio = (1 - share) * (density(rows) * shrink + fill_x[rows][:, None] * fill_y) + share
            spent += float(p[rows] @ ((ratio * cost[rows]) @ q))
            information += float(p[rows] @ ((ratio * np.log(np.maximum(ratio, 1e-300))) @ q))
        return spent, information

    spent, information = value(0.0)
    if information <= rate:
        return spent
    # I is convex along the mixture and 0 at the product, so this share is enough; regula falsi (Illinois) finds a smaller one.
    low, high, excess_low = 0.0, 1 - rate / information, information - rate
    best, information = value(high)
    excess_high = information - rate
    for _ in range(MIXINGS):
        if high - low <= CLOSE * high or excess_high == 0:
            break
        share = low + (high - low) * excess_low / (excess_low - excess_high)
        spent, information = value(share)
        if information <= rate:
            high, excess_high, best, excess_low = share, information - rate, spent, excess_low / 2
        else:
            low, excess_low, excess_high = share, information - rate, excess_high / 2
    return best


def _blocks(cost: FloatArray) -> Iterator[slice]:
    size = max(1, BLOCK // cost.shape[1])
    return (slice(start, start + size) for start in range(0, cost.shape[0], size))
