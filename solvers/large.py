"""Rate or distortion alone, by the fast engine: for problems of thousands of pairs and more, up to 10,000 symbols a side.

The evidence is small: the potential and the temperature are at once the lower end's dual and, as a `PotentialPlan`, the upper
end's plan. Plain transport is added only where the engine says that the rate does not bind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from solvers.certificate import Dual, JointPlan, PotentialPlan, Primal, SemiDual
from solvers.engine import Device, EntropicPotentials, at_distortion, at_rate
from solvers.evidence import Evidence
from solvers.problem import OperatingPoint, Support

SHARE: Final = 0.1
"""Share of the caller's tolerance that the engine aims at."""
FINEST: Final = 1e-9
MARGINS: Final = (1e-11, 1e-9, 1e-8, 1e-7, 1e-5)
"""Shares of the cost by which a plan is aimed below a distortion budget, in turn: the kernel's rounding must fit in."""
LEAST_RATE: Final = 1e-13
"""Nats below which the temperature is that of this rate: a hotter one would drown the dual in rounding, and its plan is mixed."""
TRANSPORT: Final = 1 << 25
"""Pairs up to which plain transport is tried (a network simplex: minutes above some millions)."""


def large_evidence(where: Support, point: OperatingPoint, tolerance: float, device: Device) -> Evidence:
    """Plans and duals of the engine; the product where the budget says so."""
    product = float(where.p @ (where.cost @ where.q))
    uninformed = JointPlan(where.full_plan(np.outer(where.p, where.q))) if where.cost.size <= TRANSPORT else None
    idle: list[Iterable[Primal]] = [] if uninformed is None else [[uninformed]]
    if not point.minimises_rate and point.rate == 0:
        rows = SemiDual(where.full_g(where.p @ where.cost), math.inf)
        return Evidence("product", idle, [rows])
    if point.minimises_rate and point.distortion >= product:
        return Evidence("product", idle, [SemiDual(where.full_g(np.zeros_like(where.q)), 0.0)])
    aim = max(SHARE * tolerance, FINEST)
    if point.minimises_rate:
        found = at_distortion(where.p, where.q, where.cost, point.distortion, tolerance=aim, device=device)
        ladder: Iterable[Primal] = _below(where, point, found, aim, device)
    else:
        rate = max(point.rate_nats, LEAST_RATE)
        found = at_rate(where.p, where.q, where.cost, rate, tolerance=aim, device=device)
        ladder = [PotentialPlan(where.full_g(found.g), found.temperature)]
    duals: list[Dual] = [SemiDual(where.full_g(found.g), found.temperature)]
    if found.temperature == 0:
        return Evidence("product", idle, duals)
    ladders = [ladder, *idle]
    if not found.binds and where.cost.size <= TRANSPORT:
        from solvers.transport import transport

        plain = transport(where.p, where.q, where.cost)
        ladders.append([JointPlan(where.full_plan(plain.plan))])
        duals.append(SemiDual(where.full_g(plain.g), 0.0))
    return Evidence("newton", ladders, duals)


def _below(where: Support, point: OperatingPoint, first: EntropicPotentials, aim: float, device: Device) -> Iterator[Primal]:
    """Plans at the distortion budget and at ever smaller ones."""
    if first.temperature > 0:
        yield PotentialPlan(where.full_g(first.g), first.temperature)
    for margin in MARGINS if first.binds else ():
        target = point.distortion - margin * (abs(point.distortion) + abs(first.cost))
        found = at_distortion(where.p, where.q, where.cost, target, tolerance=aim, device=device)
        yield PotentialPlan(where.full_g(found.g), found.temperature)
