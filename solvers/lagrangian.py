"""Local minimisers of t <P,c> + a I(X;Y) + m H(S|Y) over couplings, the terms that time sharing trades against each other.

For any law r(.|y), I(S;Y) >= sum P(x,y) sum_s p(s|x) log(r(s|y) / p(s)), equal for the posteriors of P. So the minimum over P is
one over P and r together, and taking turns (an entropic transport for P, the posteriors for r) descends. For m <= a the
function is convex and its minimiser is found; for m > a it need not be, and what is found depends on the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.relaxation import LOWEST, LabelledSource, RelaxedPlan, minimise_lagrangian
from solvers.sinkhorn import climb
from solvers.transport import transport

COLD: Final = 1e-5
"""Rate prices below this share of the spread of the rest are taken as 0: the entropic plan is then a vertex in floats."""
WARM: Final = 0.05
"""Temperature, as a share of that spread, from which a plan without a neighbour is cooled."""
COOLING: Final = 0.3
VERTEX_TURNS: Final = 50
FURTHEST: Final = 50.0
"""Greatest distance in nats of a law r(y|s) below q(y): what it is worth is then beyond the reach of any plan."""
ROUGH: Final = 64
ROUGH_TURNS: Final = 20
ROUGH_SWEEPS: Final = 6
ROUGHLY: Final = 0.01
"""Least temperature of a rough descent, as a share of the spread."""
SIZES: Final = (1.0, 8.0)
"""Range of the spread of random laws, in nats."""
SAME: Final = 1e-5
"""Rough values closer than this share of their range count as one, and so do plans that differ by less."""
CHEAP: Final = 0.15
VERTICES: Final = 40
NEAR_VERTEX: Final = 0.999
"""Starts are mixed with a little of the product, since turns do not leave a posterior of 0."""


@dataclass(frozen=True)
class Prices:
    """Multipliers of the cost (1, or 0 to ask what is feasible), of I(X;Y) and of H(S|Y), in cost units a nat."""

    cost: float
    rate: float
    label: float


@dataclass(frozen=True, eq=False)
class Column:
    """A coupling (n, m) with its cost, I(X;Y) and H(S|Y) in nats. state: where a later descent starts from, or None."""

    plan: FloatArray
    cost: float
    rate: float
    loss: float
    state: RelaxedPlan | None = None

    def value(self, prices: Prices) -> float:
        return prices.cost * self.cost + prices.rate * self.rate + prices.label * self.loss


def column(source: LabelledSource, plan: FloatArray, state: RelaxedPlan | None = None) -> Column:
    """The plan with what the budgets need to know of it."""
    both, given = source.information(plan)
    mass = source.p @ source.label
    entropy = -float(np.sum(mass * np.log(mass)))
    return Column(plan, float(np.sum(plan * source.cost)), both, entropy - (both - given), state)


def descend(source: LabelledSource, prices: Prices, start: RelaxedPlan | FloatArray | None) -> Column:
    """A local minimiser near `start`: a state of an earlier descent, or laws log r(y|s) of shape (k, m).

    None: from the product, with a high price of the rate that is lowered by and by.
    """
    priced = replace(source, cost=prices.cost * source.cost)
    spread = _spread(priced.cost, source) + prices.label
    if prices.rate <= COLD * spread:
        return _vertex(source, priced, prices, start)
    near = start if isinstance(start, RelaxedPlan) else None
    temperature = prices.rate if near is not None else max(prices.rate, WARM * spread)
    if near is None and start is not None:
        near, temperature = _cooled(priced, prices, np.asarray(start), temperature), prices.rate
    while True:
        near = minimise_lagrangian(priced, temperature, prices.label / temperature, near)
        if temperature <= prices.rate:
            return column(source, near.plan, near)
        temperature = max(prices.rate, temperature * COOLING)


def starts(source: LabelledSource, prices: Prices, rng: np.random.Generator, count: int) -> list[FloatArray]:
    """Laws log r(y|s) to descend from: `count` that rough descents find and, where the rate is cheap, `count` of vertices."""
    found = _rough(source, prices, rng)[:count]
    cheap = prices.rate <= CHEAP * (_spread(prices.cost * source.cost, source) + prices.label)
    return found + (_vertices(source, prices, rng)[:count] if cheap else [])


def _rough(source: LabelledSource, prices: Prices, rng: np.random.Generator) -> list[FloatArray]:
    """Many short descents from random laws, by a few sweeps of Sinkhorn's iteration a turn, all at once; the best first."""
    n, m = source.cost.shape
    temperature = max(prices.rate, ROUGHLY * (_spread(prices.cost * source.cost, source) + prices.label))
    log_p, log_q = np.log(source.p)[:, None], np.log(source.q)
    size = rng.uniform(*SIZES, size=(ROUGH, 1, 1))
    log_r = log_q + size * rng.normal(size=(ROUGH, source.label.shape[1], m))
    f, g = np.zeros((ROUGH, n, 1)), np.zeros((ROUGH, 1, m))
    for _ in range(ROUGH_TURNS):
        worth = prices.label * (source.label @ np.maximum(log_r - log_q, -FURTHEST))
        exponent = (worth - prices.cost * source.cost) / temperature + log_p + log_q
        for _ in range(ROUGH_SWEEPS):
            f = log_p - _log_sum(exponent + g, 2)
            g = log_q - _log_sum(exponent + f, 1)
        plans = np.exp(exponent + f + g)
        log_r = np.log(np.maximum(source.label.T @ plans / (source.p @ source.label)[:, None], LOWEST))
    values = np.array([column(source, plan).value(prices) for plan in plans])
    order = np.argsort(values, kind="stable")
    near = np.abs(np.diff(values[order])) <= SAME * np.ptp(values)
    return [log_r[i] for i in order[np.concatenate([[True], ~near])]]


def _vertices(source: LabelledSource, prices: Prices, rng: np.random.Generator) -> list[FloatArray]:
    """Descents from random laws as if the rate were free: they end at vertices of the couplings' polytope; the best first."""
    free, product = Prices(prices.cost, 0.0, prices.label), np.outer(source.p, source.q)
    found: list[Column] = []
    for _ in range(VERTICES):
        laws = np.log(source.q) + rng.uniform(*SIZES) * rng.normal(size=(source.label.shape[1], source.q.size))
        found.append(descend(source, free, laws))
    found.sort(key=lambda c: c.value(prices))
    distinct = [c for i, c in enumerate(found) if i == 0 or np.abs(c.plan - found[i - 1].plan).max() > SAME]
    return [log_laws(source, NEAR_VERTEX * c.plan + (1 - NEAR_VERTEX) * product) for c in distinct]


def _log_sum(x: FloatArray, axis: int) -> FloatArray:
    top = x.max(axis=axis, keepdims=True)
    return np.asarray(top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True)))


def log_laws(source: LabelledSource, plan: FloatArray) -> FloatArray:
    """log r(y|s) of a plan, (k, m): a start of a descent."""
    return np.asarray(np.log(np.maximum(source.output_given_label(plan), LOWEST)))


def _cooled(priced: LabelledSource, prices: Prices, log_r: FloatArray, temperature: float) -> RelaxedPlan:
    """The entropic plan of given laws at the rate's price, its potential followed from a higher temperature down."""
    rows, columns = priced.cost @ priced.q, priced.p @ priced.cost
    worth = prices.label * (priced.label @ np.maximum(log_r - np.log(priced.q), -FURTHEST))
    cost, gamma = priced.cost - rows[:, None] - columns[None, :] - worth, np.zeros_like(priced.q)
    while True:
        state = climb(priced.p, priced.q, cost, 1 / temperature, gamma)
        if temperature <= prices.rate:
            return RelaxedPlan(state.plan, columns, temperature, prices.label / temperature, log_r, state.gamma, False)
        cooler = max(prices.rate, temperature * COOLING)
        temperature, gamma = cooler, state.gamma * (temperature / cooler)


def _vertex(source: LabelledSource, priced: LabelledSource, prices: Prices, start: RelaxedPlan | FloatArray | None) -> Column:
    """With a free rate the plans are vertices of the polytope, found by plain transport, and the turns end."""
    log_q, log_r = np.log(source.q), np.tile(np.log(source.q), (source.label.shape[1], 1))
    if start is not None:
        log_r = start.log_r if isinstance(start, RelaxedPlan) else np.asarray(start)
    best: Column | None = None
    for _ in range(VERTEX_TURNS):
        worth = prices.label * (source.label @ np.maximum(log_r - log_q, -FURTHEST))
        found = column(source, transport(source.p, source.q, priced.cost - worth).plan)
        if best is not None and found.value(prices) >= best.value(prices):
            break
        best = found
        log_r = log_laws(source, found.plan)
    assert best is not None
    return best


def _spread(cost: FloatArray, source: LabelledSource) -> float:
    rows, columns = cost @ source.q, source.p @ cost
    return float(np.abs(cost - rows[:, None] - columns[None, :] + float(source.p @ rows)).max())
