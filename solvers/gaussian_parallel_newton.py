"""Newton's method on the optimality conditions of parallel components, from a coarse start; nothing here is trusted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.gaussian_parallel_model import (
    Model,
    Price,
    allocate,
    curve,
    distortion,
    information,
    losses,
    rates_of,
    share,
)  # fmt: skip

_STEPS: Final = 15
_SHORTEST: Final = 0.01  # step of the path, as a share of the label information to be gained
_BINDING: Final = 0.999  # where the ball may bind, Newton's method starts with a multiplier that is not 0
_TOUCHING: Final = 1e-8  # a ball that moves the law by less than this share costs the square of it: it may pass for idle
_CLOSE: Final = 1e-9  # largest (relative) residual of a solution


Solution = tuple[Price, FloatArray, float]  # price, ratios and share of the ball


def followed(m: Model, begin: Solution) -> Solution | None:
    """From the optimum without the classification budget to that with it, along smaller budgets; None where the path is lost."""
    at, start, done, step = begin, information(m, begin[1]), 0.0, 1.0
    while done < 1:
        goal = min(1.0, done + step)
        found = settled(replace(m, needed=start + goal * (m.needed - start)), at[0], at[1], True)
        if found is None:
            step /= 3
            if step < _SHORTEST:
                return None
            continue
        at, done, step = found, goal, 2 * step
    return at


def settled(m: Model, price: Price, x: FloatArray, labelled: bool) -> Solution | None:
    """Newton's method with the right set of components at work and the ball binding or not; None where it fails."""
    everything = np.ones(m.size, dtype=bool)
    binds, failed = share(m, x) < 1, False
    for _ in range(6):
        if m.span is None:
            # Which components are at work depends on whether the ball binds: all of them where it does.
            e = min(share(m, x), _BINDING) if binds else 1.0
            if not binds or not x.all():
                x = allocate(m, price, e, everything)
        else:
            e = 1.0
        found = sharpened(m, price, x, e, labelled) if x.any() else None
        if found is None or found[0].beta < 0:
            if failed:
                return None
            binds, failed = not binds and m.radius < math.inf, True
            continue
        price, now, _ = found
        if (share(m, now) < 1) != binds and share(m, now) < 1 - _TOUCHING:
            binds, x = not binds, now
            continue
        if m.span is not None or binds or ((allocate(m, price, 1.0, everything) > 0) == (now > 0)).all():
            return found
        x = now
    return None


def sharpened(m: Model, price: Price, x: FloatArray, e: float, labelled: bool) -> Solution | None:
    """Price, ratios and share near the given ones at which every condition holds to 1e-9; None where the steps do not lead there.

    labelled: the classification budget is active. The rate or distortion budget is; the ball is where e < 1.
    """
    on = x > 0
    ball = e < 1
    y, log_rate, rest = np.log(x[on]), price.log, price.rest
    log_pull = math.log((1 - e) / e) if ball else 0.0  # of the ball's multiplier
    known, unknown = m.known[on], m.unknown[on]
    n = y.size
    size = n + 1 + labelled + ball
    answer, best = None, _CLOSE
    for _ in range(_STEPS):
        if not (np.abs(y).max() < 650 and abs(log_rate) < 690 and abs(log_pull) < 690):
            return answer
        ratios = np.zeros(m.size)
        e = 1 / (1 + math.exp(log_pull)) if ball else 1.0
        ratios[on] = r = np.exp(y)
        v = 1 + r
        linear, cross = (c[on] for c in curve(m, e))
        cross = 2 * linear * math.exp(log_pull) if ball else cross  # 2 (1 - e) sigma_X^2, accurately
        root = cross / (np.sqrt(v) * np.sqrt(r))
        gain = 2 * linear / v + root
        top, bottom = unknown * v + known * rest, unknown * v + known
        if not (top > 0).all() or (rest <= 0 and not m.unknown.all()):
            return answer
        drift = r / (2 * v)  # dR/dy
        residual, jacobian = np.zeros(size), np.zeros((size, size))
        residual[:n] = np.log(gain * bottom / top) - log_rate
        tilt = (2 * linear * (r / v) / v + root / 2 * (r / v + 1)) / gain + unknown * r / top - unknown * r / bottom
        jacobian[np.arange(n), np.arange(n)] = -tilt
        jacobian[:n, n] = -1.0
        above, below = distortion(m, ratios)
        if m.nats < math.inf:
            residual[n] = float(rates_of(r).sum()) / m.nats - 1
            jacobian[n, :n] = drift / m.nats
        else:
            rising = m.budget < m.gain
            if not (above > 0 and below > 0):
                return answer
            residual[n] = math.log(above / m.budget) if rising else -math.log(below / m.gain)
            jacobian[n, :n] = -gain * drift / (above if rising else below)
        if labelled:
            told = information(m, ratios)
            if told <= 0:
                return answer
            residual[n + 1] = math.log(told / m.needed)
            jacobian[n + 1, :n] = known / bottom * drift / told
            jacobian[:n, n + 1] = -known / top * abs(rest)
        if ball:
            lost = losses(ratios)
            reach = float((m.power * lost**2).sum())
            residual[-1] = -math.log1p(math.exp(log_pull)) + math.log(reach) / 2 - math.log(m.radius)
            jacobian[-1, :n] = -(m.power * lost)[on] / (np.sqrt(v) * np.sqrt(r)) * drift / reach
            jacobian[-1, -1] = -(1 - e)
            jacobian[:n, -1] = (1 - e) * (2 * linear / (np.sqrt(v) * np.sqrt(r)) - linear * 2 / v) / gain
        size_now = float(np.abs(residual).max())
        if size_now < _CLOSE:
            # Near the edge of the feasible budgets the gap falls only with the root of the residual: go on to rounding.
            if size_now >= best / 2:
                return answer
            answer, best = (Price(log_rate, 1 - rest, rest), ratios, e), size_now
        try:
            step = np.linalg.solve(jacobian, -residual)
        except np.linalg.LinAlgError:
            return answer
        if not np.isfinite(step).all():
            return answer
        step *= 2 / max(2.0, float(np.abs(step).max()))
        y = y + step[:n]
        log_rate += float(step[n])
        rest += float(step[n + 1]) * abs(rest) if labelled else 0.0
        log_pull += float(step[-1]) if ball else 0.0
    return answer
