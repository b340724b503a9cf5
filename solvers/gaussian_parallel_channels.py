"""From nearly optimal rates to channels that meet every budget for certain: Newton steps on the active budgets, then a margin."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers import gaussian_parallel_checker as checker
from solvers.gaussian_parallel_model import Model, curve, distortion, information, losses, share
from solvers.gaussian_parallel_problem import GaussianParallelProblem, GaussianParallelWitnesses

_ULP: Final = 2.0**-53
_BALL: Final = 8 * _ULP  # margin of the ball: it costs distortion, so that it must not grow with the others
_ACTIVE: Final = 1e-6  # a budget met with less to spare than this (relative) is polished; the others are left alone


def channels(p: GaussianParallelProblem, m: Model, rates: FloatArray, labelled: bool = False) -> GaussianParallelWitnesses:
    """Witnesses without a dual; rates None where no margin made the channels feasible for certain.

    labelled: the classification budget is active, however far from it the rates are.
    """
    for margin in (0.0, *(2.0**k * _ULP for k in range(0, 32, 1))):
        found = _witnesses(p, m, _polished(m, rates, margin, labelled), margin)
        if checker.channel_is_feasible(p, found):
            return found
    return GaussianParallelWitnesses(rates=None)


def _witnesses(p: GaussianParallelProblem, m: Model, rates: FloatArray, margin: float) -> GaussianParallelWitnesses:
    full = np.zeros(p.components)
    full[m.where] = rates
    if p.given is not None:
        return GaussianParallelWitnesses(rates=tuple(full.tolist()))
    x = np.expm1(2 * np.minimum(rates, 354.0))
    shrinks = np.zeros(p.components)
    shrinks[m.where] = np.where(np.isinf(rates), 0.0, losses(x) * share(m, x)) * (1 - min(margin, _BALL))
    return GaussianParallelWitnesses(rates=tuple(full.tolist()), shrinks=tuple(shrinks.tolist()))


def _polished(m: Model, rates: FloatArray, margin: float, labelled: bool) -> FloatArray:
    """Rates that meet the active budgets to rounding, tightened by the margin. At an optimum any such move costs the same."""
    if not rates.any() or np.isinf(rates).any():
        return rates
    last = math.inf
    for _ in range(40):
        misses, rows = _misses(m, rates, margin, labelled)
        if not rows:
            return rates
        worst = max(map(abs, misses))
        if worst >= last and worst < _ACTIVE:
            return rates
        last = worst
        weight = (rates / (1 + rates)) ** 2
        matrix = np.array(rows)
        system = (matrix * weight) @ matrix.T
        step = weight * (matrix.T @ np.linalg.lstsq(system, np.array(misses), rcond=1e-14)[0])
        rates = np.maximum(rates + step, rates / 4)
    return rates


def _misses(m: Model, rates: FloatArray, margin: float, labelled: bool) -> tuple[list[float], list[FloatArray]]:
    """Relative misses of the budgets that are (nearly) active, and their relative gradients in the rates."""
    x = np.expm1(2 * rates)
    u, rho = 1 / (1 + x), np.sqrt(x / (1 + x))
    misses, rows = [], []
    if m.nats < math.inf:
        misses.append((m.nats * (1 - margin) - math.fsum(rates)) / m.nats)
        rows.append(np.full(m.size, 1 / m.nats))
    elif m.gain > 0:
        above, below = distortion(m, x)
        near = min(m.budget, m.gain)
        miss = (m.budget * (1 - margin) - above if m.budget < m.gain else below - m.gain * (1 + margin)) / near
        linear, cross = curve(m, share(m, x))
        if miss < _ACTIVE:
            misses.append(-miss)
            rows.append((2 * linear * u + cross * u / np.where(rates > 0, rho, 1.0)) / near)
    if m.needed > 0:
        miss = (information(m, x) - m.needed * (1 + margin)) / m.needed
        if labelled or miss < _ACTIVE:
            misses.append(-miss)
            rows.append(m.known * u / (m.unknown + m.known * u) / m.needed)
    return misses, rows
