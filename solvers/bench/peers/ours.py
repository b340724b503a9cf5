"""The engine of this package, timed by the same clock."""

from __future__ import annotations

from typing import Final

from solvers.bench.race import Race, StalledError

SHARE: Final = 0.3
"""Tolerance asked of the engine, as a share of the target."""
TIGHTENINGS: Final = 3


def run(race: Race) -> None:
    """From cold to the race's last target; a tolerance that was not enough is made smaller, on the clock."""
    from solvers.engine import at_rate

    i = race.instance
    for tightening in range(TIGHTENINGS):
        found = at_rate(i.p, i.q, i.cost, i.rate, tolerance=SHARE * race.targets[-1] * 0.1**tightening)
        race.offer(found.g, found.temperature)
    raise StalledError(f"engine ended at gap {race.gap:.0e}")
