"""Entropic transport with the temperature found from the rate: min <P, c> + eps I(P) over couplings, eps the root of I = R.

At temperature eps the optimal plan is P = p q exp((f + g - c) / eps). Sinkhorn's iteration stalls
where eps is small, so the semi-dual, a concave function of g alone, is climbed by Newton steps; its Hessian is a graph
Laplacian, which is solved without a subtraction, so the step is accurate however weakly two parts of the plan are
joined. The temperature is lowered by factors, each start taken from the last, then bracketed and found.
Masses here are positive, all logarithms natural; the caller's certificate makes no use of the accuracy claimed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from rdcsym.problem import FloatArray

COOLING: Final = 0.4
"""Factor between successive temperatures before the root is bracketed."""
COLDEST: Final = 1e-8
"""Temperature, relative to the spread of the centred cost, below which the rate is taken not to bind."""
LEAST_RATE: Final = 1e-24
"""Rate in nats below which rounding (some 1e-16 of each mass, which is squared) hides the plan's information."""
COLDEST_REDUCED: Final = 1e-13
"""The same where the costs are reduced by the potentials of plain transport."""
NEWTON_STEPS: Final = 200
NOISE: Final = 3e-16
"""Rounding of a column sum, relative to it."""
LONGEST_MOVE: Final = 4.0
"""Largest change of a potential, in units of the temperature, in a first Newton step."""
RESIDUAL: Final = 1e-14


@dataclass(frozen=True, eq=False)
class EntropicPlan:
    """plan: (n, m); g: (m,) potential; temperature: eps in cost units a nat, inf where the plan is the product."""

    plan: FloatArray
    g: FloatArray
    temperature: float
    binds: bool


@dataclass(frozen=True, eq=False)
class State:
    """Dual potential gamma = g / eps, plan and inverse temperature beta = 1 / eps of one entropic problem."""

    gamma: FloatArray
    plan: FloatArray
    beta: float


def mutual_information(plan: FloatArray, p: FloatArray, q: FloatArray) -> float:
    """I(X;Y) in nats of a plan with marginals p, q; accurate for rates far below the rounding of a plain sum."""
    base = p[:, None] * q[None, :]
    t = plan / base - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(t > -1, (1 + t) * np.log1p(t) - t, 1.0)
    # Below this the two terms cancel; t - log1p would lose all digits where the series keeps them.
    small = np.abs(t) < 1e-4
    ts = np.where(small, t, 0.0)
    series = ts * ts * (0.5 - ts * (1 / 6 - ts * (1 / 12 - ts * (1 / 20 - ts / 30))))
    return float(np.sum(base * np.where(small, series, terms)))


def at_rate(p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, plain: FloatArray | None = None) -> EntropicPlan:
    """The entropic plan whose I(X;Y) is `rate` (nats), or the coldest one where no temperature reaches that rate.

    plain: (m,) potential of plain transport. With it the search works on reduced costs, which are near 0 where a cold plan
    has its mass, so that costs of very different sizes keep their digits; without it low temperatures are out of reach.
    """
    # Any rate above log min(n, m) is as good as none.
    rate = min(rate, 2 * math.log(min(cost.shape)) + 1)
    source = _scaled(p, q, cost, plain)
    return _follow(source, lambda state: _log_ratio(mutual_information(state.plan, p, q), rate), rate)


def at_distortion(
    p: FloatArray, q: FloatArray, cost: FloatArray, distortion: float, plain: FloatArray | None = None
) -> EntropicPlan:
    """The entropic plan whose cost is `distortion`: the least rate for that distortion. plain: as in `at_rate`."""
    source = _scaled(p, q, cost, plain)
    product = float(p @ source.reduced @ q)
    wanted = (float(p @ cost @ q) - distortion) / source.scale
    if wanted <= 0 or source.variance <= 0:
        return EntropicPlan(np.outer(p, q), source.columns, np.inf, False)

    def excess(state: State) -> float:
        # Both as gains over the product, so that large offsets of the cost cannot drown them.
        return _log_ratio(product - float(np.sum(state.plan * source.reduced)), wanted)

    return _follow(source, excess, wanted**2 / (2 * source.variance))


def cooled(p: FloatArray, q: FloatArray, cost: FloatArray, plain: FloatArray) -> list[EntropicPlan]:
    """Plans at falling temperatures down to the coldest: what is left of the rate where only least-cost plans will do."""
    source = _scaled(p, q, cost, plain)
    if source.variance <= 0:
        return []
    state = climb(p, q, source.reduced, 5.0, np.zeros_like(q))
    found = [_result(source, state, binds=False)]
    while 1 / state.beta > source.coldest:
        state = climb(p, q, source.reduced, state.beta / COOLING, state.gamma / COOLING)
        found.append(_result(source, state, binds=False))
    return found


def _log_ratio(value: float, target: float) -> float:
    return math.log(max(value, 1e-300)) - math.log(target)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """reduced: the cost less `rows` and `columns`, which couplings see as constants, over `scale`.

    Without a potential of plain transport these are the means under the product. variance: of the centred cost.
    """

    p: FloatArray
    q: FloatArray
    reduced: FloatArray
    columns: FloatArray
    scale: float
    variance: float
    coldest: float


def _scaled(p: FloatArray, q: FloatArray, cost: FloatArray, plain: FloatArray | None) -> _Scaled:
    rows, columns = cost @ q, p @ cost
    centred = cost - rows[:, None] - columns[None, :] + float(p @ rows)
    scale = float(np.abs(centred).max())
    # What is left of a cost a(x) + b(y) is rounding, and the product is optimal.
    if scale <= 1e-15 * float(np.abs(cost).max()):
        return _Scaled(p, q, np.zeros_like(cost), columns, 1.0, 0.0, COLDEST)
    # The reciprocal of a denormal scale overflows, so it is divided by and not multiplied with.
    centred = centred / scale
    variance = float(p @ centred**2 @ q)
    if plain is None:
        return _Scaled(p, q, centred, columns, scale, variance, COLDEST)
    slack = cost - plain[None, :]
    return _Scaled(p, q, (slack - slack.min(axis=1, keepdims=True)) / scale, plain, scale, variance, COLDEST_REDUCED)


def _follow(source: _Scaled, excess: Callable[[State], float], rate: float) -> EntropicPlan:
    """Lower the temperature until `excess` (rising as it cools) is positive, then find its root."""
    p, q, cost = source.p, source.q, source.reduced
    if rate <= 0 or source.variance <= 0:
        return EntropicPlan(np.outer(p, q), source.columns, np.inf if rate <= 0 else 0.0, False)
    if rate < LEAST_RATE:
        # The plan differs from the product by less than a double shows, but its temperature is known to first order.
        # Above 1e18 scales nothing is gained, and the checker's balls would lose digits.
        temperature = source.scale * min(1e18, math.sqrt(source.variance / 2 / max(rate, 1e-300)))
        return EntropicPlan(np.outer(p, q), source.columns, temperature, True)
    # I = variance / (2 eps^2) + O(eps^-3): an eps a little above the root for low rates. For high rates the start is
    # kept warm, where Newton's method converges from anywhere.
    start = max(2 * math.sqrt(source.variance / (2 * rate)), 0.2)
    state = climb(p, q, cost, 1 / start, np.zeros_like(q))
    warmer: State | None = None
    while excess(state) < 0:
        if 1 / state.beta <= source.coldest:
            return _result(source, state, binds=False)
        warmer, beta = state, state.beta / COOLING
        state = climb(p, q, cost, beta, state.gamma / COOLING)
    while warmer is None:
        before = climb(p, q, cost, state.beta * COOLING, state.gamma * COOLING)
        if excess(before) < 0:
            warmer = before
        else:
            state = before
    best = [warmer, state]
    # The ends' values are kept: the root finder must see the signs that the bracket was chosen for.
    ends = {math.log(s.beta): excess(s) for s in best}

    def at(log_beta: float) -> float:
        if log_beta in ends:
            return ends[log_beta]
        near = min(best, key=lambda s: abs(math.log(s.beta) - log_beta))
        beta = math.exp(log_beta)
        found = climb(p, q, cost, beta, near.gamma * (beta / near.beta))
        best.append(found)
        return excess(found)

    brentq(at, min(ends), max(ends), xtol=1e-15, rtol=4 * np.finfo(float).eps, maxiter=80, disp=False)
    return _result(source, min(best, key=lambda s: abs(excess(s))), binds=True)


def _result(source: _Scaled, state: State, *, binds: bool) -> EntropicPlan:
    g = state.gamma / state.beta * source.scale + source.columns
    return EntropicPlan(_on_marginals(state.plan, source.p, source.q), g, source.scale / state.beta, binds)


def _on_marginals(plan: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """Newton's correction applied to the plan itself: potentials of size 1 / eps cannot resolve its last digits."""
    for _ in range(3):
        columns = _laplacian_solve(plan.T @ (plan / p[:, None]), q - plan.sum(axis=0))
        change = columns[None, :] - (plan @ columns / p)[:, None]
        if float(np.abs(change).max()) > 0.5:
            break
        plan = plan * (1 + change)
    return plan


def climb(p: FloatArray, q: FloatArray, cost: FloatArray, beta: float, gamma: FloatArray) -> State:
    """Maximise <q, gamma> - sum_x p_x log sum_y q_y exp(gamma_y - beta c_xy) from `gamma`."""
    log_q = np.log(q)
    value, plan = _semidual(p, q, log_q, beta * cost, gamma)
    reach = LONGEST_MOVE
    for _ in range(NEWTON_STEPS):
        residual = q - plan.sum(axis=0)
        if np.abs(residual).max() <= RESIDUAL * 0.1 or np.abs(residual / q).max() <= RESIDUAL:
            break
        step = _laplacian_solve(plan.T @ (plan / p[:, None]), residual)
        slope = float(residual @ step)
        # Parts of a cold plan that are joined by next to nothing make Newton ask for huge moves of their potentials; the
        # true move is a logarithm. A capped step gets there, and the cap grows while it is all taken.
        first = min(1.0, reach / max(float(np.abs(step).max()), 1e-300))
        length, accepted = first, False
        while length > 1e-3 * first:
            trial = gamma + length * step
            new_value, new_plan = _semidual(p, q, log_q, beta * cost, trial)
            # Close to the top the value no longer resolves progress, but a full step is then safe.
            if new_value >= value + 1e-4 * length * slope or (length == first and slope <= 1e-13 * (1 + abs(value))):
                accepted = True
                break
            length *= 0.3
        reach = 2 * reach if accepted and length == first < 1.0 else LONGEST_MOVE
        if not accepted:
            # One Sinkhorn half-step always climbs.
            trial = gamma + np.log(q / np.maximum(plan.sum(axis=0), 1e-300))
            new_value, new_plan = _semidual(p, q, log_q, beta * cost, trial)
        old = float(np.abs(residual).sum())
        new = float(np.abs(q - new_plan.sum(axis=0)).sum())
        if slope <= 1e-13 * (1 + abs(value)) and new >= old:
            break
        gamma, value, plan = trial, new_value, new_plan
    return State(gamma - float(q @ gamma), plan, beta)


def _semidual(
    p: FloatArray, q: FloatArray, log_q: FloatArray, scaled_cost: FloatArray, gamma: FloatArray
) -> tuple[float, FloatArray]:
    exponent = (gamma + log_q)[None, :] - scaled_cost
    top = exponent.max(axis=1, keepdims=True)
    weights = np.exp(exponent - top)
    sums = weights.sum(axis=1, keepdims=True)
    log_sums = (top + np.log(sums))[:, 0]
    return float(q @ gamma - p @ log_sums), p[:, None] * (weights / sums)


def _laplacian_solve(weights: FloatArray, b: FloatArray) -> FloatArray:
    """Solve L x = b for the Laplacian of a symmetric nonnegative weight matrix, the last entry of x being 0.

    Elimination in the manner of Grassmann, Taksar and Heyman: off-diagonal weights only, no subtraction, so weights of
    very different sizes keep their relative accuracy.
    """
    w = weights.copy()
    b = b.copy()
    noise = NOISE * weights.sum(axis=0)
    m = b.size
    tiny = np.finfo(float).tiny
    sums = np.empty(m)
    for k in range(m - 1):
        row = w[k, k + 1 :]
        sums[k] = max(float(row.sum()), tiny)
        share = row / sums[k]
        # A part that is all but cut off has a residual of rounding only, which its weak joint would blow up.
        if abs(b[k]) <= noise[k]:
            b[k] = 0.0
        noise[k + 1 :] += share * noise[k]
        b[k + 1 :] += share * b[k]
        w[k + 1 :, k + 1 :] += np.outer(share, row)
    x = np.zeros(m)
    for k in range(m - 2, -1, -1):
        x[k] = (b[k] + float(w[k, k + 1 :] @ x[k + 1 :])) / sums[k]
    # Weights that underflow say nothing about the step: leave it to the line search.
    return np.clip(x, -1e6, 1e6)
