"""Classification-aware reverse water-filling: how parallel Gaussian components share a rate, in float64, many problems at once.

Component i gets the rate r_i (nats): its correlation is rho_i = sqrt(1 - exp(-2 r_i)), it lowers the distortion by the *gain*
2 alpha_i rho_i + beta_i rho_i^2 and tells its label I_i = -1/2 log(1 - kappa_i^2 rho_i^2). Both are concave in r_i, so the
best rates for budgets on the sums solve one scalar equation each, with two multipliers:

    g_i(r_i) + w l_i(r_i) = level,   g_i = 2 (alpha_i / rho_i + beta_i) exp(-2 r_i),   l_i = dI_i / dr_i,

or r_i = 0 where the left side is below the level already at 0. Given output law: alpha = sigma_X sigma_Y, beta = 0. Output law
free: alpha = t sigma_X^2, beta = (1 - t) sigma_X^2 with t in [0, 1] from the multiplier of a W2^2 ball.

The level is carried as the rate of one component, the *reference*, which has at least an even share: so the level, and what it
exceeds w by, are both known to full relative accuracy, also where w is huge and labels are nearly functions of their components.

All arrays have shape (problems, components), budgets (problems,). A component with alpha + beta = 0 passes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import elementwise

from rdcsym.problem import FloatArray

_TIED = 1e-29  # below, the labels' slopes are those of the measure: nothing can be told without it
MOST_NATS = 300.0  # exp(-2 r) beyond is far below every rounding
_STEPS = 200  # of Newton inside a bracket: far more than are ever needed
_POLISH = 6
_WEIGHTS = (-100.0, 200.0)  # logarithms of the least and largest ratio w that is told from 0 and from infinity
_USUAL_WEIGHTS = (-7.0, 4.0)
_RATE_TOLERANCES = {"xatol": 0.0, "xrtol": 1e-15, "fatol": 0.0, "frtol": 0.0}
_WEIGHT_TOLERANCES = {"xatol": 1e-8, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}

_TRUSTED = 1e-5  # what a weight must tell before the polish, relative to what is asked
NO_BRACKET = -1  # find_root's status where both ends have one sign

Measure = Callable[["Components", FloatArray, FloatArray], FloatArray]  # components, rates, target -> how far above the target


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

    @property
    def most(self) -> FloatArray:
        """The largest gain: all correlations 1."""
        return np.asarray((2.0 * self.alpha + self.beta).sum(axis=-1))


def components(alpha: FloatArray, beta: FloatArray, kappa: FloatArray) -> Components:
    """Components from gains and label correlations in [-1, 1]; dead ones tell nothing about their label."""
    alpha, beta, kappa = np.broadcast_arrays(alpha, beta, kappa)
    kappa = np.where(alpha + beta > 0, np.abs(kappa), 0.0)
    return Components(alpha, beta, kappa**2, (1.0 - kappa) * (1.0 + kappa))


def rho_and_rest(r: FloatArray) -> tuple[FloatArray, FloatArray]:
    """rho = sqrt(1 - exp(-2r)) and 1 - rho."""
    rho = np.sqrt(-np.expm1(-2.0 * r))
    return rho, np.exp(-2.0 * r) / (1.0 + rho)


def label_information(c: Components, r: FloatArray) -> FloatArray:
    """sum of I_i (nats); inf where a component of infinite rate has kappa^2 = 1."""
    told = c.kappa2 * -np.expm1(-2.0 * r)
    with np.errstate(divide="ignore"):
        much = -0.5 * np.log(c.nu + c.kappa2 * np.exp(-2.0 * r))
    return np.asarray(np.where(told < 0.5, -0.5 * np.log1p(-np.minimum(told, 0.5)), much).sum(axis=-1))


def rate_above(c: Components, r: FloatArray, target: FloatArray) -> FloatArray:
    """sum of r_i, less the target."""
    return np.asarray(r.sum(axis=-1) - target)


def gain_above(c: Components, r: FloatArray, left: FloatArray) -> FloatArray:
    """The gain, less the one that is `left` below the largest: whichever of the two has more digits is compared."""
    rho, rest = rho_and_rest(r)
    deficit = (rest * (2.0 * c.alpha + c.beta * (1.0 + rho))).sum(axis=-1)
    gain = (rho * (2.0 * c.alpha + c.beta * rho)).sum(axis=-1)
    return np.asarray(np.where(left > c.most / 2.0, gain - (c.most - left), left - deficit))


# --- one scalar root a component -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Slopes:
    """g, l and 1 - l at some rates, and how fast g and 1 - l change."""

    g: FloatArray
    tell: FloatArray
    short: FloatArray
    g_fall: FloatArray
    short_rise: FloatArray


def _slopes(c: Components, r: FloatArray) -> _Slopes:
    rest, rho2 = np.exp(-2.0 * r), -np.expm1(-2.0 * r)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        alpha = np.where(c.alpha > 0, c.alpha / np.sqrt(rho2), 0.0)
        g = 2.0 * rest * (alpha + c.beta)
        g_fall = 2.0 * rest * (np.where(c.alpha > 0, alpha * (1.0 + rho2) / rho2, 0.0) + 2.0 * c.beta)
    sum_ = np.where(c.nu + c.kappa2 * rest > 0, c.nu + c.kappa2 * rest, 1.0)  # 0 only where kappa^2 = 1 and r is infinite
    tell = np.where((c.nu == 0) & (c.kappa2 > 0), 1.0, c.kappa2 * rest / sum_)
    short_rise = 2.0 * c.nu / sum_ * (c.kappa2 * rest / sum_)
    return _Slopes(g, tell, c.nu / sum_, g_fall, short_rise)


def _rates(c: Components, w: FloatArray, level: FloatArray, excess: FloatArray, most: FloatArray, near: FloatArray) -> FloatArray:
    """The rates with g + w l = level, at most `most`; excess = level - w. All but c have shape (problems, 1).

    The search begins at `near`. Written as log(g + ..) = log(w (1 - l) + ..) about the excess, or log(g + w l) = log level where
    the level is far below w.
    """
    far = level < w / 2.0
    start = _slopes(c, np.full(c.alpha.shape, 1e-300))
    with np.errstate(over="ignore"):
        on = c.live & np.where(far, start.g + w * start.tell > level, start.g > w * start.short + excess)
    index = np.nonzero(on)
    r = np.zeros(c.alpha.shape)
    if index[0].size:
        part = Components(*(x[index] for x in (c.alpha, c.beta, c.kappa2, c.nu)))
        w, level, excess, far, top, start_at = (np.broadcast_to(x, r.shape)[index] for x in (w, level, excess, far, most, near))
        r[index] = _newton(part, w, level, excess, far, top, start_at)
    return r


def _newton(
    c: Components, w: FloatArray, level: FloatArray, excess: FloatArray, far: FloatArray, most: FloatArray, near: FloatArray
) -> FloatArray:
    """Newton's steps in log r inside a bracket that halves at worst."""
    low, high = np.full(w.shape, -690.0), np.log(most)
    above, below = np.maximum(excess, 0.0), np.maximum(-excess, 0.0)
    x, before, last = np.log(near), high - low, high - low
    for _ in range(_STEPS):
        r = np.exp(x)
        s = _slopes(c, r)
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


# --- the multipliers -----------------------------------------------------------------------------------------------------------


def _levelled(
    c: Components, w: FloatArray, even: FloatArray, top: FloatArray, measure: Measure, target: FloatArray
) -> FloatArray:
    """Rates at the level where the measure is met. even: the common rate that meets it; top: more than any component needs."""
    at = _slopes(c, np.broadcast_to(even[:, None], c.alpha.shape))
    with np.errstate(over="ignore"):
        ahead = np.where(c.live, at.g - w[:, None] * at.short, -np.inf)
    reference = np.argmax(ahead, axis=-1)  # no component has a larger rate share of need: its rate is at least `even`

    def at_reference(own: FloatArray, i: FloatArray) -> FloatArray:
        part, j, weight = c.take(i), reference[i.astype(int)], w[i.astype(int), None]
        one = Components(*(x[np.arange(len(j)), j][:, None] for x in (part.alpha, part.beta, part.kappa2, part.nu)))
        s = _slopes(one, own[:, None])
        r = _rates(part, weight, s.g + weight * s.tell, s.g - weight * s.short, top[i.astype(int), None], own[:, None])
        r[np.arange(len(j)), j] = own
        return r

    def miss(own: FloatArray, index: FloatArray) -> FloatArray:
        i = index.astype(int)
        return measure(c.take(index), at_reference(own, index), target[i])

    everyone = np.arange(len(w), dtype=np.float64)
    found = elementwise.find_root(miss, (even, top), args=(everyone,), tolerances=_RATE_TOLERANCES, maxiter=100)
    # The bracket holds in exact arithmetic: where rounding spoils it, the root is at the end that misses least.
    ends = np.where(np.abs(miss(even, everyone)) <= np.abs(miss(top, everyone)), even, top)
    return at_reference(np.where(found.status == NO_BRACKET, ends, found.x), everyone)


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
    return np.exp(np.where(found.status == NO_BRACKET, np.where(early, low, high), found.x))


def _polished(
    c: Components, w: FloatArray, r: FloatArray, by_gain: bool, measure: Measure, target: FloatArray, told: FloatArray | None
) -> FloatArray:
    """Newton's steps on the rates themselves, along the best ones: both sums are met to rounding."""

    def missed(r: FloatArray) -> tuple[FloatArray, FloatArray]:
        return measure(c, r, target), np.zeros(len(r)) if told is None else label_information(c, r) - told

    first, second = missed(r)
    for _ in range(_POLISH):
        s = _slopes(c, r)
        inner = (r > 0) & (r < MOST_NATS)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            yielding = np.where(inner, 1.0 / (s.g_fall + w[:, None] * s.short_rise), 0.0)
        yielding = np.where(np.isfinite(yielding), yielding, 0.0)
        yielding = yielding / np.maximum(yielding.max(axis=-1, keepdims=True), 1e-300)  # only ratios count
        slope = np.where(inner, s.g if by_gain else 1.0, 0.0)  # of the measure
        # Along `push` the measure changes; along `pull` what is told changes and the measure does not. (Eliminated by component,
        # since one component may yield 1e17 times as much as the others.)
        push = yielding * slope
        a, b = (push * slope).sum(axis=-1), (push * s.tell).sum(axis=-1)
        a = np.where(a > 0, a, 1.0)
        rest = s.tell - (b / a)[:, None] * slope
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


# --- the questions -------------------------------------------------------------------------------------------------------------


def rates_for_rate(c: Components, rate: FloatArray) -> FloatArray:
    """The rates of total `rate` (nats) with the largest gain."""
    return _for_rate(c, np.zeros_like(rate), rate, None)


def rates_for_rate_and_label(c: Components, rate: FloatArray, told: FloatArray) -> FloatArray:
    """The rates of total `rate` that tell `told` nats in all, both met exactly, with the largest gain."""
    # What exceeds every rounding can only go to components that are their labels, nat for nat.
    beyond = np.maximum(rate - MOST_NATS * c.live.sum(axis=-1), 0.0)
    beyond = np.where(np.isfinite(beyond), beyond, 0.0)
    told = np.where(told > rate / 2.0, np.maximum(told - beyond, 0.0), told)

    def solve(part: Components, w: FloatArray, index: FloatArray) -> FloatArray:
        return _for_rate(part, w, (rate - beyond)[index.astype(int)], None)

    return _for_rate(c, _weighted(c, solve, told), rate - beyond, told)


def rates_for_gain(c: Components, left: FloatArray) -> FloatArray:
    """The least rates whose gain is `left` below the largest."""
    return _for_gain(c, np.zeros_like(left), left, None)


def rates_for_gain_and_label(c: Components, left: FloatArray, told: FloatArray) -> FloatArray:
    """The least rates whose gain is `left` below the largest and that tell `told` nats in all, both met exactly."""

    def solve(part: Components, w: FloatArray, index: FloatArray) -> FloatArray:
        return _for_gain(part, w, left[index.astype(int)], None)

    w = _weighted(c, solve, told)
    r = _for_gain(c, w, left, told)
    # Where one component has nearly all the gain and another nearly all the label, w has too few digits to say what is told.
    lost = np.abs(label_information(c, _for_gain(c, w, left, None)) - told) > _TRUSTED * (1.0 + told)
    if lost.any():
        at = np.flatnonzero(lost)
        r[at] = _by_total(c.take(at), left[at], told[at], rates_for_gain(c.take(at), left[at]))
    return r


def _by_total(c: Components, left: FloatArray, told: FloatArray, least: FloatArray) -> FloatArray:
    """The same by search over the total rate: the gain of the best rates that tell enough rises with it."""
    from rdcsym.water_filling_labels import least_telling

    tells = least_telling(c, told)
    low = np.maximum(least.sum(axis=-1), tells.sum(axis=-1))
    high = np.maximum(least, tells).sum(axis=-1) * (1.0 + 1e-12)

    def miss(rate: FloatArray, index: FloatArray) -> FloatArray:
        i = index.astype(int)
        part = c.take(index)
        return gain_above(part, rates_for_rate_and_label(part, rate, told[i]), left[i])

    index = np.arange(len(left), dtype=np.float64)
    found = elementwise.find_root(miss, (low, high), args=(index,), tolerances=_RATE_TOLERANCES, maxiter=100)
    return rates_for_rate_and_label(c, np.where(found.status == NO_BRACKET, high, found.x), told)


def _for_rate(c: Components, w: FloatArray, rate: FloatArray, told: FloatArray | None) -> FloatArray:
    count = c.live.sum(axis=-1)
    r = np.where(c.live & (rate >= MOST_NATS * count)[:, None], np.inf, 0.0)
    inner = (rate > 0) & (rate < MOST_NATS * count)
    if inner.any():
        part, given = c.take(np.flatnonzero(inner)), rate[inner]
        found = _levelled(part, w[inner], given / count[inner], given, rate_above, given)
        r[inner] = _polished(part, w[inner], found, False, rate_above, given, None if told is None else told[inner])
    return r


def _for_gain(c: Components, w: FloatArray, left: FloatArray, told: FloatArray | None) -> FloatArray:
    r = np.where(c.live & (left <= 0)[:, None], np.inf, 0.0)
    inner = (left > 0) & (left < c.most)
    if inner.any():
        part, given = c.take(np.flatnonzero(inner)), left[inner]
        even = _even_rate(part, given)
        top = np.full(len(given), MOST_NATS)
        found = _levelled(part, w[inner], even, top, gain_above, given)
        r[inner] = _polished(part, w[inner], found, True, gain_above, given, None if told is None else told[inner])
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
