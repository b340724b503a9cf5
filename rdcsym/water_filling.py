"""Classification-aware reverse water-filling: how parallel Gaussian components share a rate, in float64, many problems at once.

Component i gets the rate r_i (nats): its correlation is rho_i = sqrt(1 - exp(-2 r_i)), it lowers the distortion by the *gain*
2 alpha_i rho_i + beta_i rho_i^2 and tells its label I_i = -1/2 log(1 - kappa_i^2 rho_i^2). Both are concave in r_i, so the
best rates for budgets on the sums solve one scalar equation each, with two multipliers:

    g_i(r_i) + w l_i(r_i) = level,   g_i = 2 (alpha_i / rho_i + beta_i) exp(-2 r_i),   l_i = dI_i / dr_i,

or r_i = 0 where the left side is below the level already at 0. Given output law: alpha = sigma_X sigma_Y, beta = 0. Output law
free: alpha = t sigma_X^2, beta = (1 - t) sigma_X^2 with t in [0, 1] from the multiplier of a W2^2 ball.

All arrays have shape (problems, components), budgets (problems,). A component with alpha + beta = 0 passes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import elementwise

from rdcsym.problem import FloatArray

_STEPS = 60  # of Newton inside a bracket: far more than are ever needed
_POLISH = 4
_WEIGHTS = (-60.0, 90.0)  # logarithms of the least and largest ratio w that is told from 0 and from infinity
_USUAL_WEIGHTS = (-7.0, 4.0)
_LEVEL_TOLERANCES = {"xatol": 1e-13, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}  # of a logarithm; the polish does the rest
_WEIGHT_TOLERANCES = {"xatol": 1e-6, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}

Measure = Callable[["Components", FloatArray], FloatArray]


@dataclass(frozen=True)
class Components:
    """The components of many problems: gains and labels, each of shape (problems, components)."""

    alpha: FloatArray
    beta: FloatArray
    kappa2: FloatArray  # squared correlation of component and label
    nu: FloatArray  # 1 - kappa2, without cancellation

    def take(self, index: FloatArray) -> Components:
        """The problems of these indices."""
        i = index.astype(int)
        return Components(self.alpha[i], self.beta[i], self.kappa2[i], self.nu[i])

    @property
    def live(self) -> FloatArray:
        return np.asarray(self.alpha + self.beta > 0)


def components(alpha: FloatArray, beta: FloatArray, kappa: FloatArray) -> Components:
    """Components from gains and label correlations in [-1, 1]; dead ones tell nothing about their label."""
    alpha, beta, kappa = np.broadcast_arrays(alpha, beta, kappa)
    kappa = np.where(alpha + beta > 0, np.abs(kappa), 0.0)
    return Components(alpha, beta, kappa**2, (1.0 - kappa) * (1.0 + kappa))


def rho_and_rest(r: FloatArray) -> tuple[FloatArray, FloatArray]:
    """rho = sqrt(1 - exp(-2r)) and 1 - rho."""
    rho = np.sqrt(-np.expm1(-2.0 * r))
    return rho, np.exp(-2.0 * r) / (1.0 + rho)


def deficit(c: Components, r: FloatArray) -> FloatArray:
    """sum of 2 alpha (1 - rho) + beta (1 - rho^2): how far the gain is from its largest."""
    rho, rest = rho_and_rest(r)
    return np.asarray((rest * (2.0 * c.alpha + c.beta * (1.0 + rho))).sum(axis=-1))


def label_information(c: Components, r: FloatArray) -> FloatArray:
    """sum of I_i (nats); inf where a component of infinite rate has kappa^2 = 1."""
    told = c.kappa2 * -np.expm1(-2.0 * r)
    with np.errstate(divide="ignore"):
        much = -0.5 * np.log(c.nu + c.kappa2 * np.exp(-2.0 * r))
    return np.asarray(np.where(told < 0.5, -0.5 * np.log1p(-np.minimum(told, 0.5)), much).sum(axis=-1))


def total_rate(c: Components, r: FloatArray) -> FloatArray:
    """sum of r_i."""
    return np.asarray(r.sum(axis=-1))


# --- one scalar root a component -----------------------------------------------------------------------------------------------


def _slopes(c: Components, r: FloatArray) -> tuple[FloatArray, FloatArray]:
    """g and l at the rates; g is inf at 0 where alpha > 0."""
    rest = np.exp(-2.0 * r)
    rho = np.sqrt(-np.expm1(-2.0 * r))
    with np.errstate(divide="ignore", invalid="ignore"):
        g = 2.0 * rest * (np.where(c.alpha > 0, c.alpha / rho, 0.0) + c.beta)
        tell = np.where(c.nu == 0, np.where(c.kappa2 > 0, 1.0, 0.0), c.kappa2 * rest / (c.nu + c.kappa2 * rest))
    return g, tell


def _curvature(c: Components, w: FloatArray, r: FloatArray) -> FloatArray:
    """-(g + w l)' at the rates, nonnegative; inf at r = 0 where alpha > 0."""
    rest = np.exp(-2.0 * r)
    rho2 = -np.expm1(-2.0 * r)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(c.alpha > 0, 2.0 * c.alpha * rest * (1.0 + rho2) / rho2**1.5, 0.0) + 4.0 * c.beta * rest
        tell = np.where(c.nu > 0, 2.0 * c.kappa2 * rest * c.nu / (c.nu + c.kappa2 * rest) ** 2, 0.0)
    return np.asarray(gain + w * tell)


def _excess(c: Components, w: FloatArray, r: FloatArray, sure: FloatArray) -> FloatArray:
    """g + w l - w where a component is its label (`sure`: l = 1 at every rate, so the level exceeds w), else g + w l."""
    g, tell = _slopes(c, r)
    with np.errstate(invalid="ignore"):
        short = np.where(c.nu > 0, c.nu / (c.nu + c.kappa2 * np.exp(-2.0 * r)), np.where(c.kappa2 > 0, 0.0, 1.0))
    return np.asarray(np.where(sure, g - w * short, g + w * tell))


def _rates(c: Components, w: FloatArray, level: FloatArray, sure: FloatArray) -> FloatArray:
    """The rates with g + w l = level; where `sure`, `level` is the excess over w. Newton in log m, m = rho / (1 - rho^2)."""
    own = np.where(sure & (c.nu > 0), level + w, level)  # a component that is its label compares the excess alone
    label = np.where(sure & (c.nu == 0) & (c.kappa2 > 0), 0.0, w * c.kappa2)
    nu = np.where(label > 0, c.nu, 1.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        at_zero = np.where(c.alpha > 0, np.inf, 2.0 * c.beta + label)
        on = at_zero > own
        # Without alpha the equation is a quadratic in exp(-2r).
        a, b = 2.0 * c.beta * c.kappa2, 2.0 * c.beta * nu + label - own * c.kappa2
        root = np.sqrt(b * b + 4.0 * a * own * nu)
        rest = np.where(b > 0, 2.0 * own * nu / (b + root), np.where(a > 0, (root - b) / (2.0 * a), 1.0))
    r = np.where(on & (c.alpha == 0), -0.5 * np.log(np.clip(rest, 1e-300, 1.0)), 0.0)
    active = np.nonzero(on & (c.alpha > 0))
    if active[0].size:
        pick = tuple(np.broadcast_to(x, r.shape)[active] for x in (c.alpha, c.beta, label, c.kappa2, nu, own))
        r[active] = _newton(*pick)
    return r


def _newton(
    alpha: FloatArray, beta: FloatArray, label: FloatArray, kappa2: FloatArray, nu: FloatArray, level: FloatArray
) -> FloatArray:
    """2 alpha / m + 2 beta e + label e / (nu + kappa2 e) = level with e = 1 - rho^2, m = rho / e: the left side falls in m."""
    low = np.log(2.0 * alpha / level)
    high = np.log((2.0 * (alpha + beta) + label / nu) / level)
    x = low.copy()
    for _ in range(_STEPS):
        m = np.exp(x)
        rho = 2.0 * m / (1.0 + np.sqrt(1.0 + 4.0 * m * m)) if m.max(initial=0.0) < 1e150 else m / (0.5 + np.hypot(0.5, m))
        e = rho / m
        left = 2.0 * alpha / m + 2.0 * beta * e + label * e / (nu + kappa2 * e)
        fall = 2.0 * alpha / m + (2.0 * beta + label * nu / (nu + kappa2 * e) ** 2) * 2.0 * rho * rho * e / (1.0 + rho * rho)
        low, high = np.where(left > level, x, low), np.where(left > level, high, x)
        step = x + np.log(left / level) * left / fall
        following = np.where((step >= low) & (step <= high), step, (low + high) / 2.0)
        done = np.abs(following - x) <= 4e-16 * np.maximum(1.0, np.abs(x))
        x = following
        if done.all():
            break
    m = np.exp(x)
    rho = m / (0.5 + np.hypot(0.5, m))
    return np.where(rho < 0.5, -0.5 * np.log1p(-(np.minimum(rho, 0.5) ** 2)), -0.5 * np.log(rho / m))


# --- the multipliers -----------------------------------------------------------------------------------------------------------


def _levelled(c: Components, w: FloatArray, even: FloatArray, measure: Measure, target: FloatArray, sign: float) -> FloatArray:
    """Rates at the level where measure = target; `even` is the common rate with that measure, which brackets the level."""
    sure = (c.nu == 0) & (c.kappa2 > 0)
    sure = np.broadcast_to(sure.any(axis=-1, keepdims=True), sure.shape)
    column = w[:, None]
    at = np.where(c.live, _excess(c, column, np.broadcast_to(even[:, None], c.alpha.shape), sure), np.nan)
    with np.errstate(divide="ignore"):
        low, high = np.log(np.maximum(np.nanmin(at, axis=-1), 0.0)), np.log(np.nanmax(at, axis=-1))
    # A component that is all label (g = 0 nearly) may put the low end below 0 excess: any level is then above it.
    low = np.where(np.isfinite(low), low, high - 200.0) - 1e-9
    high = high + 1e-9

    def miss(y: FloatArray, index: FloatArray) -> FloatArray:
        part = c.take(index)
        i = index.astype(int)
        return sign * (measure(part, _rates(part, column[i], np.exp(y)[:, None], sure[i])) - target[i])

    index = np.arange(len(w), dtype=np.float64)
    found = elementwise.find_root(miss, (low, high), args=(index,), tolerances=_LEVEL_TOLERANCES, maxiter=80)
    y = np.where(np.isfinite(found.x), found.x, low)
    return _rates(c, column, np.exp(y)[:, None], sure)


def _weighted(c: Components, solve: Callable[[Components, FloatArray, FloatArray], FloatArray], told: FloatArray) -> FloatArray:
    """The w at which the rates tell `told` nats: more is told as w grows."""

    def miss(x: FloatArray, index: FloatArray) -> FloatArray:
        part = c.take(index)
        return label_information(part, solve(part, np.exp(x), index.astype(int))) - told[index.astype(int)]

    index = np.arange(len(told), dtype=np.float64)
    low, high = (np.full(len(told), end) for end in _USUAL_WEIGHTS)
    early, late = miss(low, index) >= 0, miss(high, index) <= 0
    low, high = np.where(early, _WEIGHTS[0], np.where(late, high, low)), np.where(late, _WEIGHTS[1], np.where(early, low, high))
    found = elementwise.find_root(miss, (low, high), args=(index,), tolerances=_WEIGHT_TOLERANCES, maxiter=120)
    return np.exp(np.where(np.isfinite(found.x) & found.success, found.x, np.where(early, low, high)))


def _polished(
    c: Components, w: FloatArray, r: FloatArray, first: FloatArray, measure: Measure, target: FloatArray, told: FloatArray | None
) -> FloatArray:
    """Newton's steps on the rates themselves: both sums met to rounding, where a level has too few digits to say so."""
    for _ in range(_POLISH):
        g, tell = _slopes(c, r)
        with np.errstate(divide="ignore", invalid="ignore"):
            yielding = np.where((r > 0) & np.isfinite(r), 1.0 / _curvature(c, w[:, None], r), 0.0)
            slope = np.where(r > 0, np.where(first > 0, -g, 1.0), 0.0)  # of the first measure: the deficit, or the rate
        yielding = np.where(np.isfinite(yielding), yielding, 0.0)
        push, pull = yielding * slope, yielding * tell
        short = target - measure(c, r)
        a, b, d = (push * slope).sum(axis=-1), (push * tell).sum(axis=-1), (pull * tell).sum(axis=-1)
        x, y = short / np.where(a > 0, a, 1.0), np.zeros_like(short)
        if told is not None:
            lacking = told - label_information(c, r)
            determinant = a * d - b * b
            regular = determinant > 1e-9 * a * d
            safe = np.where(regular, determinant, 1.0)
            x = np.where(regular, (d * short - b * lacking) / safe, x)
            y = np.where(regular, (a * lacking - b * short) / safe, y)
        moved = r + push * x[:, None] + pull * y[:, None]
        r = np.where((moved > 0.5 * r) & (moved < 2.0 * r + 1e-300), moved, r)
    return r


# --- the three questions -------------------------------------------------------------------------------------------------------


def rates_for_rate(c: Components, rate: FloatArray) -> FloatArray:
    """The rates of total `rate` (nats) with the largest gain."""
    return _for_rate(c, np.zeros_like(rate), rate, None)


def rates_for_rate_and_label(c: Components, rate: FloatArray, told: FloatArray) -> FloatArray:
    """The rates of total `rate` that tell `told` nats in all, both met exactly, with the largest gain."""

    def solve(part: Components, w: FloatArray, index: FloatArray) -> FloatArray:
        return _for_rate(part, w, rate[index.astype(int)], None)

    w = _weighted(c, solve, told)
    return _for_rate(c, w, rate, told)


def rates_for_deficit(c: Components, left: FloatArray) -> FloatArray:
    """The least rates with deficit `left`."""
    return _for_deficit(c, np.zeros_like(left), left, None)


def rates_for_deficit_and_label(c: Components, left: FloatArray, told: FloatArray) -> FloatArray:
    """The least rates with deficit `left` that tell `told` nats in all, both met exactly."""

    def solve(part: Components, w: FloatArray, index: FloatArray) -> FloatArray:
        return _for_deficit(part, w, left[index.astype(int)], None)

    w = _weighted(c, solve, told)
    return _for_deficit(c, w, left, told)


def _for_rate(c: Components, w: FloatArray, rate: FloatArray, told: FloatArray | None) -> FloatArray:
    r = np.where(c.live & np.isinf(rate)[:, None], np.inf, 0.0)
    inner = (rate > 0) & np.isfinite(rate) & c.live.any(axis=-1)
    if inner.any():
        part = c.take(np.flatnonzero(inner))
        even = rate[inner] / part.live.sum(axis=-1)
        found = _levelled(part, w[inner], even, total_rate, rate[inner], 1.0)
        r[inner] = _polished(part, w[inner], found, np.zeros(1), total_rate, rate[inner], None if told is None else told[inner])
    return r


def _for_deficit(c: Components, w: FloatArray, left: FloatArray, told: FloatArray | None) -> FloatArray:
    most = (2.0 * c.alpha + c.beta).sum(axis=-1)
    r = np.where(c.live & (left <= 0)[:, None], np.inf, 0.0)
    inner = (left > 0) & (left < most)
    if inner.any():
        part = c.take(np.flatnonzero(inner))
        even = _even_rate(part, left[inner])
        found = _levelled(part, w[inner], even, deficit, left[inner], -1.0)
        r[inner] = _polished(part, w[inner], found, np.ones(1), deficit, left[inner], None if told is None else told[inner])
    return r


def _even_rate(c: Components, left: FloatArray) -> FloatArray:
    """The common rate with that deficit: a quadratic in 1 - rho."""
    a, b = c.alpha.sum(axis=-1), c.beta.sum(axis=-1)
    # 2 a s + b s (2 - s) = left for s = 1 - rho
    s = left / ((a + b) + np.sqrt(np.maximum((a + b) ** 2 - b * left, 0.0)))
    return np.maximum(-0.5 * np.log(s * (2.0 - s)), 1e-300)


def most_told(c: Components, rate: FloatArray) -> FloatArray:
    """The rates of total `rate` that tell the labels most: r_i = (omega - c_i)^+ / 2, c_i = log((1 - kappa_i^2) / kappa_i^2)."""
    return _filled(c, rate, None)


def least_telling(c: Components, told: FloatArray) -> FloatArray:
    """The least rates that tell `told` nats; inf where no finite rates do."""
    return _filled(c, None, told)


def _filled(c: Components, rate: FloatArray | None, told: FloatArray | None) -> FloatArray:
    """Water-filling over the labels, by trying how many components are under water: the level is explicit for each number."""
    budget = rate if rate is not None else told
    assert budget is not None
    with np.errstate(divide="ignore"):
        floor = np.where(c.kappa2 > 0, np.log(c.nu) - np.log(c.kappa2), np.inf)  # -inf where a component is its label
    order = np.argsort(floor, axis=-1, kind="stable")
    sorted_floor = np.take_along_axis(floor, order, axis=-1)
    nu = np.take_along_axis(c.nu, order, axis=-1)
    level = np.full(len(budget), -np.inf)
    sure = np.isneginf(sorted_floor[:, 0])
    count = np.arange(1, floor.shape[1] + 1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if rate is not None:
            levels = (2.0 * rate[:, None] + np.cumsum(sorted_floor, axis=-1)) / count
        else:
            # k log(1 + exp(-omega)) = -sum log(1 - kappa^2) - 2 told over the first k components
            rest = (-np.cumsum(np.log(nu), axis=-1) - 2.0 * budget[:, None]) / count
            levels = -np.log(np.expm1(np.maximum(rest, 0.0)))
    for k in range(floor.shape[1]):
        fits = np.isfinite(sorted_floor[:, k]) & (levels[:, k] >= sorted_floor[:, k]) & ~sure
        level = np.where(fits, levels[:, k], level)
    with np.errstate(invalid="ignore"):
        r = np.where(np.isfinite(floor), np.maximum(0.0, (level[:, None] - floor) / 2.0), 0.0)
    # A component that is its label takes everything: no other tells as much for a nat.
    first = floor == np.where(sure, -np.inf, np.nan)[:, None]
    first &= np.cumsum(first, axis=-1) == 1
    r = np.where(sure[:, None], np.where(first, budget[:, None], 0.0), r)
    return np.where(np.isinf(budget)[:, None] & c.live & (c.kappa2 > 0), np.inf, r)
