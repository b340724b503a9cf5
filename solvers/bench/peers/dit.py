"""dit's Blahut-Arimoto, on the task that it has: the rate-distortion function R(D), where the output law is free; and ours on it.

D lies half way between the least distortion and that of the best constant output.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy.optimize import brentq

from rdcsym.problem import FloatArray
from solvers.bench.race import Race, StalledError
from solvers.blahut_arimoto import RateDistortionWitnesses
from solvers.blahut_arimoto_checker import ends

WELL_DRIVEN: Final[dict[str, int]] = {"max_iters": 10**6, "restarts": 1}
"""Instead of 100 iterations from each of 100 starts; the program is convex, so one start is enough."""
STEEPEST: Final = 1e3
"""Largest slope, in nats over the spread of the cost."""

ROUNDING: Final = 1e-14
"""Share of the budget that is left, so that rounding does not overspend it."""


def budget(p: FloatArray, cost: FloatArray) -> float:
    """D, in units of cost."""
    return 0.5 * (float(p @ cost.min(axis=1)) + float((p @ cost).min()))


def ours(race: Race) -> None:
    """`solvers.rate_distortion`, whose interval is that of the same checker."""
    from solvers.blahut_arimoto import rate_distortion

    i = race.instance
    found = rate_distortion(i.p, i.cost, budget(i.p, i.cost), "nats")
    race.take(lambda: (found.lower, found.upper))
    raise StalledError(f"ended at gap {race.gap:.0e}")


def make(well_driven: bool) -> Callable[[Race], None]:
    """Brent's method over the logarithm of dit's beta, until E d = D."""

    def run(race: Race) -> None:
        with race.paused():
            from dit.rate_distortion.blahut_arimoto import blahut_arimoto
        p, cost, options = race.instance.p, race.instance.cost, WELL_DRIVEN if well_driven else {}
        allowed, spread = budget(p, cost), float(np.ptp(cost))

        def excess(log_slope: float) -> float:
            slope = math.exp(log_slope)
            with np.errstate(all="ignore"):
                _, joint = blahut_arimoto(p, slope / math.log(2), distortion=lambda *_: cost, **options)
            race.take(lambda: _ends(p, cost, allowed, slope, joint))
            return float((joint * cost).sum()) / allowed - 1

        low, high = math.log(1e-2 / spread), math.log(STEEPEST / spread)
        if excess(low) > 0 > excess(high):
            brentq(excess, low, high, xtol=1e-12, rtol=1e-14, disp=False)
        raise StalledError(f"search ended at gap {race.gap:.0e}")

    return run


def _ends(p: FloatArray, cost: FloatArray, allowed: float, slope: float, joint: Any) -> tuple[float, float]:
    """What the channel, mixed with the cheapest one until it keeps to the budget, and its output law as a dual point prove."""
    channel = np.maximum(np.asarray(joint), 0.0)
    channel = channel / channel.sum(axis=1, keepdims=True)
    spare = cost - cost.min(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_lambda = -np.log(np.exp(-slope * spare) @ (p @ channel))
    spent, least = float(p @ (channel * spare).sum(axis=1)), allowed - float(p @ cost.min(axis=1))
    if spent > least * (1 - ROUNDING):
        share = 1 - least * (1 - ROUNDING) / spent
        channel = (1 - share) * channel
        channel[np.arange(p.size), cost.argmin(axis=1)] += share
    if not (np.isfinite(log_lambda).all() and np.isfinite(channel).all()):
        return -math.inf, math.inf
    return ends(p, cost, allowed, "nats", RateDistortionWitnesses(channel, slope, log_lambda))
