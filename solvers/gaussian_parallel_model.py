"""Numbers of parallel Gaussian components for the search: costs, label information, best rates at given prices; not trusted.

Components are described by their signal-to-noise ratio x = exp(2 R) - 1, so that u = exp(-2 R) = 1/(1 + x) and rho^2 = x/(1 + x)
keep their relative accuracy at both ends of the rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from flint import arb
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.gaussian_parallel_problem import GaussianParallelProblem
from solvers.precision import working_precision

_STEPS: Final = 80  # of Newton's method in a bracket; five are usual
_DEEPEST: Final = -690.0  # exp of less leaves the normal doubles
_LEAST: Final = 1e-280


class Price(NamedTuple):
    """Multipliers relative to the distortion's: rate = exp(log), label information = rate * beta; rest = 1 - beta, accurately."""

    log: float
    beta: float
    rest: float


@dataclass(frozen=True, eq=False)
class Model:
    """The live components, costs in multiples of `unit`. power: sigma_X^2; span: 2 sigma_X sigma_Y (law given) or None.

    radius: sqrt(P), inf without a ball. known: kappa^2; unknown: 1 - kappa^2. budget, gain: the distortion budget above its
    least value and below its greatest; nats: the rate budget; needed: label information in nats (inf, -inf: no budget).
    """

    unit: float
    where: NDArray[np.intp]
    power: FloatArray
    span: FloatArray | None
    known: FloatArray
    unknown: FloatArray
    radius: float
    nats: float
    budget: float
    gain: float
    needed: float

    @property
    def size(self) -> int:
        return int(self.power.size)


def model_of(p: GaussianParallelProblem) -> Model:
    """The numbers of a problem, differences taken before rounding."""
    live, squares = np.flatnonzero(p.live), p.squared_kappa
    with working_precision(256):
        nat = arb.const_log2() if p.units == "bits" else arb(1)
        nats = math.inf if p.rate is None else float((arb(p.rate) * nat).mid())
        needed = -math.inf
        if p.classification is not None and p.classification < math.inf:
            needed = float(((1 + (2 * arb.pi()).log()) * p.components / 2 - arb(p.classification) * nat).mid())
        budget, gain = math.inf, -math.inf
        radius = math.inf if p.given is not None or p.perception is None else math.sqrt(p.perception)
        if p.distortion is not None and p.distortion < math.inf:
            spare = arb(p.distortion) - arb(p.mean_gap) ** 2
            if p.given is not None:
                spare -= sum(((arb(s) - arb(t)) ** 2 for s, t in zip(p.sigma_X, p.given, strict=True)), arb(0))
                most = sum((2 * arb(s) * arb(t) for s, t in zip(p.sigma_X, p.given, strict=True)), arb(0))
            else:
                most = sum((arb(s) ** 2 for s in p.sigma_X), arb(0))
                room = most.sqrt() - arb(p.perception or 0.0).sqrt()
                most += room**2 if radius < math.inf and room > 0 else arb(0)
            budget, gain = float(spare.mid()), float((most - spare).mid())
    power = np.array([p.sigma_X[i] ** 2 for i in live])
    span = None if p.given is None else np.array([2 * p.sigma_X[i] * p.given[i] for i in live])
    unit = max(float((power if span is None else span).max(initial=0.0)), _LEAST)
    return Model(
        unit=unit,
        where=live,
        power=np.maximum(power / unit, _LEAST) if span is None else power,
        span=None if span is None else np.maximum(span / unit, _LEAST),
        known=np.array([float(squares[i]) for i in live]),
        unknown=np.array([float(1 - squares[i]) for i in live]),
        radius=max(radius / math.sqrt(unit), _LEAST),
        nats=nats,
        budget=budget / unit,
        gain=gain / unit,
        needed=needed,
    )


def rates_of(x: FloatArray) -> FloatArray:
    rates: FloatArray = np.log1p(x) / 2
    return rates


def losses(x: FloatArray) -> FloatArray:
    """1 - rho."""
    loss: FloatArray = 1 / ((1 + x) * (1 + np.sqrt(x / (1 + x))))
    return loss


def information(m: Model, x: FloatArray) -> float:
    """Label information in nats."""
    squared = x / (1 + x)
    small = m.known * squared < 0.5
    part = np.where(small, -np.log1p(-np.where(small, m.known * squared, 0.0)), -np.log(m.unknown + m.known / (1 + x)))
    return float(part.sum()) / 2


def share(m: Model, x: FloatArray) -> float:
    """e in (0, 1]: the best sigma_Y of a free law is sigma_X (1 - e (1 - rho)); below 1 where the ball binds."""
    if m.radius == math.inf:
        return 1.0
    reach = math.sqrt(float((m.power * losses(x) ** 2).sum()))
    return 1.0 if reach <= m.radius else m.radius / reach


def distortion(m: Model, x: FloatArray) -> tuple[float, float]:
    """(above the least value, below the greatest) of the best output law."""
    loss, rho = losses(x), np.sqrt(x / (1 + x))
    if m.span is not None:
        return float((m.span * loss).sum()), float((m.span * rho).sum())
    above, below = float((m.power / (1 + x)).sum()), float((m.power * rho**2).sum())
    if m.radius < math.inf:
        most, reach = math.sqrt(float(m.power.sum())), math.sqrt(float((m.power * loss**2).sum()))
        closer = float((m.power * rho * (2 - rho)).sum()) / (most + reach)
        if reach > m.radius:
            above += (reach - m.radius) ** 2
            below += closer * (most + reach - 2 * m.radius)
        else:
            below += max(0.0, most - m.radius) ** 2
    return above, below


def curve(m: Model, e: float) -> tuple[FloatArray, FloatArray]:
    """(linear, cross) of the cost linear u + cross (1 - rho) at the share e."""
    if m.span is not None:
        return np.zeros_like(m.span), m.span
    return m.power * e, 2 * m.power * (1 - e)


def allocate(
    m: Model, price: Price, e: float, mask: FloatArray, start: FloatArray | None = None, tolerance: float = 1e-13
) -> FloatArray:
    """Best signal-to-noise ratios at a price: where 2 linear u + cross u/rho = rate (1 - beta known u/(unknown + known u))."""
    linear, cross = curve(m, e)
    if not cross.any():
        return np.where(mask, _quadratic(m, price, linear), 0.0)
    rate = math.exp(price.log)
    excess = np.where(m.unknown > 0, -m.known * price.rest - m.unknown, -1.0 * abs(price.rest))  # known beta - 1
    floor = np.where(excess > 0, excess / np.where(excess > 0, m.unknown, 1.0), 0.0)
    offset = np.where(excess > 0, 0.0, -excess)
    if start is None or not start.all():
        plain = (np.sqrt(1 + 4 * (cross / rate) ** 2) - 1) / 2
        start = np.maximum(plain, 2 * linear / rate - 1)
    y = np.maximum(np.log(np.maximum(start - floor, 1e-280)), _DEEPEST)
    low, high = np.full(m.size, _DEEPEST), np.full(m.size, 709.0 / 2)
    for _ in range(_STEPS):
        exp_y = np.exp(y)
        x = floor + exp_y
        v = 1 + x
        root = cross / (np.sqrt(v) * np.sqrt(x))
        gain = 2 * linear / v + root
        top, bottom = m.unknown * exp_y + offset, m.unknown * v + m.known
        with np.errstate(divide="ignore"):  # a price of 0 (beta = 1, kappa = 1) buys without end: stopped at `high`
            height = np.log(gain * bottom / (rate * top))
            slope = (2 * linear * (exp_y / v) / v + root / 2 * (exp_y / v + exp_y / x)) / gain
            tilt = slope + m.unknown * exp_y / top - m.unknown * exp_y / bottom
        low, high = np.where(height > 0, y, low), np.where(height > 0, high, y)
        new = y + np.clip(height / np.maximum(tilt, 1e-3), -30, 30)
        new = np.where((new > low) & (new < high), new, (low + high) / 2)
        moved = np.abs(new - y)
        y = new
        if moved.max() <= tolerance * max(1.0, float(np.abs(y).max())):
            break
    return np.where(mask, floor + np.exp(y), 0.0)


def _quadratic(m: Model, price: Price, linear: FloatArray) -> FloatArray:
    """The same without a cross term: a quadratic equation for x, whose positive root exists where its constant is negative."""
    ratio = 2 * linear / math.exp(price.log)
    constant = m.unknown + m.known * price.rest - ratio
    slope = 2 * m.unknown + m.known * price.rest - ratio * m.unknown
    size = np.maximum(np.abs(slope), 1.0)
    root = size * np.sqrt(np.maximum((slope / size) ** 2 - 4 * m.unknown * (constant / size / size), 0.0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x = np.where(slope > 0, -2 * constant / (slope + root), (root - slope) / (2 * m.unknown))
    return np.where(constant < 0, np.minimum(np.nan_to_num(x, nan=0.0, posinf=1e300), 1e300), 0.0)


def information_limit(m: Model, nats: float) -> tuple[float, float, FloatArray]:
    """(beta, information, rates): the most label information at a rate, whatever the distortion, and its price in rate."""
    if not m.unknown.all():
        fully = m.unknown == 0
        return 1.0, nats, np.where(fully, nats / fully.sum(), 0.0)
    with np.errstate(divide="ignore"):
        level = np.log(m.unknown) - np.log(m.known)
    steps = np.sort(level)
    # sum of (height - level)+ = 2 nats: the height for each number of components that take part
    heights = (2 * nats + np.cumsum(np.where(np.isinf(steps), 0.0, steps))) / np.arange(1, m.size + 1)
    part = max(1, int(((heights > steps) & np.isfinite(steps)).sum()))
    height = float(heights[part - 1])
    rates = np.maximum(0.0, height - level) / 2
    return 1 + math.exp(min(height, 700.0)), information(m, np.expm1(2 * rates)), rates


def rates_for_information(m: Model) -> tuple[float, FloatArray] | None:
    """(beta, rates): the least rates with the label information needed, where no |kappa| is 1; None: no finite ones."""
    with np.errstate(divide="ignore"):
        most = np.sort(-np.log1p(-m.known))[::-1]
    # sum of (most - depth)+ = 2 needed
    depths = (np.cumsum(most) - 2 * m.needed) / np.arange(1, m.size + 1)
    part = max(1, int((depths < most).sum()))
    depth = float(depths[part - 1])
    if depth <= 0:
        return None
    excess = 1 / math.expm1(depth)
    left = np.where(m.known > 0, m.unknown / (np.where(m.known > 0, m.known, 1.0) * excess), 1.0)
    return 1 + excess, -np.log(np.minimum(left, 1.0)) / 2
