"""How a Sinkhorn that knows only a temperature is brought to a rate: cold, as its users do it, and warm, as well as we can."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from scipy.optimize import brentq

from rdcsym.problem import FloatArray
from solvers.bench.instances import Instance
from solvers.bench.race import Race, StalledError

TIGHTENINGS: Final = 3
"""A cold search that ends short of its target starts again so often, with a tolerance ten times smaller."""
SHARE: Final = 0.3
"""Tolerance of a cold solve, as a share of the target."""
FIRST_TOLERANCE: Final = 1e-2
LAST_TOLERANCE: Final = 1e-14
STEPS: Final = 60
"""Solves of a warm search, most of which take a few sweeps."""
WITHOUT_PROGRESS: Final = 8


@dataclass(frozen=True, eq=False)
class Solved:
    """What a Sinkhorn found at a temperature: g (m,) in units of cost, I(X;Y) in nats of its plan, and where to go on from."""

    g: FloatArray
    information: float
    state: Any = None


class Sinkhorn(Protocol):
    """Solve at a temperature until the marginals are off by `tolerance` in L1 at most; from zero, or from a state before."""

    def __call__(self, temperature: float, tolerance: float, state: Any = None) -> Solved: ...


def guess(instance: Instance) -> float:
    """The temperature for small rates: I = variance / (2 eps^2) + O(eps^-3), of the cost less its row and column means."""
    p, q, cost = instance.p, instance.q, instance.cost
    centred = cost - (cost @ q)[:, None] - (p @ cost)[None, :] + p @ cost @ q
    return math.sqrt(float(p @ centred**2 @ q) / (2 * instance.rate))


def cold(make: Callable[[Instance], Sinkhorn]) -> Callable[[Race], None]:
    """Brent's method over the logarithm of the temperature, each solve from zero with a tolerance that suits the target."""

    def run(race: Race) -> None:
        instance, target = race.instance, race.targets[-1]
        with race.paused():  # what a user does once for many problems: compiling
            solve = make(instance)
        rate = instance.rate
        width, middle = math.log(2.0), math.log(guess(instance))
        for tightening in range(TIGHTENINGS):
            tolerance = SHARE * target * 0.1**tightening

            def excess(log_temperature: float, tolerance: float = tolerance) -> float:
                temperature = math.exp(log_temperature)
                found = solve(temperature, tolerance)
                race.offer(found.g, temperature)
                return _finite(found, temperature) / rate - 1

            low = high = middle  # I falls as the temperature rises: excess(low) > 0 > excess(high)
            at_low = at_high = excess(middle)
            while at_low <= 0:
                low, high, at_high = low - width, low, at_low
                at_low = excess(low)
            while at_high > 0:
                low, high, at_low = high, high + width, at_high
                at_high = excess(high)
            middle = brentq(excess, low, high, xtol=max(target * 0.1, 1e-12), rtol=1e-14, disp=False)
            width = math.log(1.001)
        raise StalledError(f"search ended at gap {race.gap:.0e}")

    return run


def warm(make: Callable[[Instance], Sinkhorn]) -> Callable[[Race], None]:
    """Secant on log I against log eps, each solve from the last one's potentials, to no more than the rate's error deserves."""

    def run(race: Race) -> None:
        instance = race.instance
        with race.paused():
            solve = make(instance)
        log_rate = math.log(instance.rate)
        x, tolerance, state = math.log(guess(instance)), FIRST_TOLERANCE, None
        before: tuple[float, float] | None = None
        slope, best, since = -2.0, math.inf, 0
        for _ in range(STEPS):
            temperature = math.exp(x)
            found = solve(temperature, tolerance, state)
            state = found.state
            y = math.log(max(_finite(found, temperature), 1e-12)) - log_rate
            gap = race.offer(found.g, temperature)
            best, since = (gap, 0) if gap < 0.5 * best else (best, since + 1)
            if since > WITHOUT_PROGRESS and tolerance <= LAST_TOLERANCE:
                break
            if before is not None and abs(x - before[0]) > 1e-9:
                trial = (y - before[1]) / (x - before[0])
                # A secant of two loosely solved points may have any slope; the true one lies between -2 and a little below 0.
                slope = trial if -8 < trial < -0.02 else slope
            before = x, y
            x += float(np.clip(-y / slope, -math.log(8), math.log(8)))
            tolerance = max(min(tolerance, 0.1 * abs(y), 0.3 * tolerance), LAST_TOLERANCE)
        raise StalledError(f"search ended at gap {race.gap:.0e}")

    return run


def _finite(found: Solved, temperature: float) -> float:
    if not (math.isfinite(found.information) and np.isfinite(found.g).all()):
        raise StalledError(f"no number at temperature {temperature:.1e}")
    return found.information


def information(plan: FloatArray, p: FloatArray, q: FloatArray) -> float:
    """I(X;Y) of a plan in nats, as a user computes it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nansum(plan * np.log(plan / (p[:, None] * q))))
